/* The functions of coapd/module.h by which modules make requests of their own. */
#include "resource/call.h"
#include "resource/fetch.h"
#include "resource/fetch_options.h"

#include "exchange/endpoint.h"

#include <errno.h>

#define NOBODY "coap://[::1]"   /* stands in front of the path for a peer */

/* --- what is kept ------------------------------------------------------------------- */

static bool keep(struct fetch *f, size_t at, struct span s, uint32_t *n)
{
	if (s.n > FETCH_INSIDE - at)
		return false;
	if (s.n)
		memcpy(f->inside + at, s.p, s.n);
	*n = (uint32_t)s.n;
	return true;
}

/* Whether the payload stands in that of the task's request, which stays where it is as
 * long as the task. */
static bool is_lent(const coapd_task *task, coapd_span p)
{
	struct span own = task->request ? task->request->msg.payload : span_of(NULL, 0);
	uintptr_t from = (uintptr_t)own.p, at = (uintptr_t)p.p;

	return p.n && own.n && at >= from && at - from <= own.n && p.n <= own.n - (at - from);
}

static bool keep_body(const coapd_task *task, struct fetch *f, coapd_span p)
{
	if (!is_lent(task, p))
		return keep(f, f->uri_n + f->options_n, span_of(p.p, p.n), &f->body_n);
	f->flags |= FETCH_LENT;
	f->body_at = (uint32_t)(p.p - task->request->msg.payload.p);
	f->body_n = (uint32_t)p.n;
	return true;
}

/* --- whom it goes to ------------------------------------------------------------------ */

/* Scheme and authority as written. */
static struct span origin_of(struct span text, const struct uri *u)
{
	const uint8_t *end = u->path.n ? u->path.p :
			     u->has_query ? u->query.p - 1 : text.p + text.n;

	return span_of(text.p, (size_t)(end - text.p));
}

static int to_uri(struct fetch *f, const char *text, struct uri *u)
{
	struct err err;

	if (!text || uri_parse(span_str(text), u, &err))
		return -EINVAL;
	if (u->scheme != SCHEME_COAP)
		return -EPROTONOSUPPORT;
	return keep(f, 0, origin_of(span_str(text), u), &f->uri_n) ? 0 : -EMSGSIZE;
}

static int to_peer(struct engine *e, struct fetch *f, coapd_id id)
{
	const struct endpoint *p = endpoint_get(e, id);

	if (!p)
		return -ENOENT;
	f->addr[0] = p->remote;
	f->naddrs = 1;
	f->from = p->local;
	return 0;
}

/* --- the request ------------------------------------------------------------------------ */

static int fill(const coapd_task *task, struct fetch *f, const struct coapd_out *out)
{
	char text[sizeof NOBODY + URI_MAX];
	struct writer w;
	struct uri u;
	bool has_uri = out->uri;
	int err;

	f->code = out->code;
	f->timeout_ms = out->timeout_ms;
	f->flags = (out->non ? FETCH_NON : 0) | (out->observe ? FETCH_OBSERVE : 0);
	if (out->peer) {
		err = to_peer(task->engine, f, out->peer);
		if (!err && has_uri && (out->uri[0] != '/' || strlen(out->uri) > URI_MAX - 1 ||
					uri_parse(span_str(strcat(strcpy(text, NOBODY), out->uri)),
						  &u, NULL)))
			err = -EINVAL;
	} else {
		err = to_uri(f, out->uri, &u);
	}
	if (err)
		return err;
	w = writer_of(f->inside + f->uri_n, FETCH_INSIDE - f->uri_n);
	err = fetch_options_write(&w, has_uri ? &u : NULL, out);
	if (err)
		return err;
	f->options_n = (uint32_t)(w.p - (f->inside + f->uri_n));
	return keep_body(task, f, out->payload) ? 0 : -EMSGSIZE;
}

int coapd_fetch(coapd_task *task, uint8_t tag, const struct coapd_out *out)
{
	struct engine *e = task->engine;
	struct fetch *f;
	int err;

	if (tag >= COAPD_TAGS || !code_is_request(out->code) || out->code == COAP_EMPTY)
		return -EINVAL;
	f = call_reserve(task) ? fetch_take(e) : NULL;
	if (!f)
		return -EAGAIN;
	f->tag = tag;
	err = fill(task, f, out);
	if (err) {
		slab_untake(&e->space, fetch_slab(e), f);
		return err;
	}
	if (task->fresh[tag])
		slab_untake(&e->space, fetch_slab(e), task->fresh[tag]);
	task->fresh[tag] = f;
	task->fetch[tag] = slab_ref_next(&e->space, fetch_slab(e), f);
	task->awaits[tag] = COAPD_EV_RESPONSE;
	task->at[tag] = 0;
	return 0;
}

coapd_id coapd_endpoint(const coapd_task *task)
{
	struct engine *e = task->engine;
	struct request *r = task->request;

	if (!r)
		return 0;       /* nobody did */
	if (!r->peer)
		r->peer = endpoint_find(e, &r->from, &r->to);
	/* Whoever has it in hand from here on makes no second one. */
	if (!r->peer && endpoint_room(e))
		r->peer = endpoint_add(e, &r->from, &r->to);
	return r->peer ? endpoint_ref(e, r->peer) : 0;
}

void coapd_reply_like(coapd_task *task, const coapd_msg *msg)
{
	struct option_iter it = option_iter(msg->message.options);
	struct option o;

	coapd_reply(task, msg->message.code);
	while (option_next(&it, &o))
		if (fetch_hands_on(o.number))
			reply_add(&task->reply, o.number, o.value);
}
