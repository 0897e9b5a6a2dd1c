#include "worker/worker.h"

#include "base/log.h"
#include "resource/resources.h"
#include "resource/jobs.h"
#include "worker/accesslog.h"
#include "worker/budget.h"
#include "worker/inherited.h"
#include "worker/mailbox.h"
#include "worker/mounts.h"
#include "worker/where.h"
#include "worker/sandbox.h"
#include "worker/service.h"
#include "worker/turn.h"
#include "worker/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct worker {
	const struct worker_boot *boot;
	struct service_env env;
	struct trace trace;
	struct budget budget;
	struct jobs jobs;
	struct mailbox mailbox;
	struct hosts hosts;
	ev_async done;                  /* jobs are */
	struct watcher watcher;         /* of modules' descriptors */
	struct names names;
	struct service *services;       /* boot->nslots of them */
	unsigned nservices;             /* open ones */
	ev_io control;
	ev_io woken;                    /* something changed */
	ev_timer beat;                  /* the supervisor is told that we live */
	ev_timer drain;                 /* draining must end */
	ev_prepare idle;                /* draining: looks whether it is over */
	enum worker_exit exit;
	ev_signal end[2];               /* in place of control, if there is no supervisor */
};

static bool is_alone(const struct worker *w)
{
	return w->boot->control_fd < 0;
}

/* --- control ------------------------------------------------------------------ */

static void stop(struct worker *w, enum worker_exit how)
{
	w->exit = how;
	ev_break(w->env.loop, EVBREAK_ALL);
}

static void on_end(struct ev_loop *loop, ev_signal *s, int revents)
{
	(void)loop;
	(void)revents;
	stop(s->data, WORKER_EXIT_OK);
}

static void on_idle(struct ev_loop *loop, ev_prepare *p, int revents)
{
	struct worker *w = p->data;

	(void)loop;
	(void)revents;
	for (unsigned i = 0; i < w->nservices; i++)
		if (!service_idle(&w->services[i]))
			return;
	if (!jobs_busy(&w->jobs))
		stop(w, WORKER_EXIT_OK);
}

static void on_drain_over(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = t->data;

	(void)loop;
	(void)revents;
	log_notice("drain time is over, what still waits is left in its slots");
	stop(w, WORKER_EXIT_OK);
}

static void drain(struct worker *w)
{
	if (ev_is_active(&w->drain))
		return;
	resources_drain(w->env.resources);
	ev_timer_set(&w->drain, (double)w->boot->site->drain_ms / 1e3, 0.);
	ev_timer_start(w->env.loop, &w->drain);
	ev_prepare_start(w->env.loop, &w->idle);
}

/* Taken: fd, if it is one. */
static void command(struct worker *w, const struct order *o, int fd)
{
	switch (o->what) {
	case WORKER_DRAIN:
		drain(w);
		break;
	case WORKER_QUIT:
		stop(w, WORKER_EXIT_OK);
		break;
	case WORKER_KICK:
		services_kick(w->services, w->nservices, o, fd);
		break;
	case WORKER_LOG:
		log_set_level((enum log_part)o->part, (enum log_level)o->level);
		log_debug("part %u of the log has level %u now", o->part, o->level);
		break;
	case WORKER_TRACE:
		if (fd >= 0 && !trace_add(&w->trace, o, fd))
			log_warn("too many look on, one more does not");
		return;
	case WORKER_TURN:
		if (fd >= 0 && w->env.accesslog) {
			accesslog_turn(w->env.accesslog, fd);
			return;
		}
		break;
	default:
		log_warn("the supervisor said %u, which means nothing", (unsigned)o->what);
	}
	if (fd >= 0)
		close(fd);
}

