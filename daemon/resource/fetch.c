#include "resource/fetch.h"

#include "exchange/exchange.h"
#include "exchange/kinds.h"
#include "exchange/obs.h"
#include "exchange/request.h"

#define FETCH_MAGIC 0xfe7c
#define DUE_MOST 3600000u       /* ms; later than anything is set to */

_Static_assert(sizeof(struct fetch) % 8 == 0, "fetch size");

static const struct mem_field fetch_rows[] = {
	FIELD_KIND(struct fetch, object, struct object, &object_kind),
	FIELD_REFS(struct fetch, task),
	FIELD_REFS(struct fetch, sent),
	FIELD(struct fetch, due),
	FIELD_KIND(struct fetch, addr, struct addr, &addr_kind),
	FIELD(struct fetch, from),      /* whose socket is looked at when it is used */
	FIELD(struct fetch, naddrs),
	FIELD(struct fetch, at),
	FIELD(struct fetch, tag),
	FIELD(struct fetch, state),
	FIELD(struct fetch, flags),
	FIELD(struct fetch, code),
	FIELD(struct fetch, timeout_ms),
	FIELD(struct fetch, stale),
	FIELD(struct fetch, uri_n),
	FIELD(struct fetch, options_n),
	FIELD(struct fetch, body_n),
	FIELD(struct fetch, body_at),
	FIELD_ARRAY(struct fetch, inside),
};

static const struct mem_kind fetch_kind = KIND("fetch", struct fetch, fetch_rows);

void fetch_layout(struct space_def *def, uint32_t cap)
{
	assert(def->nslabs == FETCH_SLAB);
	def->slab[def->nslabs++] = (struct slab_def){
		.name = "fetch", .magic = FETCH_MAGIC, .size = sizeof(struct fetch), .cap = cap,
		.by_cap = true, .kind = &fetch_kind };
}

/* --- life ------------------------------------------------------------------------- */

struct fetch *fetch_take(struct engine *e)
{
	struct fetch *f = slab_take(&e->space, fetch_slab(e));

	if (f)
		memset((uint8_t *)f + sizeof f->object, 0,
		       offsetof(struct fetch, inside) - sizeof f->object);
	else
		engine_count(e, COUNT_FULL_FETCHES);
	return f;
}

void fetch_publish(struct engine *e, struct fetch *f, ref_t task)
{
	f->task = task;
	f->state = FETCH_BEGIN;
	slab_publish(&e->space, fetch_slab(e), f);
	engine_deadline(e, fetch_slab(e), f, e->now);
}

static void arm(struct engine *e, struct fetch *f)
{
	bool waits = f->state == FETCH_SENT || f->state == FETCH_LEAVING ||
		     f->state == FETCH_NAMED;

	if (!waits || f->due)
		engine_deadline(e, fetch_slab(e), f, waits ? f->due : e->now);
	else
		engine_no_deadline(e, fetch_slab(e), f);
}

void fetch_set(struct engine *e, struct fetch *f, enum fetch_state state, uint64_t when)
{
	undo_set(&e->space, &f->state, state);
	undo_set64(&e->space, &f->due, when);
	arm(e, f);
}

void fetch_end(struct engine *e, ref_t ref)
{
	struct fetch *f = fetch_get(e, ref);

	if (f && f->state != FETCH_LEAVING)
		fetch_set(e, f, FETCH_ENDED, 0);
}

void fetch_kill(struct engine *e, struct fetch *f)
{
	engine_no_deadline(e, fetch_slab(e), f);
	slab_kill(&e->space, fetch_slab(e), f);
}

/* --- its body ---------------------------------------------------------------------- */

/* The body of the request that the task waits with. */
static bool lent(struct engine *e, const struct fetch *f, struct span *body)
{
	const struct task *t = slab_get(&e->space, engine_slab(e, TASK_SLAB), f->task);
	struct request r;

	if (!t || !request_resume(e, t->waiting, &r) ||
	    f->body_at > r.msg.payload.n || f->body_n > r.msg.payload.n - f->body_at)
		return false;
	*body = span_of(r.msg.payload.p + f->body_at, f->body_n);
	return true;
}

