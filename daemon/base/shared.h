/* shared.h - memory that all processes of the daemon have, and that outlives each of them.
 *
 * The supervisor makes it before it forks.  It has a descriptor, so that another program
 * that takes the daemon over can go on with it; workers have the mapping alone. */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include <stddef.h>

struct shared {
	void *at;               /* NULL: there is none */
	size_t n;
	int fd;                 /* close-on-exec; only where at is one */
};

/* n bytes, all 0; name is for those who list what is mapped.  0, with none if n is 0; or a
 * negative errno and there is none. */
int shared_make(struct shared *s, const char *name, size_t n);

/* Maps what a descriptor, ours from now on, is of.  0; -EINVAL: that has not n bytes; or
 * another negative errno.  On an error there is none, and fd is closed. */
int shared_take(struct shared *s, int fd, size_t n);

/* Gives up mapping and descriptor; one that was zeroed is fine. */
void shared_free(struct shared *s);

#endif
