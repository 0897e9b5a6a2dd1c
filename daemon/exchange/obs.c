#include "exchange/obs.h"

#include "coap/block.h"
#include "coap/frame_udp.h"
#include "coap/observe.h"
#include "exchange/exchange.h"
#include "exchange/obs_message.h"

#include <errno.h>

#define MAX_AGE_DEFAULT 60u     /* s (RFC 7252 5.10.5) */
#define LATER_LEAST_MS 5000u    /* after Max-Age, so that not all come at once (3.3.1) */
#define LATER_SPREAD_MS 10000u
#define LEAVE_TRIES 4u          /* for a server that goes on notifying */
#define LAST_TRIES 4u           /* for a body that changes faster than it comes */

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_OBS);
}

/* --- time -------------------------------------------------------------------------- */

static void set_due(struct engine *e, struct obs *o, uint64_t when)
{
	undo_set64(&e->space, &o->due, when);
	if (when)
		engine_deadline(e, slab(e), o, when);
	else
		engine_no_deadline(e, slab(e), o);
}

static uint64_t later(struct engine *e)
{
	return LATER_LEAST_MS + engine_random(e) % (LATER_SPREAD_MS + 1);
}

/* When what m brought is no longer fresh, and a bit (3.3.1). */
static uint64_t stale_at(struct engine *e, const struct message *m)
{
	uint64_t max_age = MAX_AGE_DEFAULT;

	message_option_uint(m, OPT_MAX_AGE, &max_age);
	return e->now + max_age * 1000 + later(e);
}

/* A representation could not be had: what tells of the next one may be on its way, so
 * it is asked for when a confirmable one would have been sent again. */
static void ask_soon(struct engine *e, struct obs *o)
{
	set_due(e, o, e->now + params_first_timeout(&e->conf.params,
						    (uint32_t)engine_random(e)));
}

/* --- messages ------------------------------------------------------------------------ */

/* Body of the first registration, into out; its length or a negative errno. */
static int write_first(struct engine *e, const struct xfer_request *q, uint8_t *out, size_t cap)
{
	struct obs_own own = { .observe = true, .value = OBSERVE_REGISTER, .szx = q->szx };
	struct writer w = writer_of(out, cap);
	size_t n = (size_t)q->body_n;

	obs_write(&w, q->options, span_of(NULL, 0), &own);
	if (n)
		write_u8(&w, 0xff);
	if (w.full || q->body_n > writer_left(&w))
		return -EMSGSIZE;
	if (n && !(e->source && e->source->read(e->source->arg, q->owner, 0, w.p, n)))
		return -EIO;
	return (int)((size_t)(w.p - out) + n);
}

/* The request as the exchange keeps it; false if that cannot be read any more. */
static bool kept_message(struct engine *e, const struct obs *o, struct message *m)
{
	const struct exchange *x = exchange_get(e, o->exchange);

	return x && frame_udp_parse(stored_get(e, &x->msg, x->inside), m) == FRAME_OK;
}

/* Sends the request once more, with this value of Observe; confirmable, for its
 * acknowledgement shows that the server is there. */
static int ask(struct engine *e, struct obs *o, uint32_t value, struct span echo)
{
	struct obs_own own = { .observe = true, .value = value, .szx = (uint8_t)o->szx,
			       .echo = echo };
	struct client_request c = { .keep = true, .timeout_ms = o->timeout_ms };
	uint8_t body[DGRAM_TX_MAX];
	struct writer w = writer_of(body, sizeof body);
	struct message m;

	if (!kept_message(e, o, &m))
		return -ENOENT;
	obs_write(&w, m.options, m.payload, &own);
	if (w.full)
		return -EMSGSIZE;
	c.code = m.code;
	c.body = span_of(body, (size_t)(w.p - body));
	return client_again(e, o->exchange, &c);
}

/* Another body's rest instead of the one under way: from block b on, behind what is in
 * hand, or of no block, all of it. */
