#include "resource/background.h"

#include "resource/resources.h"

#define LOG_BURST 20u

static struct slab *tasks(struct engine *e)
{
	return engine_slab(e, TASK_SLAB);
}

ref_t background_start(struct engine *e, const struct coapd_mount *m, uint64_t once,
		       const void *scratch, size_t n)
{
	struct task *k = NULL;

	if (e->background_n < e->conf.limits.tasks)
		k = task_take(e);
	if (!k) {
		engine_count(e, COUNT_FULL_TASKS);
		return 0;
	}
	memset((uint8_t *)k + sizeof k->object, 0, sizeof *k - sizeof k->object);
	k->mount = m->id;
	k->once = once;
	k->kind = TASK_BACKGROUND;
	k->begins = 1;
	if (n)
		memcpy(k->scratch, scratch, n);
	task_publish(e, k);
	return slab_ref(&e->space, tasks(e), k);
}

uint64_t background_once(const struct coapd_mount *m, struct span key)
{
	static const struct hash_key secret = { { 0x2b7e151628aed2a6u, 0xabf7158809cf4f3cu } };
	uint64_t name = hash_words(&secret, m->id, hash_bytes(&secret, key.p, key.n));

	return name ? name : 1;
}

/* --- running --------------------------------------------------------------------------- */

static void fail(struct resources *R, struct coapd_mount *m, const char *why)
{
	struct engine *e = R->task.engine;

	engine_count(e, COUNT_TASK_FAILED);
	log_limited(&R->limit, e->now, LOG_BURST, LOG_ERROR,
		    "resource %s: module %s: %s; its task is ended", m->spec.shown,
		    m->desc->name, why);
}

/* Runs the hook; true while the task goes on. */
static bool go_on(struct resources *R, struct coapd_mount *m, struct coapd_event *event)
{
	struct coapd_task *t = &R->task;
	enum coapd_verdict v = call_again(t, m, event);

	if (v == COAPD_WAIT && task_waits(t->at, t->awaits)) {
		task_update(t->engine, t->task, t->at, t->awaits, (const uint8_t *)t->scratch);
		call_waits(t, t->task);
		return true;
	}
	if (v == COAPD_WAIT)
		fail(R, m, "waits for nothing");
	else if (v != COAPD_DONE)
		fail(R, m, "its hook returned no verdict for a task of its own");
	else if (t->reply.code || t->reply.wrong[0])
		fail(R, m, "its hook replied where nobody asked");
	return false;
}

void background_event(struct resources *R, struct engine *e, struct task *task,
		      struct coapd_event *event)
{
	struct coapd_mount *m = resources_mount(R, task->mount);
	bool goes_on = false;

	call_live(&R->task, e, NULL, task);
	if (!m)
		engine_count(e, COUNT_TASK_LEFT);
	else if (task->attempts >= COAPD_ATTEMPTS)
		fail(R, m, "its hook killed too many workers");
	else
		goes_on = go_on(R, m, event);
	if (!goes_on)
		task_kill(e, task);
	call_end(&R->task);
}

/* --- taking over ------------------------------------------------------------------------ */

void background_adopt(struct resources *R, struct engine *e)
{
	struct slab *b = tasks(e);

	for (uint32_t i = 0; i < slab_used(&e->space, b); i++) {
		struct task *k = slab_at(b, i);

		if (!slab_live(b, i) || k->kind != TASK_BACKGROUND ||
		    resources_mount(R, k->mount))
			continue;
		engine_no_deadline(e, b, k);
		slab_drop(&e->space, b, k);
		e->background_n--;
		engine_count(e, COUNT_TASK_LEFT);
	}
}

ref_t background_find(struct engine *e, uint64_t once)
{
	struct slab *b = tasks(e);

	for (uint32_t i = 0; i < slab_used(&e->space, b); i++)
		if (slab_live(b, i) && ((const struct task *)slab_at(b, i))->once == once)
			return slab_ref(&e->space, b, slab_at(b, i));
	return 0;
}

bool background_begin(struct resources *R, struct engine *e)
{
	for (uint32_t i = 0; i < R->n; i++)
		for (const struct once *o = R->mount[i].once; o; o = o->next)
			if (o->key % R->slots == e->space.number && !background_find(e, o->key) &&
			    background_start(e, &R->mount[i], o->key, o->scratch,
					     sizeof o->scratch))
				return true;
	return false;
}
