#include "resource/notices.h"

#include "coap/block.h"
#include "coap/observe.h"
#include "exchange/observer.h"
#include "resource/answer.h"
#include "resource/resources.h"
#include "resource/run.h"
#include "resource/slice.h"

#include <errno.h>
#include <stdlib.h>

#define BURST 4u                /* observers told by one event */
#define BURST_TX 4u             /* datagrams it may have sent before one more */
#define RETRY_MS 100u           /* after a limit was met */
#define CLOSED_MS 1000u         /* between looks at a resource that is closed */
#define NOTICE_MS 1000u         /* a representation older than that is made again: its
				 * Max-Age is that of the time it is sent (4.3.1) */

/* --- changes ---------------------------------------------------------------------------- */

int notices_init(struct notices *n)
{
	n->own = n->changes = calloc(1, sizeof *n->own);
	return n->own ? 0 : -ENOMEM;
}

void notices_free(struct notices *n)
{
	free(n->own);
	n->own = n->changes = NULL;
}

void notices_tell(const struct notices *n, uint64_t mount, struct span path)
{
	uint32_t word = changes_word(n->changes, mount, path.p, path.n);

	changes_tell(n->changes, word);
	if (n->wake)
		n->wake(n->arg, word);
}

/* Of what this worker's observers are to be told: a successor, who has noticed nothing yet,
 * finds another one. */
static uint64_t value_of(const struct notices *n, uint32_t word)
{
	return changes_value(n->changes, word) + n->here[word];
}

static void mark(struct notices *n, uint32_t word)
{
	n->here[word] = changes_draw(n->changes) << 32;
	n->due[word / 64] |= 1ull << word % 64;
}

void notices_tell_here(struct notices *n, uint64_t mount, struct span path)
{
	mark(n, changes_word(n->changes, mount, path.p, path.n));
	if (n->wake_here)
		n->wake_here(n->arg);
}

uint32_t notices_here(struct notices *n)
{
	for (uint32_t i = 0; i < CHANGES_WORDS / 64; i++)
		if (n->due[i]) {
			uint32_t bit = (uint32_t)__builtin_ctzll(n->due[i]);

			n->due[i] &= n->due[i] - 1;
			return i * 64 + bit;
		}
	return CHANGES_WORDS;
}

/* Path below the mount, segments joined by "/". */
static struct span path_below(const struct message *m, size_t skip, uint8_t *out, size_t cap)
{
	struct message_walk walk = message_walk(m, OPT_URI_PATH);
	struct writer w = writer_of(out, cap);
	struct span segment;

	for (size_t i = 0; message_walk_next(&walk, &segment); i++) {
		if (i > skip)
			write_u8(&w, '/');
		if (i >= skip)
			write_span(&w, segment);
	}
	return span_of(out, (size_t)(w.p - out));
}

void notices_watch(struct coapd_task *t)
{
	struct notices *n = t->mount->notices;
	uint8_t bytes[DGRAM_RX_MAX];
	struct span path;

	/* Of a body in parts the last one is no request that could be made again. */
	t->asks = n && t->request && observer_asks(&t->request->msg) &&
		  !(t->request->blocks && t->mount->desc->flags & COAPD_F_STREAM);
	if (!t->asks)
		return;
	path = path_below(&t->request->msg, t->mount->spec.nsegments, bytes, sizeof bytes);
	t->word = changes_word(n->changes, t->mount->id, path.p, path.n);
	changes_listen(n->changes, n->reader, t->word, true);
	t->seen = value_of(n, t->word);
}

void notices_lost(struct resources *R, const struct request *r)
{
	uint8_t bytes[DGRAM_RX_MAX];
	size_t segments;
	uint32_t i = resources_route(R, r, &segments);

	for (; i != ROUTER_NONE; i = router_shorter(&R->router, i)) {
		const struct coapd_mount *m = &R->mount[i];
		struct span path = path_below(&r->msg, m->spec.nsegments, bytes, sizeof bytes);

		/* What is at the path, and what has it in it. */
		notices_tell(&R->notices, m->id, path);
		while (path.n)
			if (path.p[--path.n] == '/' || !path.n)
				notices_tell(&R->notices, m->id, path);
	}
}

