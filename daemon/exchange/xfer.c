#include "exchange/xfer.h"

#include "coap/block.h"
#include "exchange/exchange.h"
#include "exchange/xfer_message.h"

#include <errno.h>

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_XFER);
}

/* Blocks of this size can number all of the body (2.2: 20 bits). */
static bool numbers(uint64_t body_n, uint32_t szx)
{
	return body_n <= ((uint64_t)BLOCK_NUM_MAX + 1) << (szx + 4);
}

/* What header and token leave to a message. */
#define ROOM (DGRAM_TX_MAX - 4u - CLIENT_TOKEN)

static uint32_t size_of(uint32_t szx)
{
	return 16u << szx;
}

/* --- one message ------------------------------------------------------------------ */

/* Sends the message of state s as the next exchange; the state becomes the
 * transfer's.  live: the object is published, so the change is logged. */
static int ask(struct engine *e, struct xfer *x, struct xfer_state *s, struct span token,
	       bool live)
{
	uint8_t body[ROOM];
	struct client_request c = { .to = x->to, .from = x->from, .non = x->non,
				    .code = (uint8_t)x->code, .token = token,
				    .timeout_ms = x->timeout_ms };
	int n = xfer_write(e, x, s, body, sizeof body);
	ref_t exchange;

	if (n == -EMSGSIZE && s->echo_n && !s->challenged) {
		s->echo_n = 0;          /* sent for politeness only (RFC 9175 2.3) */
		n = xfer_write(e, x, s, body, sizeof body);
	}
	if (n < 0)
		return n;
	c.body = span_of(body, (size_t)n);
	c.owner = live ? xfer_ref(e, x) : slab_ref_next(&e->space, slab(e), x);
	n = client_send(e, &c, &exchange);
	if (n)
		return n;
	if (live) {
		undo_set64(&e->space, &x->exchange, exchange);
		undo_copy(&e->space, &x->s, s, sizeof *s);
	} else {
		x->exchange = exchange;
		x->s = *s;
	}
	return 0;
}

/* --- start and end ---------------------------------------------------------------- */

static int check(const struct xfer_request *q)
{
	struct option_iter it = option_iter(q->options);
	struct option o;
	size_t part;

	if (q->szx > BLOCK_SZX_MAX || q->etag.n > XFER_ETAG || q->token.n > CLIENT_TOKEN ||
	    !code_is_request(q->code) || addr_is_multicast(q->to.ip))
		return -EINVAL;
	while (option_next(&it, &o))
		;
	if (it.r.bad || reader_left(&it.r))
		return -EINVAL;
	part = q->body_n < size_of(q->szx) ? (size_t)q->body_n : size_of(q->szx);
	if (!numbers(q->body_n, q->szx) || q->from_block > BLOCK_NUM_MAX ||
	    ROOM - XFER_OWN_OPTIONS < q->options.n + part)
		return -EMSGSIZE;
	return 0;
}

static void set_etag(struct xfer_state *s, struct span etag)
{
	s->etag_n = (uint32_t)etag.n;
	if (etag.n)
		memcpy(s->etag, etag.p, etag.n);
}

static struct xfer_state first_state(struct engine *e, const struct xfer_request *q)
{
	struct xfer_state s = { .szx = q->szx, .phase = XFER_WHOLE,
				.format = XFER_ANY_FORMAT };

	if (q->from_block) {
		s.phase = XFER_DOWNLOAD;
		s.offset = q->from_block << (q->szx + 4);
		set_etag(&s, q->etag);
	} else if (q->body_n > size_of(q->szx)) {
		s.phase = XFER_UPLOAD;
		s.tag = engine_order(e);
	}
	return s;
}

static void fill(struct xfer *x, const struct xfer_request *q)
{
	memset((uint8_t *)x + sizeof x->o, 0, offsetof(struct xfer, inside) - sizeof x->o);
	x->owner = q->owner;
	x->to = q->to;
	x->from = q->from;
	x->non = q->non;
	x->code = q->code;
	x->szx = q->szx;
	x->body_n = (uint32_t)q->body_n;
	x->timeout_ms = q->timeout_ms;
}

