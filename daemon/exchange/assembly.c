#include "exchange/assembly.h"

#include "base/siphash.h"
#include "exchange/dealings.h"
#include "exchange/exchange.h"

#include <errno.h>

#define RETRY_S 5u      /* until a refusal for want of room makes sense to be tried again */

_Static_assert(sizeof(struct assembly) % 8 == 0, "assembly size");

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_ASSEMBLY);
}

/* --- what belongs together ------------------------------------------------------------ */

/* What stands for a body on its way here, and for a reply on its way back. */
enum direction { INWARD, OUTWARD };

/* Options in which the messages of one transfer differ (RFC 9175 3.2), and Observe,
 * which is no part of what is asked for (RFC 7641 2).  Who fetches the rest of a reply
 * need not tag that request as the body of the first was. */
static bool tells_blocks_apart(uint32_t number, enum direction way)
{
	return (way == OUTWARD && number == OPT_REQUEST_TAG) || number == OPT_BLOCK1 || number == OPT_BLOCK2 || number == OPT_OBSERVE ||
	       (option_is_nocachekey(number) && !option_is_critical(number));
}

static uint64_t key_of(const struct engine *e, const struct message *m, enum direction way)
{
	struct option_iter it = option_iter(m->options);
	uint8_t bytes[DGRAM_RX_MAX + 16];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);
	struct option o;

	write_u8(&w, m->code);
	write_u8(&w, (uint8_t)way);
	while (option_next(&it, &o))
		if (!tells_blocks_apart(o.number, way))
			option_write(&ow, o.number, o.value);
	assert(!w.full);        /* no longer than what came, but for deltas */
	return siphash(&e->space.ctl->key, bytes, (size_t)(w.p - bytes));
}

static uint64_t place(const struct engine *e, ref_t peer, uint64_t key)
{
	return hash_words(&e->space.ctl->key, peer, key);
}

static struct assembly *find(struct engine *e, struct endpoint *p, uint64_t key)
{
	ref_t peer = endpoint_ref(e, p);
	uint32_t i = table_first(&e->assemblies, place(e, peer, key));

