#include "supervisor/process.h"

#include "supervisor/child.h"
#include "supervisor/notify.h"
#include "supervisor/obituary.h"
#include "worker/slot.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: none of the supervisor's loop is left, its epoll descriptor and
 * signal handlers belong to the parent. */
static void leave_loop(struct supervisor *sv)
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
		.site = sv->site,
		.number = p->number,
		.slots = p->slots,
		.nslots = p->nslots,
		.memfds = sv->memory.fd,
		.nmemfds = sv->nslots,
		.wakes = sv->wakes,
		.counts = &sv->counts,
		.mail = sv->mail.in,
		.access_fd = sv->access_fd,
		.control_fd = control,
		.key = sv->key,
	};
}

static _Noreturn void be_worker(struct supervisor *sv, struct process *p, int control)
{
	struct worker_boot boot = process_boot(sv, p, control);

	leave_loop(sv);
	_exit(worker_run(&boot));
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
	p->asked = false;
	ev_io_set(&p->readable, pair[0], EV_READ);
	ev_io_start(sv->loop, &p->readable);
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

/* Where a worker is or was: at most one of its slots knows.  opens: not in a hook, but
 * where it opens or closes a module. */
static int where(const struct supervisor *sv, const struct process *p, bool *opens)
{
	int mount = -1;

	*opens = false;
	for (unsigned i = 0; i < p->nslots && mount < 0; i++) {
		const void *mem = sv->memory.at[p->slots[i].slot];

		mount = slot_where(mem, sv->site);
		*opens = slot_opens(mem);
	}
	return mount;
}

/* What there is to say of it. */
static struct obituary about(const struct supervisor *sv, const struct process *p,
			     char place[PLACE_TEXT])
{
	struct obituary o = { .worker = p->number };
	int mount = where(sv, p, &o.opens);

	if (mount >= 0) {
		const struct site_mount *m = &sv->site->mounts[mount];

		o.path = site_mount_shown(m);
		o.module = m->module;
		o.place = place_print(m->module_at, sv->site->file, place);
	}
	return o;
}

static void name_hung(const struct supervisor *sv, const struct process *p)
{
	char in[400] = "", place[PLACE_TEXT] = "", why[80];
	struct obituary o = about(sv, p, place);
	struct obituary_facts facts;

	if (o.path)
		snprintf(in, sizeof in, " in %s%.255s (module %.100s)", o.opens ? "open() of " : "",
			 o.path, o.module);
	if (sv->crew.worker[p->number].silent)
		snprintf(why, sizeof why, "it has not been back for %" PRIu64 " ms (watchdog)",
			 sv->crew.watch_ms);
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
	kill(p->pid, SIGKILL);
}

bool process_boot_failed(const struct process *p)
{
	return WIFEXITED(p->status) && WEXITSTATUS(p->status) == WORKER_EXIT_BOOT;
}

void process_obituary(struct supervisor *sv, struct process *p, uint64_t in_ms)
{
	char text[OBITUARY_TEXT], place[PLACE_TEXT];
	struct obituary o = about(sv, p, place);
	struct obituary_facts facts;
	enum log_level level;

	o.pid = p->dead;
	o.status = p->status;
	o.asked = p->asked;
	o.in_ms = in_ms;
	level = obituary_write(&o, text);
	/* A start that fails has been explained by the worker itself. */
	if (sv->crew.phase == CREW_FAIL && process_boot_failed(p))
		level = LOG_INFO;
	log_record(LOG_PART, level, obituary_fields(&o, &facts), "%s", text);
}
