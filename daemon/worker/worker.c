#include "worker/worker.h"

#include "base/log.h"
#include "resource/resources.h"
#include "worker/accesslog.h"
#include "worker/inherited.h"
#include "worker/mounts.h"
#include "worker/obey.h"
#include "worker/sandbox.h"
#include "worker/state.h"
#include "worker/turn.h"
#include "worker/where.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* --- changes ------------------------------------------------------------------- */

static void wake_others(void *arg, uint32_t word)
{
	const struct worker *w = arg;

	wakes_send(&w->boot->wakes, word);
}

/* One that nobody here observes any more is not told to us again. */
static void changed(struct worker *w, struct notices *n, uint32_t word)
{
	bool observed = false;

	for (unsigned i = 0; i < w->nservices; i++) {
		service_changed(&w->services[i], word);
		observed |= service_observes(&w->services[i], word);
	}
	if (!observed)
		changes_listen(n->changes, n->reader, word, false);
}

/* What changed is looked for in all slots, then told. */
static void look(struct worker *w)
{
	struct notices *n = &w->env.resources->notices;
	uint32_t from = 0, word;

	while ((word = changes_next(n->changes, n->seen, &from)) < CHANGES_WORDS)
		changed(w, n, word);
	while ((word = notices_here(n)) < CHANGES_WORDS)
		for (unsigned i = 0; i < w->nservices; i++)
			service_changed(&w->services[i], word);
	for (unsigned i = 0; i < w->nservices; i++)
		service_look(&w->services[i]);
}

static void on_woken(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = io->data;

	(void)loop;
	(void)revents;
	wakes_take(&w->boot->wakes, w->boot->number);
	look(w);
}

/* After what is under way. */
static void look_soon(void *arg)
{
	struct worker *w = arg;

	ev_feed_event(w->env.loop, &w->woken, EV_READ);
}

/* --- descriptors of modules ----------------------------------------------------- */

/* Within an event of any slot that can have one now. */
static void on_watched(void *arg, unsigned i, int events)
{
	struct worker *w = arg;

	for (unsigned k = 0; k < w->nservices; k++)
		if (service_watched(&w->services[k], i, events))
			return;
	watches_run(w->env.resources, NULL, i, events);
}

static int up_watcher(struct worker *w, struct err *err)
{
	w->watcher.ready = on_watched;
	w->watcher.arg = w;
	return watcher_open(&w->watcher, w->env.loop, watches_max(w->boot->site->nmounts), err);
}

static void down_watcher(struct worker *w)
{
	watcher_close(&w->watcher);
}

/* --- boot: stages, unwound in reverse --------------------------------------------- */

static int up_signals(struct worker *w, struct err *err)
{
	(void)err;
	if (worker_is_alone(w))
		signal(SIGPIPE, SIG_IGN);
	else
		sandbox_signals();
	return 0;
}

static int up_budget(struct worker *w, struct err *err)
{
	const struct worker_boot *b = w->boot;
	int r = budget_open(&w->budget, b->memfds, b->nmemfds, b->site->limits.body_memory,
			    err);

	w->env.budget = &w->budget.limit;
	return r;
}

static void down_budget(struct worker *w)
{
	budget_close(&w->budget);
}

/* All that there is belongs to a process that is alone. */
static int up_seclusion(struct worker *w, struct err *err)
{
	return worker_is_alone(w) ? 0 : inherited_keep(w->boot, err);
}

static int up_privileges(struct worker *w, struct err *err)
{
	return sandbox_drop(w->boot->site->user, err);
}

static int up_loop(struct worker *w, struct err *err)
{
	w->env.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	return w->env.loop ? 0 : err_set(err, -errno, "cannot make an event loop");
}

static void down_loop(struct worker *w)
{
	ev_loop_destroy(w->env.loop);
}

/* --- jobs ----------------------------------------------------------------------- */

static void on_done(struct ev_loop *loop, ev_async *a, int revents)
{
	struct worker *w = a->data;

	(void)loop;
	(void)revents;
	for (unsigned i = 0; i < w->nservices; i++)
		service_look(&w->services[i]);
}

/* On a thread of the jobs. */
static void tell_done(void *arg)
{
	struct worker *w = arg;

	ev_async_send(w->env.loop, &w->done);
}

