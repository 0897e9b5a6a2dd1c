#include "resource/task.h"

#include "exchange/exchange.h"
#include "exchange/kinds.h"
#include "exchange/stream.h"
#include "resource/fetch.h"

#define TASK_MAGIC 0x7a51

static struct slab *task_slab(struct engine *e)
{
	return engine_slab(e, TASK_SLAB);
}

static const struct mem_field task_rows[] = {
	FIELD_KIND(struct task, object, struct object, &object_kind),
	FIELD(struct task, mount),
	FIELD_REFS(struct task, waiting),
	FIELD(struct task, once),
	FIELD_REFS(struct task, upload),
	FIELD_ARRAY(struct task, at),
	FIELD_ARRAY(struct task, awaits),
	FIELD_REFS(struct task, fetch),
	FIELD(struct task, attempts),
	FIELD(struct task, kind),
	FIELD(struct task, begins),
	FIELD(struct task, lost),
	FIELD(struct task, is_private),
	FIELD(struct task, zero),
	FIELD_ARRAY(struct task, scratch),
};

static const struct mem_kind task_kind = KIND("task", struct task, task_rows);

void task_layout(struct space_def *def, uint32_t cap)
{
	assert(def->nslabs == TASK_SLAB);
	def->slab[def->nslabs++] = (struct slab_def){
		.name = "task", .magic = TASK_MAGIC, .size = sizeof(struct task), .cap = cap,
		.kind = &task_kind };
}

struct task *task_take(struct engine *e)
{
	return slab_take(&e->space, task_slab(e));
}

uint64_t task_next(const uint64_t at[COAPD_TAGS])
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < COAPD_TAGS; i++)
		if (at[i] && at[i] < next)
			next = at[i];
	return next;
}

bool task_waits(const uint64_t at[COAPD_TAGS], const uint8_t awaits[COAPD_TAGS])
{
	static const uint8_t nothing[COAPD_TAGS];

	return task_next(at) != UINT64_MAX || memcmp(awaits, nothing, sizeof nothing);
}

uint32_t task_jobs(const uint8_t awaits[COAPD_TAGS])
{
	uint32_t tags = 0;

	for (unsigned i = 0; i < COAPD_TAGS; i++)
		if (awaits[i] == COAPD_EV_JOB)
			tags |= 1u << i;
	return tags;
}

unsigned task_due(const struct task *t, uint64_t now)
{
	unsigned due = COAPD_TAGS;

	for (unsigned i = 0; i < COAPD_TAGS; i++)
		if (t->at[i] && t->at[i] <= now &&
		    (due == COAPD_TAGS || t->at[i] < t->at[due]))
			due = i;
	return due;
}

/* One that awaits something else alone has no deadline. */
static void arm(struct engine *e, struct task *t)
{
	uint64_t next = t->begins || t->lost ? e->now : task_next(t->at);

	if (next != UINT64_MAX)
		engine_deadline(e, task_slab(e), t, next);
	else
		engine_no_deadline(e, task_slab(e), t);
}

void task_publish(struct engine *e, struct task *t)
{
	slab_publish(&e->space, task_slab(e), t);
	e->background_n += t->kind == TASK_BACKGROUND;
	arm(e, t);
}

void task_update(struct engine *e, struct task *t, const uint64_t at[COAPD_TAGS],
		 const uint8_t awaits[COAPD_TAGS], const uint8_t scratch[COAPD_SCRATCH])
{
	undo_copy(&e->space, t->at, at, sizeof t->at);
	undo_copy(&e->space, t->awaits, awaits, sizeof t->awaits);
	undo_copy(&e->space, t->scratch, scratch, sizeof t->scratch);
	if (t->attempts)
		undo_set(&e->space, &t->attempts, 0);
	if (t->begins)
		undo_set(&e->space, &t->begins, 0);
	if (t->lost)
		undo_set(&e->space, &t->lost, t->lost & task_jobs(awaits));
	arm(e, t);
}

void task_kill(struct engine *e, struct task *t)
{
	e->background_n -= t->kind == TASK_BACKGROUND;
	for (unsigned i = 0; i < COAPD_TAGS; i++)
		if (t->awaits[i] == COAPD_EV_RESPONSE)
			fetch_end(e, t->fetch[i]);
	engine_no_deadline(e, task_slab(e), t);
	slab_kill(&e->space, task_slab(e), t);
}

static bool owns_stream(struct engine *e, const struct task *t)
{
	return stream_owner(e, t->upload) == slab_ref(&e->space, task_slab(e), t);
}

/* The request and its task name each other. */
static bool has_request(struct engine *e, const struct task *t)
{
	const struct exchange *x = exchange_get(e, t->waiting);

	return !t->begins && x && x->state == EXCHANGE_WAITING &&
	       x->owner == slab_ref(&e->space, task_slab(e), t);
}

/* A timer runs for 2^32 ms at most, so a later deadline is damage. */
static bool plausible(struct engine *e, const struct task *t)
{
	for (unsigned i = 0; i < COAPD_TAGS; i++)
		if (t->at[i] > e->now + UINT32_MAX)
			return false;
	if (!t->mount || t->begins > 1 || t->is_private > 1 ||
	    !(t->begins || task_waits(t->at, t->awaits)))
		return false;
	if (t->kind == TASK_BACKGROUND)
		return t->waiting == 0;
	if (t->kind == TASK_UPLOAD)
		return owns_stream(e, t) && (t->waiting ? has_request(e, t) : !t->begins);
	return t->kind == TASK_REQUEST && has_request(e, t);
}

/* An exchange that names the task of another one would wait for ever; one that
 * names none is found by adopt_end(). */
static void drop_strangers(struct engine *e)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);

	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++) {
		struct exchange *x = slab_at(b, i);
		const struct task *t;

		if (!slab_live(b, i) || x->state != EXCHANGE_WAITING)
			continue;
		t = slab_get(&e->space, task_slab(e), x->owner);
		if (!t || t->waiting == exchange_ref(e, x))
			continue;
		exchange_drop(e, x);
		engine_count(e, COUNT_ADOPT_DROPPED);
	}
}

void task_adopt(struct engine *e)
{
	struct slab *b = task_slab(e);

	e->background_n = 0;
	/* Read by the obituary of the dead worker, not of the next. */
	space_set(&e->space.ctl->where, 0);
	for (uint32_t i = 0; i < e->space.ctl->hwm[TASK_SLAB]; i++) {
		struct task *t = slab_at(b, i);

		if (!slab_live(b, i))
			continue;
		if (plausible(e, t)) {
			e->background_n += t->kind == TASK_BACKGROUND;
			/* Jobs run in a worker's own memory. */
			space_set(&t->lost, task_jobs(t->awaits));
			arm(e, t);
			continue;
		}
		slab_drop(&e->space, b, t);
		engine_count(e, COUNT_ADOPT_DROPPED);
	}
	drop_strangers(e);
}