int xfer_start(struct engine *e, const struct xfer_request *q, ref_t *xfer)
{
	int err = check(q);
	struct xfer_state s;
	struct xfer *x;
	ref_t ref;

	if (err)
		return err;
	x = e->space.ctl->live[SLAB_XFER] < e->conf.limits.xfers ?
	    slab_take(&e->space, slab(e)) : NULL;
	if (!x) {
		engine_count(e, COUNT_FULL_XFERS);
		return -EAGAIN;
	}
	fill(x, q);
	ref = slab_ref_next(&e->space, slab(e), x);
	if (!stored_put(e, &x->options, x->inside, XFER_INSIDE, q->options, ref, true)) {
		slab_untake(&e->space, slab(e), x);
		return -EAGAIN;
	}
	s = first_state(e, q);
	err = ask(e, x, &s, q->token, false);
	if (err) {
		stored_drop(e, &x->options);
		slab_untake(&e->space, slab(e), x);
		return err;
	}
	slab_publish(&e->space, slab(e), x);
	*xfer = ref;
	return 0;
}

static void forget(struct engine *e, struct xfer *x)
{
	stored_drop(e, &x->options);
	slab_kill(&e->space, slab(e), x);
}

void xfer_cancel(struct engine *e, ref_t xfer)
{
	struct xfer *x = xfer_get(e, xfer);

	if (!x)
		return;
	client_cancel(e, x->exchange);
	forget(e, x);
}

/* --- a response: what it brings ------------------------------------------------------ */

struct turn {
	struct engine *e;
	struct xfer *x;
	struct xfer_state s;    /* of the message under way, then of the next */
	const struct message *m;
	struct block block1, block2;
	bool has1, has2;
	struct xfer_event *out;
};

static enum xfer_verdict failed(struct turn *t, int status)
{
	t->out->status = status;
	forget(t->e, t->x);
	return XFER_FAILED;
}

static enum xfer_verdict wrong(struct turn *t)
{
	return failed(t, -EPROTO);
}

/* This is the response, or its last part. */
static enum xfer_verdict done(struct turn *t)
{
	forget(t->e, t->x);
	return XFER_DONE;
}

/* The message of the state as it is now goes out, its token made here. */
static enum xfer_verdict go_on(struct turn *t, enum xfer_verdict verdict)
{
	int err = ask(t->e, t->x, &t->s, span_of(NULL, 0), true);

	return err ? failed(t, err) : verdict;
}

/* The same message once more, with what the server wants to see (RFC 9175 2.3). */
static enum xfer_verdict prove(struct turn *t)
{
	int err;

	t->s.challenged = 1;
	err = ask(t->e, t->x, &t->s, span_of(NULL, 0), true);
	if (err == -EMSGSIZE)
		return done(t);         /* no room for an answer: it stays a refusal */
	return err ? failed(t, err) : XFER_NOTHING;
}

/* --- a response: to the request's body --------------------------------------------- */

/* The block that is acknowledged, counted in our size or in the server's. */
static bool acknowledges(const struct turn *t)
{
	uint32_t num = t->s.offset >> (t->s.szx + 4);

	return t->block1.num == num || (t->block1.szx < t->s.szx &&
					t->block1.num == num << (t->s.szx - t->block1.szx));
}

static void next_block(struct turn *t)
{
	struct xfer_state *s = &t->s;

	s->offset += size_of(s->szx);
	s->sent = s->offset;
	s->challenged = 0;
	/* Smaller ones if the server prefers them (2.5), and can have them. */
	if (t->has1 && t->block1.szx < s->szx && numbers(t->x->body_n, t->block1.szx))
		s->szx = t->block1.szx;
	s->phase = t->x->body_n - s->offset > size_of(s->szx) ? XFER_UPLOAD : XFER_LAST;
}

/* 2.31, or an older server's success code that says the same.  The blocks of a body
 * bear one token, which is free again: servers are known that tell bodies apart by it
 * (npm's coap), though no RFC says so. */
static enum xfer_verdict upload(struct turn *t)
{
	int err;

	if (t->has1 && !acknowledges(t))
		return wrong(t);
	next_block(t);
	err = ask(t->e, t->x, &t->s, t->m->token, true);
	return err ? failed(t, err) : XFER_NOTHING;
}

/* The size of block that 4.13 hints at (2.9.3): a smaller one if it says so; for a
 * request without Block1, blocks at all, unless the body is too long as a whole. */
