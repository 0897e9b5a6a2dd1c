/* server.h - the connections of the control socket: taken, read, answered, and dropped.
 *
 * Run by the supervisor's loop, which it never holds up: requests are short lines,
 * answers are made as they are taken, a few lines at a time, and whoever is too slow with
 * the one or the other is dropped.  A connection can ask several things, one after the
 * other.  When there are too many, one that asks nothing makes room for the newest. */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "control/desk.h"
#include "control/door.h"

#include <ev.h>

#define SERVER_REQUEST 4096u    /* bytes of a request, its line end included */

struct server_conf {
	const struct door *door;        /* borrowed, open */
	struct desk *desk;              /* borrowed; what happens here is counted in it */
	struct ev_loop *loop;           /* borrowed */
	unsigned connections;           /* at a time */
	double timeout_s;               /* for a request that was begun, and for taking a
					 * part of an answer */
};

struct server;

/* 0, or -ENOMEM. */
int server_open(struct server **out, const struct server_conf *conf);

/* Of those who wait for the end of a reload or upgrade, the first from number *from on, which goes
 * on behind it: its descriptor, borrowed; -1: there are no more. */
int server_asker(const struct server *sv, unsigned *from, bool *upgrade);

/* The same of those who ask nothing now: what they ask next is read by who goes on. */
int server_idler(const struct server *sv, unsigned *from);

/* Somebody who asked nothing when another program took over: fd is ours. */
void server_welcome(struct server *sv, int fd);

/* Somebody who waited for that when another program took over, and goes on to: fd is ours. */
void server_resume(struct server *sv, int fd, bool upgrade);

/* Ends all connections; NULL is fine. */
void server_close(struct server *sv);

#endif
