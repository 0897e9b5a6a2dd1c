#include "supervisor/stages.h"

#include "supervisor/accessfile.h"
#include "supervisor/available.h"
#include "worker/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

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
		      sv->site->control_connections + SPARE_FILES;
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

static int up_access(struct supervisor *sv, struct err *err)
{
	int fd = accessfile_open(sv->site, err);

	sv->access_fd = fd > 0 ? fd : 0;
	return fd < 0 ? fd : 0;
}

static void down_access(struct supervisor *sv)
{
	if (sv->access_fd)
		close(sv->access_fd);
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

static int up_counts(struct supervisor *sv, struct err *err)
{
	return counts_make(&sv->counts, sv->nworkers, sv->site->nmounts, err);
}

static void down_counts(struct supervisor *sv)
{
	counts_free(&sv->counts);
}

static int up_crashes(struct supervisor *sv, struct err *err)
{
	return crashes_make(&sv->crashes, sv->site->nmounts, sv->site->crash_limit,
			    sv->site->crash_pause_ms, err);
}

static void down_crashes(struct supervisor *sv)
{
	crashes_free(&sv->crashes);
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
	sv->crew.watch_ms = sv->site->watchdog_ms;
	deal_slots(sv);
	return 0;
}

static void down_crew(struct supervisor *sv)
{
	crew_free(&sv->crew);
	free(sv->process);
	free(sv->slot);
}

static const struct stage {
	int (*up)(struct supervisor *, struct err *);
	void (*down)(struct supervisor *);      /* after an up that succeeded; NULL */
} stages[] = {
	{ up_key, NULL },
	{ up_files, NULL },
	{ up_access, down_access },
	{ up_sockets, down_sockets },
	{ up_memory, down_memory },
	{ up_wakes, down_wakes },
	{ up_counts, down_counts },
	{ up_crashes, down_crashes },
	{ up_mail, down_mail },
	{ up_crew, down_crew },
};

#define NSTAGES (sizeof stages / sizeof stages[0])

static void unwind(struct supervisor *sv, size_t up)
{
	while (up-- > 0)
		if (stages[up].down)
			stages[up].down(sv);
}

int stages_up(struct supervisor *sv, struct err *err)
{
	for (size_t up = 0; up < NSTAGES; up++) {
		int rc = stages[up].up(sv, err);

		if (rc < 0) {
			unwind(sv, up);
			return rc;
		}
	}
	return 0;
}

void stages_down(struct supervisor *sv)
{
	unwind(sv, NSTAGES);
}
