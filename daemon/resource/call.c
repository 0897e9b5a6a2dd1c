#include "resource/call.h"

#include "resource/fetch.h"
#include "resource/notices.h"
#include "resource/resources.h"

static void drop_jobs(struct coapd_task *t)
{
	for (unsigned i = 0; i < COAPD_TAGS; i++)
		if (t->job[i])
			jobs_release(t->mount->resources->jobs, t->job[i]);
	memset(t->job, 0, sizeof t->job);
}

/* What a task keeps or begins.  All of it is behind call_reserve(), coapd_scratch() or
 * call_live(); most requests are answered without. */
static void clear_used(struct coapd_task *t)
{
	drop_jobs(t);
	memset(t->at, 0, sizeof t->at);
	memset(t->awaits, 0, sizeof t->awaits);
	memset(t->fetch, 0, sizeof t->fetch);
	memset(t->fresh, 0, sizeof t->fresh);
	memset(t->scratch, 0, sizeof t->scratch);
	t->used = false;
}

static inline void clear(struct coapd_task *t, struct engine *e, struct request *r)
{
	if (t->used)
		clear_used(t);
	t->engine = e;
	t->mount = NULL;
	t->request = r;
	t->task = NULL;
	t->live = false;
	t->draining = false;
	t->refused = false;
	t->named = false;
	t->is_private = false;
	t->asks = t->observes = false;
	t->notify = COAPD_NOTIFY_AS_ASKED;
	reply_clear(&t->reply);
}

void call_prepare(struct coapd_task *t, struct engine *e, struct request *r, bool draining)
{
	clear(t, e, r);
	t->draining = draining;
}

void call_live(struct coapd_task *t, struct engine *e, struct request *r, struct task *task)
{
	clear(t, e, r);
	t->used = true;
	t->task = task;
	t->live = true;
	t->is_private = task->is_private;
	memcpy(t->at, task->at, sizeof t->at);
	memcpy(t->awaits, task->awaits, sizeof t->awaits);
	memcpy(t->fetch, task->fetch, sizeof t->fetch);
	memcpy(t->scratch, task->scratch, sizeof t->scratch);
}

/* What background tasks may have yet is not for requests. */
static bool has_room(struct engine *e)
{
	uint32_t all = e->conf.limits.tasks;
	uint32_t theirs = all > e->background_n ? all - e->background_n : 0;

	return slab_room(&e->space, engine_slab(e, TASK_SLAB)) > theirs;
}

struct task *call_reserve(struct coapd_task *t)
{
	t->used = true;
	if (t->task || t->refused)
		return t->task;
	if (!t->draining && has_room(t->engine))
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

#define LOG_BURST 5u

/* Whoever blocks, blocks all peers of the worker. */
static __attribute__((noinline, cold)) void
slow(struct resources *R, struct engine *e, const struct coapd_mount *m, uint64_t took)
{
	if (e)
		engine_count(e, COUNT_SLOW_HOOKS);
	log_limited(&R->slow_limit, m->now, LOG_BURST, LOG_WARN,
		    "resource %s: module %s: its hook took %llu ms, and nobody was served "
		    "meanwhile", m->spec.shown, m->desc->name, (unsigned long long)took);
}

/* When a hook ends, the next one of the same turn begins: one look at the clock for each. */
static inline uint64_t time_after(struct resources *R, const struct engine *e)
{
	R->turn = e ? e->now : UINT64_MAX;
	return R->turn_clock = R->clock();
}

static inline uint64_t time_before(struct resources *R, const struct engine *e)
{
	return e && e->now == R->turn ? R->turn_clock : R->clock();
}

static inline uint64_t enter(struct resources *R, struct engine *e, struct coapd_mount *m)
{
	m->engine = e;
	m->started = 0;
	if (e) {
		m->now = e->now;
		space_set(&e->space.ctl->where, m->where);
	}
	return R && R->clock ? time_before(R, e) : 0;
}

static inline void leave(struct resources *R, struct engine *e, struct coapd_mount *m,
			 uint64_t before)
{
	uint64_t took = 0;

	if (e)
		space_set(&e->space.ctl->where, 0);
	if (R && R->clock)
		took = time_after(R, e) - before;
	m->engine = NULL;
	if (R && took > R->slow_ms)
		slow(R, e, m, took);
}

uint64_t call_enter(struct engine *e, struct coapd_mount *m)
{
	return enter(m->resources, e, m);
}

void call_leave(struct engine *e, struct coapd_mount *m, uint64_t before)
{
	leave(m->resources, e, m, before);
}

static inline void watch(struct coapd_task *t)
{
	if (t->request && !message_lacks(&t->request->msg, OPT_OBSERVE))
		notices_watch(t);
	else
		t->asks = false;
}

static inline enum coapd_verdict run(struct resources *R, struct coapd_task *t,
				     struct coapd_mount *m, const struct coapd_event *event)
{
	struct engine *e = t->engine;
	enum coapd_verdict v;
	uint64_t before = enter(R, e, m);

