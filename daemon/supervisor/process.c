#include "supervisor/process.h"

#include "supervisor/child.h"
#include "supervisor/closing.h"
#include "supervisor/notify.h"
#include "supervisor/obituary.h"
#include "supervisor/patience.h"
#include "worker/slot.h"
#include "worker/where.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void process_leave_loop(struct supervisor *sv)
{
	for (int i = 0; i < SIGNALS; i++)
		ev_signal_stop(sv->loop, &sv->signal[i]);
	ev_loop_destroy(sv->loop);
	notify_forget();
}

struct worker_boot process_boot(const struct supervisor *sv, const struct process *p,
				  int control)
{
	return (struct worker_boot){
		.site = p->of->site,
		.number = p->number,
		.held = p->held,
		.before = p->held ? sv->now->site : NULL,
		.where = &p->of->where[p->number],
		.slots = p->slots,
		.nslots = p->nslots,
		.def = &p->of->def,
		.memfds = p->of->memory.fd,
		.nmemfds = sv->nslots,
		.wakes = sv->wakes,
		.counts = &p->of->counts,
		.gates = &p->of->crashes.gates,
		.mail = sv->mail.in,
		.log_fd = p->of->log_fd,
		.access_fd = p->of->access_fd,
		.control_fd = control,
		.key = sv->key,
	};
}

static _Noreturn void be_worker(struct supervisor *sv, struct process *p, int control)
{
	struct worker_boot boot = process_boot(sv, p, control);

	process_leave_loop(sv);
	_exit(worker_run(&boot));
}

void process_listen(struct process *p)
{
	if (p->control < 0)
		return;
	ev_io_set(&p->readable, p->control, EV_READ);
	ev_io_start(p->sv->loop, &p->readable);
}

int process_start(struct supervisor *sv, struct process *p)
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
	p->starts++;
	p->control = pair[0];
	p->asked = p->silent = p->prepared = false;
	process_listen(p);
	return 0;
}

void process_close(struct process *p)
{
	if (p->control < 0)
		return;
	ev_io_stop(p->sv->loop, &p->readable);
	close(p->control);
	p->control = -1;
}

