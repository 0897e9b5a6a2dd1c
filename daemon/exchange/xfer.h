/* xfer.h - stage xfer, client role: one request and its response, each with a body
 * of any size, in as many messages as they take (RFC 7959).
 *
 * A transfer is an object in the slot, so a successor goes on with it.  Bodies are
 * not: the stage asks for bytes of the request's by offset when it needs them
 * (struct xfer_source) and hands on those of the response's as they come, in
 * order, each once.  One exchange (client.h) at a time belongs to it; it sends the
 * next one by itself.
 *
 *	UPLOAD --2.31 ...--> LAST --response--> DOWNLOAD --Block2 ...--> gone
 *	           (a body of one block: WHOLE) --^
 *
 * A server that works on each block by itself says so with final codes beside its
 * Block1 options; it gets the other blocks all the same (2.3).  One that answers a
 * block with a final code and no Block1 wants no more: that is the response.  Later
 * messages for the response's body carry no payload (2.7, 3.3), but the body of a
 * FETCH that fitted one message: it is part of what is asked for (RFC 8132 2).  A
 * challenge is answered once for each message (RFC 9175 2.3). */
#ifndef EXCHANGE_XFER_H
#define EXCHANGE_XFER_H

#include "exchange/client.h"
#include "exchange/input.h"
#include "exchange/stored.h"

/* Where bytes of request bodies come from; set in engine.source once, borrowed.
 * They stay the same as long as the transfer lives: a retransmission is made of the
 * stored message, but a smaller block of the same offset is read again. */
struct xfer_source {
	/* Writes bytes offset to offset + n of the body of the transfer with this
	 * owner; all of them, or false: the transfer then fails with -EIO. */
	bool (*read)(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n);
	void *arg;
};

struct xfer_request {
	struct addr to;
	struct local from;
	bool non;
	uint8_t code;
	uint8_t szx;            /* of the largest block in either direction, 0 to 6 */
	struct span token;      /* as in client.h, for the first message and the blocks of
				 * the body; the following ones have tokens of their own */
	struct span options;    /* as encoded, without Block1, Block2, Size1 and
				 * Request-Tag, no payload marker */
	uint64_t body_n;        /* bytes of the request's body; 0 none */
	uint32_t from_block;    /* of the response's body, for what was begun elsewhere:
				 * the rest of a notification's (RFC 7641 3.4); else 0 */
	struct span etag;       /* then: what all its parts must bear; may be empty */
	uint32_t timeout_ms;    /* as in client.h, for each message */
	uint64_t owner;
};

/* Starts it.  0; -EAGAIN at a limit (counted); -EMSGSIZE: the options leave no room,
 * or the body is longer than 2^20 blocks of that size; -EINVAL: szx is out of range,
 * the options are no options, or it is for a group; -EIO; -EEXIST.  *xfer is set only
 * if it has begun. */
int xfer_start(struct engine *e, const struct xfer_request *q, ref_t *xfer);

enum xfer_verdict {
	XFER_NOTHING,           /* an intermediate answer; the next message is off */
	XFER_PART,              /* bytes of the response's body; more will come */
	XFER_DONE,              /* the response, or the last part of its body; an error
				 * response at any time, even after parts of another */
	XFER_FAILED
};

/* What has come of one; it borrows the batch. */
struct xfer_event {
	ref_t xfer;             /* stale after XFER_DONE and XFER_FAILED */
	uint64_t owner;
	struct message msg;     /* the response in hand; unset if there is none */
	struct addr peer;       /* who sent it */
	uint64_t offset;        /* PART, DONE: of msg.payload within the body; 0 of an
				 * error response's, which is no part of it */
	uint64_t total;         /* its length where Size2 tells (an estimate), else 0 */
	uint64_t sent;          /* bytes of the request's body the server has so far */
	uint32_t again;         /* how often messages were sent again so far */
	bool taken;             /* FAILED, -ETIMEDOUT: as of struct response, and it had
				 * all of the request's body */
	int status;             /* FAILED: -ETIMEDOUT, -ECONNRESET, -ECONNREFUSED;
				 * -ESTALE: the representation changed on the way
				 * (ETag); -EPROTO: blocks out of place; -EIO; -EAGAIN:
				 * no room for the next message, at a limit (counted) */
};

/* Whether the owner of a response is a transfer: then it is for xfer_response(). */
static inline bool xfer_owns(uint64_t owner)
{
	return REF_SLAB(owner) == SLAB_XFER;
}

/* Whether a message that has the token of the exchange under way is once more the
 * answer to an earlier block, whose token that was: nothing has come then. */
bool xfer_is_late(struct engine *e, uint64_t owner, const struct message *m);

/* Takes a response, or the end without one (status), of an exchange of a
 * transfer's.  Part of the caller's event. */
enum xfer_verdict xfer_response(struct engine *e, const struct response *r,
				struct xfer_event *out);

/* Forgets it and the exchange it has under way. */
void xfer_cancel(struct engine *e, ref_t xfer);

enum xfer_phase {
	XFER_WHOLE = 1,         /* under way is the request in one message */
	XFER_UPLOAD,            /* a block of its body, more will follow */
	XFER_LAST,              /* the last block of its body */
	XFER_DOWNLOAD,          /* the request for a later block of the response's body */
	XFER_PHASES
};

#define XFER_INSIDE 96u
#define XFER_ETAG 8u            /* bytes at most (RFC 7252 5.10.6) */
#define XFER_ECHO 40u           /* RFC 9175 2.2.1 */
#define XFER_NO_FORMAT 0x10000u /* the response has no Content-Format */
#define XFER_ANY_FORMAT 0x10001u        /* nothing is known of it */

/* What changes with each message: it is worked on in a copy and put back whole. */
struct xfer_state {
	uint32_t phase;
	uint32_t szx;           /* of the block under way */
	uint32_t offset;        /* of its first byte in the body it belongs to */
	uint32_t sent;          /* bytes of the request's body that were answered */
	uint32_t tag;           /* Request-Tag, of what was sent in blocks; 0 none */
	uint32_t challenged;    /* the message under way answers a challenge */
	uint32_t code;          /* of the response's first part; 0 unknown */
	uint32_t format;        /* its Content-Format */
	uint32_t total;         /* its Size2 */
	uint32_t etag_n, echo_n;
	uint32_t again;         /* how often messages before were sent again */
	uint8_t etag[XFER_ETAG];
	uint8_t echo[XFER_ECHO];        /* for what is sent next */
};

struct xfer {
	struct object o;
	uint64_t owner;
	ref_t exchange;         /* the one under way */
	struct addr to;
	struct local from;
	uint32_t non, code;     /* of the request */
	uint32_t szx;           /* of the largest block, as asked for */
	uint32_t body_n;
	uint32_t timeout_ms;
	uint32_t zero;
	struct xfer_state s;
	struct stored options;
	uint8_t inside[XFER_INSIDE];
};

static inline struct xfer *xfer_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_XFER), ref);
}

static inline ref_t xfer_ref(struct engine *e, const struct xfer *x)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_XFER), x);
}

/* Adopt: whether a live transfer is plausible. */
bool xfer_adopt(struct engine *e, struct xfer *x);

#endif
