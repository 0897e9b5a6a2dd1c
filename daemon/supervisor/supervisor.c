#include "supervisor/supervisor.h"

#include "base/clock.h"
#include "supervisor/closing.h"
#include "supervisor/control.h"
#include "supervisor/estate.h"
#include "supervisor/inspection.h"
#include "supervisor/notify.h"
#include "supervisor/process.h"
#include "supervisor/rotation.h"
#include "supervisor/stages.h"
#include "supervisor/statistics.h"
#include "supervisor/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void step(struct supervisor *sv, enum crew_event event, unsigned worker)
{
	crew_step(&sv->crew, event, worker, clock_ms());
}

static void spawn(struct supervisor *sv, struct process *p)
{
	int rc;

	p->held = false;
	/* Its slots wait for a worker of this program's. */
	rc = p->of->foreign ? -ECHILD : process_start(sv, p);

	if (rc == 0) {
		log_notice("worker %u started (pid %d)", p->number, (int)p->pid);
		return;
	}
	if (!p->of->foreign)
		log_error("cannot start worker %u: %s", p->number, strerror(-rc));
	step(sv, CREW_EV_NOT_SPAWNED, p->number);
}

/* --- what the crew wants ---------------------------------------------------- */

static void log_listeners(const struct supervisor *sv)
{
	char uri[SOCKETS_URI];

	for (unsigned i = 0; i < sv->now->site->nlisteners; i++)
		log_notice("listening on %s", sockets_uri(&sv->sockets, sv->now->site, i, uri));
}

/* True if there is something new. */
static bool feel_pulse(struct supervisor *sv)
{
	struct pulse_figures f = { .workers = sv->now->nworkers, .running = crew_running(&sv->crew),
				   .slots = sv->nslots, .resources = sv->now->site->nmounts,
				   .requests = memory_counter(supervisor_memory(sv), COUNT_REQUESTS),
				   .deaths = sv->crew.deaths };

	memory_crowd(supervisor_memory(sv), &f.peers, &f.observers);
	return pulse_look(&sv->pulse, &f, clock_ms());
}

void supervisor_tell_ready(struct supervisor *sv)
{
	int rc;

	feel_pulse(sv);
	rc = notify_ready(sv->pulse.text);
	log_listeners(sv);
	if (rc < 0)
		log_warn("cannot tell the service manager that we are ready: %s",
			 strerror(-rc));
}

/* Nobody looks into the memory that was found any more, unless it is the one that goes on. */
static void settle_found(struct supervisor *sv)
{
	if (!sv->old)
		return;
	generation_settle(sv->now);
	generation_free(sv->old, sv->now);
	sv->old = NULL;
	control_renew(sv->control, sv);
}

static void tell_ready(struct supervisor *sv)
{
	supervisor_tell_ready(sv);
	log_notice("ready: %u workers, %u slots, %zu resources", sv->now->nworkers, sv->nslots,
		   sv->now->site->nmounts);
	settle_found(sv);
	reload_ready(sv);
}

static void tell_stopping(void)
{
	int rc = notify_stopping();

	if (rc < 0)
		log_warn("cannot tell the service manager that we are stopping: %s",
			 strerror(-rc));
	log_notice("stopping: the last requests are being answered");
}

static void end(struct supervisor *sv, int code)
{
	sv->code = code ? SUPERVISOR_FAILED : SUPERVISOR_STOPPED;
	/* It may be what was kept that workers cannot start with. */
	if (code)
		store_forget(&sv->store);
	if (code)
		log_error("start failed, nothing is left running");
	else
		log_notice("stopped");
	ev_break(sv->loop, EVBREAK_ALL);
}

static struct process *process_of(const struct supervisor *sv, unsigned worker, bool leaves)
{
	return &(leaves ? sv->old : sv->now)->process[worker];
}

/* One that died while it was held has a successor like any other. */
static void go(struct supervisor *sv, struct process *p)
{
	if (!p->pid) {
		spawn(sv, p);
		return;
	}
	log_notice("worker %u takes over (pid %d)", p->number, (int)p->pid);
	p->held = false;
	process_ask(p, WORKER_GO);
	p->asked = false;
}