static int fetch(struct engine *e, struct obs *o, const struct block *b, struct span etag)
{
	struct obs_own own = { .observe = false };
	uint8_t options[DGRAM_TX_MAX];
	struct writer w = writer_of(options, sizeof options);
	struct xfer_request q = { .to = o->to, .from = o->from, .non = o->non,
				  .szx = b ? b->szx : (uint8_t)o->szx, .body_n = o->body_n,
				  .from_block = b ? b->num + 1 : 0, .etag = etag,
				  .timeout_ms = o->timeout_ms, .owner = obs_ref(e, o) };
	struct message m;
	ref_t rest;
	int err;

	if (!kept_message(e, o, &m))
		return -EIO;
	obs_write(&w, m.options, span_of(NULL, 0), &own);
	q.code = m.code;
	q.options = span_of(options, (size_t)(w.p - options));
	err = xfer_start(e, &q, &rest);
	if (!err)
		undo_set64(&e->space, &o->rest, rest);
	return err;
}

static bool has_rest(struct engine *e, const struct obs *o)
{
	const struct xfer *x = xfer_get(e, o->rest);

	return x && x->owner == obs_ref(e, o);
}

static void drop_rest(struct engine *e, struct obs *o)
{
	if (!o->rest)
		return;
	xfer_cancel(e, o->rest);
	undo_set64(&e->space, &o->rest, 0);
}

/* --- birth and death ------------------------------------------------------------------- */

static struct obs *new(struct engine *e, const struct xfer_request *q)
{
	struct obs *o = e->space.ctl->live[SLAB_OBS] < e->conf.limits.observations ?
			slab_take(&e->space, slab(e)) : NULL;

	if (!o) {
		engine_count(e, COUNT_FULL_OBSERVATIONS);
		return NULL;
	}
	memset((uint8_t *)o + sizeof o->o, 0, sizeof *o - sizeof o->o);
	o->owner = q->owner;
	o->to = q->to;
	o->from = q->from;
	o->state = OBS_REGISTERING;
	o->non = q->non;
	o->szx = q->szx;
	o->body_n = (uint32_t)q->body_n;
	o->timeout_ms = q->timeout_ms;
	return o;
}

static bool well_formed(const struct xfer_request *q)
{
	struct option_iter it = option_iter(q->options);
	struct option o;

	while (option_next(&it, &o))
		;
	return !it.r.bad && !reader_left(&it.r) && q->szx <= BLOCK_SZX_MAX &&
	       code_is_request(q->code) && q->token.n <= CLIENT_TOKEN && !addr_is_multicast(q->to.ip);
}

int obs_start(struct engine *e, const struct xfer_request *q, ref_t *obs)
{
	struct client_request c = { .to = q->to, .from = q->from, .non = q->non, .keep = true,
				    .code = q->code, .token = q->token,
				    .timeout_ms = q->timeout_ms };
	uint8_t body[DGRAM_TX_MAX];
	struct obs *o;
	int n;

	if (!well_formed(q))
		return -EINVAL;
	n = write_first(e, q, body, sizeof body);
	if (n < 0)
		return n;
	o = new(e, q);
	if (!o)
		return -EAGAIN;
	c.owner = slab_ref_next(&e->space, slab(e), o);
	c.body = span_of(body, (size_t)n);
	n = client_send(e, &c, &o->exchange);
	if (n) {
		slab_untake(&e->space, slab(e), o);
		return n;
	}
	slab_publish(&e->space, slab(e), o);
	*obs = c.owner;         /* not before: the next one's will be the same */
	return 0;
}

static void forget(struct engine *e, struct obs *o)
{
	drop_rest(e, o);
	client_cancel(e, o->exchange);
	engine_no_deadline(e, slab(e), o);
	slab_kill(&e->space, slab(e), o);
}

void obs_cancel(struct engine *e, ref_t obs)
{
	struct obs *o = obs_get(e, obs);

	if (o)
		forget(e, o);
}

