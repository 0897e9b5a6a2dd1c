#include "resource/call.h"

#include "resource/fetch.h"

static void clear(struct coapd_task *t, struct engine *e, struct request *r)
{
	t->engine = e;
	t->mount = NULL;
	t->request = r;
	t->task = NULL;
	t->live = false;
	t->draining = false;
	t->refused = false;
	t->is_private = false;
	memset(t->at, 0, sizeof t->at);
	memset(t->awaits, 0, sizeof t->awaits);
	memset(t->fetch, 0, sizeof t->fetch);
	memset(t->fresh, 0, sizeof t->fresh);
	memset(t->scratch, 0, sizeof t->scratch);
	reply_clear(&t->reply);
}

void call_fresh(struct coapd_task *t, struct engine *e, struct request *r, bool draining)
{
	clear(t, e, r);
	t->draining = draining;
}

void call_live(struct coapd_task *t, struct engine *e, struct request *r, struct task *task)
{
	clear(t, e, r);
	t->task = task;
	t->live = true;
	memcpy(t->at, task->at, sizeof t->at);
	memcpy(t->awaits, task->awaits, sizeof t->awaits);
	memcpy(t->fetch, task->fetch, sizeof t->fetch);
	memcpy(t->scratch, task->scratch, sizeof t->scratch);
}

struct task *call_reserve(struct coapd_task *t)
{
	if (t->task || t->refused)
		return t->task;
	if (!t->draining)
		t->task = task_take(t->engine);
	if (!t->task) {
		engine_count(t->engine, t->draining ? COUNT_SHED : COUNT_FULL_WAITING);
		t->refused = true;
	}
	return t->task;
}

void call_private(struct coapd_task *t)
{
	t->is_private = true;
}

enum coapd_verdict call_run(struct coapd_task *t, struct coapd_mount *m,
			    const struct coapd_event *event)
{
	uint32_t *where = &t->engine->space.ctl->where;
	enum coapd_verdict v;

	t->mount = m;
	m->now = t->engine->now;
	space_set(where, m->where);
	v = m->desc->handle(m->self, t, event);
	space_set(where, 0);
	return v;
}

void call_keep(struct coapd_task *t, struct task *k)
{
	struct engine *e = t->engine;
	ref_t self = slab_ref(&e->space, engine_slab(e, TASK_SLAB), k);

	for (unsigned i = 0; i < COAPD_TAGS; i++) {
		bool awaited = t->awaits[i] == COAPD_EV_RESPONSE;

		if (k->fetch[i] && (!awaited || k->fetch[i] != t->fetch[i]))
			fetch_end(e, k->fetch[i]);
		if (!awaited)
			t->fetch[i] = 0;
		if (!awaited || !t->fresh[i])
			continue;
		fetch_publish(e, t->fresh[i], self);
		t->fresh[i] = NULL;
	}
	undo_copy(&e->space, k->fetch, t->fetch, sizeof k->fetch);
}

static void give_back(struct coapd_task *t)
{
	for (unsigned i = 0; i < COAPD_TAGS; i++) {
		if (t->fresh[i])
			slab_untake(&t->engine->space, fetch_slab(t->engine), t->fresh[i]);
		t->fresh[i] = NULL;
	}
}

void call_end(struct coapd_task *t)
{
	give_back(t);
	if (t->task && !t->live)
		slab_untake(&t->engine->space, engine_slab(t->engine, TASK_SLAB), t->task);
	t->task = NULL;
}