/* --- who observes ----------------------------------------------------------------------- */

bool notices_enter(struct coapd_task *t)
{
	struct reply *reply = &t->reply;
	struct representation_of of = { .mount = t->mount->id, .word = t->word,
					.seen = t->seen, .private = t->is_private };
	uint32_t value;
	struct span v;
	uint64_t format;

	if (!t->asks)
		return false;
	if (reply_option(reply, OPT_CONTENT_FORMAT, &v) && option_uint(v, &format))
		of.format = (uint32_t)(format & 0xffff) + 1;
	if (t->observes && !t->draining && !reply->wrong[0] && code_class(reply->code) == 2 &&
	    observer_register(t->engine, t->request, &of, &value)) {
		reply_add_uint(reply, OPT_OBSERVE, value);
		return true;
	}
	/* The absence of the option says that there is no entry (4.1). */
	observer_forget(t->engine, t->request, COUNT_OBSERVERS_ENDED);
	return false;
}

void notices_undo(struct coapd_task *t)
{
	observer_forget(t->engine, t->request, COUNT_OBSERVERS_ENDED);
}

/* --- a representation is made ------------------------------------------------------------- */

static enum observer_type type_of(enum coapd_notify how)
{
	switch (how) {
	case COAPD_NOTIFY_CON:
		return OBSERVER_CON;
	case COAPD_NOTIFY_NON:
		return OBSERVER_NON;
	case COAPD_NOTIFY_AS_ASKED:
		break;
	}
	return OBSERVER_AS_ASKED;
}

static void refuse(struct notice *n, uint8_t code)
{
	n->code = code;
	n->options_n = n->payload_n = 0;
	n->total = 0;
	n->aged = n->tagged = false;
}

/* The beginning of the payload; what more there is, is asked for. */
static bool take_payload(struct coapd_task *t, struct notice *n)
{
	struct reply *reply = &t->reply;
	size_t most = 16u << t->engine->conf.szx;

	n->total = reply->seekable ? reply->size : reply->npayload;
	n->payload_n = n->total < most ? (size_t)n->total : most;
	if (reply->seekable && !answer_read(t, 0, n->payload_n))
		return false;
	if (n->payload_n)
		memcpy(n->payload, reply->payload, n->payload_n);
	return true;
}

/* What the hook made becomes the notice; false: there is a mistake in it. */
static bool take(struct coapd_task *t, struct notice *n)
{
	struct reply *reply = &t->reply;
	struct writer w = writer_of(n->options, sizeof n->options);
	struct span v;

	n->code = reply->code;
	n->aged = reply_option(reply, OPT_MAX_AGE, &v);
	n->tagged = reply_option(reply, OPT_ETAG, &v);
	if (!reply->seekable)
		n->etag = answer_etag(reply);
	if (!take_payload(t, n) || !reply_write(reply, span_of(NULL, 0), &w))
		return false;
	n->options_n = (size_t)(w.p - n->options);
	return true;
}

/* All that are told of one representation get the format of the first answer (4.2). */
static bool other_format(const struct coapd_task *t, const struct representation *p)
{
	uint64_t format = 0;
	struct span v;

	if (t->reply.code != COAP_CONTENT)
		return false;
	if (!reply_option(&t->reply, OPT_CONTENT_FORMAT, &v) || !option_uint(v, &format))
		return p->format != 0;
	return p->format != (uint32_t)(format & 0xffff) + 1;
}

static void run(struct resources *R, struct coapd_mount *m, struct representation *p,
		struct notice *n)
{
	struct coapd_event event = { .what = COAPD_EV_RENDER, .attempt = p->attempts };
	struct coapd_task *t = &R->task;
	enum coapd_verdict v;

