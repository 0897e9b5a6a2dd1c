#include "resource/resource.h"

#include "coap/observe.h"
#include "exchange/assembly.h"
#include "exchange/observer.h"
#include "resource/access.h"
#include "resource/answer.h"
#include "resource/condition.h"
#include "resource/mount.h"
#include "resource/run.h"
#include "resource/upload.h"

#include <errno.h>
#include <stdlib.h>

/* --- boot ------------------------------------------------------------------------ */

static const char *const wellknown_segments[] = { ".well-known", "core" };

static int make_router(struct resources *R, struct err *err)
{
	uint32_t which;
	int status;

	for (uint32_t i = 0; i < R->n; i++)
		R->route[i] = (struct route){ R->mount[i].spec.segments,
					      R->mount[i].spec.nsegments,
					      R->mount[i].spec.host };
	status = router_init(&R->router, R->route, R->n, &which);
	if (status)
		err_set(err, status, "resource %s: %s", R->mount[which].spec.shown,
			status == -EEXIST ? "mounted twice" :
			status == -E2BIG ? "its path is too deep" : "out of memory");
	return status;
}

/* Number h of those that mounts are of, the default one being 0. */
static int open_wellknown(struct resources *R, size_t n, uint32_t h, const char *host,
			  struct err *err)
{
	struct resource_mount_spec spec = {
		.path = "/.well-known/core",
		.segments = wellknown_segments, .nsegments = 2, .host = host,
	};
	struct coapd_mount *m = &R->mount[n + h];
	int status;

	if (wellknown_init(&R->wellknown[h], R->mount, n, host))
		return err_set(err, -ENOMEM, "resource %s: out of memory", spec.path);
	status = mount_open(m, &spec, &wellknown_module, (uint32_t)n + h + 1, err);
	m->self = &R->wellknown[h];
	R->opened++;
	return status;
}

/* Whether no mount before this one is of its host, which is not the default one. */
static bool is_new_host(const struct resource_mount_spec *specs, size_t at)
{
	if (!specs[at].host)
		return false;
	for (size_t i = 0; i < at; i++)
		if (specs[i].host && strcmp(specs[i].host, specs[at].host) == 0)
			return false;
	return true;
}

static int open_wellknowns(struct resources *R, const struct resource_mount_spec *specs, size_t n,
			   struct err *err)
{
	int status = open_wellknown(R, n, 0, NULL, err);
	uint32_t h = 1;

	for (size_t i = 0; i < n && status == 0; i++)
		if (is_new_host(specs, i))
			status = open_wellknown(R, n, h++, specs[i].host, err);
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
		status = open_wellknowns(R, specs, n, err);
	return status ? status : make_router(R, err);
}

static struct resources *resources_alloc(const struct resource_mount_spec *specs, size_t n)
{
	struct resources *R = calloc(1, sizeof *R);

	if (!R)
		return NULL;
	R->nhosts = 1;
	R->fresh = (struct coapd_event){ .what = COAPD_EV_REQUEST, .last = true };
	for (size_t i = 0; i < n; i++)
		R->nhosts += is_new_host(specs, i);
	R->n = (uint32_t)n + R->nhosts;
	R->wellknown = calloc(R->nhosts, sizeof *R->wellknown);
	R->slots = 1;
	R->mount = calloc(R->n, sizeof *R->mount);
	R->route = calloc(R->n, sizeof *R->route);
	for (uint32_t i = 0; R->mount && i < R->n; i++) {
		R->mount[i].resources = R;
		R->mount[i].notices = &R->notices;
	}
	if (R->mount && R->route && R->wellknown && notices_init(&R->notices) == 0 &&
	    watches_init(&R->watches, watches_max(n)) == 0)
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
	struct resources *R = resources_alloc(specs, n);

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
	for (uint32_t h = 0; R->wellknown && h < R->nhosts; h++)
		wellknown_free(&R->wellknown[h]);
	free(R->wellknown);
	free(R->mount);
	free(R->route);
	notices_free(&R->notices);
	watches_free(&R->watches);
	free(R);
}