static enum obs_verdict failed(struct engine *e, struct obs *o, int status,
			       struct obs_event *out)
{
	out->status = status;
	forget(e, o);
	return OBS_FAILED;
}

static enum obs_verdict ended(struct engine *e, struct obs *o)
{
	forget(e, o);
	return OBS_ENDED;
}

/* --- registering and leaving -------------------------------------------------------------- */

static void set_state(struct engine *e, struct obs *o, enum obs_state state)
{
	undo_set(&e->space, &o->state, state);
}

static void register_again(struct engine *e, struct obs *o)
{
	if (ask(e, o, OBSERVE_REGISTER, span_of(NULL, 0))) {
		set_due(e, o, e->now + later(e));
		return;
	}
	set_state(e, o, OBS_REGISTERING);
	set_due(e, o, 0);
}

static void leave(struct engine *e, struct obs *o)
{
	int err = ask(e, o, OBSERVE_DEREGISTER, span_of(NULL, 0));

	drop_rest(e, o);
	set_state(e, o, OBS_LEAVING);
	undo_set(&e->space, &o->tries, o->tries + !err);
	set_due(e, o, err ? e->now + later(e) : 0);
}

int obs_leave(struct engine *e, ref_t obs)
{
	struct obs *o = obs_get(e, obs);

	if (!o)
		return -ENOENT;
	if (o->state == OBS_REGISTERED)
		leave(e, o);
	else if (o->state == OBS_REGISTERING)
		set_state(e, o, OBS_TO_LEAVE);
	return 0;
}

enum obs_verdict obs_due(struct engine *e, struct obs *o, struct obs_event *out)
{
	*out = (struct obs_event){ .obs = obs_ref(e, o), .owner = o->owner };
	if (o->state == OBS_LEAVING)
		leave(e, o);
	else if (has_rest(e, o))
		set_due(e, o, e->now + later(e));       /* let it come to its end */
	else
		register_again(e, o);
	return OBS_NOTHING;
}

/* --- a response ------------------------------------------------------------------------- */

struct turn {
	struct engine *e;
	struct obs *o;
	const struct message *m;
	struct obs_event *out;
	bool observe;           /* it has the option, with this value */
	uint32_t value;
	bool more;              /* it is the first block of several */
	struct block block;
};

/* Whether it was sent later than the freshest so far (3.4).  What answers the message ID
 * of the registration under way was, even by a server that counts anew; and what comes
 * while that is under way, with the value that is known, may be its answer. */
static bool is_fresh(const struct turn *t)
{
	const struct obs *o = t->o;

	return !o->known || t->m->type == COAP_ACK ||
	       (o->state == OBS_REGISTERING && t->value == o->value) ||
	       observe_is_newer(o->value, o->heard, t->value, t->e->now);
}

static struct span etag_of(const struct message *m)
{
	struct span v = { NULL, 0 };

	message_option(m, OPT_ETAG, 0, &v);
	return v;
}

/* What is in hand is all there is, or the first part of it.  last: and nothing more is
 * to be expected of the server. */
static enum obs_verdict representation(struct turn *t, bool last)
{
	int err;

	drop_rest(t->e, t->o);
	if (!t->more)
		return last ? ended(t->e, t->o) : OBS_STATE;
	err = fetch(t->e, t->o, &t->block, etag_of(t->m));
	if (err && (last || err != -EAGAIN))
		return failed(t->e, t->o, err, t->out);
	if (err) {
		ask_soon(t->e, t->o);
		return OBS_NOTHING;
	}
	return OBS_PART;
}

static enum obs_verdict notified(struct turn *t)
{
	struct engine *e = t->e;
	struct obs *o = t->o;

