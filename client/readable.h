/* readable.h - which of many sockets have something to read.
 *
 * One epoll instance over all of them: what the loop watches is one descriptor, and
 * sockets are served in the order in which they became readable, so that none waits
 * twice as long as the others.  Owned by the net (net.h); run by its loop. */
#ifndef CLIENT_READABLE_H
#define CLIENT_READABLE_H

#include "base/err.h"

#define READABLE_MOST 64        /* sockets told at a time */

/* A descriptor that can be read while one of the sockets can; to be closed.  A
 * negative errno with err. */
int readable_open(struct err *err);

/* Adds a socket under a number; closing it takes it out.  0, or a negative errno with
 * err. */
int readable_add(int set, int fd, unsigned number, struct err *err);

/* The numbers of sockets that have something to read, or an error to tell. */
unsigned readable_next(int set, unsigned number[READABLE_MOST]);

#endif
