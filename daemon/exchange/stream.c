#include "exchange/stream.h"

#include "exchange/endpoint.h"
#include "exchange/exchange.h"

#define RETRY_S 5u      /* until a refusal for want of room makes sense to be tried again */

static struct assembly *stream_get(struct engine *e, ref_t ref)
{
	struct assembly *a = assembly_get(e, ref);

	return a && a->state == ASSEMBLY_STREAMING ? a : NULL;
}

static enum stream_verdict settle(struct engine *e, struct request *r, uint8_t code)
{
	assembly_answer(e, r, code);
	return STREAM_SETTLED;
}

/* A client that lost the last answer repeats its question under another message ID. */
static enum stream_verdict answered(struct engine *e, struct request *r,
				    const struct assembly *a, const struct stream_part *part)
{
	bool again = part->last && part->offset + r->msg.payload.n == a->next;

	return settle(e, r, again ? (uint8_t)a->code : COAP_INCOMPLETE);
}

static enum stream_verdict later(struct engine *e, struct request *r, struct assembly *a,
				 const struct stream_part *part, uint64_t cap)
{
	uint64_t to = part->offset + r->msg.payload.n;

	if (a && a->state == ASSEMBLY_ANSWERED)
		return answered(e, r, a, part);
	if (!a || a->state != ASSEMBLY_STREAMING)
		return settle(e, r, COAP_INCOMPLETE);
	if (exchange_get(e, a->waiting)) {
		/* The part before is still with the resource. */
		request_unavailable(e, r, RETRY_S);
		return STREAM_SETTLED;
	}
	r->assembly = assembly_ref(e, a);
	if (to > cap)
		return STREAM_OVER;
	if (to <= a->next && !part->last)
		return settle(e, r, COAP_CONTINUE);
	return part->offset == a->next ? STREAM_PART : settle(e, r, COAP_INCOMPLETE);
}

enum stream_verdict stream_take(struct engine *e, struct request *r, uint64_t cap,
				struct stream_part *part)
{
	struct block block;
	struct assembly *a;

	switch (assembly_block(e, r, cap, &block)) {
	case ASSEMBLY_NONE:
		return STREAM_NONE;
	case ASSEMBLY_SETTLED:
		return STREAM_SETTLED;
	case ASSEMBLY_WHOLE:
		break;
	}
	a = assembly_find(e, r);
	*part = (struct stream_part){ .offset = block_offset(&block), .last = !block.more };
	if (block.num)
		return later(e, r, a, part, cap);
	part->old = a ? assembly_ref(e, a) : 0;
	return STREAM_FIRST;
}

bool stream_begin(struct engine *e, struct request *r, uint64_t cap, ref_t owner)
{
	const struct assembly *a;
	uint64_t size = 0;

	(void)message_option_uint(&r->msg, OPT_SIZE1, &size);
	if (size > cap || r->msg.payload.n > cap) {
		assembly_too_large(e, r, cap);
		return false;
	}
	a = assembly_stream(e, r, owner);
	if (!a) {
		request_unavailable(e, r, RETRY_S);
		return false;
	}
	r->assembly = assembly_ref(e, a);
	return true;
}

struct stream_part stream_part_of(const struct request *r)
{
	struct block block = { 0 };
	struct span value;

	if (!message_option(&r->msg, OPT_BLOCK1, 0, &value) ||
	    block_parse(value, &block) != BLOCK_OK)
		return (struct stream_part){ .last = true };
	return (struct stream_part){ .offset = block_offset(&block), .last = !block.more };
}

/* Bytes that its answer is kept for, too. */
static void taken(struct engine *e, struct assembly *a, const struct request *r)
{
	undo_set64(&e->space, &a->next, stream_part_of(r).offset + r->msg.payload.n);
	undo_set64(&e->space, &a->deadline, e->now + e->conf.assembly_ms);
	undo_set64(&e->space, &a->waiting, 0);
}

void stream_continue(struct engine *e, struct request *r)
{
	struct assembly *a = stream_get(e, r->assembly);

	if (a)
		taken(e, a, r);
	assembly_answer(e, r, COAP_CONTINUE);
}

void stream_give(struct engine *e, struct request *r)
{
	struct assembly *a = stream_get(e, r->assembly);

	if (!a)
		return;
	taken(e, a, r);
	assembly_give(e, a);
}

void stream_end(struct engine *e, ref_t ref)
{
	struct assembly *a = stream_get(e, ref);

	if (a)
		assembly_end(e, a);
}

ref_t stream_owner(struct engine *e, ref_t ref)
{
	const struct assembly *a = stream_get(e, ref);

	return a ? a->owner : 0;
}
