#include "resource/fetch_run.h"

#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "resource/fetch_options.h"
#include "resource/wait.h"

#include <errno.h>

#define PATIENCE_MS 5000u       /* for one address of several that is silent */
#define STALE_TRIES 3u          /* further ones, for a body that changes on the way */

/* The one in hand, and what it is worked on with. */
struct run {
	struct resources *R;
	struct engine *e;
	const struct outside *out;
	struct fetch *f;
};

/* --- what its task is told --------------------------------------------------------- */

/* Forgets what carries it. */
static void withdraw(const struct run *r)
{
	xfer_cancel(r->e, r->f->sent);
	obs_cancel(r->e, r->f->sent);
	client_cancel(r->e, r->f->sent);
}

static void tell(const struct run *r, struct coapd_event *event)
{
	struct engine *e = r->e;
	ref_t task = r->f->task, self = fetch_ref(e, r->f);
	bool over = event->over;

	event->what = COAPD_EV_RESPONSE;
	event->tag = (uint8_t)r->f->tag;
	if (over)               /* the hook may have room for another at once */
		fetch_kill(e, r->f);
	if (!resource_event(r->R, e, task, event) && !over)
		fetch_end(e, self);
}

static void fail(const struct run *r, int status)
{
	tell(r, &(struct coapd_event){ .status = status, .last = true, .over = true });
}

static void hear(const struct run *r)
{
	struct fetch *f = r->f;

	if (!(f->flags & FETCH_HEARD))
		undo_set(&r->e->space, &f->flags, f->flags | FETCH_HEARD);
	if (f->due)
		fetch_set(r->e, f, FETCH_SENT, 0);
}

static struct coapd_event part_of(const struct message *m, uint64_t offset, bool last, bool over)
{
	return (struct coapd_event){ .offset = offset, .last = last, .over = over,
				     .msg = (const coapd_msg *)(const void *)m,
				     .data = { m->payload.p, m->payload.n } };
}

static void tell_part(const struct run *r, const struct message *m, uint64_t offset, bool last,
		      bool over)
{
	struct coapd_event event = part_of(m, offset, last, over);

	hear(r);
	tell(r, &event);
}

/* --- sending -------------------------------------------------------------------------- */

/* One message to each member of a group. */
static int send_group(const struct run *r, const struct xfer_request *q, struct writer *w,
		      ref_t *sent)
{
	struct client_request c = { .to = q->to, .from = q->from, .non = true, .keep = true,
				    .code = q->code, .timeout_ms = q->timeout_ms,
				    .owner = q->owner };

	if (q->body_n) {
		write_u8(w, 0xff);
		if (w->full || q->body_n > writer_left(w))
			return -EMSGSIZE;
		if (!fetch_read(r->e, q->owner, 0, w->p, (size_t)q->body_n))
			return -EIO;
		w->p += q->body_n;
	}
	c.body = span_of(q->options.p, (size_t)(w->p - q->options.p));
	c.from.ifindex = q->to.scope;
	return client_send(r->e, &c, sent);
}

/* Sends it to the address in hand. */
static int send_to(const struct run *r, ref_t *sent)
{
	struct fetch *f = r->f;
	uint8_t bytes[DGRAM_TX_MAX];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct xfer_request q = {
		.to = f->addr[f->at], .from = f->from, .non = f->flags & FETCH_NON,
		.code = (uint8_t)f->code, .szx = (uint8_t)r->e->conf.szx, .body_n = f->body_n,
		.timeout_ms = f->timeout_ms, .owner = fetch_ref(r->e, f),
	};
	struct uri u;

	if (!f->uri_n)
		write_span(&w, fetch_options(f));
	else if (uri_parse(fetch_uri(f), &u, NULL) ||
		 !fetch_options_address(&w, fetch_options(f), &u, &q.to))
		return -EMSGSIZE;
	q.options = span_of(bytes, (size_t)(w.p - bytes));
	if (addr_is_multicast(q.to.ip))
		return send_group(r, &q, &w, sent);
	return f->flags & FETCH_OBSERVE ? obs_start(r->e, &q, sent) :
					  xfer_start(r->e, &q, sent);
}

static bool more_addresses(const struct fetch *f)
{
	return f->at + 1 < f->naddrs;
}

/* Silence moves to the next address only where asking twice does no harm. */
static uint64_t patience(const struct run *r)
{
	return more_addresses(r->f) && code_is_idempotent((uint8_t)r->f->code) ?
	       r->e->now + PATIENCE_MS : 0;
}

