#include <config.h>

#include "supervisor/reload.h"

#include "base/clock.h"
#include "config/refusal.h"
#include "supervisor/child.h"
#include "supervisor/closing.h"
#include "supervisor/control.h"
#include "supervisor/inspection.h"
#include "supervisor/logfile.h"
#include "supervisor/notify.h"
#include "supervisor/process.h"
#include "supervisor/runtime.h"
#include "supervisor/stages.h"
#include "supervisor/state.h"
#include "supervisor/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_LATE_S 60.        /* modules have limits of their own (check.h) */
#define SWITCH_LATE_S 30.

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

/* There is no way back to the program before. */
static void forget_left(struct supervisor *sv)
{
	bag_close(&sv->left->bag);
	estate_free(sv->left);
	sv->left = NULL;
}

static void begin_again(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	bool upgrade = r->again_upgrades;

	r->again = r->again_upgrades = false;
	reload_begin(sv, upgrade);
}

static void next_turn(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	enter(sv, RELOAD_IDLE, 0.);
	waiters_move(&r->waiters, &r->next_waiters);
	if (r->again)
		begin_again(sv);
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

static void tell_refused(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	r->refused++;
	log_lines(r->text);
	log_error(r->upgrades ? "the installed program does not take over; this one goes on" :
		  "the new site is not taken over; the one that is served goes on");
	waiters_tell(&r->waiters, false, r->text);
	notify_ready(sv->pulse.text);
	next_turn(sv);
}

/* Nothing of the new site is left; and nothing has changed yet for a program before. */
static void refused(struct supervisor *sv)
{
	if (!sv->left) {
		tell_refused(sv);
		return;
	}
	enter(sv, RELOAD_LEAVING, 0.);
	upgrade_leave(sv);
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

/* What a running daemon has for good, the new site has too, whatever it says. */
void reload_settle(const struct supervisor *sv, struct site *site)
{
	if (site->slots == 0)
		site->slots = sv->nslots;
	site->runtime_at = sv->now->site->runtime_at;
}

static int check(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	struct config_errors *errors = r->upgrades ? NULL : malloc(sizeof *errors);
	int rc = -ENOMEM;

	if (r->upgrades)
		return inspection_start(sv, NULL);
	if (errors) {
		r->site = r->source->load(r->source->arg, errors);
		if (r->site)
			reload_settle(sv, r->site);
		rc = inspection_start(sv, errors);
	}
	free(errors);
	return rc;
}

void reload_begin(struct supervisor *sv, bool upgrade)
{
	struct reload *r = &sv->reload;
	int rc;

	if (!r->source) {
		log_warn("there is no site to be read again");
		return;
	}
	if (r->phase != RELOAD_IDLE || !crew_can_replace(&sv->crew)) {
		r->again = true;
		r->again_upgrades = r->again_upgrades || upgrade;
		return;
	}
	r->began = clock_ms();
	r->text[0] = '\0';
	r->upgrades = upgrade;
	notify_reloading();
	log_notice(upgrade ? "asking the installed program to take over" :
		   "reading the site again");
	enter(sv, RELOAD_CHECKING, CHECK_LATE_S);
	rc = check(sv);
	if (rc)
		refuse(sv, "cannot look at the new %s: %s", upgrade ? "program" : "site",
		       strerror(-rc));
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
	rc = stages_files(r->site, sv->nslots, &err);
	if (rc == 0)
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

	if (sv->left)
		forget_left(sv);
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
	snprintf(text, sizeof text, "%s: %u workers, %u slots, %zu resources, "
		 "after %ju ms", r->upgrades ? PACKAGE_STRING " has taken over" :
		 "the new site is served", sv->now->nworkers, sv->nslots, sv->now->site->nmounts,
		 (uintmax_t)(clock_ms() - r->began));
	log_notice("%s", text);
	waiters_tell(&r->waiters, true, text);
	supervisor_tell_ready(sv);
	store_keep(sv);
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

static void refuse_checked(struct supervisor *sv, int status)
{
	const char *what = sv->reload.upgrades ? "the installed program's look at what is served" :
			   "looking at the new site";

	if (WIFSIGNALED(status))
		refuse(sv, "%s was ended by signal %d (%s)", what, WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else
		refuse(sv, "%s ended with status %d", what, WEXITSTATUS(status));
}

static void upgrade(struct supervisor *sv)
{
	/* What it had to say is not what is wrong. */
	sv->reload.text[0] = '\0';
	enter(sv, RELOAD_LEAVING, 0.);
	upgrade_leave(sv);
}

/* Without the program before, workers of the site that is served go on as long as they live. */
void reload_stayed(struct supervisor *sv, int rc)
{
	if (!sv->left) {
		refuse(sv, "%s cannot be executed: %s",
		       sv->program ? sv->program : "the installed program", strerror(-rc));
		return;
	}
	log_error("cannot become the program before again: %s", strerror(-rc));
	forget_left(sv);
	tell_refused(sv);
}

static void checked(struct supervisor *sv, int status)
{
	struct reload *r = &sv->reload;

	r->checker = 0;
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	inspection_read(r);
	if (r->phase == RELOAD_CLEARING)
		clear(sv);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		refuse_checked(sv, status);
	else if (r->upgrades)
		upgrade(sv);
	else
		prepare(sv);
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
		kill(-r->checker, SIGKILL);
		enter(sv, RELOAD_CLEARING, 0.);
	} else if (r->phase == RELOAD_PREPARING) {
		refuse(sv, "%s", process_laggard(r->next, &(struct err){ "" }));
	} else if (r->phase == RELOAD_SWITCHING) {
		log_error("%s", late);
		waiters_tell(&r->waiters, false, late);
	}
}

void reload_ready(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	if (!r->again || r->phase != RELOAD_IDLE)
		return;
	waiters_move(&r->waiters, &r->next_waiters);
	begin_again(sv);
}

/* --- who asks ------------------------------------------------------------------------------------ */

int reload_ask(struct supervisor *sv, bool upgrade)
{
	struct reload *r = &sv->reload;
	/* Who waited for the one after it goes on to. */
	bool at_once = (r->phase == RELOAD_ARRIVING && (upgrade || !r->again)) ||
		       (r->phase == RELOAD_IDLE && crew_can_replace(&sv->crew));
	int fd;

	if (!r->source || sv->crew.phase > CREW_SERVE)
		return -ESHUTDOWN;
	fd = waiters_add(at_once ? &r->waiters : &r->next_waiters);
	if (fd < 0)
		return fd;
	if (r->phase != RELOAD_ARRIVING)
		reload_begin(sv, upgrade);
	return fd;
}

/* --- life ------------------------------------------------------------------------------------------ */

void reload_init(struct supervisor *sv, const struct supervisor_source *source)
{
	struct reload *r = &sv->reload;

	*r = (struct reload){ .report = -1, .source = source, .text = calloc(1, RELOAD_TEXT) };
	if (sv->left && estate_lives(sv->left)) {
		r->phase = RELOAD_ARRIVING;
		r->again = json_is_true(json_object_get(sv->left->root, "again"));
		r->again_upgrades = json_is_true(json_object_get(sv->left->root, "again-upgrades"));
	}
	if (!r->text)
		r->source = NULL;
	waiters_init(&r->waiters);
	waiters_init(&r->next_waiters);
	ev_timer_init(&r->late, on_late, 0., 0.);
	r->late.data = sv;
}

static void tell_verdict(struct supervisor *sv)
{
	struct reload *r = &sv->reload;

	snprintf(r->text, RELOAD_TEXT, "%s", estate_text(sv->left, "verdict"));
	forget_left(sv);
	tell_refused(sv);
}

/* The site may be another than the one that was looked at. */
static bool can_change(struct supervisor *sv)
{
	struct reload *r = &sv->reload;
	struct config_errors *errors = malloc(sizeof *errors);
	FILE *out = fmemopen(r->text, RELOAD_TEXT, "w");
	bool fine = errors && out;

	if (fine) {
		errors_begin(errors, r->site->file);
		fine = refusal_find(sv->now->site, r->site, errors) == 0;
		errors_print(errors, out);
	}
	if (out)
		fclose(out);
	free(errors);
	return fine;
}

void reload_arrive(struct supervisor *sv, struct site *site)
{
	struct reload *r = &sv->reload;

	r->upgrades = true;
	r->began = estate_number(sv->left, "began");
	r->taken_over = (unsigned)estate_number(sv->left, "taken-over");
	r->refused = (unsigned)estate_number(sv->left, "refused");
	if (!site) {
		tell_verdict(sv);
		return;
	}
	r->site = site;
	reload_settle(sv, site);
	if (can_change(sv))
		prepare(sv);
	else
		refuse(sv, "the site cannot change so while coapd runs");
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) >= 0 || errno == EINTR)
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
	/* With all that it has begun, which is ours when it has ended. */
	if (r->checker > 0)
		end(-r->checker);
	r->checker = 0;
	end_held(r->next);
	end_held(sv->now);
	generation_free(r->next, sv->now);
	r->next = NULL;
	waiters_tell(&r->waiters, false, "coapd stops");
	waiters_tell(&r->next_waiters, false, "coapd stops");
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