void resources_about(struct resources *R, const char *uri)
{
	for (uint32_t h = 0; h < R->nhosts; h++)
		wellknown_about(&R->wellknown[h], uri);
}

void resources_hosts(struct resources *R, const struct hosts *hosts)
{
	R->hosts = *hosts;
}

void resources_drain(struct resources *R)
{
	R->draining = true;
}

void resources_changes(struct resources *R, struct changes *changes, unsigned number,
		       void (*wake)(void *arg, uint32_t word), void *arg)
{
	struct notices *n = &R->notices;

	n->changes = changes;
	n->reader = number;
	n->wake = wake;
	n->arg = arg;
	for (uint32_t i = 0; i < CHANGES_WORDS; i++)
		n->seen[i] = changes_value(changes, i);
}

void resources_slots(struct resources *R, uint32_t n)
{
	R->slots = n;
}

void resources_jobs(struct resources *R, struct jobs *jobs)
{
	R->jobs = jobs;
}

void resources_clock(struct resources *R, uint64_t (*clock)(void), uint64_t slow_ms)
{
	R->clock = slow_ms ? clock : NULL;
	R->turn = UINT64_MAX;
	R->slow_ms = slow_ms;
}

void resources_post(struct resources *R, const struct post *post)
{
	R->post = post;
}

void resources_watching(struct resources *R, const struct watching *loop)
{
	watches_begin(&R->watches, loop);
}

void resource_options(struct option_set *set)
{
	static const uint16_t known[] = { OPT_IF_MATCH, OPT_IF_NONE_MATCH,
					  OPT_URI_HOST, OPT_URI_PORT, OPT_URI_PATH,
					  OPT_URI_PATH_ABBREV, OPT_URI_QUERY, OPT_ACCEPT, OPT_BLOCK1, OPT_BLOCK2 };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		option_set_add(set, known[i]);
}

struct coapd_mount *resources_mount(struct resources *R, uint64_t id)
{
	for (uint32_t i = 0; i < R->n; i++)
		if (R->mount[i].id == id)
			return &R->mount[i];
	return NULL;
}

/* --- fresh requests -------------------------------------------------------------------- */

/* Whether the mount has anything at a path that is so long. */
static bool reaches(const struct coapd_mount *m, size_t segments)
{
	return segments == m->spec.nsegments || m->desc->flags & COAPD_F_TREE;
}

/* True if that was all, as the module is not to be asked. */
static bool is_closed(struct engine *e, struct request *r, const struct coapd_mount *m)
{
	if (!mount_is_closed(m))
		return false;
	run_closed(e, r);
	return true;
}

static __attribute__((noinline, cold)) void
killed_too_many(struct resources *R, struct engine *e, struct request *r, struct coapd_mount *m)
{
	call_prepare(&R->task, e, r, R->draining);
	R->task.mount = m;
	run_fail(R, "its hook killed too many workers");
	call_end(&R->task);
}

/* Asks the module.  True unless it declined. */
static inline bool ask(struct resources *R, struct engine *e, struct request *r,
		       struct coapd_mount *m, unsigned rx)
{
	enum coapd_verdict v;

	R->fresh.attempt = batch_of(&e->space)->rx[rx].tries;
	if (R->fresh.attempt >= COAPD_ATTEMPTS) {
		killed_too_many(R, e, r, m);
		return true;
	}
	if (run_is_opaque(m, r->msg.code))
		request_exec(e, r, rx);
	v = call_fresh(R, e, r, m);
	if (v == COAPD_DONE)
		run_finish(R);
	else if (v == COAPD_WAIT)
		run_wait(R);
	else if (v != COAPD_DECLINE)
		run_fail(R, "its hook returned no verdict");
	call_end(&R->task);
	return v != COAPD_DECLINE;
}

/* True unless the request is for another one. */
static bool offer(struct resources *R, struct engine *e, struct request *r,
		  struct coapd_mount *m, unsigned rx)
{
	if (is_closed(e, r, m))
		return true;
	/* A condition that its module does not judge cannot be met (5.4.1). */
	if (condition_asked(&r->msg) && !(m->desc->flags & COAPD_F_CONDITIONS)) {
		request_refuse(e, r, COAP_BAD_OPTION, "the resource judges no conditions");
		return true;
	}
	return ask(R, e, r, m, rx);
}