	/* Stays when the hook kills its worker: that is how the next one knows. */
	space_set(&p->attempts, p->attempts + 1);
	v = call_run(t, m, &event);
	undo_set(&t->engine->space, &p->attempts, 0);
	n->type = type_of(t->notify);
	if (t->is_private && !p->private)
		undo_set(&t->engine->space, &p->private, 1);
	if (v == COAPD_DECLINE) {
		refuse(n, COAP_NOT_FOUND);
	} else if (v != COAPD_DONE || !take(t, n)) {
		run_blame(R, v == COAPD_WAIT ? "waits where a representation is to be made" :
			  v != COAPD_DONE ? "its hook returned no verdict" : t->reply.wrong);
		refuse(n, COAP_INTERNAL_ERROR);
	} else if (other_format(t, p)) {
		refuse(n, COAP_NOT_ACCEPTABLE);
	}
}

/* Makes it for the request r, one of those that share it. */
static void render(struct resources *R, struct engine *e, struct representation *p,
		   struct request *r)
{
	struct coapd_mount *m = resources_mount(R, p->mount);
	struct notice *n = &R->notices.notice;

	engine_count(e, COUNT_RENDERS);
	n->of = 0;
	n->seen = p->seen;
	n->at = e->now;
	n->type = OBSERVER_AS_ASKED;
	call_prepare(&R->task, e, r, false);
	R->task.refused = true;         /* no task: it cannot wait */
	R->task.mount = m;
	if (!m) {
		refuse(n, COAP_NOT_FOUND);
	} else if (p->attempts >= COAPD_ATTEMPTS) {
		run_blame(R, "its hook killed too many workers");
		refuse(n, COAP_INTERNAL_ERROR);
	} else {
		run(R, m, p, n);
	}
	call_end(&R->task);
	if (!p->private)
		n->of = representation_ref(e, p);
}

static bool is_fresh(struct engine *e, const struct notice *n, const struct representation *p)
{
	return n->of == representation_ref(e, p) && n->seen == p->seen &&
	       e->now - n->at < NOTICE_MS;
}

/* --- and sent -------------------------------------------------------------------------------- */

struct extra {
	uint32_t number;
	struct span value;
};

static void write_merged(struct writer *w, const struct notice *n, const struct extra *extra,
			 unsigned k)
{
	struct option_iter it = option_iter(span_of(n->options, n->options_n));
	struct option_writer ow = option_writer(w);
	unsigned i = 0;
	struct option o;

	while (option_next(&it, &o)) {
		for (; i < k && extra[i].number <= o.number; i++)
			option_write(&ow, extra[i].number, extra[i].value);
		option_write(&ow, o.number, o.value);
	}
	for (; i < k; i++)
		option_write(&ow, extra[i].number, extra[i].value);
}

/* Options and the first block, no larger than of szx. */
static void write_notice(struct writer *w, const struct notice *n, uint32_t value, bool asked,
			 uint8_t szx)
{
	struct block first = { 0, n->total > 16u << szx, szx };
	uint8_t observe[8], block[8], size[8];
	struct extra extra[4];
	unsigned k = 0;
	bool content = n->code == COAP_CONTENT, cut = content && (first.more || asked);

	if (cut && !n->tagged)
		extra[k++] = (struct extra){ OPT_ETAG, span_of(&n->etag, sizeof n->etag) };
	if (code_class(n->code) == 2)
		extra[k++] = (struct extra){ OPT_OBSERVE, span_of(observe,
						option_uint_encode(value, observe)) };
	if (cut)
		extra[k++] = (struct extra){ OPT_BLOCK2, span_of(block,
						option_uint_encode(block_uint(&first), block)) };
	if (cut && first.more)
		extra[k++] = (struct extra){ OPT_SIZE2, span_of(size,
						option_uint_encode(n->total, size)) };
	write_merged(w, n, extra, k);
	message_write_payload(w, span_of(n->payload, n->payload_n < block_size(&first) ?
					 n->payload_n : block_size(&first)));
}

