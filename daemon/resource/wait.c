#include "resource/wait.h"

#include "exchange/exchange.h"
#include "exchange/stream.h"
#include "resource/background.h"
#include "resource/run.h"
#include "resource/upload.h"

#include <errno.h>

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

	v = call_again(t, m, event);
	if (k->kind == TASK_UPLOAD) {
		upload_follow(R, v);
		return true;
	}
	if (v == COAPD_WAIT && task_waits(t->at, t->awaits)) {
		task_update(t->engine, k, t->at, t->awaits, (const uint8_t *)t->scratch);
		call_waits(t, k);
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
	if (mount_is_closed(m)) {
		run_closed(e, r);
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

/* Takes up the request and runs its task; true while that goes on, or is settled. */
static bool revive(struct resources *R, struct engine *e, struct task *task,
		   struct coapd_event *event)
{
	struct stream_part part;
	struct request r;

	if (!request_resume(e, task->waiting, &r))
		return false;
	if (task->kind == TASK_UPLOAD && event->what != COAPD_EV_RESPONSE) {
		part = stream_part_of(&r);
		event->offset = part.offset;
		event->last = part.last;
	}
	return resume(R, e, &r, task, event);
}

/* Something that the task awaited is there. */
static void deliver(struct resources *R, struct engine *e, struct task *task,
		    struct coapd_event *event)
{
	if (task->kind == TASK_BACKGROUND) {
		background_event(R, e, task, event);
		return;
	}
	if (!revive(R, e, task, event)) {
		if (task->kind == TASK_UPLOAD)
			upload_cancel(R, e, task);
		else
			task_kill(e, task);
	}
	call_end(&R->task);
}

/* A job died with its worker, and may have done what it does.  Or what killed it: nobody
 * else can say that it was on a thread of this module. */
static struct coapd_event lost_job(struct resources *R, struct engine *e,
				   const struct task *task)
{
	const struct coapd_mount *m = resources_mount(R, task->mount);

	engine_count(e, COUNT_JOB_LOST);
	if (m)
		log_limited(&R->limit, e->now, LOG_BURST, LOG_WARN,
			    "resource %s: module %s: a job of it died with its worker",
			    m->spec.shown, m->desc->name);
	return (struct coapd_event){ .what = COAPD_EV_JOB, .status = -EOWNERDEAD,
				     .tag = (uint8_t)__builtin_ctz(task->lost) };
}

void resource_due(struct resources *R, struct engine *e, struct task *task)
{
	unsigned tag = task_due(task, e->now);
	struct coapd_event event = { .what = COAPD_EV_TIMER, .tag = (uint8_t)tag };

	if (task->begins)
		event = (struct coapd_event){ .what = COAPD_EV_RUN };
	else if (task->lost)
		event = lost_job(R, e, task);
	else if (tag < COAPD_TAGS && task->awaits[tag] == COAPD_EV_RESPONSE)
		/* Nothing sets both but an adoption that did not find the request. */
		event = (struct coapd_event){ .what = COAPD_EV_RESPONSE, .tag = (uint8_t)tag,
					      .status = -EOWNERDEAD, .last = true, .over = true };
	if (tag < COAPD_TAGS && task->kind == TASK_UPLOAD && !task->waiting)
		upload_due(R, e, task);
	else if (task->begins || task->lost || tag < COAPD_TAGS)
		deliver(R, e, task, &event);
	else    /* The clock is behind the deadline: nothing to do yet. */
		engine_deadline(e, tasks(e), task, task_next(task->at));
}

bool resource_other(struct resources *R, struct engine *e)
{
	struct job *job = R->jobs ? jobs_done(R->jobs, e->space.number) : NULL;
	struct coapd_event event;

	if (!job)
		return false;
	event = (struct coapd_event){ .what = COAPD_EV_JOB, .tag = job->tag,
				      .status = job->status, .data = jobs_result(job) };
	(void)resource_event(R, e, job->task, &event);
	jobs_release(R->jobs, job);
	return true;
}

bool resource_pending(struct resources *R, struct engine *e)
{
	return R->jobs && jobs_done(R->jobs, e->space.number);
}

/* Lies in the mailbox until the event is committed. */
bool resource_letter(struct resources *R, struct engine *e)
{
	struct coapd_event event;
	struct letter l;
	ref_t task;

	if (!R->post || !R->post->peek(R->post->arg, e->space.number, &l))
		return false;
	R->opened_letter = true;
	R->mailbox = e->space.number;
	task = l.once ? background_find(e, l.once) : l.task;
	event = (struct coapd_event){ .what = COAPD_EV_WOKEN, .tag = l.tag,
				      .data = { l.data, l.n } };
	if (!resource_event(R, e, task, &event))
		engine_count(e, COUNT_WAKE_STALE);
	return true;
}

void resource_letter_taken(struct resources *R)
{
	R->post->take(R->post->arg, R->mailbox);
	R->opened_letter = false;
}

bool resource_event(struct resources *R, struct engine *e, ref_t ref, struct coapd_event *event)
{
	struct task *task = slab_get(&e->space, tasks(e), ref);

	if (!task || event->tag >= COAPD_TAGS || task->awaits[event->tag] != event->what)
		return false;
	deliver(R, e, task, event);
	return true;
}

void resource_withdrawn(struct resources *R, struct engine *e, ref_t ref)
{
	struct task *task = slab_get(&e->space, tasks(e), ref);

	if (task && task->kind == TASK_UPLOAD)
		upload_cancel(R, e, task);
	else if (task)
		task_kill(e, task);
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

/* Nothing is told of it but that its first timer is up: there is nobody to tell. */
void wait_adopt(struct resources *R, struct engine *e)
{
	struct slab *b = tasks(e);

	for (uint32_t i = 0; i < slab_used(&e->space, b); i++) {
		struct task *k = slab_at(b, i);

		if (!slab_live(b, i) || k->kind != TASK_REQUEST || resources_mount(R, k->mount))
			continue;
		__atomic_store_n(&k->at[0], e->now, __ATOMIC_RELAXED);
		engine_deadline(e, b, k, e->now);
	}
}