/* To the mount i, whose path begins that of the request, and the shorter ones. */
static __attribute__((noinline)) void offer_all(struct resources *R, struct engine *e,
						struct request *r, uint32_t i, size_t segments,
						unsigned rx)
{
	for (; i != ROUTER_NONE; i = router_shorter(&R->router, i))
		if (reaches(&R->mount[i], segments) && offer(R, e, r, &R->mount[i], rx))
			return;
	request_refuse(e, r, COAP_NOT_FOUND, NULL);
}

/* Who does not want to observe any more says so in a request like any other (RFC 7641
 * 4.1). */
static void leave(struct engine *e, const struct request *r)
{
	uint64_t observe;

	if (code_is_safe(r->msg.code) && message_option_uint(&r->msg, OPT_OBSERVE, &observe) &&
	    observe == OBSERVE_DEREGISTER)
		observer_forget(e, r, COUNT_OBSERVERS_LEFT);
}

/* A fresh request that may be made. */
static __attribute__((noinline)) void find_mount(struct resources *R, struct engine *e,
						 struct request *r, unsigned rx)
{
	size_t segments;
	uint32_t i;

	leave(e, r);
	if (answer_later(e, r))
		return;
	i = resources_route(R, r, &segments);
	/* Before a body is gathered for nobody. */
	if (i != ROUTER_NONE && reaches(&R->mount[i], segments) && is_closed(e, r, &R->mount[i]))
		return;
	if (i != ROUTER_NONE && R->mount[i].desc->flags & COAPD_F_STREAM &&
	    reaches(&R->mount[i], segments)) {
		if (upload_request(R, e, r, &R->mount[i], rx))
			return;
	} else if (i != ROUTER_NONE && assembly_take(e, r, R->mount[i].spec.body_size) == ASSEMBLY_SETTLED)
		return;
	offer_all(R, e, r, i, segments, rx);
}

/* What find_mount() looks at before a module is asked, or somebody else answers. */
#define ASKS_FOR_MORE (MESSAGE_ROW(IF_MATCH) | MESSAGE_ROW(IF_NONE_MATCH) | MESSAGE_ROW(OBSERVE) | \
		       MESSAGE_ROW(BLOCK1) | MESSAGE_ROW(BLOCK2))

/* The mount that can be asked at once, as most can be: the request has its own path, and no
 * option that is more than the module's to look at.  ROUTER_NONE: all is to be looked at. */
static inline uint32_t plain_mount(const struct resources *R, const struct request *r)
{
	uint32_t i = message_lacks_all(&r->msg, ASKS_FOR_MORE) && !R->hosts.n ?
		     router_own(&R->router, &r->msg) : ROUTER_NONE;
	const struct coapd_mount *m;

	if (i == ROUTER_NONE)
		return i;
	m = &R->mount[i];
	return mount_is_closed(m) || m->desc->flags & COAPD_F_STREAM ||
	       (m->spec.body_size && r->msg.payload.n > m->spec.body_size) ? ROUTER_NONE : i;
}

void resource_request(struct resources *R, struct engine *e, struct request *r, unsigned rx)
{
	const struct prepared_answer *a = prepared_find(&R->prepared, &r->msg);
	uint8_t refused = access_check(r);
	uint32_t i;

	if (!refused && !code_is_known_method(r->msg.code))
		refused = COAP_METHOD_NOT_ALLOWED;
	if (refused)
		request_refuse(e, r, refused, NULL);
	else if (a && !mount_is_closed(a->mount))
		prepared_send(e, r, a);
	else if ((i = plain_mount(R, r)) == ROUTER_NONE)
		find_mount(R, e, r, rx);
	else if (!ask(R, e, r, &R->mount[i], rx))
		offer_all(R, e, r, router_shorter(&R->router, i), R->mount[i].spec.nsegments, rx);
}
