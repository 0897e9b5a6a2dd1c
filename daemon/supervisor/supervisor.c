#include "supervisor/supervisor.h"

#include "supervisor/available.h"
#include "supervisor/child.h"
#include "supervisor/crew.h"
#include "supervisor/mail.h"
#include "supervisor/memory.h"
#include "supervisor/notify.h"
#include "supervisor/obituary.h"
#include "supervisor/sockets.h"
#include "worker/slot.h"
#include "worker/worker.h"

#include <errno.h>
#include <ev.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The process of a worker, if it has one. */
struct process {
	pid_t pid;              /* 0: none */
	int control;            /* our end of the control socket, -1: none */
	bool asked;             /* told to end, or killed by us */
	pid_t dead;             /* the last one that ended, */
	int status;             /* and how */
	ev_io readable;
	struct supervisor *sv;
	unsigned number;
	const struct worker_slot *slots;
	unsigned nslots;
};

enum { SIG_TERM, SIG_INT, SIG_USR1, SIG_HUP, SIGNALS };

struct supervisor {
	const struct site *site;
	unsigned nworkers, nslots;
	struct hash_key key;
	struct sockets sockets;
	struct memory memory;
	struct wakes wakes;
	struct mail mail;
	struct crew crew;
	struct process *process;        /* [worker] */
	struct worker_slot *slot;       /* [slot], those of a worker side by side */
	struct ev_loop *loop;
	ev_signal signal[SIGNALS];
	ev_child child;
	ev_timer tick;
	enum supervisor_exit code;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- workers ---------------------------------------------------------------- */

/* In the child: none of the supervisor's loop is left, its epoll descriptor and
 * signal handlers belong to the parent. */
static void leave_loop(struct supervisor *sv)
{
	for (int i = 0; i < SIGNALS; i++)
		ev_signal_stop(sv->loop, &sv->signal[i]);
	ev_loop_destroy(sv->loop);
	notify_forget();
}

static struct worker_boot boot_of(const struct supervisor *sv, const struct process *p,
				  int control)
{
	return (struct worker_boot){
		.site = sv->site,
		.number = p->number,
		.slots = p->slots,
		.nslots = p->nslots,
		.memfds = sv->memory.fd,
		.nmemfds = sv->nslots,
		.wakes = sv->wakes,
		.mail = sv->mail.in,
		.control_fd = control,
		.key = sv->key,
	};
}

static _Noreturn void be_worker(struct supervisor *sv, struct process *p, int control)
{
	struct worker_boot boot = boot_of(sv, p, control);

	leave_loop(sv);
	_exit(worker_run(&boot));
}

static void on_control(struct ev_loop *loop, ev_io *w, int revents);

static int start_process(struct supervisor *sv, struct process *p)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	pid = child_fork();
	if (pid == 0)
		be_worker(sv, p, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return (int)pid;
	}
	p->pid = pid;
	p->control = pair[0];
	p->asked = false;
	ev_io_init(&p->readable, on_control, pair[0], EV_READ);
	ev_io_start(sv->loop, &p->readable);
	return 0;
}

static void close_control(struct process *p)
{
	if (p->control < 0)
		return;
	ev_io_stop(p->sv->loop, &p->readable);
	close(p->control);
	p->control = -1;
}

static void step(struct supervisor *sv, enum crew_event event, unsigned worker)
{
	crew_step(&sv->crew, event, worker, now_ms());
}

static void spawn(struct supervisor *sv, struct process *p)
{
	int rc = start_process(sv, p);

	if (rc == 0) {
		log_notice("worker %u started (pid %d)", p->number, (int)p->pid);
		return;
	}
	log_error("cannot start worker %u: %s", p->number, strerror(-rc));
	step(sv, CREW_EV_NOT_SPAWNED, p->number);
}

