#include "client/verb.h"

#include "client/command.h"
#include "client/errand.h"
#include "client/globs.h"
#include "client/head.h"
#include "client/json_out.h"
#include "client/result.h"
#include "client/state_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEAVE_MS 3000           /* for a server to confirm that we have left */

/* An observation of the user's. */
struct watch {
	struct errand errand;
	uint64_t states;
	bool enough;                    /* its end is what we want */
	bool leaves;                    /* the server is yet to be told */
	struct ev_timer patience;       /* LEAVE_MS */
};

struct observe {
	struct tool *tool;
	struct globs uris;
	struct watch *v;
	struct commands *commands;      /* NULL without --observe-exec */
	struct ev_timer leave;          /* tells the servers of those who leave */
	struct ev_timer enough;         /* --for */
	int exit;
};

static void worsen(struct observe *o, int exit)
{
	o->exit = outcome_worse(o->exit, exit);
}

/* One that was held open is so no more. */
static void release(struct tool *t)
{
	if (--t->open == 0)
		tool_stop(t);
}

/* --- commands for states -------------------------------------------------------- */

static void command_failed(void *arg, const void *owner, const char *what)
{
	struct observe *o = arg;
	const struct watch *w = owner;

	show_error(&o->tool->show, "%s: the command %s", w->errand.text, what);
	worsen(o, OUTCOME_FAILED);
}

static void commands_done(void *arg)
{
	struct observe *o = arg;

	release(o->tool);
}

/* A file without a name that holds the body, or a negative errno. */
static int body_file(const struct spool *body)
{
	int fd = spool_size(body) <= SPOOL_MEMORY ? memfd_create("state", MFD_CLOEXEC)
		: open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : spool_write(body, fd);

	if (rc && fd >= 0)
		close(fd);
	return rc ? rc : fd;
}

/* As long as commands run, so does the loop. */
static void run_command(struct observe *o, struct watch *w)
{
	bool idle = commands_idle(o->commands);
	struct state_env env;
	struct err err;
	int fd = body_file(w->errand.answer.body), rc = fd;

	if (fd < 0)
		err_set(&err, rc, "cannot keep the state for the command: %s", strerror(-rc));
	else {
		state_env_set(&env, w->errand.text, &w->errand.answer, w->states);
		rc = commands_add(o->commands, w, fd, env.v, env.n, &err);
	}
	if (rc < 0) {
		show_error(&o->tool->show, "%s: %s", w->errand.text, err.text);
		worsen(o, OUTCOME_FAILED);
	}
	if (idle && !commands_idle(o->commands))
		o->tool->open++;
}

/* --- leaving -------------------------------------------------------------------- */

/* Not within an event of the engine's, so a timer that is due at once does it. */
static void want_leave(struct observe *o, struct watch *w)
{
	w->enough = w->leaves = true;
	ev_timer_set(&o->leave, 0, 0);
	ev_timer_start(o->tool->loop, &o->leave);
}

/* What --timeout says, if that is less. */
static double leave_seconds(const struct tool *t)
{
	int64_t ms = t->args->timeout_ms;

	return (double)(ms > 0 && ms < LEAVE_MS ? ms : LEAVE_MS) / 1000;
}

static void on_leave(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct observe *o = timer->data;

	(void)events;
	for (unsigned i = 0; i < o->uris.n; i++) {
		struct watch *w = &o->v[i];

		if (!w->leaves)
			continue;
		w->leaves = false;
		if (w->errand.over)
			continue;
		ev_timer_set(&w->patience, leave_seconds(o->tool), 0);
		ev_timer_start(loop, &w->patience);
		errand_leave(&w->errand);
	}
}

static void on_patience(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct watch *w = timer->data;
	struct tool *t = w->errand.tool;

	(void)loop, (void)events;
	errand_cancel(&w->errand);
	if (!t->open)
		tool_stop(t);
}

static void leave_all(struct observe *o)
{
	for (unsigned i = 0; i < o->uris.n; i++)
		if (!o->v[i].errand.over && !o->v[i].enough)
			want_leave(o, &o->v[i]);
}

static void on_enough(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct observe *o = timer->data;

	(void)loop, (void)events;
	for (unsigned i = 0; i < o->uris.n; i++) {
		const struct watch *w = &o->v[i];

		if (w->errand.over || w->states)
			continue;
		show_error(&o->tool->show, "%s: no answer within %.3g s", w->errand.text,
			   (double)o->tool->args->for_ms / 1000);
		worsen(o, OUTCOME_FAILED);
	}
	leave_all(o);
}

static void on_interrupt(struct tool *t)
{
	leave_all(t->verb);
}

/* --- states --------------------------------------------------------------------- */

static void on_answer(struct errand *e, const struct answer *a)
{
	struct observe *o = e->tool->verb;
	struct watch *w = e->verb;
	int64_t count = e->tool->args->count;

	if (w->enough || code_class(a->code) > 2)       /* an error ends it: on_over() */
		return;
	w->states++;
	if (o->commands)
		run_command(o, w);
	else
		worsen(o, result_give(e));
	if (e->tool->deaf)              /* nobody reads any more: head(1) has enough */
		leave_all(o);
	else if (count > 0 && w->states >= (uint64_t)count)
		want_leave(o, w);
}