/* In blocks as large as the observer takes and the datagram holds; false: no room now. */
static bool notify(struct engine *e, struct observer *o, const struct request *r,
		 const struct notice *n)
{
	uint32_t value = observer_value(e, o);
	struct slice slice;
	struct writer w;

	(void)slice_wanted(&r->msg, e->conf.szx, &slice);
	w = observer_begin(e, o);
	write_notice(&w, n, value, slice.asked, slice.block.szx);
	while (w.full && slice.block.szx) {
		w = observer_begin(e, o);
		write_notice(&w, n, value, slice.asked, --slice.block.szx);
	}
	if (w.full) {
		observer_end(e, o, COUNT_OBSERVERS_ENDED);
		return true;
	}
	return observer_told(e, o, n->code, &w, n->aged, n->type);
}

/* Tells one, now or in its turn; false: no room now. */
static bool tell(struct resources *R, struct engine *e, struct representation *p,
		 struct observer *o)
{
	struct request r;

	if (!observer_request(e, o, &r)) {
		observer_end(e, o, COUNT_OBSERVERS_ENDED);
		return true;
	}
	if (!is_fresh(e, &R->notices.notice, p))
		render(R, e, p, &r);
	if (observer_put_off(e, o, R->notices.notice.type))
		return true;
	return notify(e, o, &r, &R->notices.notice);
}

/* Its observers are told once it is open again. */
static bool is_closed(struct resources *R, const struct representation *p)
{
	const struct coapd_mount *m = resources_mount(R, p->mount);

	return m && mount_is_closed(m);
}

void notices_due(struct resources *R, struct engine *e, struct representation *p)
{
	uint64_t value = value_of(&R->notices, p->word);
	ref_t self = representation_ref(e, p);
	unsigned before = e->tx_n;
	struct observer *o;

	if (is_closed(R, p)) {
		representation_wake(e, p, CLOSED_MS);
		return;
	}
	if (value != p->seen)
		representation_saw(e, p, value);
	representation_go(e, p);
	if (!flight_has_room(&e->flight, e->now) && observer_stale(e, p)) {
		representation_hold(e, p);
		return;
	}
	for (unsigned n = 0; n < BURST && e->tx_n - before <= BURST_TX; n++) {
		o = observer_stale(e, p);
		if (!o)
			break;
		if (!tell(R, e, p, o)) {
			representation_wake(e, p, RETRY_MS);
			return;
		}
		if (!representation_get(e, self))
			return;         /* that was the last one */
	}
	if (observer_stale(e, p))
		representation_wake(e, p, 0);
	else
		representation_rest(e, p);
}

void notices_word(struct engine *e, uint32_t word)
{
	struct representation *p = representation_of_word(e, word);

	for (; p; p = representation_next(e, p))
		representation_wake(e, p, 0);
}

/* What the dead one would have noticed, nobody has; and what another site says of a resource,
 * or that there is none, its observers do not know. */
static bool may_differ(struct resources *R, const struct representation *p)
{
	const struct coapd_mount *m = resources_mount(R, p->mount);

	return !m || m->spec.renewed || m->desc->flags & COAPD_F_WATCHES;
}

void notices_adopted(struct resources *R, struct engine *e)
{
	struct notices *n = &R->notices;

	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_REPRESENTATION]; i++) {
		struct slab *b = engine_slab(e, SLAB_REPRESENTATION);
		struct representation *p = slab_at(b, i);

		if (!slab_live(b, i))
			continue;
		changes_listen(n->changes, n->reader, p->word, true);
		if (may_differ(R, p))
			mark(n, p->word);
		if (value_of(n, p->word) != p->seen)
			representation_wake(e, p, 0);
	}
}
