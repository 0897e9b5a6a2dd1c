#include "resource/answer.h"

#include "base/siphash.h"
#include "exchange/assembly.h"
#include "resource/notices.h"
#include "resource/prepared.h"
#include "resource/slice.h"

/* What tells one representation from another, for blocks of one that the module gave
 * no ETag: the same in every worker and generation, and no secret. */
uint64_t answer_etag(const struct reply *reply)
{
	static const struct hash_key all = { { 0x636f617064, 0x65746167 } };

	return siphash(&all, reply->payload, reply->npayload);
}

static void add_etag(struct reply *reply)
{
	uint64_t sum = answer_etag(reply);
	struct span there;

	if (!reply_option(reply, OPT_ETAG, &there))
		reply_add(reply, OPT_ETAG, span_of(&sum, sizeof sum));
}

/* The module writes the part that is asked for. */
bool answer_read(struct coapd_task *t, uint64_t offset, size_t want)
{
	struct coapd_event event = { .what = COAPD_EV_READ, .offset = offset, .want = want };
	struct reply *reply = &t->reply;

	reply->reading = true;
	if (call_run(t, t->mount, &event) != COAPD_DONE)
		reply_wrong(reply, "its hook could not read on");
	else if (reply->npayload != want)
		reply_wrong(reply, "%zu bytes were read where %zu were asked for",
			    reply->npayload, want);
	reply->reading = false;
	return !reply->wrong[0];
}

__attribute__((always_inline)) static inline bool respond_now(struct coapd_task *t, struct span payload)
{
	struct request *r = t->request;
	bool entered = t->asks && notices_enter(t);
	const uint8_t *body;
	struct writer w;

	if (r->blocks)
		reply_add_uint(&t->reply, OPT_BLOCK1, r->block1);
	w = request_answer(t->engine, r);
	body = w.p;
	if (!reply_write(&t->reply, payload, &w)) {
		if (entered)
			notices_undo(t);
		return false;
	}
	if (t->mount->desc->flags & COAPD_F_CONSTANT)
		prepared_keep(t, span_of(body, (size_t)(w.p - body)));
	request_done(t->engine, r, t->reply.code, &w);
	return true;
}

static __attribute__((noinline)) bool respond(struct coapd_task *t, struct span payload)
{
	return respond_now(t, payload);
}

/* A response carries its reply whole where it was not asked for in parts: it is of
 * another kind than a representation, or made its Block2 option itself. */
static bool is_cut(const struct coapd_task *t)
{
	struct span own;

	return code_is_safe(t->request->msg.code) && t->reply.code == COAP_CONTENT &&
	       !t->request->assembly && !reply_option(&t->reply, OPT_BLOCK2, &own);
}

static bool bad_request(struct coapd_task *t)
{
	request_refuse(t->engine, t->request, COAP_BAD_REQUEST, NULL);
	return true;
}

static void add_block(struct coapd_task *t, const struct slice *s, uint64_t total)
{
	uint64_t asked;

	reply_add_uint(&t->reply, OPT_BLOCK2, block_uint(&s->block));
	/* The length helps whoever has just begun, or asks (section 4). */
	if ((s->block.num == 0 && s->block.more) ||
	    message_option_uint(&t->request->msg, OPT_SIZE2, &asked))
		reply_add_uint(&t->reply, OPT_SIZE2, total);
}

/* Most representations fit one message, and nobody asks for a part of them. */
static bool is_whole(const struct coapd_task *t)
{
	return !t->reply.seekable && message_lacks(&t->request->msg, OPT_BLOCK2) &&
	       t->reply.npayload <= 16u << t->engine->conf.szx;
}

/* The block that was asked for of a representation. */
static bool send_block(struct coapd_task *t)
{
	struct reply *reply = &t->reply;
	uint64_t total = reply->seekable ? reply->size : reply->npayload;
	struct slice slice;
	size_t at, n;
	bool need;

	if (!slice_wanted(&t->request->msg, t->engine->conf.szx, &slice) ||
	    !slice_of(&slice, total, &need))
		return bad_request(t);
	at = block_offset(&slice.block);
	n = slice.block.more ? block_size(&slice.block) : (size_t)(total - at);
	if (need) {
		add_block(t, &slice, total);
		if (!reply->seekable)
			add_etag(reply);
	}
	if (!reply->seekable)
		return respond(t, span_of(reply->payload + at, n));
	return answer_read(t, at, n) && respond(t, span_of(reply->payload, n));
}

