#include "resource/upload.h"

#include "exchange/stream.h"
#include "resource/condition.h"
#include "resource/run.h"

#define LOG_BURST 20u

static struct slab *tasks(struct engine *e)
{
	return engine_slab(e, TASK_SLAB);
}

/* --- the end ------------------------------------------------------------------------- */

static void end(struct engine *e, struct task *task)
{
	stream_end(e, task->upload);
	task_kill(e, task);
}

/* The request it came with may be long gone: the hook sees an empty one. */
static void tell(struct resources *R, struct engine *e, struct task *task)
{
	struct coapd_event event = { .what = COAPD_EV_CANCEL, .attempt = task->attempts };
	struct coapd_mount *m = resources_mount(R, task->mount);
	struct request none = { .rx = REQUEST_RESUMED };

	if (!m)
		return;
	call_live(&R->task, e, &none, task);
	if (task->attempts >= COAPD_ATTEMPTS) {
		engine_count(e, COUNT_MODULE_FAILED);
		log_limited(&R->limit, e->now, LOG_BURST, LOG_ERROR,
			    "resource %s: module %s: its hook killed too many workers; what is "
			    "left of a body is not undone", m->spec.shown, m->desc->name);
	} else {
		space_set(&task->attempts, task->attempts + 1);
		(void)call_run(&R->task, m, &event);
	}
	R->task.request = NULL;
	call_end(&R->task);
}

void upload_cancel(struct resources *R, struct engine *e, struct task *task)
{
	tell(R, e, task);
	end(e, task);
}

void upload_due(struct resources *R, struct engine *e, struct task *task)
{
	engine_count(e, COUNT_ASSEMBLY_LOST);
	upload_cancel(R, e, task);
}

static struct task *owner_of(struct engine *e, ref_t assembly)
{
	struct task *task = slab_get(&e->space, tasks(e), stream_owner(e, assembly));

	return task && task->kind == TASK_UPLOAD && task->upload == assembly ? task : NULL;
}

struct task *upload_of(struct engine *e, const struct request *r)
{
	return owner_of(e, r->assembly);
}

/* --- what a verdict leads to ----------------------------------------------------------- */

static void fail(struct resources *R, const char *why)
{
	struct engine *e = R->task.engine;
	struct task *task = R->task.task;

	run_fail(R, why);
	call_end(&R->task);
	upload_cancel(R, e, task);
}

static uint64_t in_time(const struct engine *e)
{
	uint64_t at = e->now + e->conf.assembly_ms;

	return at ? at : 1;
}

/* Nothing is awaited now but the next part. */
static void more(struct coapd_task *t)
{
	struct engine *e = t->engine;

	memset(t->at, 0, sizeof t->at);
	memset(t->awaits, 0, sizeof t->awaits);
	t->at[0] = in_time(e);
	task_update(e, t->task, t->at, t->awaits, (const uint8_t *)t->scratch);
	call_waits(t, t->task);
	undo_set64(&e->space, &t->task->waiting, 0);
	stream_continue(e, t->request);
}

static void await(struct resources *R)
{
	struct coapd_task *t = &R->task;
	struct engine *e = t->engine;

	if (!task_waits(t->at, t->awaits)) {
		fail(R, "waits for nothing");
		return;
	}
	if (!t->request->waiting) {
		/* The part has not been taken then, and may come again. */
		if (!request_wait(e, t->request, slab_ref(&e->space, tasks(e), t->task))) {
			run_unavailable(t);
			return;
		}
		undo_set64(&e->space, &t->task->waiting, request_ref(e, t->request));
	}
	task_update(e, t->task, t->at, t->awaits, (const uint8_t *)t->scratch);
	call_waits(t, t->task);
}

static void finish(struct resources *R, bool last)
{
	struct engine *e = R->task.engine;
	struct task *task = R->task.task;

	if (last)
		stream_give(e, R->task.request);
	else    /* The final answer, whatever comes behind (RFC 7959 2.3). */
		R->task.request->block1 &= ~8u;
	run_finish(R);
	end(e, task);
}

void upload_follow(struct resources *R, enum coapd_verdict v)
{
	struct coapd_task *t = &R->task;
	struct stream_part part = stream_part_of(t->request);
	struct engine *e = t->engine;

	if (v == COAPD_MORE && !part.last) {
		more(t);
	} else if (v == COAPD_WAIT) {
		await(R);
	} else if (v == COAPD_DONE) {
		finish(R, part.last);
	} else if (v == COAPD_DECLINE && part.offset == 0) {
		request_refuse(e, t->request, COAP_NOT_FOUND, NULL);
		end(e, t->task);
	} else {
		fail(R, v == COAPD_MORE ? "wants more than there is" :
			"its hook returned no verdict");
	}
}

