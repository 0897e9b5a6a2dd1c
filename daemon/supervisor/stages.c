#include "supervisor/stages.h"

#include "supervisor/logfile.h"
#include "supervisor/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

static int up_key(struct supervisor *sv, struct err *err)
{
	if (sv->left)
		return restore_key(sv, err);
	if (getrandom(&sv->key, sizeof sv->key, 0) != (ssize_t)sizeof sv->key)
		return err_set(err, -EIO, "the kernel gives no random bytes");
	return 0;
}

/* Standard streams, what the loop has, and what a shell left open for us. */
#define SPARE_FILES 64

int stages_files(const struct site *site, unsigned nslots, struct err *err)
{
	/* Two generations of workers, and of memory, while one takes over from another; and all
	 * of it twice while another program does. */
	rlim_t need = 2 * ((rlim_t)nslots * (site->nlisteners + 6) + 4 * nslots) +
		      site->control_connections + SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return 0;
	limit.rlim_cur = need;
	if (need <= limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	return err_set(err, -EMFILE, "%u slots of %zu listeners take up to %ju open files, but "
		       "only %ju are allowed: raise the limit (ulimit -n, LimitNOFILE=), or have "
		       "fewer of them", nslots, site->nlisteners, (uintmax_t)need,
		       (uintmax_t)limit.rlim_max);
}

static int up_files(struct supervisor *sv, struct err *err)
{
	return site_blame(sv->site, "slots", stages_files(sv->site, sv->nslots, err), err);
}

static int up_sockets(struct supervisor *sv, struct err *err)
{
	if (sv->left)
		return restore_sockets(sv, err);
	return sockets_open(&sv->sockets, sv->site, sv->nslots, err);
}

static void down_sockets(struct supervisor *sv)
{
	sockets_close(&sv->sockets);
}

static int up_wakes(struct supervisor *sv, struct err *err)
{
	if (sv->left)
		return restore_wakes(sv, err);
	/* There are never more workers than slots, whatever a later site says. */
	return wakes_make(&sv->wakes, sv->nslots, &sv->key, err);
}

static void down_wakes(struct supervisor *sv)
{
	wakes_free(&sv->wakes);
}

static int up_mail(struct supervisor *sv, struct err *err)
{
	if (sv->left)
		return restore_mail(sv, err);
	return mail_open(&sv->mail, sv->nslots, err);
}

static void down_mail(struct supervisor *sv)
{
	mail_close(&sv->mail);
}

static int up_generation(struct supervisor *sv, struct err *err)
{
	int rc = sv->left && !estate_lives(sv->left) ? restore_memory(sv, err) : 0;

	if (rc == 0 && sv->left && estate_lives(sv->left))
		rc = restore_generation(sv, err);
	else if (rc == 0)
		sv->now = generation_make(sv, sv->site, sv->old, sv->on_control, err);
	if (rc == 0 && !sv->now)
		rc = -EINVAL;
	if (rc) {
		generation_free(sv->old, NULL);
		sv->old = NULL;
		return rc;
	}
	logfile_use(sv->now->log_fd);
	return 0;
}

static void down_generation(struct supervisor *sv)
{
	generation_free(sv->old, sv->now);
	generation_free(sv->now, NULL);
	sv->old = sv->now = NULL;
}

static int up_crew(struct supervisor *sv, struct err *err)
{
	if (!crew_make(&sv->crew, sv->now->nworkers, sv->nslots, sv->site->drain_ms))
		return err_set(err, -ENOMEM, "no memory for the table of workers");
	sv->crew.watch_ms = sv->site->watchdog_ms;
	if (sv->left && estate_lives(sv->left))
		restore_crew(sv);
	return 0;
}

static void down_crew(struct supervisor *sv)
{
	crew_free(&sv->crew);
}

static const struct stage {
	int (*up)(struct supervisor *, struct err *);
	void (*down)(struct supervisor *);      /* after an up that succeeded; NULL */
} stages[] = {
	{ up_key, NULL },
	{ up_files, NULL },
	{ up_sockets, down_sockets },
	{ up_wakes, down_wakes },
	{ up_mail, down_mail },
	{ up_generation, down_generation },
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