static int up_jobs(struct worker *w, struct err *err)
{
	const struct site *site = w->boot->site;

	if (jobs_init(&w->jobs, site->threads, site->limits.jobs, tell_done, w))
		return err_set(err, -ENOMEM, "no memory for jobs");
	ev_async_init(&w->done, on_done);
	w->done.data = w;
	ev_async_start(w->env.loop, &w->done);
	return 0;
}

/* A job that does not end runs in a module that must not be unloaded under it: all else
 * is done by now. */
#define JOBS_END_MS 200

static void down_jobs(struct worker *w)
{
	if (jobs_end(&w->jobs, JOBS_END_MS))
		return;
	log_warn("a job does not end, it ends with its worker");
	_exit(w->exit);
}

/* The kernel's tick: no system call, no reading of hardware. */
static uint64_t coarse_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int open_resources(struct worker *w, struct resource_mount_spec *specs,
			  struct config_errors *errors, struct err *err)
{
	const struct site *site = w->boot->site;

	if (w->boot->gates && !worker_is_alone(w))
		gates_protect(w->boot->gates);
	errors_begin(errors, site->file);
	if (!mounts_load(site, specs, errors))
		return err_set(err, -EINVAL, "%s", errors->text[0]);
	mounts_settle(w->boot, specs, obey_alive, w);
	w->env.resources = resources_new(specs, site->nmounts, err);
	for (size_t i = 0; !w->env.resources && i < site->nmounts; i++)
		veil_text(specs[i].veils, specs[i].nveils, err->text, sizeof err->text);
	if (!w->env.resources)
		return -EINVAL;
	if (!mounts_hosts(site, &w->hosts))
		return err_set(err, -ENOMEM, "no memory for the hosts");
	resources_hosts(w->env.resources, &w->hosts);
	resources_about(w->env.resources, site->impl_info);
	resources_watching(w->env.resources, &w->watcher.watching);
	resources_slots(w->env.resources, w->boot->nmemfds);
	resources_clock(w->env.resources, coarse_ms, w->boot->site->slow_hook_ms);
	mailbox_init(&w->mailbox, w->boot);
	resources_post(w->env.resources, &w->mailbox.post);
	if (w->boot->site->threads)
		resources_jobs(w->env.resources, &w->jobs);
	return 0;
}

static void forget_where(const struct worker_boot *b)
{
	for (unsigned i = 0; i < b->nslots; i++)
		where_forget(b->slots[i].memfd);
}

static int up_where(struct worker *w, struct err *err)
{
	(void)err;
	where_begin(w->boot->where);
	if (!w->boot->held)
		forget_where(w->boot);
	return 0;
}

static int up_modules(struct worker *w, struct err *err)
{
	struct resource_mount_spec *specs = calloc(w->boot->site->nmounts + 1, sizeof *specs);
	struct config_errors *errors = malloc(sizeof *errors);
	int r;

	if (specs && errors)
		r = open_resources(w, specs, errors, err);
	else
		r = err_set(err, -ENOMEM, "no memory for the mounts");
	free(specs);
	free(errors);
	return r;
}

static int up_names(struct worker *w, struct err *err)
{
	int r = names_open(&w->names, w->env.loop, w->boot->site->dns, service_resolved, err);

	w->env.names = &w->names;
	return r;
}

static void down_names(struct worker *w)
{
	names_close(&w->names);
}

static int up_changes(struct worker *w, struct err *err)
{
	const struct wakes *wakes = &w->boot->wakes;

	(void)err;
	if (!wakes->n)
		return 0;
	resources_changes(w->env.resources, wakes->changes, w->boot->number, wake_others, w);
	ev_io_init(&w->woken, on_woken, wakes->fd[w->boot->number], EV_READ);
	w->woken.data = w;
	w->env.resources->notices.wake_here = look_soon;
	ev_io_start(w->env.loop, &w->woken);
	/* What our predecessor told of, it may not have lived to wake others for. */
	wakes_send_all(wakes);
	return 0;
}

static void down_modules(struct worker *w)
{
	resources_free(w->env.resources);
	mounts_hosts_free(&w->hosts);
}

