#include "resource/resource.h"

#include "exchange/assembly.h"
#include "exchange/exchange.h"
#include "resource/access.h"
#include "resource/answer.h"
#include "resource/call.h"
#include "resource/condition.h"
#include "resource/mount.h"
#include "resource/router.h"
#include "resource/wellknown.h"

#include <errno.h>
#include <stdlib.h>

#define RETRY_MAX_AGE 5u        /* s: when the next try makes sense (RFC 7252, 5.9.3.4) */
#define LOG_BURST 20u

struct resources {
	struct coapd_mount *mount;      /* as in the specs, then /.well-known/core */
	struct route *route;            /* of the same */
	uint32_t n;                     /* all of them */
	uint32_t opened;                /* those that mount_close() is due for */
	struct router router;
	struct wellknown wellknown;
	bool draining;
	struct log_limit limit;
	struct coapd_task task;         /* the run in hand */
};

/* --- boot ------------------------------------------------------------------------ */

static const char *const wellknown_segments[] = { ".well-known", "core" };

static int make_router(struct resources *R, struct err *err)
{
	uint32_t which;
	int status;

	for (uint32_t i = 0; i < R->n; i++)
		R->route[i] = (struct route){ R->mount[i].spec.segments,
					      R->mount[i].spec.nsegments };
	status = router_init(&R->router, R->route, R->n, &which);
	if (status)
		err_set(err, status, "resource %s: %s", R->mount[which].spec.path,
			status == -EEXIST ? "mounted twice" :
			status == -E2BIG ? "its path is too deep" : "out of memory");
	return status;
}

static int open_wellknown(struct resources *R, const struct resource_mount_spec *specs,
			  size_t n, struct err *err)
{
	static const struct resource_mount_spec spec = {
		.path = "/.well-known/core",
		.segments = wellknown_segments, .nsegments = 2,
	};
	int status;

	if (wellknown_init(&R->wellknown, specs, n))
		return err_set(err, -ENOMEM, "resource %s: out of memory", spec.path);
	status = mount_open(&R->mount[n], &spec, &wellknown_module, (uint32_t)n + 1, err);
	R->mount[n].self = &R->wellknown;
	R->opened++;
	return status;
}

static int open_all(struct resources *R, const struct resource_mount_spec *specs, size_t n,
		    struct err *err)
{
	int status = 0;

	while (R->opened < n && status == 0) {
		uint32_t i = R->opened++;

		status = mount_open(&R->mount[i], &specs[i], &specs[i].module->desc, i + 1, err);
	}
	if (status == 0)
		status = open_wellknown(R, specs, n, err);
	return status ? status : make_router(R, err);
}

static struct resources *resources_alloc(size_t n)
{
	struct resources *R = calloc(1, sizeof *R);

	if (!R)
		return NULL;
	R->n = (uint32_t)n + 1;
	R->mount = calloc(R->n, sizeof *R->mount);
	R->route = calloc(R->n, sizeof *R->route);
	if (R->mount && R->route)
		return R;
	resources_free(R);
	return NULL;
}

/* Those that were never opened have been taken all the same. */
static void drop_specs(const struct resource_mount_spec *specs, size_t from, size_t n)
{
	for (size_t i = from; i < n; i++) {
		free(specs[i].conf);
		module_free(specs[i].module);
	}
}

struct resources *resources_new(const struct resource_mount_spec *specs, size_t n,
				struct err *err)
{
	struct resources *R = resources_alloc(n);

	if (!R) {
		err_set(err, -ENOMEM, "resources: out of memory");
		drop_specs(specs, 0, n);
		return NULL;
	}
	if (open_all(R, specs, n, err) == 0)
		return R;
	drop_specs(specs, R->opened, n);
	resources_free(R);
	return NULL;
}

void resources_free(struct resources *R)
{
	if (!R)
		return;
	router_free(&R->router);
	while (R->opened)
		mount_close(&R->mount[--R->opened]);
	wellknown_free(&R->wellknown);
	free(R->mount);
	free(R->route);
	free(R);
}

void resources_drain(struct resources *R)
{
	R->draining = true;
}

void resource_options(struct option_set *set)
{
	static const uint16_t known[] = { OPT_IF_MATCH, OPT_IF_NONE_MATCH,
					  OPT_URI_HOST, OPT_URI_PORT, OPT_URI_PATH,
					  OPT_URI_QUERY, OPT_ACCEPT, OPT_BLOCK1, OPT_BLOCK2 };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		option_set_add(set, known[i]);
}

/* --- the end of a run ---------------------------------------------------------------- */

static void fail(struct resources *R, const char *why)
{
	struct coapd_task *t = &R->task;

	engine_count(t->engine, COUNT_MODULE_FAILED);
	log_limited(&R->limit, t->engine->now, LOG_BURST, LOG_ERROR,
		    "resource %s: module %s: %s; answered 5.00", t->mount->spec.path,
		    t->mount->desc->name, why);
	request_refuse(t->engine, t->request, COAP_INTERNAL_ERROR, NULL);
}

static void finish(struct resources *R)
{
	if (!answer_send(&R->task))
		fail(R, R->task.reply.wrong);
}

static void unavailable(const struct coapd_task *t)
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
		unavailable(t);
		return;
	}
	k->mount = t->mount->id;
	k->waiting = request_ref(e, t->request);
	k->attempts = 0;
	k->zero = 0;
	memcpy(k->at, t->at, sizeof k->at);
	memcpy(k->scratch, t->scratch, sizeof k->scratch);
	task_publish(e, k);
	t->task = NULL;
}

static void let_wait(struct resources *R)
{
	struct coapd_task *t = &R->task;

	if (t->refused)
		unavailable(t);
	else if (task_next(t->at) == UINT64_MAX)
		fail(R, "waits for nothing");
	else
		begin_wait(t);
}