static int way(const struct run *r, const struct addr *to)
{
	return r->out && r->out->way && !addr_is_multicast(to->ip) ?
	       r->out->way(r->out->arg, to) : 0;
}

/* Asks the address in hand, or the next one that a way leads to. */
static void approach(const struct run *r)
{
	struct engine *e = r->e;
	struct fetch *f = r->f;
	ref_t sent;
	int err;

	while ((err = way(r, &f->addr[f->at])) && more_addresses(f))
		undo_set(&e->space, &f->at, f->at + 1);
	if (!err)
		err = send_to(r, &sent);
	if (err) {
		fail(r, err);
		return;
	}
	undo_set64(&e->space, &f->sent, sent);
	fetch_set(e, f, FETCH_SENT, patience(r));
}

static void approach_next(const struct run *r)
{
	undo_set(&r->e->space, &r->f->at, r->f->at + 1);
	approach(r);
}

/* The address in hand brought nothing. */
static void give_up(const struct run *r, int status)
{
	bool heard = r->f->flags & FETCH_HEARD;
	bool elsewhere = status == -ECONNREFUSED ||
			 (status == -ETIMEDOUT && code_is_idempotent((uint8_t)r->f->code));

	if (elsewhere && !heard && more_addresses(r->f))
		approach_next(r);
	else
		fail(r, status);
}

/* --- beginning -------------------------------------------------------------------------- */

static void take_addresses(const struct run *r, const struct addr *addr, unsigned n)
{
	struct fetch *f = r->f;
	struct engine *e = r->e;

	n = n < FETCH_ADDRS ? n : FETCH_ADDRS;
	undo_copy(&e->space, f->addr, addr, n * sizeof *addr);
	undo_set(&e->space, &f->naddrs, n);
	if (f->from.sock != r->out->client_sock) {
		struct local from = { .sock = r->out->client_sock };

		undo_copy(&e->space, &f->from, &from, sizeof from);
	}
	approach(r);
}

/* What does not fit is cut off: that is longer than any name. */
static void to_text(struct span s, char *out, size_t cap)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;

	if (n)
		memcpy(out, s.p, n);
	out[n] = 0;
}

static void look_up(const struct run *r, const struct uri *u)
{
	char host[256 * 3], zone[64];   /* each byte percent-encoded */
	int err;

	to_text(u->host, host, sizeof host);
	to_text(u->zone, zone, sizeof zone);
	err = r->out->lookup ? r->out->lookup(r->out->arg, fetch_ref(r->e, r->f), host, zone,
					      u->port) : -EHOSTUNREACH;
	if (err)
		fail(r, err == -ENOMEM ? -EAGAIN : err);
	else
		fetch_set(r->e, r->f, FETCH_NAMED, 0);
}

static void begin(const struct run *r)
{
	struct addr a = { .port = 0 };
	struct uri u;

	if (r->f->naddrs) {
		approach(r);
	} else if (!r->out || uri_parse(fetch_uri(r->f), &u, NULL)) {
		fail(r, -EHOSTUNREACH);
	} else if (u.literal && !u.zone.n) {
		memcpy(a.ip, u.ip, sizeof a.ip);
		a.port = u.port;
		take_addresses(r, &a, 1);
	} else {
		look_up(r, &u);
	}
}

void fetch_resolved(struct resources *R, struct engine *e, const struct outside *out,
		    ref_t fetch, const struct addr *addr, unsigned n)
{
	struct run r = { R, e, out, fetch_get(e, fetch) };

	if (!r.f || r.f->state != FETCH_NAMED)
		return;
	if (n)
		take_addresses(&r, addr, n);
	else
		fail(&r, -EHOSTUNREACH);
}

/* --- what is due ---------------------------------------------------------------------------- */

/* Whether the address in hand has acknowledged: then it works on its answer. */
static bool is_heard(const struct run *r)
{
	const struct xfer *x = xfer_get(r->e, r->f->sent);
	const struct obs *o = obs_get(r->e, r->f->sent);
	const struct exchange *g = exchange_get(r->e, x ? x->exchange : o ? o->exchange : 0);

	return g && g->state == EXCHANGE_ACKED;
}

static void be_patient(const struct run *r)
{
	if (!r->f->due || is_heard(r)) {
		fetch_set(r->e, r->f, FETCH_SENT, patience(r));
		return;
	}
	withdraw(r);
	approach_next(r);
}

