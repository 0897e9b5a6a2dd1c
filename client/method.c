#include "client/verb.h"

#include "client/errand.h"
#include "client/globs.h"
#include "client/head.h"
#include "client/progress.h"
#include "client/result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Requests under way side by side; their results come out in the order of the URIs. */
struct method {
	struct globs uris;
	struct errand *errands;
	unsigned n, next;       /* the first one whose result is not out */
	struct progress progress;
	int exit;
};

static void worsen(struct method *m, int exit)
{
	m->exit = outcome_worse(m->exit, exit);
}

static void give(struct method *m, struct errand *e)
{
	worsen(m, result_show(e->tool, &e->outcome));
	worsen(m, result_give(e));
}

static void on_answer(struct errand *e, const struct answer *a)
{
	(void)e, (void)a;       /* it stays with the errand until its turn comes */
}

/* How far all of them are together. */
static void show_parts(struct tool *t, struct method *m, double now)
{
	uint64_t have = 0, total = 0;
	char line[PROGRESS_LINE], all[PROGRESS_LINE + 32] = "";
	bool known = true;
	unsigned over = 0;

	for (unsigned i = 0; i < m->n; i++) {
		have += m->errands[i].have;
		total += m->errands[i].total;
		known &= m->errands[i].total || m->errands[i].over;
		over += m->errands[i].over;
	}
	if (m->n > 1)
		snprintf(all, sizeof all, "%u of %u, ", over, m->n);
	progress_line(line, have, known ? total : 0, now - m->progress.began);
	show_progress(&t->show, strcat(all, line));
}

static void on_part(struct errand *e, uint64_t have, uint64_t total)
{
	struct tool *t = e->tool;
	struct method *m = t->verb;
	double now = net_now(t->net);

	(void)have, (void)total;
	if (t->show.terminal && !t->show.quiet && !t->show.verbose &&
	    progress_due(&m->progress, now))
		show_parts(t, m, now);
}

static void on_over(struct errand *e)
{
	struct method *m = e->tool->verb;

	for (; m->next < m->n && m->errands[m->next].over; m->next++)
		give(m, &m->errands[m->next]);
}

static const struct errand_ops ops = { on_answer, on_part, on_over };

/* All of them, before anything is sent: a slip in the last URI costs nothing. */
static void open_errands(struct tool *t, struct method *m)
{
	const struct arguments *a = t->args;
	enum errand_kind kind = head_is_raw(a) ? ERRAND_SINGLE : ERRAND_TRANSFER;

	for (unsigned i = 0; i < m->n; i++) {
		const char *output = i < a->output.n ? a->output.v[i] : NULL;

		if (errand_open(&m->errands[i], t, kind, m->uris.v[i], output, &ops))
			worsen(m, result_show(t, &m->errands[i].outcome));
	}
}

/* What had its answer when the interrupt came is given out all the same. */
static void give_rest(struct tool *t, struct method *m)
{
	bool left = false;

	for (; m->next < m->n; m->next++) {
		struct errand *e = &m->errands[m->next];

		if (e->over)
			give(m, e);
		left |= !e->over;
		errand_cancel(e);
	}
	if (left) {
		show_error(&t->show, "interrupted");
		worsen(m, OUTCOME_INTERRUPTED);
	}
}

static void run(struct tool *t, struct method *m)
{
	open_errands(t, m);
	if (m->exit != OUTCOME_OK)
		return;
	for (unsigned i = 0; i < m->n; i++)
		errand_start(&m->errands[i]);
	tool_run(t);
	give_rest(t, m);
}

static int failed(struct tool *t, int rc, const struct err *err)
{
	struct outcome o;

	outcome_error(&o, NULL, rc, err);
	return result_show(t, &o);
}

/* What is needed before the first URI is looked at. */
static int prepare(struct tool *t, struct method *m, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < t->args->nuris; i++)
		rc = globs_add(&m->uris, t->args->uris[i], err);
	if (rc == 0)
		rc = source_open(&t->source, t->args, t->signals, err);
	if (rc == 0)
		rc = tool_net(t, m->uris.n, err);
	if (rc)
		return rc;
	m->n = m->uris.n;
	m->errands = calloc(m->n, sizeof *m->errands);
	return m->errands ? 0 : err_set(err, -ENOMEM, "no memory for %u URIs", m->n);
}

int method_run(struct tool *t)
{
	struct method m = { 0 };
	struct err err;
	int rc = prepare(t, &m, &err);

	t->verb = &m;
	if (rc)
		m.exit = failed(t, rc, &err);
	else
		run(t, &m);
	for (unsigned i = 0; m.errands && i < m.n; i++)
		errand_free(&m.errands[i]);
	free(m.errands);
	globs_free(&m.uris);
	return m.exit;
}