/* A full control socket means a worker that does not read it: its time runs. */
static void ask(struct process *p, enum worker_message what)
{
	uint8_t byte = (uint8_t)what;

	p->asked = true;
	if (p->control >= 0 && send(p->control, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("cannot reach worker %u: %s", p->number, strerror(errno));
}

static void kill_process(struct supervisor *sv, struct process *p)
{
	if (sv->crew.worker[p->number].hung)
		log_error("worker %u (pid %d) is not ready after %d s, killing it",
			  p->number, (int)p->pid, CREW_START_MS / 1000);
	else if (sv->crew.phase != CREW_FAIL)
		log_warn("worker %u (pid %d) does not end in time, killing it", p->number,
			 (int)p->pid);
	p->asked = true;
	kill(p->pid, SIGKILL);
}

static bool boot_failed(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_BOOT;
}

/* Where the dead worker was: at most one of its slots knows. */
static int where(struct supervisor *sv, const struct process *p)
{
	int mount = -1;

	for (unsigned i = 0; i < p->nslots && mount < 0; i++)
		mount = slot_where(sv->memory.at[p->slots[i].slot], sv->site);
	return mount;
}

static void say_obituary(struct supervisor *sv, struct process *p, uint64_t in_ms)
{
	int mount = where(sv, p);
	struct obituary o = {
		.worker = p->number,
		.pid = p->dead,
		.status = p->status,
		.asked = p->asked,
		.path = mount < 0 ? NULL : sv->site->mounts[mount].path,
		.module = mount < 0 ? NULL : sv->site->mounts[mount].module,
		.in_ms = in_ms,
	};
	char text[OBITUARY_TEXT];
	enum log_level level = obituary_write(&o, text);

	/* A start that fails has been explained by the worker itself. */
	if (sv->crew.phase == CREW_FAIL && boot_failed(p->status))
		level = LOG_INFO;
	log_write(level, "%s", text);
}

/* --- what the crew wants ---------------------------------------------------- */

static void log_listeners(const struct supervisor *sv)
{
	char uri[SOCKETS_URI];

	for (unsigned i = 0; i < sv->sockets.listeners; i++)
		log_notice("listening on %s", sockets_uri(&sv->sockets, sv->site, i, uri));
}

static void tell_ready(struct supervisor *sv)
{
	int rc = notify_ready(sv->nworkers, sv->nslots, sv->site->nmounts);

	log_listeners(sv);
	if (rc < 0)
		log_warn("cannot tell the service manager that we are ready: %s",
			 strerror(-rc));
	log_notice("ready: %u workers, %u slots, %zu resources", sv->nworkers, sv->nslots,
		   sv->site->nmounts);
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
	if (code)
		log_error("start failed, nothing is left running");
	else
		log_notice("stopped");
	ev_break(sv->loop, EVBREAK_ALL);
}

static void perform(struct supervisor *sv, const struct crew_action *a)
{
	struct process *p = &sv->process[a->worker];

	switch (a->what) {
	case CREW_SPAWN:
		spawn(sv, p);
		break;
	case CREW_ASK_DRAIN:
		ask(p, WORKER_DRAIN);
		break;
	case CREW_ASK_QUIT:
		ask(p, WORKER_QUIT);
		break;
	case CREW_KILL:
		kill_process(sv, p);
		break;
	case CREW_OBITUARY:
		say_obituary(sv, p, a->in_ms);
		break;
	case CREW_TELL_READY:
		tell_ready(sv);
		break;
	case CREW_TELL_STOPPING:
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
	now = now_ms();
	ev_timer_stop(sv->loop, &sv->tick);
	if (due == CREW_NEVER)
		return;
	ev_now_update(sv->loop);
	ev_timer_set(&sv->tick, due <= now ? 0. : (double)(due - now) / 1e3, 0.);
	ev_timer_start(sv->loop, &sv->tick);
}

/* --- callbacks: they say what happened, no more ------------------------------ */

static void on_control(struct ev_loop *loop, ev_io *w, int revents)
{
	struct process *p = w->data;
	uint8_t byte;
	ssize_t n = recv(p->control, &byte, 1, MSG_DONTWAIT);

	(void)loop, (void)revents;
	if (n == 1 && byte == WORKER_READY)
		happen(p->sv, CREW_EV_READY, p->number);
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_control(p);       /* its death is told by on_child() */
}

static void on_child(struct ev_loop *loop, ev_child *w, int revents)
{
	struct supervisor *sv = w->data;

	(void)loop, (void)revents;
	for (unsigned i = 0; i < sv->nworkers; i++) {
		struct process *p = &sv->process[i];

		if (p->pid != w->rpid)
			continue;
		p->dead = p->pid;
		p->status = w->rstatus;
		p->pid = 0;
		close_control(p);
		happen(sv, boot_failed(p->status) ? CREW_EV_BOOT_FAILED : CREW_EV_DIED, i);
		return;
	}
}

static void on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	happen(w->data, CREW_EV_TICK, 0);
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
	for (enum counter c = 0; c < COUNTERS_N; c++)
		log_notice("counter %s %" PRIu64 " (%s)", counter_name(c),
			   memory_counter(&sv->memory, c), counter_text(c));
	log_notice("counters end");
}

static void on_hup(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop, (void)w, (void)revents;
	log_warn("the site file is read at the start only: restart coapd to use a new one");
}

static const struct {
	int signal;
	void (*callback)(struct ev_loop *, ev_signal *, int);
} signals[SIGNALS] = {
	[SIG_TERM] = { SIGTERM, on_stop },
	[SIG_INT] = { SIGINT, on_stop },
	[SIG_USR1] = { SIGUSR1, on_usr1 },
	[SIG_HUP] = { SIGHUP, on_hup },
};

/* --- start and end: a table of stages, unwound in reverse --------------------- */

static int up_key(struct supervisor *sv, struct err *err)
{
	if (getrandom(&sv->key, sizeof sv->key, 0) != (ssize_t)sizeof sv->key)
		return err_set(err, -EIO, "the kernel gives no random bytes");
	return 0;
}

/* Standard streams, what the loop has, and what a shell left open for us. */
#define SPARE_FILES 64

static int up_files(struct supervisor *sv, struct err *err)
{
	rlim_t need = (rlim_t)sv->nslots * (sv->site->nlisteners + 4) + 2 * sv->nworkers +
		      SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return 0;
	limit.rlim_cur = need;
	if (need <= limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	return err_set(err, -EMFILE, "%u slots take up to %ju open files, but only %ju are "
		       "allowed: raise the limit (ulimit -n, LimitNOFILE=)", sv->nslots,
		       (uintmax_t)need, (uintmax_t)limit.rlim_max);
}

static int up_sockets(struct supervisor *sv, struct err *err)
{
	return sockets_open(&sv->sockets, sv->site, sv->nslots, err);
}

static void down_sockets(struct supervisor *sv)
{
	sockets_close(&sv->sockets);
}

static int up_memory(struct supervisor *sv, struct err *err)
{
	struct windows_def windows = slot_windows(sv->site);
	struct memory_need need = { .n = sv->nslots, .size = slot_size(sv->site),
				    .sparse = windows_size(&windows),
				    .shared = sv->site->limits.body_memory };

	if (!need.size)
		return err_set(err, -EINVAL, "%s: the limits ask for more than %zu GiB of "
			       "memory per slot", sv->site->file, SLOT_SIZE_MAX >> 30);
	return memory_make(&sv->memory, &need, available_memory(""), err);
}

static void down_memory(struct supervisor *sv)
{
	memory_free(&sv->memory);
}

static int up_wakes(struct supervisor *sv, struct err *err)
{
	return wakes_make(&sv->wakes, sv->nworkers, &sv->key, err);
}

static void down_wakes(struct supervisor *sv)
{
	wakes_free(&sv->wakes);
}

static int up_mail(struct supervisor *sv, struct err *err)
{
	return mail_open(&sv->mail, sv->nslots, err);
}

static void down_mail(struct supervisor *sv)
{
	mail_close(&sv->mail);
}

/* Slot s is worker s modulo workers', for good. */
static void deal_slots(struct supervisor *sv)
{
	unsigned at = 0;

	for (unsigned w = 0; w < sv->nworkers; w++) {
		struct process *p = &sv->process[w];

		*p = (struct process){ .control = -1, .sv = sv, .number = w,
				       .slots = &sv->slot[at] };
		p->readable.data = p;
		for (unsigned s = w; s < sv->nslots; s += sv->nworkers, p->nslots++)
			sv->slot[at++] = (struct worker_slot){
				.slot = s,
				.memfd = sv->memory.fd[s],
				.mail = sv->mail.out[s],
				.socks = sockets_of(&sv->sockets, s),
				.client_sock = sv->sockets.client[s],
			};
	}
}

static int up_crew(struct supervisor *sv, struct err *err)
{
	sv->process = calloc(sv->nworkers, sizeof *sv->process);
	sv->slot = calloc(sv->nslots, sizeof *sv->slot);
	if (!sv->process || !sv->slot ||
	    !crew_make(&sv->crew, sv->nworkers, sv->site->drain_ms))
		return err_set(err, -ENOMEM, "no memory for the table of workers");
	deal_slots(sv);
	return 0;
}

static void down_crew(struct supervisor *sv)
{
	crew_free(&sv->crew);
	free(sv->process);
	free(sv->slot);
}

static int up_loop(struct supervisor *sv, struct err *err)
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
	return 0;
}

static void down_loop(struct supervisor *sv)
{
	ev_timer_stop(sv->loop, &sv->tick);
	ev_child_stop(sv->loop, &sv->child);
	for (int i = 0; i < SIGNALS; i++)
		ev_signal_stop(sv->loop, &sv->signal[i]);
	for (unsigned i = 0; i < sv->nworkers; i++)
		close_control(&sv->process[i]);
	ev_loop_destroy(sv->loop);
}

static const struct stage {
	int (*up)(struct supervisor *, struct err *);
	void (*down)(struct supervisor *);      /* after an up that succeeded */
} stages[] = {
	{ up_key, NULL },
	{ up_files, NULL },
	{ up_sockets, down_sockets },
	{ up_memory, down_memory },
	{ up_wakes, down_wakes },
	{ up_mail, down_mail },
	{ up_crew, down_crew },
	{ up_loop, down_loop },         /* the last, as supervisor_debug() has none */
};

#define NSTAGES (sizeof stages / sizeof stages[0])

static void serve(struct supervisor *sv)
{
	happen(sv, CREW_EV_START, 0);
	ev_run(sv->loop, 0);
}

static enum supervisor_exit run(const struct site *site, unsigned nworkers, size_t nstages,
				void (*what)(struct supervisor *))
{
	struct supervisor sv = { .site = site, .code = SUPERVISOR_FAILED,
				 .nworkers = nworkers, .nslots = site_slots(site) };
	struct err err = { "" };
	size_t up = 0;

	while (up < nstages && stages[up].up(&sv, &err) == 0)
		up++;
	if (up == nstages)
		what(&sv);
	else
		log_error("%s", err.text);
	while (up-- > 0)
		if (stages[up].down)
			stages[up].down(&sv);
	return sv.code;
}

enum supervisor_exit supervisor_run(const struct site *site)
{
	return run(site, site_workers(site), NSTAGES, serve);
}

/* --- all in one process -------------------------------------------------------- */

static void on_ready_alone(void *arg)
{
	tell_ready(arg);
}

static void be_alone(struct supervisor *sv)
{
	struct worker_boot boot = boot_of(sv, &sv->process[0], -1);

	boot.ready = on_ready_alone;
	boot.arg = sv;
	if (worker_run(&boot) != WORKER_EXIT_OK)
		return;
	log_notice("stopped");
	sv->code = SUPERVISOR_STOPPED;
}

enum supervisor_exit supervisor_debug(const struct site *site)
{
	/* No loop but the worker's. */
	return run(site, 1, NSTAGES - 1, be_alone);
}
