/* assembly.h - stage xfer, server role: a request whose body comes in blocks
 * (RFC 7959 2.5, 2.9), put together until it is whole.
 *
 * An assembly is an object in the slot.  It belongs to an endpoint and to what the
 * requests of one transfer have in common: the method and all options but those that
 * tell blocks apart; Request-Tag is among them, so two bodies sent to one resource
 * at a time are not mixed (RFC 9175 3.3).  It ends with its last block, with a block
 * that does not fit, or when none has come for long (engine_conf.assembly_ms).  What
 * it answered last it keeps for the same time, since a client that lost that answer
 * may repeat the last block under another message ID.
 *
 *	RECEIVING --last block--> GIVEN (to the resource) --answer--> ANSWERED --> gone
 *	STREAMING --last block--> GIVEN
 *
 * One that is STREAMING has no body: its blocks go to the resource as they come
 * (stream.h). */
#ifndef EXCHANGE_ASSEMBLY_H
#define EXCHANGE_ASSEMBLY_H

#include "coap/block.h"
#include "exchange/body.h"
#include "exchange/request.h"

enum assembly_state {
	ASSEMBLY_RECEIVING = 1,
	ASSEMBLY_GIVEN,         /* its body is the payload of a request in hand, or of one
				 * that waits */
	ASSEMBLY_ANSWERED,      /* no body any more; code is what was answered */
	ASSEMBLY_KEPT,          /* its body is a reply whose later blocks may be asked for */
	ASSEMBLY_STREAMING,     /* its blocks are taken by its owner one by one */
	ASSEMBLY_STATES
};

struct assembly {
	struct object o;
	ref_t peer;
	ref_t body;             /* 0: none */
	ref_t waiting;          /* GIVEN, STREAMING: the exchange whose request it is; 0
				 * none yet */
	ref_t owner;            /* STREAMING: the object of a layer above that ends it */
	uint64_t next;          /* of a stream: bytes taken, the offset of the next block */
	uint64_t key;           /* keyed hash of what its requests have in common */
	uint64_t deadline;      /* ms */
	uint32_t state;
	uint32_t szx;           /* of the block that came last */
	uint32_t code;          /* ANSWERED, KEPT: with what */
	uint32_t options_n;     /* KEPT: bytes of options at the start of the body */
};

enum assembly_verdict {
	ASSEMBLY_NONE,          /* the request is whole as it came */
	ASSEMBLY_WHOLE,         /* the last block: r->msg.payload is the body now, and the
				 * response carries Block1 (request.block1) */
	ASSEMBLY_SETTLED        /* answered: 2.31, 4.00, 4.08, 4.13, or 5.03 when there is no
				 * room for now */
};

/* Takes a fresh request in hand.  cap is the longest body that its resource takes, 0: any. */
enum assembly_verdict assembly_take_block(struct engine *e, struct request *r, uint64_t cap);
static inline enum assembly_verdict assembly_take(struct engine *e, struct request *r,
						  uint64_t cap)
{
	if (message_lacks(&r->msg, OPT_BLOCK1) && (!cap || r->msg.payload.n <= cap))
		return ASSEMBLY_NONE;
	return assembly_take_block(e, r, cap);
}

/* The request has been answered with a code: the body is no longer needed.
 * (Called by request_done().) */
void assembly_answered(struct engine *e, ref_t assembly, uint8_t code);

/* The request whose body it has waits in this exchange. */
void assembly_wait(struct engine *e, ref_t assembly, ref_t exchange);

/* The one whose body was given to the resource with this request, seen again after
 * its worker died; 0 none. */
ref_t assembly_of(struct engine *e, const struct request *r);

/* A reply that does not fit one message (2.4, 3.3). */
struct assembly_reply {
	uint8_t code;
	struct span options;    /* encoded, without Block2 */
	struct span payload;
};

/* Keeps a copy of the reply to r for requests that ask for later blocks of it.  False:
 * no room (counted). */
bool assembly_keep(struct engine *e, struct request *r, const struct assembly_reply *reply);

/* The reply that was kept for requests like r, which asks for a later block; borrowed
 * until the event ends.  False: none. */
bool assembly_kept(struct engine *e, const struct request *r, struct assembly_reply *out);

/* Its time is up (EXPIRE_OTHER with SLAB_ASSEMBLY is settled by expire_next()). */
void assembly_due(struct engine *e, struct assembly *a);

static inline struct assembly *assembly_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_ASSEMBLY), ref);
}

static inline ref_t assembly_ref(struct engine *e, const struct assembly *a)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_ASSEMBLY), a);
}

/* Gives a request that waited its body again, if that came in blocks. */
void assembly_again(struct engine *e, struct request *r);

/* Adopt: puts a plausible one back; false if it is implausible.  Once the layers above
 * have adopted, a stream whose owner is gone is taken out again: false. */
bool assembly_adopt(struct engine *e, struct assembly *a);
bool assembly_owned(struct engine *e, struct assembly *a);

/* --- for stream.c ----------------------------------------------------------------- */

/* Reads Block1 into block and prepares the response's.  WHOLE: it is one block of
 * several; else as assembly_take(). */
enum assembly_verdict assembly_block(struct engine *e, struct request *r, uint64_t cap,
				     struct block *block);

/* The one that a request belongs to; NULL. */
struct assembly *assembly_find(struct engine *e, const struct request *r);

/* A stream for a first block, live; NULL: there is no room (counted). */
struct assembly *assembly_stream(struct engine *e, struct request *r, ref_t owner);

/* Ends it. */
void assembly_end(struct engine *e, struct assembly *a);

/* The last block of a stream is with the resource, its answer will be kept. */
void assembly_give(struct engine *e, struct assembly *a);

/* Answers a block: with a code, or 4.13 and the most that is taken. */
void assembly_answer(struct engine *e, struct request *r, uint8_t code);
void assembly_too_large(struct engine *e, struct request *r, uint64_t cap);

#endif
