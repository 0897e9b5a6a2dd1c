#include "above.h"

#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "exchange/stream.h"
#include "resource/fetch.h"

static ref_t ref_of(struct engine *e, unsigned slab, const void *obj)
{
	return slab_ref(&e->space, engine_slab(e, slab), obj);
}

static bool is_due(struct engine *e, unsigned slab, const void *obj)
{
	return heap_has(&e->deadlines,
			e->first_item[slab] + slab_index(engine_slab(e, slab), obj));
}

/* --- tasks ----------------------------------------------------------------------- */

static void audit_request(struct engine *e, const struct task *t)
{
	const struct exchange *x = exchange_get(e, t->waiting);

	CHECK(x && x->state == EXCHANGE_WAITING && x->owner == ref_of(e, TASK_SLAB, t));
}

static void audit_awaits(struct engine *e, const struct task *t, bool damaged)
{
	for (unsigned i = 0; i < COAPD_TAGS; i++) {
		const struct fetch *f = fetch_get(e, t->fetch[i]);

		if (t->awaits[i] != COAPD_EV_RESPONSE || damaged)
			continue;
		/* Else its loss is about to be told. */
		CHECK(t->at[i] || (f && f->tag == i && f->task == ref_of(e, TASK_SLAB, t)));
		CHECK(!f || f->state != FETCH_LEAVING);
	}
}

static void audit_task(struct engine *e, const struct task *t, bool damaged)
{
	CHECK(t->mount && t->kind >= TASK_REQUEST && t->kind < TASK_KINDS);
	CHECK(t->begins || task_waits(t->at, t->awaits));
	if (t->begins || t->lost || task_next(t->at) != UINT64_MAX)
		CHECK(is_due(e, TASK_SLAB, t));
	if (t->kind == TASK_REQUEST || t->waiting)
		audit_request(e, t);
	if (t->kind == TASK_UPLOAD)
		CHECK(stream_owner(e, t->upload) == ref_of(e, TASK_SLAB, t));
	else
		CHECK(damaged || !t->upload);
	audit_awaits(e, t, damaged);
}

/* --- requests of theirs ------------------------------------------------------------- */

static bool is_carried(struct engine *e, const struct fetch *f)
{
	const struct xfer *x = xfer_get(e, f->sent);
	const struct obs *o = obs_get(e, f->sent);
	const struct exchange *g = exchange_get(e, f->sent);
	ref_t self = ref_of(e, FETCH_SLAB, f);

	return x ? x->owner == self : o ? o->owner == self : g && g->owner == self;
}

static void audit_fetch(struct engine *e, const struct fetch *f, bool damaged)
{
	const struct task *t = slab_get(&e->space, engine_slab(e, TASK_SLAB), f->task);
	bool ends = f->state == FETCH_ENDED || f->state == FETCH_LEAVING;

	CHECK(f->state >= FETCH_BEGIN && f->state < FETCH_STATES && f->tag < COAPD_TAGS);
	if (f->state == FETCH_SENT || f->state == FETCH_LEAVING)
		CHECK(is_carried(e, f));
	else if (f->state != FETCH_NAMED)
		CHECK(is_due(e, FETCH_SLAB, f));
	CHECK(!f->due || is_due(e, FETCH_SLAB, f));
	CHECK(ends || damaged || (t && t->awaits[f->tag] == COAPD_EV_RESPONSE &&
				  t->fetch[f->tag] == ref_of(e, FETCH_SLAB, f)));
}

void above_audit(struct engine *e, bool damaged)
{
	struct slab *tasks = engine_slab(e, TASK_SLAB), *fetches = fetch_slab(e);
	uint32_t background = 0;

	for (uint32_t i = 0; i < e->space.ctl->hwm[TASK_SLAB]; i++) {
		const struct task *t = slab_at(tasks, i);

		if (!slab_live(tasks, i))
			continue;
		audit_task(e, t, damaged);
		background += t->kind == TASK_BACKGROUND;
	}
	for (uint32_t i = 0; i < e->space.ctl->hwm[FETCH_SLAB]; i++)
		if (slab_live(fetches, i))
			audit_fetch(e, slab_at(fetches, i), damaged);
	CHECK(e->background_n == background);
}
