/* witness.h - who is told of each answer to a request, for an access log.
 *
 * Called within the event, before what it tells of is committed: a death may take back
 * what was told, or have it told again.  Nothing may be changed from there. */
#ifndef EXCHANGE_WITNESS_H
#define EXCHANGE_WITNESS_H

#include "exchange/request.h"

struct answered {
	const struct request *request;  /* still in hand */
	uint8_t code;
	struct span body;       /* options and payload of the response, as encoded */
	ref_t waited;           /* the exchange it waited in, 0: it did not */
	bool separate;          /* the answer travels in a message of its own, in that
				 * exchange, whose end is told */
};

struct witness {
	/* The request begins to wait for its answer. */
	void (*waits)(struct witness *w, ref_t exchange);
	void (*answered)(struct witness *w, const struct answered *a);
	/* An exchange with a request of a peer's, or the answer to it, is over: acknowledged,
	 * rejected or given up, after so many retransmissions.  Also of those that no separate
	 * answer was told of. */
	void (*ended)(struct witness *w, ref_t exchange, uint32_t retransmissions);
};

#endif
