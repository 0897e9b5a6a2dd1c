/* coap bench: makes a plan of the command line, has it carried out, reports. */
#include "client/verb.h"

#include "client/bench_crew.h"
#include "client/bench_report.h"
#include "client/head.h"
#include "client/outcome.h"
#include "client/pour.h"
#include "client/result.h"
#include "client/target.h"
#include "client/tool.h"
#include "coap/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct bench {
	struct tool *tool;      /* borrowed */
	struct bench_plan plan;
	struct meter server;
	struct bench_crew *crew;
	struct bench_result result;
	struct addr *asked;     /* where the address in question goes */
	int answer;             /* of the resolver, 1: none yet */
	struct err err;
	bool over;
};

/* --- addresses ---------------------------------------------------------------------- */

static void on_addresses(void *arg, const struct resolved *r)
{
	struct bench *b = arg;

	b->answer = r->status;
	b->err = r->err;
	if (r->status == 0)
		*b->asked = r->addr[0];
}

static int resolve(struct bench *b, const struct uri *u, struct addr *out, struct err *err)
{
	struct tool *t = b->tool;
	char host[1024], zone[64];

	snprintf(host, sizeof host, "%.*s", (int)u->host.n, (const char *)u->host.p);
	snprintf(zone, sizeof zone, "%.*s", (int)u->zone.n, (const char *)u->zone.p);
	b->asked = out;
	b->answer = 1;
	if (resolve_start(t->resolver, host, zone, u->port, on_addresses, b))
		return err_set(err, -ENOMEM, "no memory for a name");
	while (b->answer == 1 && !t->interrupted)
		ev_run(t->loop, EVRUN_ONCE);
	if (b->answer == 1)
		return err_set(err, -EINTR, "interrupted");
	*err = b->err;
	return b->answer;
}

/* --- messages -------------------------------------------------------------------------- */

/* What is sent to a URI: the options, and behind them the payload if there is one. */
static int compose(struct bench *b, const char *text, const struct uri *u, struct addr *to,
		   struct bench_message *m, struct err *err)
{
	const struct head head = { .args = b->tool->args, .text = text, .uri = u };
	struct writer w = writer_of(m->body, sizeof m->body);
	int r = resolve(b, u, to, err);

	if (!r)
		r = head_write(&head, to, &w, err);
	m->n = (size_t)(w.p - m->body);
	return r;
}

static int add_payload(struct bench *b, struct bench_message *m, struct err *err)
{
	const struct arguments *a = b->tool->args;
	struct source *s = &b->tool->source;
	size_t n = a->size > 0 ? (size_t)a->size : s->n;

	if (n == 0)
		return 0;
	if (n > 1024 || m->n + 1 + n > sizeof m->body)
		return err_set(err, -EMSGSIZE, "the payload is too long for one message: "
			       "bench sends no blocks");
	m->body[m->n++] = 0xff;
	if (a->size > 0)
		memset(m->body + m->n, 'x', n);
	else if (!source_read(s, 0, m->body + m->n, n))
		return err_set(err, -EIO, "the payload cannot be read");
	m->n += n;
	return 0;
}

static int read_uri(const char *text, struct target *target, struct err *err)
{
	int r = target_read(target, text, NULL, err);

	if (!r && target->uri.scheme != SCHEME_COAP)
		return err_set(err, -EPROTONOSUPPORT, "bench speaks coap:// alone");
	return r;
}

static int plan(struct bench *b, struct err *err)
{
	const struct arguments *a = b->tool->args;
	struct bench_plan *p = &b->plan;
	struct target target, trigger;
	int r = bench_plan_read(p, a, err);

	if (!r && a->nuris != 1)
		r = err_set(err, -EINVAL, "bench takes one URI, not %u", a->nuris);
	if (!r && a->pids)
		r = meter_parse(&b->server, a->pids, err);
	if (!r)
		r = read_uri(a->uris[0], &target, err);
	if (!r && a->trigger)
		r = read_uri(a->trigger, &trigger, err);
	if (!r)
		r = source_open(&b->tool->source, a, b->tool->signals, err);
	if (!r)
		r = resolver_open(&b->tool->resolver, b->tool->loop, NULL, err);
	if (!r)
		r = compose(b, a->uris[0], &target.uri, &p->to, &p->request, err);
	if (!r)
		r = add_payload(b, &p->request, err);
	if (!r && a->trigger)
		r = compose(b, a->trigger, &trigger.uri, &p->trigger_to, &p->trigger, err);
	if (!r)
		bench_plan_spread(p);
	return r;
}

/* --- carrying it out ---------------------------------------------------------------------- */

static void on_over(void *arg)
{
	struct bench *b = arg;

	b->over = true;
	ev_break(b->tool->loop, EVBREAK_ALL);
}

static void on_interrupt(struct tool *t)
{
	struct bench *b = t->verb;

	bench_crew_stop(b->crew);
}

static int report(struct bench *b, struct err *err)
{
	const struct arguments *a = b->tool->args;
	const struct bench_report r = { .uri = a->uris[0], .plan = &b->plan, .result = &b->result,
					.metered = b->server.n > 0 };
	int rc = a->json ? bench_report_json(&r, STDOUT_FILENO) :
		 bench_report_text(&r, STDOUT_FILENO);

	if (rc)
		return err_set(err, rc, "cannot write to standard output: %s", pour_error(rc));
	return 0;
}

static int carry_out(struct bench *b, int *exit, struct err *err)
{
	struct tool *t = b->tool;
	int r = bench_crew_open(&b->crew, t->loop, &b->plan, &b->server, on_over, b, err);

	if (r)
		return r;
	t->verb = b;
	t->interrupt = on_interrupt;
	while (!b->over && t->interrupted < 2)
		ev_run(t->loop, EVRUN_ONCE);
	t->interrupt = NULL;
	r = b->over ? bench_crew_result(b->crew, &b->result, err) : err_set(err, -EINTR, "interrupted");
	bench_crew_close(b->crew);
	if (!r)
		r = report(b, err);
	*exit = t->interrupted ? OUTCOME_INTERRUPTED :
		bench_tally_clean(&b->result.tally) ? OUTCOME_OK : OUTCOME_FAILED;
	return r;
}

static int run(struct bench *b, struct err *err, int *exit)
{
	int r = plan(b, err);

	return r ? r : carry_out(b, exit, err);
}

int bench_run(struct tool *t)
{
	struct bench *b = calloc(1, sizeof *b);
	int exit = OUTCOME_OK, r = -ENOMEM;
	struct err err = { "no memory" };
	struct outcome o;

	if (b) {
		b->tool = t;
		r = run(b, &err, &exit);
		free(b);
	}
	if (!r || r == -EINTR)
		return r ? OUTCOME_INTERRUPTED : exit;
	outcome_error(&o, NULL, r, &err);
	return result_show(t, &o);
}