static int up_accesslog(struct worker *w, struct err *err)
{
	if (!w->boot->access_fd)
		return 0;
	w->env.accesslog = accesslog_new(w->boot->site, w->boot->access_fd);
	return w->env.accesslog ? 0 : err_set(err, -errno, "cannot begin: %s", strerror(errno));
}

static void down_accesslog(struct worker *w)
{
	accesslog_free(w->env.accesslog);
}

/* Until the slots are nobody's. */
static int up_turn(struct worker *w, struct err *err)
{
	int r = w->boot->held ? turn_wait(w->boot->control_fd, &w->exit, err) : 0;

	if (!r)
		forget_where(w->boot);
	return r;
}

static void down_slots(struct worker *w)
{
	while (w->nservices)
		service_close(&w->services[--w->nservices]);
	free(w->services);
}

/* It is as large as the slot's own, and stays as long as anybody has it. */
static void forget_old(const struct worker_slot *slot)
{
	if (slot->old_memfd > 0)
		close(slot->old_memfd);
}

static int up_slots(struct worker *w, struct err *err)
{
	const struct worker_boot *b = w->boot;
	int r;

	w->services = calloc(b->nslots + 1, sizeof *w->services);
	if (!w->services)
		return err_set(err, -ENOMEM, "no memory for the slots");
	for (unsigned i = 0; i < b->nslots; i++) {
		obey_alive(w);
		r = service_open(&w->services[i], &b->slots[i], &w->env, err);
		if (r) {
			down_slots(w);
			return r;
		}
		forget_old(&b->slots[i]);
		w->nservices++;
	}
	for (uint32_t n = where_lost(w->boot->where); n > 0 && w->nservices; n--)
		service_count(&w->services[0], COUNT_OPEN_LOST);
	return 0;
}

static const struct stage {
	const char *name;
	int (*up)(struct worker *, struct err *);
	void (*down)(struct worker *);  /* NULL: the process' end undoes it */
} stages[] = {
	{ "signals", up_signals, NULL },
	{ "budget", up_budget, down_budget },
	{ "descriptors", up_seclusion, NULL },
	{ "privileges", up_privileges, NULL },
	{ "loop", up_loop, down_loop },
	{ "names", up_names, down_names },
	{ "where", up_where, NULL },
	{ "watcher", up_watcher, down_watcher },
	{ "modules", up_modules, down_modules },
	{ "changes", up_changes, NULL },
	{ "jobs", up_jobs, down_jobs },
	{ "access-log", up_accesslog, down_accesslog },
	{ "turn", up_turn, NULL },
	{ "slots", up_slots, down_slots },
	{ "control", obey_begin, obey_end },
};

#define STAGES (sizeof stages / sizeof *stages)

static void fail(const struct worker *w, const char *stage, const struct err *err)
{
	log_error("%s: %s", stage, err->text);
	if (w->boot->held)
		turn_failed(w->boot->control_fd, stage, err);
}

int worker_run(const struct worker_boot *boot)
{
	struct worker w = { .boot = boot, .exit = WORKER_EXIT_BOOT,
			    .env = { .site = boot->site, .key = boot->key, .def = boot->def,
				     .socks = boot->socks } };
	struct err err = { "" };
	char who[32];
	size_t up = 0;

	w.env.trace = &w.trace;
	snprintf(who, sizeof who, "worker %u", boot->number);
	site_log(boot->site, who);
	while (up < STAGES && stages[up].up(&w, &err) == 0)
		up++;
	if (up == STAGES)
		ev_run(w.env.loop, 0);
	else if (w.exit == WORKER_EXIT_BOOT)
		fail(&w, stages[up].name, &err);
	while (up--)
		if (stages[up].down)
			stages[up].down(&w);
	trace_close(&w.trace);
	return w.exit;
}

bool worker_check(const struct site *site, struct config_errors *errors)
{
	struct resource_mount_spec *specs = calloc(site->nmounts + 1, sizeof *specs);
	struct err err;
	bool fine;

	if (!specs)
		return errors_add(errors, (struct config_place){ 0 }, "no memory");
	sandbox_signals();
	if (sandbox_drop(site->user, &err))
		fine = errors_add(errors, (struct config_place){ 0 }, "%s", err.text);
	else
		fine = mounts_load(site, specs, errors);
	if (fine)
		mounts_free(specs, site->nmounts);
	free(specs);
	return fine;
}
