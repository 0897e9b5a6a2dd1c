/* ends.h - our ends: the sockets that requests leave from.
 *
 * Each has a number below `room`, which is local.sock in the engine: with the peer's
 * address it stands for a pair of endpoints, hence for a space of message IDs (RFC
 * 7252 4.4).  An end that has used its message IDs up is renewed: it goes on with
 * another number and another port, and neither is used again within the lifetime of
 * what it sent.  Owned by the net (net.h). */
#ifndef CLIENT_ENDS_H
#define CLIENT_ENDS_H

#include "base/addr.h"
#include "base/err.h"

#define ENDS_MOST 65536u        /* numbers there are */

struct ends_conf {
	unsigned n;             /* ends, at least 1 */
	unsigned spare;         /* numbers beyond n, for ends that are renewed */
	const struct addr *from;        /* addresses of ours that they take in turn;
					 * borrowed */
	unsigned nfrom;         /* 0: any address */
	const struct addr *peer;        /* they are connected to it; borrowed; NULL: not */
	uint32_t lifetime_s;    /* of numbers and ports that were given up */
};

struct ends_left {
	uint16_t number;
	uint32_t s;
};

struct ends {
	struct ends_conf conf;
	int *fd;                /* by number, -1: closed */
	unsigned room;          /* numbers */
	uint16_t *number;       /* of each end */
	uint16_t *port;         /* by number */
	struct ends_left *left; /* a ring of numbers that were given up, oldest first */
	unsigned left_at, left_n;
	unsigned fresh;         /* numbers that were never used begin here */
	uint32_t *port_left_s;  /* by port: when it was given up, 0 never */
};

/* Opens all.  0, or a negative errno with err; what is conf's stays borrowed. */
int ends_open(struct ends *e, const struct ends_conf *conf, struct err *err);
void ends_close(struct ends *e);

/* How many hops requests to groups may make, of all.  0, or a negative errno with err. */
int ends_set_hops(struct ends *e, unsigned hops, struct err *err);

/* Gives end i another socket and number.  now_s is not 0.  0, or a negative errno with
 * err and nothing has changed: -EAGAIN, numbers or ports were all used lately. */
int ends_renew(struct ends *e, unsigned i, uint32_t now_s, struct err *err);

static inline unsigned ends_number(const struct ends *e, unsigned i)
{
	return e->number[i];
}

#endif