static void perform(struct supervisor *sv, const struct crew_action *a)
{
	struct process *p = a->what <= CREW_OBITUARY ? process_of(sv, a->worker, a->leaves) : NULL;

	switch (a->what) {
	case CREW_SPAWN:
		spawn(sv, p);
		break;
	case CREW_TAKE_OVER:
		go(sv, p);
		break;
	case CREW_ASK_DRAIN:
		process_ask(p, WORKER_DRAIN);
		break;
	case CREW_ASK_QUIT:
		process_ask(p, WORKER_QUIT);
		break;
	case CREW_KILL:
		process_kill(sv, p);
		break;
	case CREW_OBITUARY:
		process_obituary(sv, p, a->in_ms);
		break;
	case CREW_TELL_READY:
		tell_ready(sv);
		store_keep(sv);
		break;
	case CREW_TELL_REPLACED:
		reload_replaced(sv);
		break;
	case CREW_TELL_STOPPING:
		reload_stop(sv);
		tell_stopping();
		break;
	case CREW_EXIT:
		end(sv, a->code);
		break;
	}
}

/* One event in, all that follows from it out, the clock of the crew set anew. */
static void happen(struct supervisor *sv, enum crew_event event, unsigned worker)
{
	struct crew_action a;
	uint64_t due, now;

	step(sv, event, worker);
	while (crew_take(&sv->crew, &a))
		perform(sv, &a);
	due = crew_due(&sv->crew);
	now = clock_ms();
	ev_timer_stop(sv->loop, &sv->tick);
	if (due == CREW_NEVER)
		return;
	ev_now_update(sv->loop);
	ev_timer_set(&sv->tick, due <= now ? 0. : (double)(due - now) / 1e3, 0.);
	ev_timer_start(sv->loop, &sv->tick);
}

void supervisor_replace(struct supervisor *sv)
{
	happen(sv, CREW_EV_REPLACE, sv->now->nworkers);
}

/* --- callbacks: they say what happened, no more ------------------------------ */

static void heard(struct process *p, const char *message, size_t n)
{
	struct supervisor *sv = p->sv;

	if (p->held) {
		reload_heard(sv, p, message, n);
	} else if (message[0] == WORKER_READY) {
		process_heard(p);
		happen(sv, CREW_EV_READY, p->number);
		control_worker_ready(sv->control, p);
	} else if (message[0] == WORKER_ALIVE) {
		process_heard(p);
		happen(sv, CREW_EV_ALIVE, p->number);
	}
}

/* True if there may be more. */
static bool hear(struct process *p)
{
	char message[sizeof (struct err) + 64];
	ssize_t n = recv(p->control, message, sizeof message, MSG_DONTWAIT);

	if (n > 0)
		heard(p, message, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		process_close(p);       /* its death is told by on_child() */
	return n > 0;
}

static void on_control(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop, (void)revents;
	(void)hear(w->data);
}

static struct process *find(const struct supervisor *sv, pid_t pid)
{
	struct generation *const all[] = { sv->reload.next, sv->old, sv->now };
	struct process *p = NULL;

	for (unsigned i = 0; i < 3 && !p; i++)
		p = generation_find(all[i], pid);
	return p;
}

static void on_child(struct ev_loop *loop, ev_child *w, int revents)
{
	struct supervisor *sv = w->data;
	struct process *p;

	(void)loop, (void)revents;
	p = find(sv, w->rpid);
	/* What it said last counts. */
	while (p && p->control >= 0 && hear(p))
		;
	if (reload_child(sv, w->rpid, w->rstatus) || !p)
		return;
	p->dead = p->pid;
	p->status = w->rstatus;
	p->pid = 0;
	process_close(p);
	if (p->held)
		process_obituary(sv, p, 0);
	else
		happen(sv, process_boot_failed(p) ? CREW_EV_BOOT_FAILED : CREW_EV_DIED, p->number);
}

/* What workers have said by now counts, and so does why they could not. */
static void look_at(struct generation *g)
{
	for (unsigned i = 0; g && i < g->nworkers; i++) {
		struct process *p = &g->process[i];
		struct supervisor *sv = p->sv;

		while (p->control >= 0 && hear(p))
			;
		if (p->pid && !p->held && process_of(sv, i, sv->crew.worker[i].leaves) == p &&
		    crew_is_silent(&sv->crew, i, clock_ms()) && !process_hangs(sv, p, clock_ms()))
			step(sv, CREW_EV_HELD, i);
	}
}

static void on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *sv = w->data;

	(void)loop, (void)revents;
	look_at(sv->old);
	look_at(sv->now);
	happen(sv, CREW_EV_TICK, 0);
}

static void on_stop(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct supervisor *sv = w->data;

	(void)loop, (void)revents;
	if (sv->crew.phase == CREW_DRAIN)
		log_notice("asked again: stopping at once");
	happen(sv, CREW_EV_STOP, 0);
}