static bool hinted(const struct turn *t, uint32_t *szx)
{
	uint64_t most;

	*szx = t->s.szx;
	if (t->has1 && t->block1.szx < *szx)
		*szx = t->block1.szx;
	else if (t->s.phase != XFER_WHOLE ||
		 (message_option_uint(t->m, OPT_SIZE1, &most) && most < t->x->body_n))
		return false;
	while (*szx && size_of(*szx) >= t->x->body_n)
		--*szx;
	return size_of(*szx) < t->x->body_n && numbers(t->x->body_n, *szx);
}

static enum xfer_verdict smaller(struct turn *t)
{
	uint32_t szx;

	/* Later on the server would have to be told to begin anew. */
	if (t->s.offset || !hinted(t, &szx))
		return done(t);
	if (!t->s.tag)
		t->s.tag = engine_order(t->e);
	t->s.szx = szx;
	t->s.phase = XFER_UPLOAD;
	t->s.challenged = 0;
	return go_on(t, XFER_NOTHING);
}

/* --- a response: its body ------------------------------------------------------------ */

static uint32_t format_of(const struct message *m)
{
	uint64_t v;

	return message_option_uint(m, OPT_CONTENT_FORMAT, &v) ? (uint32_t)v : XFER_NO_FORMAT;
}

static struct span etag_of(const struct message *m)
{
	struct span v = { NULL, 0 };

	message_option(m, OPT_ETAG, 0, &v);
	return v;
}

/* What later parts must agree with. */
static void note_first(struct turn *t)
{
	t->s.code = t->m->code;
	t->s.format = format_of(t->m);
	set_etag(&t->s, etag_of(t->m));
}

/* Asks for the block behind this one, of the same size (2.4), which must be no more
 * than was asked for. */
static enum xfer_verdict more(struct turn *t, uint32_t szx)
{
	struct xfer_state *s = &t->s;

	if (t->block2.szx > szx || t->m->payload.n != block_size(&t->block2) ||
	    t->block2.num == BLOCK_NUM_MAX)
		return wrong(t);
	note_first(t);
	s->phase = XFER_DOWNLOAD;
	s->szx = t->block2.szx;
	s->offset = block_offset(&t->block2) + block_size(&t->block2);
	s->challenged = 0;
	return go_on(t, XFER_PART);
}

/* The response, or its first part. */
static enum xfer_verdict first_part(struct turn *t)
{
	if (t->has2 && t->block2.num)
		return wrong(t);
	return t->has2 && t->block2.more ? more(t, t->x->szx) : done(t);
}

static enum xfer_verdict answered(struct turn *t)
{
	if (t->s.phase == XFER_LAST && t->has1 && !acknowledges(t))
		return wrong(t);
	t->s.sent = t->x->body_n;
	return first_part(t);
}

/* A final code for a block that is not the last.  With Block1 it is about that block
 * alone, and the next are expected (2.3); without, nobody collects blocks. */
static enum xfer_verdict block_done(struct turn *t)
{
	if (t->has1)
		return upload(t);
	t->s.sent = t->s.offset + size_of(t->s.szx);
	return first_part(t);
}

/* A later part. */
static enum xfer_verdict download(struct turn *t)
{
	struct span etag = etag_of(t->m);

	if (!span_eq(etag, span_of(t->s.etag, t->s.etag_n)))
		return failed(t, -ESTALE);
	if (!t->has2 || block_offset(&t->block2) != t->s.offset ||
	    (t->s.code && t->s.code != t->m->code) ||
	    (t->s.format != XFER_ANY_FORMAT && t->s.format != format_of(t->m)))
		return wrong(t);
	t->out->offset = t->s.offset;
	return t->block2.more ? more(t, t->s.szx) : done(t);
}

/* --- which response does what --------------------------------------------------------- */

enum kind {
	CONTINUE,               /* 2.31 */
	SUCCESS,                /* any other 2.xx */
	CHALLENGE,              /* 4.01 with Echo, and that was not answered yet */
	TOO_LARGE,              /* 4.13 */
	REFUSAL,                /* any other */
	KINDS
};

static enum xfer_verdict (*const action[XFER_PHASES][KINDS])(struct turn *) = {
	[XFER_WHOLE] = { wrong, answered, prove, smaller, done },
	[XFER_UPLOAD] = { upload, block_done, prove, smaller, done },
	[XFER_LAST] = { wrong, answered, prove, done, done },
	[XFER_DOWNLOAD] = { wrong, download, prove, done, done },
};