/* --- fresh requests -------------------------------------------------------------------- */

/* Nobody can undo or repeat what the hook will do. */
static bool is_opaque(const struct coapd_mount *m, uint8_t method)
{
	return !code_is_safe(method) && !(m->desc->flags & COAPD_F_RETRY);
}

/* Whether the mount has anything at a path that is so long. */
static bool reaches(const struct coapd_mount *m, size_t segments)
{
	return segments == m->spec.nsegments || m->desc->flags & COAPD_F_TREE;
}

/* True unless the module declined. */
static bool ask(struct resources *R, struct engine *e, struct request *r,
		struct coapd_mount *m, unsigned rx)
{
	struct coapd_event event = { .what = COAPD_EV_REQUEST,
				     .attempt = batch_of(&e->space)->rx[rx].tries };
	enum coapd_verdict v;

	/* A condition that its module does not judge cannot be met (5.4.1). */
	if (condition_asked(&r->msg) && !(m->desc->flags & COAPD_F_CONDITIONS)) {
		request_refuse(e, r, COAP_BAD_OPTION, "the resource judges no conditions");
		return true;
	}
	call_fresh(&R->task, e, r, R->draining);
	if (event.attempt >= COAPD_ATTEMPTS) {
		R->task.mount = m;
		fail(R, "its hook killed too many workers");
		call_end(&R->task);
		return true;
	}
	if (is_opaque(m, r->msg.code))
		request_exec(e, r, rx);
	v = call_run(&R->task, m, &event);
	if (v == COAPD_DONE)
		finish(R);
	else if (v == COAPD_WAIT)
		let_wait(R);
	else if (v != COAPD_DECLINE)
		fail(R, "its hook returned no verdict");
	call_end(&R->task);
	return v != COAPD_DECLINE;
}

void resource_request(struct resources *R, struct engine *e, struct request *r, unsigned rx)
{
	uint8_t refused = access_check(r);
	size_t segments;
	uint32_t i;

	if (!refused && !code_is_known_method(r->msg.code))
		refused = COAP_METHOD_NOT_ALLOWED;
	if (refused) {
		request_refuse(e, r, refused, NULL);
		return;
	}
	if (answer_later(e, r))
		return;
	i = router_find(&R->router, r->msg.options, &segments);
	if (i != ROUTER_NONE && assembly_take(e, r, R->mount[i].spec.body_size) == ASSEMBLY_SETTLED)
		return;
	for (; i != ROUTER_NONE; i = router_shorter(&R->router, i))
		if (reaches(&R->mount[i], segments) && ask(R, e, r, &R->mount[i], rx))
			return;
	request_refuse(e, r, COAP_NOT_FOUND, NULL);
}

/* --- tasks ------------------------------------------------------------------------------- */

static struct coapd_mount *find_mount(const struct resources *R, uint64_t id)
{
	for (uint32_t i = 0; i < R->n; i++)
		if (R->mount[i].id == id)
			return &R->mount[i];
	return NULL;
}

/* Runs the hook of a live task; true while it goes on waiting. */
static bool go_on(struct resources *R, struct coapd_mount *m, unsigned tag)
{
	struct coapd_task *t = &R->task;
	struct task *k = t->task;
	struct coapd_event event = { .what = COAPD_EV_TIMER, .tag = (uint8_t)tag,
				     .attempt = k->attempts };
	enum coapd_verdict v;

	/* Stays when the hook kills its worker: that is how the next one knows. */
	space_set(&k->attempts, k->attempts + 1);
	t->at[tag] = 0;
	v = call_run(t, m, &event);
	if (v == COAPD_WAIT && task_next(t->at) != UINT64_MAX) {
		task_update(t->engine, k, t->at, (const uint8_t *)t->scratch);
		return true;
	}
	if (v == COAPD_DONE)
		finish(R);
	else
		fail(R, v == COAPD_WAIT ? "waits for nothing" :
			"its hook returned no verdict that ends a wait");
	return false;
}

/* Runs a task with its request in hand; true while it goes on waiting. */
static bool resume(struct resources *R, struct engine *e, struct request *r,
		   struct task *task, unsigned tag)
{
	struct coapd_mount *m = find_mount(R, task->mount);

	call_live(&R->task, e, r, task);
	if (!m) {
		unavailable(&R->task);
		return false;
	}
	if (task->attempts >= COAPD_ATTEMPTS) {
		R->task.mount = m;
		fail(R, "its hook killed too many workers");
		return false;
	}
	if (is_opaque(m, r->msg.code))
		request_exec(e, r, space_rx_next(&e->space));
	return go_on(R, m, tag);
}

void resource_due(struct resources *R, struct engine *e, struct task *task)
{
	unsigned tag = task_due(task, e->now);
	struct request r;

	if (tag == COAPD_TAGS) {
		/* The clock is behind the deadline: nothing to do yet. */
		engine_deadline(e, engine_slab(e, TASK_SLAB), task, task_next(task->at));
		return;
	}
	if (request_resume(e, task->waiting, &r) && resume(R, e, &r, task, tag))
		return;
	task_kill(e, task);
}

void resource_lost(struct resources *R, struct engine *e, struct request *r, ref_t waiting)
{
	const struct exchange *x = exchange_get(e, waiting);
	struct task *t = x ? slab_get(&e->space, engine_slab(e, TASK_SLAB), x->owner) : NULL;

	engine_count(e, COUNT_EXEC_LOST);
	log_limited(&R->limit, e->now, LOG_BURST, LOG_WARN,
		    "a worker died in a request that may not run twice; answered 5.00");
	if (t)
		task_kill(e, t);
	request_refuse(e, r, COAP_INTERNAL_ERROR, NULL);
}