static void on_usr1(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct supervisor *sv = w->data;

	(void)loop, (void)revents;
	statistics_log(supervisor_memory(sv), &sv->now->counts, sv->now->site);
}

/* Whoever has taken files of the log away wants others. */
static void on_usr2(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop, (void)revents;
	rotation_turn(w->data);
}

static void on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct supervisor *sv = w->data;

	(void)loop, (void)revents;
	reload_begin(sv, false);
}

/* Whoever watches over us ends us all when it hears nothing: the last resort, when a worker
 * cannot even be killed. */
static void on_beat(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *sv = w->data;
	bool well = crew_is_well(&sv->crew, clock_ms());

	(void)loop, (void)revents;
	if (well)
		notify_alive();
	else if (!sv->unwell)
		log_error("a worker that was killed does not end; the service manager is no longer "
			  "told that all is well");
	sv->unwell = !well;
	if (sv->crew.phase == CREW_SERVE && feel_pulse(sv))
		notify_status(sv->pulse.text);
}

static void begin_beat(struct supervisor *sv)
{
	uint64_t wanted = notify_watchdog_ms() / 2, ms = PULSE_MS;

	if (wanted && wanted < ms)
		ms = wanted;
	ev_timer_init(&sv->beat, on_beat, 0., (double)ms / 1e3);
	sv->beat.data = sv;
	if (getenv("NOTIFY_SOCKET"))
		ev_timer_again(sv->loop, &sv->beat);
}

static const struct {
	int signal;
	void (*callback)(struct ev_loop *, ev_signal *, int);
} signals[SIGNALS] = {
	[SIG_TERM] = { SIGTERM, on_stop },
	[SIG_INT] = { SIGINT, on_stop },
	[SIG_USR1] = { SIGUSR1, on_usr1 },
	[SIG_USR2] = { SIGUSR2, on_usr2 },
	[SIG_HUP] = { SIGHUP, on_hup },
};

/* --- the loop ------------------------------------------------------------------- */

static int open_loop(struct supervisor *sv, struct err *err)
{
	sv->loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!sv->loop)
		return err_set(err, -EMFILE, "cannot make an event loop");
	for (int i = 0; i < SIGNALS; i++) {
		ev_signal_init(&sv->signal[i], signals[i].callback, signals[i].signal);
		sv->signal[i].data = sv;
		ev_signal_start(sv->loop, &sv->signal[i]);
	}
	ev_child_init(&sv->child, on_child, 0, 0);
	sv->child.data = sv;
	ev_child_start(sv->loop, &sv->child);
	ev_timer_init(&sv->tick, on_tick, 0., 0.);
	sv->tick.data = sv;
	closing_begin(sv);
	begin_beat(sv);
	return 0;
}

static void close_loop(struct supervisor *sv)
{
	ev_timer_stop(sv->loop, &sv->tick);
	ev_timer_stop(sv->loop, &sv->beat);
	closing_end(sv);
	ev_child_stop(sv->loop, &sv->child);
	for (int i = 0; i < SIGNALS; i++)
		ev_signal_stop(sv->loop, &sv->signal[i]);
	ev_timer_stop(sv->loop, &sv->reload.late);
	for (unsigned i = 0; i < sv->now->nworkers; i++)
		process_close(&sv->now->process[i]);
	ev_loop_destroy(sv->loop);
}

static void start(struct supervisor *sv)
{
	happen(sv, CREW_EV_START, 0);
}

/* Its workers are there, and have not been listened to for a while. */
static void arrive(struct supervisor *sv)
{
	for (unsigned w = 0; w < sv->now->nworkers; w++)
		process_listen(&sv->now->process[w]);
	upgrade_arrived();
	happen(sv, CREW_EV_TICK, 0);
	reload_arrive(sv, sv->arriving);
}

static int serve(struct supervisor *sv, const struct supervisor_source *source,
		 void (*begin)(struct supervisor *sv), struct err *err)
{
	int rc = open_loop(sv, err);

	if (rc < 0)
		return rc;
	reload_init(sv, source);
	rc = control_open(&sv->control, sv, err);
	if (rc == 0) {
		begin(sv);
		ev_run(sv->loop, 0);
		control_close(sv->control);
	}
	close_loop(sv);
	return rc;
}

/* True if something was kept, and it is for as many slots. */
static bool find_kept(const struct supervisor *sv, struct estate *e)
{
	if (!store_find(e))
		return false;
	if (estate_number(e, "slots") == sv->nslots)
		return true;
	log_warn("clients were divided into %ju slots and are to be into %u: what was known of them "
		 "is gone", (uintmax_t)estate_number(e, "slots"), sv->nslots);
	store_drop(e);
	return false;
}

