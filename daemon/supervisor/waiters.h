/* waiters.h - who is told how something ends: a socket each, on which one message comes.
 *
 * Owned and run by the supervisor's thread. */
#ifndef SUPERVISOR_WAITERS_H
#define SUPERVISOR_WAITERS_H

#include <stdbool.h>

#define WAITERS 16              /* at a time */
#define WAITERS_TEXT 12288      /* bytes of what they are told, at most */

struct waiters {
	int fd[WAITERS];        /* -1: nobody */
};

/* Nobody waits. */
void waiters_init(struct waiters *w);

/* Somebody does: a descriptor, the caller's, on which one message will come, whose first byte
 * is '1' for a good end or '0', and the rest a text; or -EBUSY or another negative errno. */
int waiters_add(struct waiters *w);

/* Tells them all, and nobody waits any more. */
void waiters_tell(struct waiters *w, bool fine, const char *text);

/* Those of another one are those of this one from now on, of whom there are none. */
void waiters_move(struct waiters *to, struct waiters *from);

#endif
