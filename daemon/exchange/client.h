/* client.h - the client role: requests we send (RFC 7252 4.2, 4.7, 5.2).
 *
 * An outgoing request is an exchange in the slot: message, token and message ID
 * survive the worker.  Each response comes as INPUT_RESPONSE (input.h).  The end of
 * one that is not kept is its response, INPUT_FAILED of a datagram, or EXPIRE_FAILED
 * of time (expire.h).  A kept one stays: an observation (RFC 7641), a request to a
 * group (RFC 7252 8); more responses may follow until it is cancelled or fails. */
#ifndef EXCHANGE_CLIENT_H
#define EXCHANGE_CLIENT_H

#include "exchange/engine.h"

struct client_request {
	struct addr to;         /* a group's: non is set, kept is set */
	struct local from;      /* the space's client socket, address all zero; or the
				 * listener of a peer that spoke first */
	bool non;
	bool keep;              /* the exchange outlives its responses */
	uint8_t code;           /* COAP_EMPTY: a ping, body empty; the Reset that answers
				 * it comes as INPUT_RESPONSE with an Empty message */
	struct span token;      /* of the caller's choice, 1 to 8 bytes, not in use to
				 * this peer; empty: one that nobody can guess */
	struct span body;       /* options and payload as encoded, marker included */
	uint32_t timeout_ms;    /* to wait for the response once acknowledged or sent
				 * non-confirmable, of a group for all of them; 0:
				 * MAX_TRANSMIT_WAIT */
	uint64_t owner;         /* given back with the response; references to objects of
				 * SLAB_XFER and SLAB_OBS are for those stages alone */
};

/* Sends it, or queues it behind others to the peer (NSTART).  0; -EAGAIN at a
 * limit (counted), nothing happened then; -EMSGSIZE; -EEXIST: the token is in use. */
int client_send(struct engine *e, const struct client_request *c, ref_t *exchange);

/* Sends another request on a kept exchange that has had its response, with the same
 * token and to the same peer: to register again, to deregister (RFC 7641 3.3.1,
 * 3.6).  Of c only non, keep, code, body and timeout_ms count.  0; -ENOENT: stale, or
 * a request of it is still under way; -EAGAIN; -EMSGSIZE. */
int client_again(struct engine *e, ref_t exchange, const struct client_request *c);

/* Forgets it; a later response is refused as unmatched, which tells a server that
 * notifies (RFC 7641 3.6).  A stale reference does nothing. */
void client_cancel(struct engine *e, ref_t exchange);

#endif