/* A full control socket means a worker that does not read it: its time runs. */
void process_ask(struct process *p, enum worker_message what)
{
	uint8_t byte = (uint8_t)what;

	p->asked = true;
	if (p->control >= 0 && send(p->control, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("cannot reach worker %u: %s", p->number, strerror(errno));
}

/* Where a worker is or was: it says so itself while it opens or closes a module, else at most
 * one of its slots knows whose hook runs.  -1: nowhere. */
static int where(const struct process *p, bool *opens)
{
	const struct site *site = p->of->site;
	int mount = where_mount(&p->of->where[p->number], site->nmounts);

	*opens = mount >= 0;
	for (unsigned i = 0; i < p->nslots && mount < 0 && !p->held && !p->of->strange; i++)
		mount = slot_where(p->of->memory.at[p->slots[i].slot], site);
	return mount;
}

void process_heard(struct process *p)
{
	p->used_ms = patience_used(p->pid);
}

/* A module that opens has a time of its own for that. */
bool process_hangs(const struct supervisor *sv, const struct process *p, uint64_t now)
{
	struct sight s = { .state = patience_state(p->pid),
			   .used_ms = patience_used(p->pid) - p->used_ms };
	bool opens;

	s.in_hook = where(p, &opens) >= 0;
	if (opens)
		return now - sv->crew.worker[p->number].heard >= p->of->site->open_ms;
	return patience_is_over(&s, sv->crew.watch_ms);
}

/* What there is to say of it; place is for what it borrows. */
static struct obituary about(const struct process *p, char place[PLACE_TEXT])
{
	struct obituary o = { .worker = p->number };
	int mount = where(p, &o.opens);

	o.mount = mount;
	if (mount >= 0) {
		const struct site_mount *m = &p->of->site->mounts[mount];

		o.path = site_mount_shown(m);
		o.module = m->module;
		o.place = place_print(m->module_at, p->of->site->file, place);
	}
	return o;
}

static void name_hung(const struct supervisor *sv, const struct process *p)
{
	char in[400] = "", place[PLACE_TEXT] = "", why[80];
	struct obituary o = about(p, place);
	struct obituary_facts facts;

	if (o.path)
		snprintf(in, sizeof in, " in %s%.255s (module %.100s)", o.opens ? "open() of " : "",
			 o.path, o.module);
	if (sv->crew.worker[p->number].silent)
		snprintf(why, sizeof why, "it has not been back for %" PRIu64 " ms (%s)",
			 o.opens ? p->of->site->open_ms : sv->crew.watch_ms,
			 o.opens ? "open-time" : "watchdog");
	else
		snprintf(why, sizeof why, "it is not ready after %d s", CREW_START_MS / 1000);
	log_record(LOG_PART, LOG_ERROR, obituary_fields(&o, &facts), "%sworker %u (pid %d) hangs%s: %s, "
		   "killing it", o.opens ? place : "", p->number, (int)p->pid, in, why);
}

void process_kill(struct supervisor *sv, struct process *p)
{
	if (sv->crew.worker[p->number].silent || sv->crew.worker[p->number].hung)
		name_hung(sv, p);
	else if (sv->crew.phase != CREW_FAIL)
		log_warn("worker %u (pid %d) does not end in time, killing it", p->number,
			 (int)p->pid);
	p->asked = true;
	p->silent = sv->crew.worker[p->number].silent;
	kill(p->pid, SIGKILL);
}

bool process_boot_failed(const struct process *p)
{
	return WIFEXITED(p->status) && WEXITSTATUS(p->status) == WORKER_EXIT_BOOT;
}

static enum log_level compose(const struct process *p, uint64_t in_ms, struct obituary *o,
			      char place[PLACE_TEXT], char text[OBITUARY_TEXT])
{
	*o = about(p, place);
	o->pid = p->dead;
	o->status = p->status;
	o->asked = p->asked;
	o->in_ms = in_ms;
	return obituary_write(o, text);
}

void process_obituary(struct supervisor *sv, const struct process *p, uint64_t in_ms)
{
	struct obituary o;
	struct obituary_facts facts;
	char place[PLACE_TEXT], text[OBITUARY_TEXT];
	enum log_level level = compose(p, in_ms, &o, place, text);

	/* A start that fails has been explained by the worker itself. */
	if (process_boot_failed(p) && (sv->crew.phase == CREW_FAIL || p->held))
		level = LOG_INFO;
	log_record(LOG_PART, level, obituary_fields(&o, &facts), "%s", text);
	/* One that does not open is not in anybody's way who asks. */
	if (p->of == sv->now && o.mount >= 0 && !o.opens &&
	    closing_blames(p->status, p->asked, p->silent))
		closing_note(sv, (size_t)o.mount);
}

const char *process_last_words(const struct process *p, struct err *err)
{
	struct obituary o;
	char place[PLACE_TEXT], text[OBITUARY_TEXT];

	(void)compose(p, UINT64_MAX, &o, place, text);
	err_set(err, 0, "%s", text);
	return err->text;
}

const char *process_laggard(const struct generation *g, struct err *err)
{
	for (unsigned w = 0; w < g->nworkers; w++) {
		char place[PLACE_TEXT];
		struct obituary o = about(&g->process[w], place);

		if (g->process[w].prepared)
			continue;
		if (o.path)
			err_set(err, 0, "%sworker %u is not ready after %d s: module %s does not end "
				"to open %s", place, w, CREW_START_MS / 1000, o.module, o.path);
		else
			err_set(err, 0, "worker %u is not ready after %d s", w,
				CREW_START_MS / 1000);
		break;
	}
	return err->text;
}
