#include "client/verb.h"

#include "client/errand.h"
#include "client/result.h"
#include "client/round_trips.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define INTERVAL_MS 1000

/* A server that is asked: the next ping leaves an interval after the last, or when that
 * has been answered or given up, whichever is later. */
struct ping {
	struct errand errand;
	struct round_trips trips;
	double left;                    /* when the last one left */
	struct ev_timer next;           /* runs while none is under way */
	struct ev_timer patience;       /* for one answer, if --timeout says so */
};

struct pings {
	struct ping *v;
	unsigned n;
	int exit;
};

/* --- words ---------------------------------------------------------------------- */

static void tell_answer(const struct ping *p, double ms)
{
	char from[ADDR_TEXT];

	if (p->errand.tool->args->quiet)
		return;
	printf("Reset from %s: seq=%" PRIu64 " time=%.3f ms\n",
	       addr_print(&p->errand.answer.peer, from, sizeof from), p->trips.sent, ms);
	fflush(stdout);
}

static void tell_end(const struct ping *p)
{
	const struct round_trips *r = &p->trips;

	printf("\n--- %s ping statistics ---\n", p->errand.text);
	printf("%" PRIu64 " sent, %" PRIu64 " answered, %u%% lost\n", r->sent, r->answered,
	       round_trips_loss(r));
	if (r->answered)
		printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", r->least,
		       round_trips_mean(r), r->most, round_trips_deviation(r));
}

/* --- one after the other -------------------------------------------------------- */

static double interval_of(const struct tool *t)
{
	return (double)(t->args->interval_ms > 0 ? t->args->interval_ms : INTERVAL_MS) / 1000;
}

/* Whether another one is wanted, and there is somebody to ask. */
static bool goes_on(const struct ping *p)
{
	int64_t count = p->errand.tool->args->count;
	const struct resolved *to = p->errand.addresses;

	return to && to->status == 0 && (count < 0 || p->trips.sent < (uint64_t)count);
}

/* What waits for its moment is as good as under way. */
static void schedule(struct ping *p)
{
	struct tool *t = p->errand.tool;
	double after = p->left + interval_of(t) - ev_now(t->loop);

	ev_timer_stop(t->loop, &p->patience);
	if (!goes_on(p))
		return;
	t->open++;
	ev_timer_set(&p->next, after > 0 ? after : 0, 0);
	ev_timer_start(t->loop, &p->next);
}

static void count_one(struct ping *p)
{
	struct tool *t = p->errand.tool;

	p->trips.sent++;
	p->left = ev_now(t->loop);
	if (t->args->timeout_ms <= 0)
		return;
	ev_timer_set(&p->patience, (double)t->args->timeout_ms / 1000, 0);
	ev_timer_start(t->loop, &p->patience);
}

static void on_next(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct ping *p = w->data;

	(void)loop, (void)events;
	p->errand.tool->open--;
	count_one(p);
	errand_again(&p->errand);
}

static void on_patience(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct ping *p = w->data;
	struct tool *t = p->errand.tool;

	(void)loop, (void)events;
	errand_cancel(&p->errand);
	show_error(&t->show, "%s: no answer within %.3g s", p->errand.text,
		   (double)t->args->timeout_ms / 1000);
	schedule(p);
	if (!t->open)
		tool_stop(t);
}

static void on_answer(struct errand *e, const struct answer *a)
{
	struct ping *p = e->verb;
	double ms = (a->ended - a->began) * 1000;

	round_trips_add(&p->trips, ms);
	tell_answer(p, ms);
}

static void on_over(struct errand *e)
{
	result_show(e->tool, &e->outcome);
	schedule(e->verb);
}

static const struct errand_ops ops = { .answer = on_answer, .over = on_over };

/* --- all of them ---------------------------------------------------------------- */

static void open_pings(struct tool *t, struct pings *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		struct ping *p = &all->v[i];

		ev_timer_init(&p->next, on_next, 0, 0);
		ev_timer_init(&p->patience, on_patience, 0, 0);
		p->next.data = p->patience.data = p;
		if (errand_open(&p->errand, t, ERRAND_PING, t->args->uris[i], NULL, &ops))
			all->exit = outcome_worse(all->exit, result_show(t, &p->errand.outcome));
		p->errand.verb = p;
	}
}

static void close_pings(struct tool *t, struct pings *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		ev_timer_stop(t->loop, &all->v[i].next);
		ev_timer_stop(t->loop, &all->v[i].patience);
		errand_free(&all->v[i].errand);
	}
	free(all->v);
}

static void run(struct tool *t, struct pings *all)
{
	open_pings(t, all);
	if (all->exit != OUTCOME_OK)
		return;
	for (unsigned i = 0; i < all->n; i++) {
		struct ping *p = &all->v[i];

		printf("PING %s\n", p->errand.text);
		errand_start(&p->errand);
		count_one(p);
	}
	fflush(stdout);
	tool_run(t);
	for (unsigned i = 0; i < all->n; i++) {
		tell_end(&all->v[i]);
		if (!all->v[i].trips.answered)
			all->exit = OUTCOME_FAILED;
	}
	if (t->interrupted)
		all->exit = OUTCOME_INTERRUPTED;
	if (fflush(stdout) || ferror(stdout)) {
		show_error(&t->show, "cannot write to standard output: %s", strerror(errno));
		all->exit = outcome_worse(all->exit, OUTCOME_FAILED);
	}
}

int ping_run(struct tool *t)
{
	struct pings all = { .n = t->args->nuris };
	struct err err;
	int rc = tool_net(t, all.n, &err);

	all.v = rc ? NULL : calloc(all.n, sizeof *all.v);
	if (!rc && !all.v)
		rc = err_set(&err, -ENOMEM, "no memory for the URIs");
	if (rc) {
		show_error(&t->show, "%s", err.text);
		return OUTCOME_FAILED;
	}
	run(t, &all);
	close_pings(t, &all);
	return all.exit;
}