/* The server of an observation is told, which may take its time. */
static void end(const struct run *r)
{
	if (obs_leave(r->e, r->f->sent) == 0) {
		fetch_set(r->e, r->f, FETCH_LEAVING, 0);
		return;
	}
	withdraw(r);
	fetch_kill(r->e, r->f);
}

void fetch_due(struct resources *R, struct engine *e, const struct outside *out,
	       struct fetch *f)
{
	struct run r = { R, e, out, f };

	switch ((enum fetch_state)f->state) {
	case FETCH_BEGIN:
	case FETCH_NAMED:
		begin(&r);
		break;
	case FETCH_SENT:
		be_patient(&r);
		break;
	case FETCH_LOST:
		fail(&r, -EOWNERDEAD);
		break;
	case FETCH_ENDED:
		end(&r);
		break;
	case FETCH_LEAVING:
	case FETCH_STATES:
		break;
	}
}

/* --- what comes --------------------------------------------------------------------------------- */

static void on_xfer(const struct run *r, enum xfer_verdict verdict, const struct xfer_event *x)
{
	struct fetch *f = r->f;

	if (!f || f->sent != x->xfer) {
		xfer_cancel(r->e, x->xfer);
		return;
	}
	if (f->state != FETCH_SENT)
		return;
	if (verdict == XFER_NOTHING) {
		hear(r);
	} else if (verdict != XFER_FAILED) {
		tell_part(r, &x->msg, x->offset, verdict == XFER_DONE, verdict == XFER_DONE);
	} else if (x->status == -ESTALE && code_is_idempotent((uint8_t)f->code) &&
		   f->stale < STALE_TRIES) {
		undo_set(&r->e->space, &f->stale, f->stale + 1);
		approach(r);
	} else {
		give_up(r, x->status);
	}
}

static void on_obs(const struct run *r, enum obs_verdict verdict, const struct obs_event *o)
{
	struct fetch *f = r->f;
	bool over = verdict == OBS_ENDED || verdict == OBS_FAILED;

	if (!f || f->sent != o->obs) {
		obs_cancel(r->e, o->obs);
		return;
	}
	if (f->state == FETCH_LEAVING && over)
		fetch_kill(r->e, f);
	if (f->state != FETCH_SENT || verdict == OBS_NOTHING)
		return;
	if (verdict == OBS_FAILED)
		give_up(r, o->status);
	else
		tell_part(r, &o->msg, o->offset, verdict != OBS_PART, over);
}

/* Bodies of several blocks are not followed: the member would have to be asked alone. */
static void tell_member(const struct run *r, const struct response *resp)
{
	char text[ADDR_TEXT];
	struct coapd_peer member = { .transport = "udp", .address = text, .port = resp->peer.port,
				     .local_address = "" };
	struct coapd_event event;
	struct span block;
	bool whole = !message_option(&resp->msg, OPT_BLOCK2, 0, &block) || !block.n ||
		     !(block.p[block.n - 1] & 8);

	addr_print_ip(resp->peer.ip, resp->peer.scope, text, sizeof text);
	event = part_of(&resp->msg, 0, whole, false);
	event.from = &member;
	hear(r);
	tell(r, &event);
}

/* One of a group's, or the end of them all. */
static void on_member(const struct run *r, const struct response *resp)
{
	if (!r->f || r->f->state != FETCH_SENT) {
		if (!r->f)
			client_cancel(r->e, resp->exchange);
		return;
	}
	if (resp->status)
		fail(r, resp->status);
	else
		tell_member(r, resp);
}

static void respond_obs(struct run *r, enum obs_verdict verdict, const struct obs_event *o)
{
	r->f = fetch_get(r->e, o->owner);
	if (o->owner)           /* else it is stale */
		on_obs(r, verdict, o);
}

void fetch_respond(struct resources *R, struct engine *e, const struct outside *out,
		   const struct response *resp)
{
	struct run r = { R, e, out, NULL };
	struct xfer_event x = { 0 };
	struct obs_event o = { 0 };

	if (xfer_owns(resp->owner)) {
		enum xfer_verdict verdict = xfer_response(e, resp, &x);

		r.f = fetch_get(e, x.owner);
		if (obs_owns(x.owner))
			respond_obs(&r, obs_rest(e, verdict, &x, &o), &o);
		else if (x.owner)
			on_xfer(&r, verdict, &x);
	} else if (obs_owns(resp->owner)) {
		enum obs_verdict verdict = obs_response(e, resp, &o);

		respond_obs(&r, verdict, &o);
	} else {
		r.f = fetch_get(e, resp->owner);
		on_member(&r, resp);
	}
}