	if (!is_fresh(t)) {
		/* The message layer took it for the answer. */
		if (o->state == OBS_REGISTERING)
			set_due(e, o, e->now + later(e));
		set_state(e, o, OBS_REGISTERED);
		return OBS_NOTHING;
	}
	set_state(e, o, OBS_REGISTERED);
	undo_set(&e->space, &o->known, 1);
	undo_set(&e->space, &o->value, t->value);
	undo_set(&e->space, &o->challenged, 0);
	undo_set64(&e->space, &o->heard, e->now);
	set_due(e, o, stale_at(e, t->m));
	t->out->value = t->value;
	return representation(t, false);
}

/* An answer without Observe, and an error: nothing will follow.  But its own body may
 * have more blocks. */
static enum obs_verdict plain(struct turn *t)
{
	enum obs_verdict verdict = representation(t, true);

	if (verdict != OBS_PART)
		return verdict;
	set_state(t->e, t->o, OBS_LAST);
	set_due(t->e, t->o, 0);
	return OBS_PART;
}

/* The server wants to see that we are who we say; once for each registration. */
static bool proved(struct turn *t)
{
	struct span echo;

	if (t->m->code != COAP_UNAUTHORIZED || t->o->challenged ||
	    t->o->state != OBS_REGISTERING ||
	    !message_option(t->m, OPT_ECHO, 0, &echo) ||
	    ask(t->e, t->o, OBSERVE_REGISTER, echo))
		return false;
	undo_set(&t->e->space, &t->o->challenged, 1);
	return true;
}

/* Not what says that we left, if it is a notification that was on its way. */
static enum obs_verdict while_leaving(struct turn *t)
{
	if (!t->observe || t->m->type == COAP_ACK || t->o->tries >= LEAVE_TRIES)
		return ended(t->e, t->o);
	/* The message layer took it for the answer. */
	if (!t->o->due)
		leave(t->e, t->o);
	return OBS_NOTHING;
}

static enum obs_verdict take(struct turn *t)
{
	struct engine *e = t->e;
	struct obs *o = t->o;
	bool success = code_class(t->m->code) == 2;

	t->observe &= success;
	if (o->state == OBS_LEAVING)
		return while_leaving(t);
	if (o->state == OBS_LAST)
		return OBS_NOTHING;
	if (!success)
		return proved(t) ? OBS_NOTHING : ended(e, o);
	if (o->state == OBS_TO_LEAVE) {
		if (!t->observe)
			return ended(e, o);
		leave(e, o);
		return OBS_NOTHING;
	}
	if (t->more && t->m->payload.n != block_size(&t->block))
		return failed(e, o, -EPROTO, t->out);
	return t->observe ? notified(t) : plain(t);
}

/* Reads what matters; false if it makes no sense: a notification begins with block 0
 * (RFC 7959 2.6). */
static bool read_options(struct turn *t)
{
	uint64_t v;
	struct span block;

	t->observe = message_option_uint(t->m, OPT_OBSERVE, &v);
	if (t->observe)
		t->value = (uint32_t)v & OBSERVE_MASK;
	if (message_option_uint(t->m, OPT_SIZE2, &v))
		t->out->total = v;
	if (!message_option(t->m, OPT_BLOCK2, 0, &block))
		return true;
	if (block_parse(block, &t->block) != BLOCK_OK || t->block.num)
		return false;
	t->more = t->block.more;
	return true;
}

enum obs_verdict obs_response(struct engine *e, const struct response *r,
			      struct obs_event *out)
{
	struct obs *o = obs_get(e, r->owner);
	struct turn t = { .e = e, .o = o, .m = &r->msg, .out = out };

	*out = (struct obs_event){ .obs = r->owner, .peer = r->peer };
	if (!o || o->exchange != r->exchange)
		return OBS_NOTHING;
	out->owner = o->owner;
	if (r->status)
		return failed(e, o, r->status, out);
	out->msg = r->msg;
	return read_options(&t) ? take(&t) : failed(e, o, -EPROTO, out);
}

/* --- the rest of a body -------------------------------------------------------------------- */

