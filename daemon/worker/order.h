/* order.h - what the supervisor tells a worker over its control socket: a message each,
 * with a descriptor where one belongs to it.
 *
 * Both ends are of one program, forked, so a struct goes as it is.  Nothing here waits: a
 * full socket is a worker that does not read. */
#ifndef WORKER_ORDER_H
#define WORKER_ORDER_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct order {
	uint32_t what;          /* enum worker_message */
	uint32_t all;           /* 1: of all peers, else of this one */
	struct addr peer;       /* port 0: whatever its port */
	uint32_t part, level;   /* WORKER_LOG: what log_set_level() takes */
};

/* Sends one; fd, -1 none, stays the caller's.  0, or a negative errno. */
int order_send(int control, const struct order *o, int fd);

/* Takes the next one.  1, and fd is a descriptor, the caller's now, or -1; 0 if there is
 * none; a negative errno, -ECONNRESET at the end of the other side.  One byte alone is an
 * order without more. */
int order_take(int control, struct order *o, int *fd);

/* Whether an order is about this peer. */
bool order_is_about(const struct order *o, const struct addr *peer);

#endif
