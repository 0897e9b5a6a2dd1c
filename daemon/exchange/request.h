/* request.h - a request in hand, and the ways to end it: answer it now, begin an
 * outside effect, let it wait, answer it later.
 *
 * struct request is a view that is valid within one event.  A request is in hand
 * twice in its life at most: when it comes (input.h), and each time the waiting
 * one is taken up again (request_resume). */
#ifndef EXCHANGE_REQUEST_H
#define EXCHANGE_REQUEST_H

#include "coap/frame_udp.h"
#include "exchange/send.h"

struct endpoint;
struct dedup;
struct exchange;

struct request {
	struct message msg;     /* borrows the batch's or the exchange's bytes */
	struct addr from;
	struct local to;
	uint32_t rx;            /* index in the batch, or REQUEST_RESUMED */
	struct endpoint *peer;  /* NULL: not remembered, and need not be */
	struct dedup *dedup;    /* NULL: safe and confirmable, needs no entry */
	struct exchange *waiting;       /* once it waits */
	ref_t assembly;         /* its body came in blocks; 0: in one message */
	uint32_t block1;        /* blocks: what the response says of them (RFC 7959) */
	bool blocks;            /* it has a Block1 option */
};

#define REQUEST_RESUMED 0xffffffffu

/* A fingerprint of the datagram of a fresh request: what tells another message of the
 * same message ID from its duplicate. */
static inline uint32_t request_print(const struct engine *e, const struct request *r)
{
	const struct rx_dgram *rx = &batch_of(&e->space)->rx[r->rx];

	assert(r->rx < BATCH_RX);
	return (uint32_t)hash_bytes(&e->space.ctl->key, rx->data, rx->len);
}

/* Begins the answer: a writer for options and payload (marker included) right
 * where the datagram is to be sent from.  Room for it is certain once per event. */
static inline struct writer request_answer(struct engine *e, const struct request *r)
{
	struct writer w = send_begin(e, &r->from, &r->to);

	/* The header is written when type and code are known. */
	w.p += frame_udp_head_size(r->msg.token.n);
	return w;
}

/* Ends it: code and whatever the writer took are sent, piggybacked, separate or
 * non-confirmable as the state asks, unless No-Response says no (RFC 7967).  What
 * has to be remembered is.  A writer that ran full is answered 5.00; what is too long for an
 * address that may be made up is answered 4.01 with Echo (engine_conf.amplification), and
 * then nobody observes.  The request is no longer in hand. */
void request_done(struct engine *e, struct request *r, uint8_t code, struct writer *w);

/* Ends it with a code alone: the same as request_done() where nothing was written. */
void request_done_bare(struct engine *e, struct request *r, uint8_t code);

/* Answers with a code and no more than a diagnostic text (NULL: none). */
void request_refuse(struct engine *e, struct request *r, uint8_t code, const char *why);

/* 5.03 with Max-Age in seconds. */
void request_unavailable(struct engine *e, struct request *r, uint32_t max_age);

/* Commits that an effect outside the slot may happen from here on, rx being the
 * datagram that is not done with yet.  A death before the event's end leaves it
 * to request_lost(). */
void request_exec(struct engine *e, struct request *r, unsigned rx);

/* Lets the request wait: an exchange of its own keeps the message.  owner is the
 * caller's reference (its task); read it back with request_owner().  False at a
 * limit (counted): the caller answers 5.03. */
bool request_wait(struct engine *e, struct request *r, ref_t owner);

/* The exchange of a waiting request, as a reference that can be kept. */
ref_t request_ref(const struct engine *e, const struct request *r);

/* Takes a waiting request up again; false if it is no longer there. */
bool request_resume(struct engine *e, ref_t waiting, struct request *r);

/* Forgets a waiting request without an answer. */
void request_forget(struct engine *e, struct request *r);

/* The peer rejected the acknowledgement of its request with this message ID, or is gone:
 * nobody wants the answer any more.  True: the request is forgotten, the caller ends its
 * owner.  False: none with that ID waits that was acknowledged. */
bool request_withdrawn(struct engine *e, struct endpoint *p, uint16_t mid, uint64_t *owner);

/* Begins the adopter's part: the request that was executing when the worker
 * died, if space_exec() says so; false if there is none.  The caller ends it
 * (5.00) or, where running twice does no harm, lets it run again. */
bool request_lost(struct engine *e, struct request *r, ref_t *waiting);

#endif