/* --- parts ------------------------------------------------------------------------------ */

static void deliver(struct resources *R, struct engine *e, struct request *r,
		    struct task *task, struct coapd_event *event, unsigned rx)
{
	struct coapd_mount *m = resources_mount(R, task->mount);
	struct coapd_task *t = &R->task;

	event->attempt = batch_of(&e->space)->rx[rx].tries;
	call_live(t, e, r, task);
	memset(t->at, 0, sizeof t->at);         /* the time for the next part is ours */
	t->mount = m;
	if (event->attempt >= COAPD_ATTEMPTS) {
		fail(R, "its hook killed too many workers");
		return;
	}
	if (run_is_opaque(m, r->msg.code))
		request_exec(e, r, rx);
	upload_follow(R, call_run(t, m, event));
	call_end(t);
}

/* A task that will have the stream once both are there; NULL: answered. */
static struct task *begin(struct resources *R, struct engine *e, struct request *r,
			  const struct coapd_mount *m)
{
	struct task *task = R->draining ? NULL : task_take(e);

	if (!task) {
		engine_count(e, R->draining ? COUNT_SHED : COUNT_FULL_WAITING);
		request_unavailable(e, r, 5);
		return NULL;
	}
	if (!stream_begin(e, r, m->spec.body_size, slab_ref_next(&e->space, tasks(e), task))) {
		slab_untake(&e->space, tasks(e), task);
		return NULL;
	}
	memset((uint8_t *)task + sizeof task->object, 0, sizeof *task - sizeof task->object);
	task->mount = m->id;
	task->kind = TASK_UPLOAD;
	task->upload = r->assembly;
	task->at[0] = in_time(e);
	task_publish(e, task);
	return task;
}

/* The client began anew: what it had begun is of no use (RFC 7959 2.5). */
static void drop_old(struct resources *R, struct engine *e, ref_t old)
{
	struct task *task = owner_of(e, old);
	struct assembly *a;
	struct request r;

	if (task && task->waiting && request_resume(e, task->waiting, &r))
		request_forget(e, &r);
	if (task)
		upload_cancel(R, e, task);
	a = assembly_get(e, old);
	if (a)
		assembly_end(e, a);
}

static void first(struct resources *R, struct engine *e, struct request *r,
		  const struct coapd_mount *m, const struct stream_part *part, unsigned rx)
{
	struct coapd_event event = { .what = COAPD_EV_REQUEST, .last = part->last };
	struct task *task;

	drop_old(R, e, part->old);
	if (condition_asked(&r->msg) && !(m->desc->flags & COAPD_F_CONDITIONS)) {
		request_refuse(e, r, COAP_BAD_OPTION, "the resource judges no conditions");
		return;
	}
	task = begin(R, e, r, m);
	if (task)
		deliver(R, e, r, task, &event, rx);
}

/* Its site may be another by now. */
static void next(struct resources *R, struct engine *e, struct request *r,
		 const struct coapd_mount *m, const struct stream_part *part, unsigned rx)
{
	struct coapd_event event = { .what = COAPD_EV_PART, .offset = part->offset,
				     .last = part->last };
	struct task *task = upload_of(e, r);

	if (task && task->mount == m->id) {
		deliver(R, e, r, task, &event, rx);
		return;
	}
	if (task)
		upload_cancel(R, e, task);
	stream_end(e, r->assembly);
	request_refuse(e, r, COAP_INCOMPLETE, NULL);
}

bool upload_request(struct resources *R, struct engine *e, struct request *r,
		    struct coapd_mount *m, unsigned rx)
{
	struct stream_part part;
	struct task *task;

	switch (stream_take(e, r, m->spec.body_size, &part)) {
	case STREAM_NONE:
		return false;
	case STREAM_SETTLED:
		break;
	case STREAM_FIRST:
		first(R, e, r, m, &part, rx);
		break;
	case STREAM_PART:
		next(R, e, r, m, &part, rx);
		break;
	case STREAM_OVER:
		task = upload_of(e, r);
		if (task)
			upload_cancel(R, e, task);
		assembly_too_large(e, r, m->spec.body_size);
		break;
	}
	return true;
}
