#include "resource/call.h"

#include "resource/notices.h"

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
	t->asks = t->observes = false;
	memset(t->at, 0, sizeof t->at);
	memset(t->awaits, 0, sizeof t->awaits);
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
	if (event->what != COAPD_EV_READ && event->what != COAPD_EV_RENDER)
		notices_watch(t);
	space_set(where, m->where);
	v = m->desc->handle(m->self, t, event);
	space_set(where, 0);
	return v;
}

void call_end(struct coapd_task *t)
{
	if (t->task && !t->live)
		slab_untake(&t->engine->space, engine_slab(t->engine, TASK_SLAB), t->task);
	t->task = NULL;
}