	v = m->desc->handle(m->self, t, event);
	leave(R, e, m, before);
	return v;
}

enum coapd_verdict call_run(struct coapd_task *t, struct coapd_mount *m,
			    const struct coapd_event *event)
{
	t->mount = m;
	if (event->what != COAPD_EV_READ && event->what != COAPD_EV_RENDER)
		watch(t);
	return run(m->resources, t, m, event);
}

enum coapd_verdict call_fresh(struct resources *R, struct engine *e, struct request *r,
			      struct coapd_mount *m)
{
	struct coapd_task *t = &R->task;

	clear(t, e, r);
	t->draining = R->draining;
	t->mount = m;
	watch(t);
	return run(R, t, m, &R->fresh);
}

enum coapd_verdict call_again(struct coapd_task *t, struct coapd_mount *m,
			      struct coapd_event *event)
{
	struct task *k = t->task;

	event->attempt = k->attempts;
	/* Stays when the hook kills its worker: that is how the next one knows. */
	space_set(&k->attempts, k->attempts + 1);
	t->at[event->tag] = 0;
	if (event->what != COAPD_EV_RESPONSE || event->over)
		t->awaits[event->tag] = 0;
	call_found(t, event->tag);
	return call_run(t, m, event);
}

void call_found(struct coapd_task *t, uint8_t tag)
{
	struct task *k = t->task;

	if (t->live && k->lost >> tag & 1)
		undo_set(&t->engine->space, &k->lost, k->lost & ~(1u << tag));
}

static void keep_jobs(struct coapd_task *t, ref_t name)
{
	struct jobs *jobs = t->mount->resources->jobs;

	if (!jobs)
		return;
	for (uint8_t tag = 0; tag < COAPD_TAGS; tag++) {
		bool awaited = t->awaits[tag] == COAPD_EV_JOB;

		if (t->live && (t->job[tag] || !awaited))
			jobs_forget(jobs, name, tag);
		if (t->job[tag] && awaited) {
			jobs_prepare(jobs, t->job[tag], name, tag);
			t->job[tag] = NULL;
		}
	}
}

static void keep_fetches(struct coapd_task *t, struct task *k, ref_t self)
{
	struct engine *e = t->engine;

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

void call_waits(struct coapd_task *t, struct task *k)
{
	struct engine *e = t->engine;
	ref_t self = slab_ref(&e->space, engine_slab(e, TASK_SLAB), k);

	/* Whatever it makes of that later. */
	if (t->is_private && !k->is_private)
		undo_set(&e->space, &k->is_private, 1);
	keep_jobs(t, self);
	keep_fetches(t, k, self);
}

static void give_back(struct coapd_task *t)
{
	for (unsigned i = 0; i < COAPD_TAGS; i++) {
		if (t->fresh[i])
			slab_untake(&t->engine->space, fetch_slab(t->engine), t->fresh[i]);
		t->fresh[i] = NULL;
	}
}

void call_give_back(struct coapd_task *t)
{
	drop_jobs(t);
	give_back(t);
	if (t->task && !t->live && t->named)
		slab_spend(&t->engine->space, engine_slab(t->engine, TASK_SLAB), t->task);
	else if (t->task && !t->live)
		slab_untake(&t->engine->space, engine_slab(t->engine, TASK_SLAB), t->task);
	t->task = NULL;
}