/* What the service manager has kept since the coapd before. */
static int up_with_what_was_kept(struct supervisor *sv, struct err *err)
{
	struct estate e;
	int rc;

	if (!find_kept(sv, &e))
		return stages_up(sv, err);
	sv->left = &e;
	rc = stages_up(sv, err);
	sv->left = NULL;
	if (rc == 0) {
		log_notice("going on with what the service manager has kept");
		store_resume(&sv->store, &e);
		store_taken(&e);
		return 0;
	}
	log_warn("cannot go on with what the service manager has kept: %s", err->text);
	store_drop(&e);
	return stages_up(sv, err);
}

enum supervisor_exit supervisor_run(struct site *site, const struct supervisor_source *source)
{
	struct supervisor sv = { .site = site, .code = SUPERVISOR_FAILED,
				 .nslots = site_slots(site), .on_control = on_control };
	struct err err = { "" };
	int rc;

	/* However many it means today, there will be so many. */
	site->slots = sv.nslots;
	upgrade_init(&sv);
	rc = up_with_what_was_kept(&sv, &err);
	if (rc == 0) {
		rc = serve(&sv, source, start, &err);
		stages_down(&sv);
		reload_free(&sv);
	}
	if (rc < 0)
		log_error("%s", err.text);
	store_free(&sv.store);
	upgrade_free(&sv);
	return sv.code;
}

enum supervisor_exit supervisor_take_over(struct estate *left, struct site *site,
					  const struct supervisor_source *source)
{
	struct err err = { "" };
	struct site *served = estate_site(left, &err);
	struct supervisor sv = { .site = served, .code = SUPERVISOR_FAILED, .left = left,
				 .nslots = (unsigned)estate_number(left, "slots"),
				 .on_control = on_control, .arriving = site };
	int rc;

	if (served)
		site_log(site ? site : served, "supervisor");
	rc = served ? stages_up(&sv, &err) : -EINVAL;
	upgrade_init(&sv);
	store_resume(&sv.store, left);
	if (rc == 0) {
		rc = serve(&sv, source, arrive, &err);
		stages_down(&sv);
		reload_free(&sv);
	}
	/* Until it serves, what was left is as it was. */
	if (rc < 0 && site)
		(void)upgrade_return(left, source->argv, err.text);
	if (rc < 0)
		log_error("%s", err.text);
	store_free(&sv.store);
	upgrade_free(&sv);
	site_free(served);
	return sv.code;
}

/* As a reload would find it. */
static int room_for(struct supervisor *sv, struct site *site, struct err *err)
{
	int rc = sockets_add(&sv->sockets, site, err);

	return rc == 0 && !generation_make(sv, site, sv->now, on_control, err) ? -EINVAL : rc;
}

bool supervisor_rehearse(struct estate *left, struct site *site,
			 const struct supervisor_source *source, struct config_errors *errors)
{
	struct err err = { "" };
	struct site *served = estate_site(left, &err);
	struct supervisor sv = { .site = served, .left = left, .on_control = on_control,
				 .nslots = (unsigned)estate_number(left, "slots") };
	int rc = served ? stages_up(&sv, &err) : -EINVAL;
	bool fine;

	if (rc == 0) {
		reload_settle(&sv, site);
		inspection_refuse(served, site, sv.nslots, errors);
	}
	fine = source->look(source->arg, site, errors);
	if (rc == 0 && fine)
		rc = room_for(&sv, site, &err);
	if (rc < 0)
		errors_add(errors, (struct config_place){ 0 }, "%s", err.text);
	return rc == 0 && fine;
}

/* --- all in one process: no loop but the worker's --------------------------------- */

static void on_ready_alone(void *arg)
{
	tell_ready(arg);
}

enum supervisor_exit supervisor_debug(struct site *site)
{
	struct supervisor sv = { .site = site, .code = SUPERVISOR_FAILED,
				 .nslots = site_slots(site), .on_control = on_control };
	struct err err = { "" };
	struct worker_boot boot;

	site->slots = sv.nslots;
	site->workers = 1;
	if (stages_up(&sv, &err) < 0) {
		log_error("%s", err.text);
		return sv.code;
	}
	boot = process_boot(&sv, &sv.now->process[0], -1);
	boot.ready = on_ready_alone;
	boot.arg = &sv;
	if (worker_run(&boot) == WORKER_EXIT_OK) {
		log_notice("stopped");
		sv.code = SUPERVISOR_STOPPED;
	}
	stages_down(&sv);
	return sv.code;
}
