/* input.h - one datagram of the batch through stage msg.
 *
 * Message types, deduplication, matching, critical options: everything that is
 * settled without a resource is settled here, and answered into the batch. */
#ifndef EXCHANGE_INPUT_H
#define EXCHANGE_INPUT_H

#include "exchange/request.h"

enum input_verdict {
	INPUT_DONE,             /* nothing left to do but commit */
	INPUT_REQUEST,          /* a fresh request is in hand: end it (request.h) */
	INPUT_RESPONSE,         /* a response to a request of ours came */
	INPUT_FAILED,           /* a request of ours was reset by its peer */
	INPUT_WITHDRAWN         /* a request that waits is forgotten, as its peer rejected the
				 * acknowledgement: response.owner is to be ended */
};

/* What came for a request of ours. */
struct response {
	ref_t exchange;         /* stale from now on unless it is kept */
	struct addr peer;       /* who sent msg: of a group's request, one of many */
	uint64_t owner;         /* as given to client_send() */
	struct message msg;     /* borrows the batch; unset when status is not 0 */
	int status;             /* 0, or -ECONNRESET, -ETIMEDOUT, -ECONNREFUSED */
	uint32_t again;         /* how often the request was sent again */
	bool taken;             /* of -ETIMEDOUT: the request was acknowledged, or is a NON
				 * one that asks for no acknowledgement */
};

struct input {
	struct request request;
	struct response response;
};

/* Works on datagram i of the batch; in is filled as the verdict says. */
enum input_verdict input_datagram(struct engine *e, unsigned i, struct input *in);

#endif
