/* stream.h - stage xfer, server role: a request whose body comes in blocks (RFC 7959
 * 2.5) and goes to its resource block by block, without being put together.
 *
 * What is kept of it is an assembly (assembly.h) without a body: whose it is and how
 * many bytes have been taken.  Its owner, an object of the layer above, ends it, also
 * when no block comes for long.  Blocks are taken in their order; one that was taken
 * already is acknowledged again, one that is ahead is refused (4.08).  Run by the
 * worker, within the event. */
#ifndef EXCHANGE_STREAM_H
#define EXCHANGE_STREAM_H

#include "exchange/assembly.h"

enum stream_verdict {
	STREAM_NONE,            /* the body is whole as it came */
	STREAM_SETTLED,         /* answered: no resource is needed */
	STREAM_FIRST,           /* a body begins: the caller ends what is old, then calls
				 * stream_begin() */
	STREAM_PART,            /* the next block of r->assembly */
	STREAM_OVER             /* it would become too long: the caller ends r->assembly,
				 * then calls assembly_too_large() */
};

struct stream_part {
	uint64_t offset;
	bool last;
	ref_t old;              /* FIRST: the one in whose place it comes; 0 none */
};

/* Takes a fresh request in hand.  cap is the longest body that its resource takes. */
enum stream_verdict stream_take(struct engine *e, struct request *r, uint64_t cap,
				struct stream_part *part);

/* Begins a stream, in r->assembly.  False: the request was answered, 4.13 or 5.03. */
bool stream_begin(struct engine *e, struct request *r, uint64_t cap, ref_t owner);

/* The part in hand has been consumed: more is asked for (2.31).  The request is no
 * longer in hand. */
void stream_continue(struct engine *e, struct request *r);

/* The last part is with its resource: what is answered now is kept for a while. */
void stream_give(struct engine *e, struct request *r);

/* What is in hand, also after it waited. */
struct stream_part stream_part_of(const struct request *r);

/* Ends it if it is one. */
void stream_end(struct engine *e, ref_t assembly);

/* Its owner; 0: it is no stream. */
ref_t stream_owner(struct engine *e, ref_t assembly);

#endif