/* What was begun will not be had.  The server may have told already what is there
 * instead, else it is asked. */
static enum obs_verdict begin_anew(struct engine *e, struct obs *o, struct obs_event *out,
				   int status)
{
	int err;

	if (o->state != OBS_LAST) {
		ask_soon(e, o);
		return OBS_NOTHING;
	}
	undo_set(&e->space, &o->tries, o->tries + 1);
	err = o->tries < LAST_TRIES ? fetch(e, o, NULL, span_of(NULL, 0)) : status;
	return err ? failed(e, o, err, out) : OBS_NOTHING;
}

static enum obs_verdict rest_failed(struct engine *e, struct obs *o, struct obs_event *out,
				    int status)
{
	/* Whether the server is gone, registering again will show. */
	if (status == -ESTALE || (o->state != OBS_LAST &&
				  (status == -ETIMEDOUT || status == -EAGAIN)))
		return begin_anew(e, o, out, status);
	return failed(e, o, status, out);
}

enum obs_verdict obs_rest(struct engine *e, enum xfer_verdict verdict,
			  const struct xfer_event *x, struct obs_event *out)
{
	struct obs *o = obs_get(e, x->owner);

	*out = (struct obs_event){ .obs = x->owner, .msg = x->msg, .peer = x->peer,
				   .offset = x->offset, .total = x->total };
	if (!o || o->rest != x->xfer)
		return OBS_NOTHING;
	out->owner = o->owner;
	if (verdict == XFER_NOTHING)
		return OBS_NOTHING;
	out->value = o->value;
	if (verdict == XFER_PART)
		return OBS_PART;
	undo_set64(&e->space, &o->rest, 0);
	if (verdict == XFER_FAILED)
		return rest_failed(e, o, out, x->status);
	if (o->state == OBS_LAST)
		return ended(e, o);
	/* An error is for the server to tell all observers of (3.2). */
	if (code_class(x->msg.code) != 2)
		return begin_anew(e, o, out, 0);
	return OBS_STATE;
}

/* --- adopt ----------------------------------------------------------------------------------- */

static bool has_exchange(struct engine *e, const struct obs *o)
{
	const struct exchange *x = exchange_get(e, o->exchange);
	const struct endpoint *p;
	struct message m;

	if (!x || x->role != ROLE_CLIENT || x->owner != obs_ref(e, o) ||
	    !(x->flags & EXCHANGE_KEEP) || !kept_message(e, o, &m))
		return false;
	p = endpoint_get(e, x->peer);
	/* Else nothing would ever happen to it again. */
	return addr_eq(&p->remote, &o->to) && local_eq(&p->local, &o->from) &&
	       (x->state == EXCHANGE_KEPT) == (o->due || o->state == OBS_LAST);
}

static bool state_fits(const struct obs *o)
{
	switch ((enum obs_state)o->state) {
	case OBS_REGISTERING:
	case OBS_TO_LEAVE:
		return !o->due;
	case OBS_REGISTERED:
		return o->due;
	case OBS_LEAVING:
		return true;
	case OBS_LAST:
	case OBS_STATES:
		break;
	}
	return o->state == OBS_LAST && !o->due;
}

bool obs_adopt(struct engine *e, struct obs *o)
{
	if (!state_fits(o) || o->szx > BLOCK_SZX_MAX || o->value > OBSERVE_MASK ||
	    o->due > e->now + ((uint64_t)UINT32_MAX + 60) * 1000)
		return false;
	if (!has_exchange(e, o) || (o->state == OBS_LAST && !has_rest(e, o)))
		return false;
	if (o->due)
		engine_deadline(e, slab(e), o, o->due);
	return true;
}

bool obs_has_rest(struct engine *e, const struct xfer *x)
{
	const struct obs *o = obs_get(e, x->owner);

	return o && o->rest == xfer_ref(e, x) &&
	       (o->state == OBS_REGISTERED || o->state == OBS_LAST);
}
