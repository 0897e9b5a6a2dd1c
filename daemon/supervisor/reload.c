#include "supervisor/reload.h"

#include "config/refusal.h"
#include "supervisor/child.h"
#include "supervisor/closing.h"
#include "supervisor/control.h"
#include "supervisor/logfile.h"
#include "supervisor/notify.h"
#include "supervisor/process.h"
#include "supervisor/runtime.h"
#include "supervisor/state.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK_LATE_S 60.        /* modules have limits of their own (check.h) */
#define SWITCH_LATE_S 30.

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void enter(struct supervisor *sv, enum reload_phase phase, double late_s)
{
	struct reload *r = &sv->reload;

	r->phase = phase;
	ev_timer_stop(sv->loop, &r->late);
	if (late_s <= 0.)
		return;
	ev_now_update(sv->loop);
	ev_timer_set(&r->late, late_s, 0.);
	ev_timer_start(sv->loop, &r->late);
}

/* --- how it ended --------------------------------------------------------------------- */

static void tell(int waiter[RELOAD_WAITERS], bool fine, const char *text)
{
	char message[RELOAD_TEXT + 1];
	int n = snprintf(message, sizeof message, "%c%s", fine ? '1' : '0', text);

	for (unsigned i = 0; i < RELOAD_WAITERS; i++) {
		if (waiter[i] < 0)
			continue;
		(void)!send(waiter[i], message, (size_t)n < sizeof message ? (size_t)n :
			    sizeof message - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(waiter[i]);
		waiter[i] = -1;
	}
}

static void next_turn(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	enter(sv, RELOAD_IDLE, 0.);
	memcpy(r->waiter, r->next_waiter, sizeof r->waiter);
	for (unsigned i = 0; i < RELOAD_WAITERS; i++)
		r->next_waiter[i] = -1;
	if (!r->again)
		return;
	r->again = false;
	reload_begin(sv);
}

/* Each line of a text that may have several. */
static void log_lines(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n)
			log_error("%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* The directory of modules' files, to the user of a site.  Who has files open keeps them. */
static int give_directory(const struct site *site, struct err *err)
{
	return site->runtime_at ? runtime_give(site->runtime_at, site->user, err) : 0;
}

/* Nothing of the new site is left. */
static void refused(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	r->refused++;
	log_lines(r->text);
	log_error("the new site is not taken over; the one that is served goes on");
	tell(r->waiter, false, r->text);
	notify_ready(sv->pulse.text);
	next_turn(sv);
}

static void clear(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	generation_free(r->next, sv->now);
	r->next = NULL;
	sockets_prune(&sv->sockets, sv->now->site);
	if (r->site && strcmp(r->site->user, sv->now->site->user) != 0)
		(void)give_directory(sv->now->site, NULL);
	site_free(r->site);
	r->site = NULL;
	if (sv->crew.phase == CREW_SERVE)
		refused(sv);
	else
		enter(sv, RELOAD_IDLE, 0.);
}

/* What is said first is why. */
static void refuse(struct supervisor *sv, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void refuse(struct supervisor *sv, const char *fmt, ...)
{
	struct reload *r = &sv->reload;
	va_list args;

	if (!r->text[0]) {
		va_start(args, fmt);
		vsnprintf(r->text, RELOAD_TEXT, fmt, args);
		va_end(args);
	}
	enter(sv, RELOAD_CLEARING, 0.);
	for (unsigned w = 0; r->next && w < r->next->nworkers; w++)
		if (r->next->process[w].pid)
			kill(r->next->process[w].pid, SIGKILL);
	if (!r->next || !generation_alive(r->next))
		clear(sv);
}

/* --- checking ---------------------------------------------------------------------------- */

static void read_report(struct reload *r)
{
	ssize_t n = 0;

	/* That it took too long is said already. */
	if (!r->text[0] && r->report >= 0)
		n = pread(r->report, r->text, RELOAD_TEXT - 1, 0);
	if (n > 0)
		r->text[n] = '\0';
	if (r->report >= 0)
		close(r->report);
	r->report = -1;
}

static _Noreturn void be_checker(struct supervisor *sv, struct config_errors *errors)
{
	struct reload *r = &sv->reload;
	FILE *out = fdopen(r->report, "w");
	bool fine;

	process_leave_loop(sv);
	fine = r->site && r->source->look(r->source->arg, r->site, errors);
	if (fine)
		fine = refusal_find(sv->now->site, r->site, errors) == 0;
	if (out) {
		errors_print(errors, out);
		fflush(out);
	}
	_exit(fine && !errors->count ? 0 : 1);
}

static int start_checker(struct supervisor *sv, struct config_errors *errors)
{
	struct reload *r = &sv->reload;

	r->report = memfd_create("coapd-report", MFD_CLOEXEC);
	if (r->report < 0)
		return -errno;
	r->checker = child_fork();
	if (r->checker == 0)
		be_checker(sv, errors);
	if (r->checker > 0)
		return 0;
	close(r->report);
	r->report = -1;
	return (int)r->checker;
}

/* What a running daemon has for good, the new site has too, whatever it says. */
static void settle(const struct supervisor *sv, struct site *site)
{
	if (site->slots == 0)
		site->slots = sv->nslots;
	site->runtime_at = sv->now->site->runtime_at;
}

static int check(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	struct config_errors *errors = malloc(sizeof *errors);
	int rc = -ENOMEM;

	if (errors) {
		r->site = r->source->load(r->source->arg, errors);
		if (r->site)
			settle(sv, r->site);
		rc = start_checker(sv, errors);
	}
	free(errors);
	return rc;
}

void reload_begin(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	int rc;

	if (!r->source) {
		log_warn("there is no site to be read again");
		return;
	}
	if (r->phase != RELOAD_IDLE || !crew_can_replace(&sv->crew)) {
		r->again = true;
		return;
	}
	r->began = now_ms();
	r->text[0] = '\0';
	notify_reloading();
	log_notice("reading the site again");
	enter(sv, RELOAD_CHECKING, CHECK_LATE_S);
	rc = check(sv);
	if (rc)
		refuse(sv, "cannot look at the new site: %s", strerror(-rc));
}

/* --- preparing ---------------------------------------------------------------------------- */

static int start_all(struct generation *g)
{
	int rc = 0;

	for (unsigned w = 0; w < g->nworkers && rc == 0; w++) {
		g->process[w].held = true;
		rc = process_start(g->process[w].sv, &g->process[w]);
	}
	return rc;
}

static void prepare(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	struct err err = { "" };
	int rc;

	enter(sv, RELOAD_PREPARING, CREW_START_MS / 1e3);
	rc = sockets_add(&sv->sockets, r->site, &err);
	if (rc == 0 && strcmp(r->site->user, sv->now->site->user) != 0)
		rc = give_directory(r->site, &err);
	if (rc == 0)
		r->next = generation_make(sv, r->site, sv->now, sv->on_control, &err);
	if (!r->next) {
		refuse(sv, "%s", err.text);
		return;
	}
	rc = start_all(r->next);
	if (rc)
		refuse(sv, "cannot start the new workers: %s", strerror(-rc));
}

static bool all_prepared(const struct generation *g)
{
	for (unsigned w = 0; w < g->nworkers; w++)
		if (!g->process[w].prepared)
			return false;
	return true;
}

/* --- switching ----------------------------------------------------------------------------- */

/* From here on it is the new site that is served. */
static void commit(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	sv->old = sv->now;
	sv->now = r->next;
	r->next = NULL;
	site_log(sv->now->site, "supervisor");
	logfile_use(sv->now->log_fd);
	sv->crew.drain_ms = sv->now->site->drain_ms;
	sv->crew.watch_ms = sv->now->site->watchdog_ms;
	control_renew(sv->control, sv);
	enter(sv, RELOAD_SWITCHING, SWITCH_LATE_S);
	supervisor_replace(sv);
}

void reload_replaced(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	struct generation *old = sv->old;
	char text[200];

	generation_inherit(sv->now, old);
	closing_replaced(old);
	sv->old = NULL;
	control_renew(sv->control, sv);
	generation_settle(sv->now);
	generation_free(old, sv->now);
	sockets_prune(&sv->sockets, sv->now->site);
	site_free(r->served);
	r->served = r->site;
	r->site = NULL;
	r->taken_over++;
	snprintf(text, sizeof text, "the new site is served: %u workers, %u slots, %zu resources, "
		 "after %ju ms", sv->now->nworkers, sv->nslots, sv->now->site->nmounts,
		 (uintmax_t)(now_ms() - r->began));
	log_notice("%s", text);
	tell(r->waiter, true, text);
	supervisor_tell_ready(sv);
	next_turn(sv);
}

/* --- what happens ---------------------------------------------------------------------------- */

void reload_heard(struct supervisor *sv, struct process *p, const char *message, size_t n)
{
	struct reload *r = &sv->reload;

	if (p->of != r->next || r->phase != RELOAD_PREPARING)
		return;
	if (message[0] == WORKER_FAILED && !r->text[0])
		snprintf(r->text, RELOAD_TEXT, "%.*s\n", (int)n - 1, message + 1);
	p->prepared = p->prepared || message[0] == WORKER_PREPARED;
	if (all_prepared(r->next))
		commit(sv);
}

static void checked(struct supervisor *sv, int status)
{
	struct reload *r = &sv->reload;

	r->checker = 0;
	read_report(r);
	if (r->phase == RELOAD_CLEARING)
		clear(sv);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		prepare(sv);
	else
		refuse(sv, "looking at the new site ended with status 0x%x", (unsigned)status);
}

/* It is not ready to take over what nobody has left yet. */
static void prepared_one_died(struct supervisor *sv, struct process *p, int status)
{
	struct reload *r = &sv->reload;

	p->dead = p->pid;
	p->status = status;
	p->pid = 0;
	process_close(p);
	if (r->phase == RELOAD_CLEARING) {
		if (!generation_alive(r->next))
			clear(sv);
		return;
	}
	process_obituary(sv, p, UINT64_MAX);
	refuse(sv, "%s", process_last_words(p, &(struct err){ "" }));
}

bool reload_child(struct supervisor *sv, pid_t pid, int status)
{
	struct reload *r = &sv->reload;
	struct process *p = generation_find(r->next, pid);
	bool ours = p || r->checker == pid;

	if (p)
		prepared_one_died(sv, p, status);
	else if (ours)
		checked(sv, status);
	return ours;
}

static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct supervisor *sv = w->data;
	struct reload *r = &sv->reload;
	const char *late = "the new site is served, but not all of its workers are ready: the log "
			   "says why";

	(void)loop;
	(void)revents;
	if (r->phase == RELOAD_CHECKING) {
		snprintf(r->text, RELOAD_TEXT, "looking at the new site takes too long\n");
		kill(r->checker, SIGKILL);
		enter(sv, RELOAD_CLEARING, 0.);
	} else if (r->phase == RELOAD_PREPARING) {
		refuse(sv, "%s", process_laggard(r->next, &(struct err){ "" }));
	} else if (r->phase == RELOAD_SWITCHING) {
		log_error("%s", late);
		tell(r->waiter, false, late);
	}
}

void reload_ready(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	if (!r->again || r->phase != RELOAD_IDLE)
		return;
	r->again = false;
	memcpy(r->waiter, r->next_waiter, sizeof r->waiter);
	for (unsigned i = 0; i < RELOAD_WAITERS; i++)
		r->next_waiter[i] = -1;
	reload_begin(sv);
}

/* --- who asks ------------------------------------------------------------------------------------ */

int reload_ask(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	bool at_once = r->phase == RELOAD_IDLE && crew_can_replace(&sv->crew);
	int *list = at_once ? r->waiter : r->next_waiter, pair[2];
	unsigned i = 0;

	if (!r->source || sv->crew.phase > CREW_SERVE)
		return -ESHUTDOWN;
	while (i < RELOAD_WAITERS && list[i] >= 0)
		i++;
	if (i == RELOAD_WAITERS)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	list[i] = pair[1];
	reload_begin(sv);
	return pair[0];
}

/* --- life ------------------------------------------------------------------------------------------ */

void reload_init(struct supervisor *sv, const struct supervisor_source *source)
{
	struct reload *r = &sv->reload;

	*r = (struct reload){ .report = -1, .source = source, .text = calloc(1, RELOAD_TEXT) };
	if (!r->text)
		r->source = NULL;
	for (unsigned i = 0; i < RELOAD_WAITERS; i++)
		r->waiter[i] = r->next_waiter[i] = -1;
	ev_timer_init(&r->late, on_late, 0., 0.);
	r->late.data = sv;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Those that are held have nothing that could keep them from dying at once. */
static void end_held(struct generation *g)
{
	for (unsigned w = 0; g && w < g->nworkers; w++) {
		struct process *p = &g->process[w];

		if (!p->pid || !p->held)
			continue;
		end(p->pid);
		p->pid = 0;
		process_close(p);
	}
}

void reload_stop(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	r->again = false;
	ev_timer_stop(sv->loop, &r->late);
	if (r->checker > 0)
		end(r->checker);
	r->checker = 0;
	end_held(r->next);
	end_held(sv->now);
	generation_free(r->next, sv->now);
	r->next = NULL;
	tell(r->waiter, false, "coapd stops");
	tell(r->next_waiter, false, "coapd stops");
	enter(sv, RELOAD_IDLE, 0.);
}

void reload_free(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	if (r->report >= 0)
		close(r->report);
	site_free(r->site);
	site_free(r->served);
	free(r->text);
}
