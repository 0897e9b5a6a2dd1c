/* client.h - the client role: requests we send (RFC 7252 4.2, 4.7, 5.2).
 *
 * An outgoing request is an exchange in the slot: message, token and message ID
 * survive the worker.  Its end comes once, as INPUT_RESPONSE or INPUT_FAILED of a
 * datagram, or as EXPIRE_FAILED of time (expire.h). */
#ifndef EXCHANGE_CLIENT_H
#define EXCHANGE_CLIENT_H

#include "exchange/engine.h"

struct client_request {
	struct addr to;
	struct local from;      /* the space's client socket, address all zero; or the
				 * listener of a peer that spoke first */
	bool non;
	uint8_t code;
	struct span body;       /* options and payload as encoded, marker included */
	uint32_t timeout_ms;    /* to wait for the response once acknowledged or sent
				 * non-confirmable; 0: MAX_TRANSMIT_WAIT */
	uint64_t owner;         /* given back with the response */
};

/* Sends it, or queues it behind others to the peer (NSTART).  0; -EAGAIN at a
 * limit (counted), nothing happened then; -EMSGSIZE. */
int client_send(struct engine *e, const struct client_request *c, ref_t *exchange);

/* Forgets it; a later response is refused as unmatched.  A stale reference does
 * nothing. */
void client_cancel(struct engine *e, ref_t exchange);

#endif
