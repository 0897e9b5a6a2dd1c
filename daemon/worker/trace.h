/* trace.h - datagrams shown to who looks on, as they come and go.
 *
 * Each tap is a socket that somebody reads; a copy of what passes goes into it, after
 * the datagrams were taken and before they are sent.  Nobody is waited for: what finds no
 * room is left out and counted.  A tap whose reader is gone is closed.  Without taps all of
 * this is one comparison for a batch.  Owned by the worker. */
#ifndef WORKER_TRACE_H
#define WORKER_TRACE_H

#include "base/batch.h"
#include "worker/order.h"

#define TRACE_TAPS 4

/* In front of the bytes of a datagram. */
struct trace_head {
	uint64_t at_ns;         /* CLOCK_REALTIME */
	uint64_t left_out;      /* by this worker, since the tap was made */
	struct addr peer, here; /* here: where it came to, or leaves from */
	uint32_t slot;
	uint32_t sent;          /* 1: by us */
	uint32_t len;           /* of the datagram; more than what follows: it was cut */
	uint32_t zero;
};

struct trace_tap {
	int fd;
	uint64_t left_out;
	struct order whom;
};

struct trace {
	unsigned n;
	struct trace_tap tap[TRACE_TAPS];
};

/* Adds a tap; takes the descriptor.  False: there are too many, it is closed. */
bool trace_add(struct trace *t, const struct order *whom, int fd);

void trace_close(struct trace *t);

/* What a slot's batch has, received from datagram i on, or to be sent from i on; ports are
 * those of the sockets of the slot. */
void trace_received(struct trace *t, const struct space *s, const uint16_t *ports,
		    unsigned slot, unsigned i);
void trace_sent(struct trace *t, const struct space *s, const uint16_t *ports, unsigned slot,
		unsigned i);

#endif
