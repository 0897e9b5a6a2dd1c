#include "kit/host.h"

#include "resource/module.h"
#include "worker/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *share(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS |
		       MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int host_open(struct host *h, const struct site *site, struct death death, struct err *err)
{
	*h = (struct host){ .site = site, .fd = -1, .size = guest_size(site),
			    .mail = { -1, -1 }, .hang_ms = HOST_HANG_MS };
	if (!slot_size(site))
		return err_set(err, -EINVAL, "the limits ask for too much memory");
	h->log = memfd_create("log", MFD_CLOEXEC);
	h->shared = share(sizeof *h->shared);
	h->mem = share(h->size);
	if (h->log < 0 || !h->shared || !h->mem) {
		host_close(h);
		return err_set(err, -ENOMEM, "no memory for a slot of %zu bytes", h->size);
	}
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, h->mail) < 0) {
		host_close(h);
		return err_set(err, -EMFILE, "cannot make a mailbox");
	}
	if (counts_make(&h->counts, 1, site->nmounts, err)) {
		host_close(h);
		return -ENOMEM;
	}
	fcntl(h->log, F_SETFL, O_APPEND);
	h->shared->now = HOST_BEGIN;
	h->shared->death = death;
	return 0;
}

/* --- lives ---------------------------------------------------------------------------- */

static _Noreturn void be_guest(struct host *h, int fd, pid_t parent)
{
	static const struct sigaction dies = { .sa_handler = SIG_DFL };
	struct guest_boot boot = { .site = h->site, .shared = h->shared, .mem = h->mem,
				   .counts = &h->counts, .mail_in = h->mail[0],
				   .mail_out = h->mail[1] };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigaction(SIGPIPE, &dies, NULL);
	dup2(h->log, STDOUT_FILENO);
	dup2(h->log, STDERR_FILENO);
	_exit(guest_run(&boot, fd));
}

static bool begin_life(struct host *h)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	fflush(NULL);
	h->pid = fork();
	if (h->pid == 0) {
		close(pair[0]);
		be_guest(h, pair[1], parent);
	}
	close(pair[1]);
	h->fd = pair[0];
	h->lives++;
	if (h->pid > 0)
		return true;
	h->pid = 0;
	close(h->fd);
	return false;
}

static void end_life(struct host *h)
{
	while (h->pid && waitpid(h->pid, &h->status, 0) < 0 && errno == EINTR)
		;
	if (h->pid)
		close(h->fd);
	h->pid = 0;
}

void host_kill(struct host *h)
{
	if (!h->pid)
		return;
	kill(h->pid, SIGKILL);
	end_life(h);
}

void host_close(struct host *h)
{
	host_kill(h);
	if (h->mem)
		munmap(h->mem, h->size);
	if (h->shared)
		munmap(h->shared, sizeof *h->shared);
	if (h->log >= 0)
		close(h->log);
	for (unsigned i = 0; i < 2; i++)
		if (h->mail[i] >= 0)
			close(h->mail[i]);
	counts_free(&h->counts);
	*h = (struct host){ .log = -1, .mail = { -1, -1 } };
}

/* --- steps ------------------------------------------------------------------------------ */

/* One round of the guest; false when it did not come back, and late why. */
static bool round_trip(struct host *h, bool *late)
{
	struct pollfd p = { .fd = h->fd, .events = POLLIN };
	char byte = 'g';
	int n;

	*late = false;
	if (send(h->fd, &byte, 1, MSG_NOSIGNAL) != 1)
		return false;
	while ((n = poll(&p, 1, h->hang_ms)) < 0 && errno == EINTR)
		;
	*late = n == 0;
	return n > 0 && recv(h->fd, &byte, 1, 0) == 1;
}

static enum host_verdict judge(const struct host *h)
{
	if (WIFEXITED(h->status) && WEXITSTATUS(h->status) == GUEST_EXIT_START)
		return HOST_START;
	return HOST_DIED;
}