/* As a line, and as JSON: an error response, or that there was none. */
static void tell_failure(struct observe *o, struct watch *w)
{
	struct errand *e = &w->errand;

	worsen(o, result_show(o->tool, &e->outcome));
	if (!o->tool->args->json)
		return;
	if (e->answered && code_class(e->answer.code) > 2)
		worsen(o, result_give(e));
	else
		json_out_failure(e, STDOUT_FILENO);
}

/* The server has ended it, or nothing comes from there any more. */
static void tell_end(struct observe *o, struct watch *w)
{
	struct tool *t = o->tool;

	worsen(o, OUTCOME_FAILED);
	if (w->errand.outcome.exit != OUTCOME_OK)
		tell_failure(o, w);
	else if (w->states == 1)
		show_remark(&t->show, "%s: the server does not let it be observed; this was its "
			    "state", w->errand.text);
	else
		show_remark(&t->show, "%s: the server has ended the observation",
			    w->errand.text);
}

static void on_over(struct errand *e)
{
	struct observe *o = e->tool->verb;
	struct watch *w = e->verb;

	ev_timer_stop(e->tool->loop, &w->patience);
	if (!w->enough)
		tell_end(o, w);
}

static const struct errand_ops ops = { .answer = on_answer, .over = on_over };

/* --- all of them ---------------------------------------------------------------- */

/* Before anything is sent: a slip in the last URI costs nothing. */
static void open_watches(struct observe *o)
{
	struct tool *t = o->tool;
	enum errand_kind kind = head_is_raw(t->args) ? ERRAND_SINGLE : ERRAND_OBSERVATION;

	for (unsigned i = 0; i < o->uris.n; i++) {
		struct watch *w = &o->v[i];

		ev_timer_init(&w->patience, on_patience, 0, 0);
		w->patience.data = w;
		if (errand_open(&w->errand, t, kind, o->uris.v[i], NULL, &ops))
			worsen(o, result_show(t, &w->errand.outcome));
		w->errand.verb = w;
	}
}

static void run(struct observe *o)
{
	struct tool *t = o->tool;

	open_watches(o);
	if (o->exit != OUTCOME_OK)
		return;
	if (t->args->for_ms > 0) {
		ev_timer_set(&o->enough, (double)t->args->for_ms / 1000, 0);
		ev_timer_start(t->loop, &o->enough);
	}
	for (unsigned i = 0; i < o->uris.n; i++)
		errand_start(&o->v[i].errand);
	tool_run(t);
	if (t->interrupted)
		worsen(o, OUTCOME_INTERRUPTED);
	if (o->commands && commands_left_out(o->commands))
		show_remark(&t->show, "%u states were left out: they came faster than the "
			    "command ran", commands_left_out(o->commands));
}

static void close_watches(struct observe *o)
{
	struct ev_loop *loop = o->tool->loop;

	ev_timer_stop(loop, &o->leave);
	ev_timer_stop(loop, &o->enough);
	for (unsigned i = 0; o->v && i < o->uris.n; i++) {
		ev_timer_stop(loop, &o->v[i].patience);
		errand_free(&o->v[i].errand);
	}
	free(o->v);
	commands_close(o->commands);
	globs_free(&o->uris);
}

/* What is needed before the first URI is looked at. */
static int prepare(struct observe *o, const struct command_hooks *hooks, struct err *err)
{
	struct tool *t = o->tool;
	int rc = 0;

	for (unsigned i = 0; !rc && i < t->args->nuris; i++)
		rc = globs_add(&o->uris, t->args->uris[i], err);
	if (!rc)
		rc = source_open(&t->source, t->args, t->signals, err);
	if (!rc)
		rc = tool_net(t, o->uris.n, err);
	if (rc)
		return rc;
	o->v = calloc(o->uris.n, sizeof *o->v);
	if (!o->v || (t->args->exec &&
		      commands_open(&o->commands, t->loop, t->args->exec, hooks)))
		return err_set(err, -ENOMEM, "no memory for %u URIs", o->uris.n);
	return 0;
}

int observe_run(struct tool *t)
{
	struct observe o = { .tool = t };
	struct command_hooks hooks = { tool_child, command_failed, commands_done, &o };
	struct err err;
	int rc;

	ev_timer_init(&o.leave, on_leave, 0, 0);
	ev_timer_init(&o.enough, on_enough, 0, 0);
	o.leave.data = o.enough.data = &o;
	t->verb = &o;
	t->interrupt = on_interrupt;
	rc = prepare(&o, &hooks, &err);
	if (rc) {
		struct outcome outcome;

		outcome_error(&outcome, NULL, rc, &err);
		o.exit = result_show(t, &outcome);
	} else {
		run(&o);
	}
	close_watches(&o);
	return o.exit;
}
