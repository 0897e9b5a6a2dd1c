#include "resource/wait.h"

#include "exchange/exchange.h"
#include "exchange/stream.h"
#include "resource/run.h"
#include "resource/upload.h"

#define LOG_BURST 20u

static struct slab *tasks(struct engine *e)
{
	return engine_slab(e, TASK_SLAB);
}

/* Runs the hook of a live task; true while it goes on waiting, or is settled. */
static bool go_on(struct resources *R, struct coapd_mount *m, struct coapd_event *event)
{
	struct coapd_task *t = &R->task;
	struct task *k = t->task;
	enum coapd_verdict v;

	event->attempt = k->attempts;
	/* Stays when the hook kills its worker: that is how the next one knows. */
	space_set(&k->attempts, k->attempts + 1);
	t->at[event->tag] = 0;
	t->awaits[event->tag] = 0;
	v = call_run(t, m, event);
	if (k->kind == TASK_UPLOAD) {
		upload_follow(R, v);
		return true;
	}
	if (v == COAPD_WAIT && task_waits(t->at, t->awaits)) {
		task_update(t->engine, k, t->at, t->awaits, (const uint8_t *)t->scratch);
		return true;
	}
	if (v == COAPD_DONE)
		run_finish(R);
	else
		run_fail(R, v == COAPD_WAIT ? "waits for nothing" :
			"its hook returned no verdict that ends a wait");
	return false;
}

/* Runs a task with its request in hand; true while it goes on waiting. */
static bool resume(struct resources *R, struct engine *e, struct request *r,
		   struct task *task, struct coapd_event *event)
{
	struct coapd_mount *m = resources_mount(R, task->mount);

	call_live(&R->task, e, r, task);
	if (!m) {
		run_unavailable(&R->task);
		return false;
	}
	if (task->attempts >= COAPD_ATTEMPTS) {
		R->task.mount = m;
		run_fail(R, "its hook killed too many workers");
		return false;
	}
	if (run_is_opaque(m, r->msg.code))
		request_exec(e, r, space_rx_next(&e->space));
	return go_on(R, m, event);
}

/* Something that the task awaited is there. */
static void deliver(struct resources *R, struct engine *e, struct task *task,
		    struct coapd_event *event)
{
	struct request r;

	bool upload = task->kind == TASK_UPLOAD;

	if (request_resume(e, task->waiting, &r)) {
		struct stream_part part = stream_part_of(&r);

		if (upload) {
			event->offset = part.offset;
			event->last = part.last;
		}
		if (resume(R, e, &r, task, event))
			return;
	}
	if (upload)
		upload_cancel(R, e, task);
	else
		task_kill(e, task);
}

void resource_due(struct resources *R, struct engine *e, struct task *task)
{
	unsigned tag = task_due(task, e->now);
	struct coapd_event event = { .what = COAPD_EV_TIMER, .tag = (uint8_t)tag };

	if (tag < COAPD_TAGS && task->kind == TASK_UPLOAD && !task->waiting)
		upload_due(R, e, task);
	else if (tag < COAPD_TAGS)
		deliver(R, e, task, &event);
	else    /* The clock is behind the deadline: nothing to do yet. */
		engine_deadline(e, tasks(e), task, task_next(task->at));
}

bool resource_event(struct resources *R, struct engine *e, ref_t ref, struct coapd_event *event)
{
	struct task *task = slab_get(&e->space, tasks(e), ref);

	if (!task || event->tag >= COAPD_TAGS || task->awaits[event->tag] != event->what)
		return false;
	deliver(R, e, task, event);
	return true;
}

void resource_lost(struct resources *R, struct engine *e, struct request *r, ref_t waiting)
{
	const struct exchange *x = exchange_get(e, waiting);
	struct task *t = x ? slab_get(&e->space, tasks(e), x->owner) : NULL;
	struct task *upload = upload_of(e, r);

	engine_count(e, COUNT_EXEC_LOST);
	log_limited(&R->limit, e->now, LOG_BURST, LOG_WARN,
		    "a worker died in a request that may not run twice; answered 5.00");
	notices_lost(R, r);
	request_refuse(e, r, COAP_INTERNAL_ERROR, NULL);
	if (upload)
		upload_cancel(R, e, upload);
	else if (t)
		task_kill(e, t);
}