	while (i != SLAB_NIL) {
		struct assembly *a = slab_at(slab(e), i);

		if (a->key == key && a->peer == peer)
			return a;
		i = a->o.link;
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------ */

/* The time of a stream is its owner's. */
static void link_up(struct engine *e, struct endpoint *p, struct assembly *a)
{
	table_insert(&e->assemblies, slab(e), place(e, a->peer, a->key), a);
	dealings_with(e, p)->nassemblies++;
	if (a->state != ASSEMBLY_STREAMING)
		engine_deadline(e, slab(e), a, a->deadline);
}

static void touch(struct engine *e, struct assembly *a)
{
	undo_set64(&e->space, &a->deadline, e->now + e->conf.assembly_ms);
	engine_deadline(e, slab(e), a, a->deadline);
}

static void drop_body(struct engine *e, struct assembly *a)
{
	struct body *b = body_get(e, a->body);

	if (b)
		body_kill(e, b);
	undo_set64(&e->space, &a->body, 0);
}

static void finish(struct engine *e, struct assembly *a)
{
	struct endpoint *p = endpoint_held(e, a->peer);

	drop_body(e, a);
	engine_no_deadline(e, slab(e), a);
	table_remove(&e->assemblies, slab(e), place(e, a->peer, a->key), a);
	dealings_with(e, p)->nassemblies--;
	slab_kill(&e->space, slab(e), a);
}

/* One more of this peer, not live yet and without a body; NULL at a limit. */
static struct assembly *take(struct engine *e, struct endpoint *p, uint64_t key,
			     enum assembly_state state)
{
	uint32_t has = dealings_of(e, p)->nassemblies;
	struct assembly *a = has < e->conf.limits.assemblies_per_endpoint ?
			     slab_take(&e->space, slab(e)) : NULL;

	if (!a) {
		engine_count(e, COUNT_FULL_ASSEMBLIES);
		return NULL;
	}
	memset((uint8_t *)a + sizeof a->o, 0, sizeof *a - sizeof a->o);
	a->peer = endpoint_ref(e, p);
	a->key = key;
	a->state = state;
	a->deadline = e->now + e->conf.assembly_ms;
	return a;
}

/* It lives with this body; NULL: there was none to be had. */
static struct assembly *begin(struct engine *e, struct endpoint *p, struct assembly *a,
			      const struct body *b)
{
	if (!b) {
		slab_untake(&e->space, slab(e), a);
		return NULL;
	}
	a->body = body_ref(e, b);
	slab_publish(&e->space, slab(e), a);
	link_up(e, p, a);
	return a;
}

static ref_t ref_next(struct engine *e, const struct assembly *a)
{
	return slab_ref_next(&e->space, slab(e), a);
}

/* --- answers --------------------------------------------------------------------------- */

static enum assembly_verdict answer(struct engine *e, struct request *r, uint8_t code,
				    uint64_t size1)
{
	struct writer w = request_answer(e, r);
	struct option_writer ow = option_writer(&w);

	if (r->blocks)
		option_write_uint(&ow, OPT_BLOCK1, r->block1);
	if (size1)
		option_write_uint(&ow, OPT_SIZE1, size1);
	request_done(e, r, code, &w);
	return ASSEMBLY_SETTLED;
}

static enum assembly_verdict no_room(struct engine *e, struct request *r, struct assembly *a)
{
	if (a)
		finish(e, a);
	request_unavailable(e, r, RETRY_S);
	return ASSEMBLY_SETTLED;
}

/* 4.13 says how much would be taken (2.9.3), and nothing is kept. */
static enum assembly_verdict too_large(struct engine *e, struct request *r,
				       struct assembly *a, uint64_t cap)
{
	if (a)
		finish(e, a);
	engine_count(e, COUNT_TOO_LARGE);
	return answer(e, r, COAP_TOO_LARGE, cap);
}

/* --- a block ---------------------------------------------------------------------------- */

static enum assembly_verdict given(struct engine *e, struct request *r, struct assembly *a,
				   const struct body *b, uint64_t total)
{
	undo_set(&e->space, &a->state, ASSEMBLY_GIVEN);
	touch(e, a);
	r->assembly = assembly_ref(e, a);
	r->msg.payload = body_read(e, b, 0, total);
	return ASSEMBLY_WHOLE;
}

static enum assembly_verdict put(struct engine *e, struct request *r, struct assembly *a,
				 const struct block *block, uint64_t cap)
{
	struct body *b = body_get(e, a->body), *was = b;
	uint64_t at = block_offset(block), to = at + r->msg.payload.n;
	int err;

	if (at > b->length || (!block->more && to < b->end))
		return answer(e, r, COAP_INCOMPLETE, 0);
	err = body_write(e, &b, at, r->msg.payload);
	if (err == -EFBIG)
		return too_large(e, r, a, cap);
	if (err)
		return no_room(e, r, a);
	if (b != was)
		undo_set64(&e->space, &a->body, body_ref(e, b));
	undo_set(&e->space, &a->szx, block->szx);
	if (!block->more)
		return given(e, r, a, b, to);
	touch(e, a);
	return answer(e, r, COAP_CONTINUE, 0);
}

static enum assembly_verdict first(struct engine *e, struct request *r,
				   const struct block *block, uint64_t key, uint64_t cap)
{
	struct assembly *a = r->peer ? find(e, r->peer, key) : NULL;
	uint64_t size = 0;

	/* The client begins anew; what it had begun is of no use (2.5). */
	if (a)
		finish(e, a);
	(void)message_option_uint(&r->msg, OPT_SIZE1, &size);
	if (size > cap || block_size(block) > cap)
		return too_large(e, r, NULL, cap);
	if (!r->peer && !endpoint_room(e))
		return no_room(e, r, NULL);
	if (!r->peer)
		r->peer = endpoint_add(e, &r->from, &r->to);
	a = take(e, r->peer, key, ASSEMBLY_RECEIVING);
	if (a)
		a = begin(e, r->peer, a, body_new(e, ref_next(e, a), size));
	return a ? put(e, r, a, block, cap) : no_room(e, r, NULL);
}

static enum assembly_verdict later(struct engine *e, struct request *r,
				   const struct block *block, uint64_t key, uint64_t cap)
{
	struct assembly *a = r->peer ? find(e, r->peer, key) : NULL;

	if (a && (uint64_t)block_offset(block) + r->msg.payload.n > cap)
		return too_large(e, r, a, cap);
	if (a && a->state == ASSEMBLY_RECEIVING)
		return put(e, r, a, block, cap);
	if (a && a->state == ASSEMBLY_ANSWERED && !block->more)
		return answer(e, r, (uint8_t)a->code, 0);
	return answer(e, r, COAP_INCOMPLETE, 0);
}

/* What a block is to be: full unless it is the last, and no longer in any case. */
static bool is_sized(const struct request *r, const struct block *block)
{
	size_t n = r->msg.payload.n;

	return block->more ? n == block_size(block) : n <= block_size(block);
}

enum assembly_verdict assembly_block(struct engine *e, struct request *r, uint64_t cap,
				     struct block *block)
{
	struct span value;

	if (!message_option(&r->msg, OPT_BLOCK1, 0, &value))
		return cap && r->msg.payload.n > cap ? too_large(e, r, NULL, cap) :
						       ASSEMBLY_NONE;
	if (block_parse(value, block) != BLOCK_OK || !is_sized(r, block)) {
		request_refuse(e, r, COAP_BAD_REQUEST, "block of a wrong size");
		return ASSEMBLY_SETTLED;
	}
	r->block1 = block_uint(block);
	r->blocks = true;
	if (block->num == 0 && !block->more)
		return r->msg.payload.n > cap ? too_large(e, r, NULL, cap) : ASSEMBLY_NONE;
	if (block->more && block->szx > e->conf.szx) {
		struct block ours = { block->num, true, (uint8_t)e->conf.szx };

		r->block1 = block_uint(&ours);
	}
	return ASSEMBLY_WHOLE;
}

enum assembly_verdict assembly_take_block(struct engine *e, struct request *r, uint64_t cap)
{
	struct block block;
	enum assembly_verdict v = assembly_block(e, r, cap, &block);
	uint64_t key;

	if (v != ASSEMBLY_WHOLE)
		return v;
	key = key_of(e, &r->msg, INWARD);
	return block.num == 0 ? first(e, r, &block, key, cap) : later(e, r, &block, key, cap);
}

/* --- the end of a request ------------------------------------------------------------------ */

void assembly_again(struct engine *e, struct request *r)
{
	const struct assembly *a = assembly_get(e, r->assembly);
	const struct body *b = a ? body_get(e, a->body) : NULL;
	struct block block;
	struct span value;

	r->blocks = message_option(&r->msg, OPT_BLOCK1, 0, &value) &&
		    block_parse(value, &block) == BLOCK_OK;
	if (r->blocks)
		r->block1 = block_uint(&block);
	if (b)
		r->msg.payload = body_read(e, b, 0, SIZE_MAX);
	else if (r->assembly && !(a && a->state == ASSEMBLY_STREAMING))
		r->msg.payload = span_of(NULL, 0);
}

void assembly_answered(struct engine *e, ref_t assembly, uint8_t code)
{
	struct assembly *a = assembly_get(e, assembly);

	if (!a || a->state != ASSEMBLY_GIVEN)
		return;
	drop_body(e, a);
	undo_set(&e->space, &a->code, code);
	undo_set(&e->space, &a->state, ASSEMBLY_ANSWERED);
	touch(e, a);
}

/* --- replies ------------------------------------------------------------------------------- */

bool assembly_keep(struct engine *e, struct request *r, const struct assembly_reply *reply)
{
	uint64_t key = key_of(e, &r->msg, OUTWARD);
	struct assembly *a = r->peer ? find(e, r->peer, key) : NULL;

	if (a)
		finish(e, a);
	if (!r->peer && !endpoint_room(e))
		return false;
	if (!r->peer)
		r->peer = endpoint_add(e, &r->from, &r->to);
	a = take(e, r->peer, key, ASSEMBLY_KEPT);
	if (!a)
		return false;
	a->code = reply->code;
	a->options_n = (uint32_t)reply->options.n;
	return begin(e, r->peer, a, body_of(e, ref_next(e, a), reply->options, reply->payload));
}

bool assembly_kept(struct engine *e, const struct request *r, struct assembly_reply *out)
{
	struct endpoint *p = endpoint_find(e, &r->from, &r->to);
	struct assembly *a = p ? find(e, p, key_of(e, &r->msg, OUTWARD)) : NULL;
	const struct body *b = a ? body_get(e, a->body) : NULL;
	uint64_t at;

	if (!b || a->state != ASSEMBLY_KEPT)
		return false;
	touch(e, a);
	at = (a->options_n + BODY_GRAIN - 1) / BODY_GRAIN * BODY_GRAIN;
	*out = (struct assembly_reply){
		.code = (uint8_t)a->code,
		.options = body_read(e, b, 0, a->options_n),
		.payload = body_read(e, b, at, SIZE_MAX) };
	return true;
}

void assembly_wait(struct engine *e, ref_t assembly, ref_t exchange)
{
	struct assembly *a = assembly_get(e, assembly);

	if (a)
		undo_set64(&e->space, &a->waiting, exchange);
}

ref_t assembly_of(struct engine *e, const struct request *r)
{
	struct assembly *a = r->peer ? find(e, r->peer, key_of(e, &r->msg, INWARD)) : NULL;

	return a && (a->state == ASSEMBLY_GIVEN || a->state == ASSEMBLY_STREAMING) ?
	       assembly_ref(e, a) : 0;
}

void assembly_due(struct engine *e, struct assembly *a)
{
	/* As long as a request waits for its resource, that one's time counts. */
	if (a->state == ASSEMBLY_GIVEN && exchange_get(e, a->waiting)) {
		touch(e, a);
		return;
	}
	if (a->state == ASSEMBLY_RECEIVING)
		engine_count(e, COUNT_ASSEMBLY_LOST);
	finish(e, a);
}

/* --- adoption -------------------------------------------------------------------------------- */

static bool holds(struct engine *e, const struct assembly *a)
{
	const struct body *b = body_get(e, a->body);

	if (a->state == ASSEMBLY_ANSWERED || a->state == ASSEMBLY_STREAMING)
		return a->body == 0;
	return b && b->owner == assembly_ref(e, a);
}

bool assembly_adopt(struct engine *e, struct assembly *a)
{
	struct endpoint *p = endpoint_get(e, a->peer);

	if (!p || !dealings_are(p) || a->state < ASSEMBLY_RECEIVING || a->state >= ASSEMBLY_STATES ||
	    a->szx > BLOCK_SZX_MAX || a->code > 0xff || find(e, p, a->key) || !holds(e, a))
		return false;
	if (a->deadline > e->now + e->conf.assembly_ms)
		a->deadline = e->now + e->conf.assembly_ms;     /* there was more time */
	link_up(e, p, a);
	return true;
}

bool assembly_owned(struct engine *e, struct assembly *a)
{
	unsigned above = REF_SLAB(a->owner);

	if (a->state != ASSEMBLY_STREAMING ||
	    (above >= ENGINE_SLABS && above < e->space.nslabs &&
	     slab_get(&e->space, engine_slab(e, above), a->owner)))
		return true;
	table_remove(&e->assemblies, slab(e), place(e, a->peer, a->key), a);
	dealings_held(e, a->peer)->nassemblies--;
	return false;
}

/* --- streams --------------------------------------------------------------------------------- */

struct assembly *assembly_find(struct engine *e, const struct request *r)
{
	return r->peer ? find(e, r->peer, key_of(e, &r->msg, INWARD)) : NULL;
}

struct assembly *assembly_stream(struct engine *e, struct request *r, ref_t owner)
{
	struct assembly *a;

	if (!r->peer && !endpoint_room(e))
		return NULL;
	if (!r->peer)
		r->peer = endpoint_add(e, &r->from, &r->to);
	a = take(e, r->peer, key_of(e, &r->msg, INWARD), ASSEMBLY_STREAMING);
	if (!a)
		return NULL;
	a->owner = owner;
	slab_publish(&e->space, slab(e), a);
	link_up(e, r->peer, a);
	return a;
}

void assembly_end(struct engine *e, struct assembly *a)
{
	finish(e, a);
}

void assembly_give(struct engine *e, struct assembly *a)
{
	undo_set(&e->space, &a->state, ASSEMBLY_GIVEN);
	touch(e, a);
}

void assembly_answer(struct engine *e, struct request *r, uint8_t code)
{
	(void)answer(e, r, code, 0);
}

void assembly_too_large(struct engine *e, struct request *r, uint64_t cap)
{
	(void)too_large(e, r, NULL, cap);
}