static enum kind kind_of(const struct turn *t, bool echo)
{
	if (t->m->code == COAP_CONTINUE)
		return CONTINUE;
	if (code_class(t->m->code) == 2)
		return SUCCESS;
	if (t->m->code == COAP_UNAUTHORIZED && echo && !t->s.challenged)
		return CHALLENGE;
	return t->m->code == COAP_TOO_LARGE ? TOO_LARGE : REFUSAL;
}

/* False if there is one that cannot be read. */
static bool read_block(const struct message *m, uint16_t number, struct block *b, bool *has)
{
	struct span v;

	*has = message_option(m, number, 0, &v);
	return !*has || block_parse(v, b) == BLOCK_OK;
}

/* Keeps the newest Echo for the next message. */
static bool keep_echo(struct turn *t)
{
	struct span v;

	if (!message_option(t->m, OPT_ECHO, 0, &v))
		return false;
	t->s.echo_n = (uint32_t)v.n;
	memcpy(t->s.echo, v.p, v.n);
	return true;
}

bool xfer_is_late(struct engine *e, uint64_t owner, const struct message *m)
{
	const struct xfer *x = xfer_get(e, owner);
	struct block b;
	bool has;

	return x && (x->s.phase == XFER_UPLOAD || x->s.phase == XFER_LAST) &&
	       read_block(m, OPT_BLOCK1, &b, &has) && has && block_offset(&b) < x->s.offset;
}

static enum xfer_verdict take(struct turn *t)
{
	enum xfer_verdict verdict;
	uint64_t total;
	bool echo;

	if (!read_block(t->m, OPT_BLOCK1, &t->block1, &t->has1) ||
	    !read_block(t->m, OPT_BLOCK2, &t->block2, &t->has2))
		return wrong(t);
	if (message_option_uint(t->m, OPT_SIZE2, &total))
		t->s.total = (uint32_t)total;
	t->out->total = t->s.total;
	echo = keep_echo(t);
	verdict = action[t->s.phase][kind_of(t, echo)](t);
	t->out->sent = t->s.sent;
	return verdict;
}

enum xfer_verdict xfer_response(struct engine *e, const struct response *r,
				struct xfer_event *out)
{
	struct xfer *x = xfer_get(e, r->owner);
	struct turn t = { .e = e, .x = x, .m = &r->msg, .out = out };

	*out = (struct xfer_event){ .xfer = r->owner, .peer = r->peer };
	if (!x || x->exchange != r->exchange)
		return XFER_NOTHING;
	t.s = x->s;
	t.s.again += r->again;
	out->again = t.s.again;
	out->owner = x->owner;
	out->sent = t.s.sent;
	out->taken = r->taken && x->s.phase != XFER_UPLOAD;
	if (r->status)
		return failed(&t, r->status);
	out->msg = r->msg;
	return take(&t);
}

/* --- adopt ----------------------------------------------------------------------------- */

static bool plausible(const struct xfer *x)
{
	const struct xfer_state *s = &x->s;
	uint64_t rest = (uint64_t)x->body_n - s->offset;

	if (s->szx > x->szx || x->szx > BLOCK_SZX_MAX || s->offset % size_of(s->szx) ||
	    s->offset >> (s->szx + 4) > BLOCK_NUM_MAX || x->code > UINT8_MAX ||
	    !code_is_request((uint8_t)x->code) || s->etag_n > XFER_ETAG ||
	    s->echo_n > XFER_ECHO)
		return false;
	switch (s->phase) {
	case XFER_WHOLE:
		return !s->offset && x->body_n <= size_of(s->szx);
	case XFER_UPLOAD:
		return s->offset < x->body_n && rest > size_of(s->szx) &&
		       numbers(x->body_n, s->szx);
	case XFER_LAST:
		return s->offset < x->body_n && rest <= size_of(s->szx) &&
		       numbers(x->body_n, s->szx);
	default:
		return s->phase == XFER_DOWNLOAD;
	}
}

bool xfer_adopt(struct engine *e, struct xfer *x)
{
	const struct exchange *under_way = exchange_get(e, x->exchange);
	const struct endpoint *p;

	if (!under_way || under_way->role != ROLE_CLIENT || under_way->owner != xfer_ref(e, x) ||
	    under_way->flags & (EXCHANGE_KEEP | EXCHANGE_GROUP))
		return false;
	p = endpoint_get(e, under_way->peer);
	return p && addr_eq(&p->remote, &x->to) && local_eq(&p->local, &x->from) &&
	       plausible(x) && stored_valid(e, &x->options, XFER_INSIDE, xfer_ref(e, x));
}