/* If there is no room for it, the supervisor has not read the one before. */
static void say_alive(const struct worker *w)
{
	static const char alive = WORKER_ALIVE;

	if (!is_alone(w) && w->boot->site->watchdog_ms)
		(void)send(w->boot->control_fd, &alive, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_beat(struct ev_loop *loop, ev_timer *t, int revents)
{
	(void)loop;
	(void)revents;
	say_alive(t->data);
}

static void begin_beat(struct worker *w)
{
	double period = (double)w->boot->site->watchdog_ms / 1e3 / WORKER_BEATS;

	ev_timer_init(&w->beat, on_beat, period, period);
	w->beat.data = w;
	if (period > 0.)
		ev_timer_start(w->env.loop, &w->beat);
}

static void on_control(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = io->data;
	struct order o;
	int fd, rc = order_take(io->fd, &o, &fd);

	(void)loop;
	(void)revents;
	if (rc < 0)
		stop(w, WORKER_EXIT_ORPHAN);
	else if (rc > 0)
		command(w, &o, fd);
}

/* --- changes ------------------------------------------------------------------- */

static void wake_others(void *arg)
{
	const struct worker *w = arg;

	wakes_send(&w->boot->wakes);
}

static bool is_observed(const struct worker *w)
{
	for (unsigned i = 0; i < w->nservices; i++)
		if (service_is_observed(&w->services[i]))
			return true;
	return false;
}

/* What changed is looked for in all slots, then told. */
static void look(struct worker *w)
{
	struct notices *n = &w->env.resources->notices;
	uint32_t from = 0, word;

	while ((word = changes_next(n->changes, n->seen, &from)) < CHANGES_WORDS)
		for (unsigned i = 0; i < w->nservices; i++)
			service_changed(&w->services[i], word);
	while ((word = notices_here(n)) < CHANGES_WORDS)
		for (unsigned i = 0; i < w->nservices; i++)
			service_changed(&w->services[i], word);
	for (unsigned i = 0; i < w->nservices; i++)
		service_look(&w->services[i]);
	if (!is_observed(w))
		changes_listen(n->changes, n->reader, false);
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
	if (is_alone(w))
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
	return is_alone(w) ? 0 : inherited_keep(w->boot, err);
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

/* --- boot, continued --------------------------------------------------------------- */

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

	errors_begin(errors, site->file);
	if (!mounts_load(site, specs, errors))
		return err_set(err, -EINVAL, "%s", errors->text[0]);
	mounts_settle(w->boot, specs);
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

static int up_where(struct worker *w, struct err *err)
{
	(void)err;
	where_begin(w->boot->where);
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
	return w->boot->held ? turn_wait(w->boot->control_fd, &w->exit, err) : 0;
}

static void down_slots(struct worker *w)
{
	while (w->nservices)
		service_close(&w->services[--w->nservices]);
	free(w->services);
}

static int up_slots(struct worker *w, struct err *err)
{
	const struct worker_boot *b = w->boot;
	int r;

	w->services = calloc(b->nslots + 1, sizeof *w->services);
	if (!w->services)
		return err_set(err, -ENOMEM, "no memory for the slots");
	for (unsigned i = 0; i < b->nslots; i++) {
		say_alive(w);
		r = service_open(&w->services[i], &b->slots[i], &w->env, err);
		if (r) {
			down_slots(w);
			return r;
		}
		w->nservices++;
	}
	for (uint32_t n = where_lost(w->boot->where); n > 0 && w->nservices; n--)
		service_count(&w->services[0], COUNT_OPEN_LOST);
	return 0;
}

/* Nobody is there to be talked to: signals say when it is enough. */
static int up_alone(struct worker *w)
{
	static const int signals[] = { SIGINT, SIGTERM };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		ev_signal_init(&w->end[i], on_end, signals[i]);
		w->end[i].data = w;
		ev_signal_start(w->env.loop, &w->end[i]);
	}
	w->boot->ready(w->boot->arg);
	return 0;
}

static void down_control(struct worker *w)
{
	for (size_t i = 0; is_alone(w) && i < sizeof w->end / sizeof *w->end; i++)
		ev_signal_stop(w->env.loop, &w->end[i]);
}

static int up_control(struct worker *w, struct err *err)
{
	static const char ready = WORKER_READY;

	if (is_alone(w))
		return up_alone(w);
	ev_io_init(&w->control, on_control, w->boot->control_fd, EV_READ);
	ev_timer_init(&w->drain, on_drain_over, 0., 0.);
	ev_prepare_init(&w->idle, on_idle);
	w->control.data = w->drain.data = w->idle.data = w;
	ev_io_start(w->env.loop, &w->control);
	if (write(w->boot->control_fd, &ready, 1) != 1)
		return err_set(err, -errno, "cannot tell the supervisor: %s", strerror(errno));
	begin_beat(w);
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
	{ "control", up_control, down_control },
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
			    .env = { .site = boot->site, .key = boot->key } };
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
