#include "supervisor/closing.h"

#include "base/clock.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

static void arm(struct supervisor *sv)
{
	uint64_t due = crashes_due(&sv->now->crashes), now = clock_ms();

	if (!sv->loop)
		return;
	ev_timer_stop(sv->loop, &sv->reopen);
	if (due == CRASHES_NEVER)
		return;
	ev_now_update(sv->loop);
	ev_timer_set(&sv->reopen, due <= now ? 0. : (double)(due - now) / 1e3, 0.);
	ev_timer_start(sv->loop, &sv->reopen);
}

static void on_reopen(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *sv = w->data;
	uint64_t now = clock_ms();
	size_t i;

	(void)loop, (void)revents;
	while ((i = crashes_open(&sv->now->crashes, now)) < sv->now->crashes.n)
		log_notice("resource %s: module %s: open again",
			   site_mount_shown(&sv->now->site->mounts[i]), sv->now->site->mounts[i].module);
	arm(sv);
}

void closing_begin(struct supervisor *sv)
{
	ev_timer_init(&sv->reopen, on_reopen, 0., 0.);
	sv->reopen.data = sv;
	/* Some may be closed since another program. */
	arm(sv);
}

void closing_end(struct supervisor *sv)
{
	ev_timer_stop(sv->loop, &sv->reopen);
}

bool closing_blames(int status, bool asked, bool silent)
{
	static const int own[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP };

	if (silent || asked)
		return silent;
	if (!WIFSIGNALED(status))
		return true;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (WTERMSIG(status) == own[i])
			return true;
	return false;
}

void closing_note(struct supervisor *sv, size_t mount)
{
	const struct site_mount *m = &sv->now->site->mounts[mount];
	const struct log_field fields[] = { { "path", site_mount_shown(m) },
					    { "module", m->module } };

	if (!crashes_note(&sv->now->crashes, mount, clock_ms()))
		return;
	log_record(LOG_PART, LOG_ERROR, (struct log_fields){ fields, 2 },
		   "resource %s: module %s: %u workers died in it within %d s (crash-limit), it is "
		   "closed for %" PRIu64 " s: requests are answered 5.00", site_mount_shown(m),
		   m->module, sv->now->crashes.limit, CRASHES_WITHIN_MS / 1000,
		   sv->now->crashes.pause_ms / 1000);
	arm(sv);
}

void closing_replaced(const struct generation *old)
{
	for (size_t i = 0; i < old->crashes.n; i++)
		if (old->crashes.mount[i].opens)
			log_notice("resource %s: module %s: open again, or gone, with the new site",
				   site_mount_shown(&old->site->mounts[i]),
				   old->site->mounts[i].module);
}

void closing_tell(const struct supervisor *sv, size_t mount, struct desk_trouble *out)
{
	const struct crashes_mount *m = &sv->now->crashes.mount[mount];

	*out = (struct desk_trouble){ 0 };
	if (mount >= sv->now->crashes.n)
		return;
	*out = (struct desk_trouble){ .deaths = m->deaths, .closings = m->closings,
				      .closed_ms = crashes_left(&sv->now->crashes, mount, clock_ms()) };
}
