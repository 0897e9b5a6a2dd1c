#include "resource/run.h"

#define RETRY_MAX_AGE 5u        /* s: when the next try makes sense (RFC 7252, 5.9.3.4) */
#define LOG_BURST 20u

void run_blame(struct resources *R, const char *why)
{
	struct coapd_task *t = &R->task;
	const struct log_field fields[] = { { "path", t->mount->spec.shown },
					    { "module", t->mount->desc->name } };

	engine_count(t->engine, COUNT_MODULE_FAILED);
	log_limited_record(LOG_PART, &R->limit, t->engine->now, LOG_BURST, LOG_ERROR,
			   (struct log_fields){ fields, 2 },
			   "resource %s: module %s: %s; answered 5.00", t->mount->spec.shown,
			   t->mount->desc->name, why);
}

void run_fail(struct resources *R, const char *why)
{
	run_blame(R, why);
	request_refuse(R->task.engine, R->task.request, COAP_INTERNAL_ERROR, NULL);
}

void run_closed(struct engine *e, struct request *r)
{
	engine_count(e, COUNT_CLOSED);
	request_refuse(e, r, COAP_INTERNAL_ERROR, "the resource is closed for a while");
}

void run_unavailable(const struct coapd_task *t)
{
	request_unavailable(t->engine, t->request, RETRY_MAX_AGE);
}

/* A fresh request begins to wait in the task that was reserved for it. */
static void begin_wait(struct coapd_task *t)
{
	struct engine *e = t->engine;
	struct task *k = t->task;

	if (!request_wait(e, t->request,
			  slab_ref_next(&e->space, engine_slab(e, TASK_SLAB), k))) {
		run_unavailable(t);
		return;
	}
	k->mount = t->mount->id;
	k->waiting = request_ref(e, t->request);
	k->kind = TASK_REQUEST;
	k->once = k->upload = 0;
	k->begins = k->lost = k->is_private = k->zero = 0;
	k->attempts = 0;
	memcpy(k->at, t->at, sizeof k->at);
	memcpy(k->awaits, t->awaits, sizeof k->awaits);
	memset(k->fetch, 0, sizeof k->fetch);
	memcpy(k->scratch, t->scratch, sizeof k->scratch);
	task_publish(e, k);
	call_waits(t, k);
	t->task = NULL;
}

void run_wait(struct resources *R)
{
	struct coapd_task *t = &R->task;

	if (t->refused)
		run_unavailable(t);
	else if (!task_waits(t->at, t->awaits))
		run_fail(R, "waits for nothing");
	else
		begin_wait(t);
}