/* The first block of a reply that is kept for the others. */
static bool send_kept(struct coapd_task *t, uint32_t szx)
{
	struct block first = { 0, true, (uint8_t)szx };
	uint8_t bytes[REPLY_VALUES + 8 * REPLY_OPTIONS];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct reply *reply = &t->reply;
	struct assembly_reply kept = { .code = reply->code };

	if (!reply_write(reply, span_of(NULL, 0), &w))
		return false;
	kept.options = span_of(bytes, (size_t)(w.p - bytes));
	kept.payload = span_of(reply->payload, reply->npayload);
	if (!assembly_keep(t->engine, t->request, &kept)) {
		request_unavailable(t->engine, t->request, 5);
		return true;
	}
	reply_add_uint(reply, OPT_BLOCK2, block_uint(&first));
	reply_add_uint(reply, OPT_SIZE2, reply->npayload);
	return respond(t, span_of(reply->payload, block_size(&first)));
}

/* What was made for one peer is nothing for the caches in between (RFC 7252 5.6: they
 * would give it to all who ask the same), unless the module says how old it may be. */
static __attribute__((noinline)) void keep_private(struct coapd_task *t)
{
	struct span there;

	if (code_is_safe(t->request->msg.code) &&
	    !reply_option(&t->reply, OPT_MAX_AGE, &there))
		reply_add_uint(&t->reply, OPT_MAX_AGE, 0);
}

static __attribute__((noinline)) bool send_other(struct coapd_task *t)
{
	struct reply *reply = &t->reply;
	struct slice slice;

	if (is_cut(t))
		return send_block(t);
	if (reply->seekable) {
		reply_wrong(reply, "a body that is read in parts answers GET and FETCH only");
		return false;
	}
	if (!slice_wanted(&t->request->msg, t->engine->conf.szx, &slice))
		return bad_request(t);
	if (reply->npayload <= block_size(&slice.block))
		return respond(t, span_of(reply->payload, reply->npayload));
	return send_kept(t, slice.block.szx);
}

/* Whether it says that something was done, or was not, and nothing more. */
static bool is_bare(const struct coapd_task *t)
{
	const struct reply *reply = &t->reply;

	return !reply->noptions && !reply->npayload && !reply->seekable && !t->is_private &&
	       !t->asks && !t->request->blocks && message_lacks(&t->request->msg, OPT_BLOCK2);
}

static __attribute__((noinline)) bool send_more(struct coapd_task *t)
{
	struct reply *reply = &t->reply;
	bool made = !reply->wrong[0] && reply->code;

	if (made && t->is_private)
		keep_private(t);
	if (made && !is_whole(t))
		return send_other(t);
	return respond_now(t, span_of(reply->payload, made ? reply->npayload : 0));
}

bool answer_send(struct coapd_task *t)
{
	if (!t->reply.code || t->reply.wrong[0] || !is_bare(t))
		return send_more(t);
	request_done_bare(t->engine, t->request, t->reply.code);
	return true;
}

/* --- later parts ---------------------------------------------------------------------- */

static void send_part(struct engine *e, struct request *r, const struct assembly_reply *kept,
		      const struct slice *slice)
{
	size_t at = block_offset(&slice->block);
	struct writer w = request_answer(e, r);
	struct option_writer ow = option_writer(&w);
	struct option_iter it = option_iter(kept->options);
	bool done = false;
	struct option o;

	while (option_next(&it, &o)) {
		if (!done && o.number > OPT_BLOCK2) {
			option_write_uint(&ow, OPT_BLOCK2, block_uint(&slice->block));
			done = true;
		}
		option_write(&ow, o.number, o.value);
	}
	if (!done)
		option_write_uint(&ow, OPT_BLOCK2, block_uint(&slice->block));
	message_write_payload(&w, span_of(kept->payload.p + at, slice->block.more ?
					  block_size(&slice->block) : kept->payload.n - at));
	request_done(e, r, kept->code, &w);
}

bool answer_part(struct engine *e, struct request *r)
{
	struct assembly_reply kept;
	struct slice slice;
	bool need;

	if (r->msg.code == COAP_GET || !slice_wanted(&r->msg, e->conf.szx, &slice) ||
	    slice.block.num == 0)
		return false;
	if (!assembly_kept(e, r, &kept)) {
		/* A FETCH can be made again; what else is gone, is gone (2.9.2). */
		if (code_is_safe(r->msg.code))
			return false;
		request_refuse(e, r, COAP_INCOMPLETE, NULL);
	} else if (!slice_of(&slice, kept.payload.n, &need)) {
		request_refuse(e, r, COAP_BAD_REQUEST, NULL);
	} else {
		send_part(e, r, &kept, &slice);
	}
	return true;
}