bool fetch_read(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n)
{
	struct engine *e = arg;
	const struct fetch *f = fetch_get(e, owner);
	struct span body;

	if (!f)
		return false;
	if (f->flags & FETCH_LENT) {
		if (!lent(e, f, &body))
			return false;
	} else {
		body = span_of(f->inside + f->uri_n + f->options_n, f->body_n);
	}
	if (offset > body.n || n > body.n - offset)
		return false;
	memcpy(out, body.p + offset, n);
	return true;
}

/* --- adopt ---------------------------------------------------------------------------- */

static bool plausible(struct engine *e, const struct fetch *f)
{
	uint64_t inside = (uint64_t)f->uri_n + f->options_n +
			  (f->flags & FETCH_LENT ? 0 : f->body_n);

	return f->state >= FETCH_BEGIN && f->state < FETCH_STATES && f->tag < COAPD_TAGS &&
	       !(f->flags & ~(uint32_t)FETCH_FLAGS) && inside <= FETCH_INSIDE &&
	       f->code <= UINT8_MAX && code_is_request((uint8_t)f->code) &&
	       f->naddrs <= FETCH_ADDRS && (f->at < f->naddrs || (!f->at && !f->naddrs)) &&
	       f->due <= e->now + DUE_MOST &&
	       (f->naddrs || (f->uri_n && f->state != FETCH_SENT));
}

static bool awaited(struct engine *e, const struct fetch *f)
{
	const struct task *t = slab_get(&e->space, engine_slab(e, TASK_SLAB), f->task);

	return t && t->fetch[f->tag] == fetch_ref(e, f) &&
	       t->awaits[f->tag] == COAPD_EV_RESPONSE;
}

/* Whether what carries it is there, and is its own. */
static bool carried(struct engine *e, const struct fetch *f)
{
	const struct xfer *x = xfer_get(e, f->sent);
	const struct obs *o = obs_get(e, f->sent);
	const struct exchange *g = exchange_get(e, f->sent);
	ref_t self = fetch_ref(e, f);

	return x ? x->owner == self : o ? o->owner == self : g && g->owner == self;
}

/* What is lost may be asked for again if nobody can tell. */
static enum fetch_state after_loss(const struct fetch *f)
{
	return code_is_idempotent((uint8_t)f->code) && !(f->flags & FETCH_HEARD) ?
	       FETCH_BEGIN : FETCH_LOST;
}

/* Plain stores: a second death comes to the same verdict. */
static bool adopt(struct engine *e, struct fetch *f)
{
	if (!plausible(e, f))
		return false;
	if (f->state == FETCH_LEAVING)
		return carried(e, f);
	if (!awaited(e, f))
		space_set(&f->state, FETCH_ENDED);
	else if (f->state == FETCH_SENT && !carried(e, f))
		space_set(&f->state, after_loss(f));
	arm(e, f);
	if (f->state == FETCH_NAMED)
		engine_deadline(e, fetch_slab(e), f, e->now);
	return true;
}

/* Whether a task will hear of the one that it awaits under a tag. */
static bool is_its(struct engine *e, const struct task *t, unsigned tag)
{
	const struct fetch *f = fetch_get(e, t->fetch[tag]);

	return f && f->task == slab_ref(&e->space, engine_slab(e, TASK_SLAB), t) &&
	       f->tag == tag && f->state != FETCH_ENDED && f->state != FETCH_LEAVING;
}

/* A task that awaits what is gone would wait for ever: resource_due() tells it. */
static void tell_lost(struct engine *e, struct task *t)
{
	struct slab *b = engine_slab(e, TASK_SLAB);

	for (unsigned i = 0; i < COAPD_TAGS; i++) {
		if (t->awaits[i] != COAPD_EV_RESPONSE || is_its(e, t, i))
			continue;
		__atomic_store_n(&t->at[i], e->now, __ATOMIC_RELAXED);
		engine_deadline(e, b, t, e->now);
	}
}

void fetch_adopt(struct engine *e)
{
	struct slab *b = fetch_slab(e), *tasks = engine_slab(e, TASK_SLAB);

	for (uint32_t i = 0; i < slab_used(&e->space, b); i++) {
		struct fetch *f = slab_at(b, i);

		if (!slab_live(b, i) || adopt(e, f))
			continue;
		slab_drop(&e->space, b, f);
		engine_count(e, COUNT_ADOPT_DROPPED);
	}
	for (uint32_t i = 0; i < slab_used(&e->space, tasks); i++)
		if (slab_live(tasks, i))
			tell_lost(e, slab_at(tasks, i));
}
