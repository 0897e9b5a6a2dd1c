/* bag.h - descriptors by name, as one supervisor leaves them to the next.
 *
 * A bag that is being filled borrows them; one that was found owns those in it.  Run by the
 * supervisor's thread. */
#ifndef SUPERVISOR_BAG_H
#define SUPERVISOR_BAG_H

#include <stdbool.h>
#include <stddef.h>

#define BAG_NAME 32     /* bytes of a name, its end included */

struct bag_item {
	char name[BAG_NAME];
	int fd;
	bool stays;             /* somebody has it as it is */
};

struct bag {
	struct bag_item *item;  /* owned */
	size_t n, cap;
	bool full;              /* there was no memory for one: it is worth nothing */
};

/* Puts one in; the name is of letters, digits, "-" and "." and as printf() makes it. */
void bag_put(struct bag *b, int fd, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The one of that name, as it is: it is the caller's.  -1: there is none. */
int bag_have(struct bag *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Another descriptor of the same, the caller's, close-on-exec; -1: there is none, or it cannot
 * be had. */
int bag_take(const struct bag *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether they go on to be there for a program that this process becomes. */
void bag_keep(const struct bag *b, bool keep);

/* Forgets those whose names begin so. */
void bag_forget(struct bag *b, const char *prefix);

/* Forgets them. */
void bag_free(struct bag *b);

/* Closes those that nobody has, and forgets them. */
void bag_close(struct bag *b);

#endif