enum host_verdict host_step(struct host *h, const struct guest_dgram *in)
{
	bool late, meant;

	if (in) {
		h->shared->rx = *in;
		h->shared->has_rx = 1;
	}
	h->shared->tx_n = 0;
	for (;;) {
		uint32_t killed = h->shared->killed;

		if (!h->pid && !begin_life(h))
			return HOST_DIED;
		if (round_trip(h, &late))
			return HOST_OK;
		if (late) {
			host_kill(h);
			return HOST_HUNG;
		}
		end_life(h);
		meant = h->shared->killed && !killed;
		if (!meant)
			return judge(h);
		h->shared->in_event = 0;
	}
}

/* --- for reports ----------------------------------------------------------------------- */

/* Events by their numbers in coapd/module.h. */
static const char *const event_names[] = {
	[COAPD_EV_REQUEST] = "request", [COAPD_EV_PART] = "part", [COAPD_EV_CANCEL] = "cancel",
	[COAPD_EV_READ] = "read", [COAPD_EV_RENDER] = "render", [COAPD_EV_RUN] = "run",
	[COAPD_EV_TIMER] = "timer", [COAPD_EV_JOB] = "job", [COAPD_EV_RESPONSE] = "response",
	[COAPD_EV_WOKEN] = "woken",
};

#define EVENTS (sizeof event_names / sizeof *event_names)

const char *host_point(const struct host *h, const struct guest_point *p,
		       char out[HOST_POINT])
{
	const struct site_mount *m;

	if (p->mount >= h->site->nmounts) {
		snprintf(out, HOST_POINT, "an event without a hook");
		return out;
	}
	m = &h->site->mounts[p->mount];
	snprintf(out, HOST_POINT, "the hook of %.120s (module %.64s), event %s%s", m->path,
		 m->module, p->what < EVENTS ? event_names[p->what] :
		 p->what == GUEST_WATCHED ? "descriptor ready" : "unknown",
		 p->attempt ? ", delivered again" : "");
	return out;
}

static void how_it_died(const struct host *h, char *out, size_t cap)
{
	if (WIFSIGNALED(h->status))
		snprintf(out, cap, "died of SIG%s", sigabbrev_np(WTERMSIG(h->status)) ?
			 sigabbrev_np(WTERMSIG(h->status)) : "?");
	else
		snprintf(out, cap, "ended itself with status %d", WEXITSTATUS(h->status));
}

const char *host_tell(const struct host *h, enum host_verdict v, char out[HOST_TOLD])
{
	char how[64] = "hangs", where[HOST_POINT + 40] = "between two hooks";
	char point[HOST_POINT];
	const struct guest_shared *s = h->shared;

	if (v == HOST_DIED)
		how_it_died(h, how, sizeof how);
	if (s->stage == GUEST_LOADING)
		snprintf(where, sizeof where, "loading the modules");
	else if (s->stage == GUEST_OPENING && s->point.mount < h->site->nmounts)
		snprintf(where, sizeof where, "open() of %.120s (module %.64s)",
			 h->site->mounts[s->point.mount].path,
			 h->site->mounts[s->point.mount].module);
	else if (s->stage == GUEST_IN_HOOK)
		host_point(h, &s->point, where);
	else if (s->stage == GUEST_IN_JOB)
		snprintf(where, sizeof where, "a job that began in %s",
			 host_point(h, &s->job, point));
	snprintf(out, HOST_TOLD, "the worker %s in %s", how, where);
	return out;
}

char *host_log(struct host *h)
{
	struct stat st = { .st_size = 0 };
	size_t n;
	char *text;
	ssize_t got;

	fstat(h->log, &st);
	n = (size_t)st.st_size - h->log_read;
	text = malloc(n + 1);
	got = text ? pread(h->log, text, n, (off_t)h->log_read) : -1;
	if (got >= 0) {
		text[got] = 0;
		h->log_read += (size_t)got;
	}
	return text;
}
