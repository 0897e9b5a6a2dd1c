/* pour.h - bytes into a descriptor, all of them or an error. */
#ifndef CLIENT_POUR_H
#define CLIENT_POUR_H

#include "base/bytes.h"

/* What is wrong with a descriptor that nothing can be written to, in words. */
const char *pour_error(int rc);

/* Waits for room, but not longer than until somebody asks us to end (signals.h): that is
 * -EINTR, and the signal stays where it is.  0, or a negative errno. */
int pour_all(int fd, struct span bytes);

/* Opens what is there for pour_all(): waits for the reader of a pipe, just as long.  A
 * descriptor, or a negative errno. */
int pour_open(const char *path);

/* Many small pieces on their way to a descriptor; the first error sticks. */
struct pour {
	int fd;
	int rc;                 /* 0, or a negative errno: nothing more is written */
	size_t n;
	uint8_t buffer[4096];
};

static inline void pour_begin(struct pour *p, int fd)
{
	p->fd = fd;
	p->rc = 0;
	p->n = 0;
}

void pour_span(struct pour *p, struct span bytes);
void pour_text(struct pour *p, const char *text);

static inline void pour_byte(struct pour *p, uint8_t byte)
{
	pour_span(p, span_of(&byte, 1));
}

/* Writes what is left.  0, or the error. */
int pour_end(struct pour *p);

#endif
