#include "client/verb.h"

#include "client/errand.h"
#include "client/json_line.h"
#include "client/pour.h"
#include "client/result.h"
#include "client/round_trips.h"
#include "coap/code.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INTERVAL_MS 1000

/* A server that is asked: the next ping leaves an interval after the last, or when that
 * has been answered or given up, whichever is later. */
struct ping {
	struct errand errand;
	struct round_trips trips;
	double left;                    /* when the last one left */
	bool heard;                     /* it has been answered */
	struct ev_timer next;           /* runs while none is under way */
	struct ev_timer patience;       /* for one answer, if --timeout says so */
};

struct pings {
	struct ping *v;
	unsigned n;
	int exit;
	int rc;                         /* of standard output */
};

/* --- words ---------------------------------------------------------------------- */

/* What cannot be written is told once, at the end. */
static void flush(struct pings *all)
{
	if ((fflush(stdout) || ferror(stdout)) && !all->rc)
		all->rc = errno ? -errno : -EIO;
}

static void close_line(struct pings *all, struct json_line *j)
{
	int rc = json_line_close(j);

	if (rc && !all->rc)
		all->rc = rc;
}

static void begin_line(const struct ping *p, struct json_line *j)
{
	json_line_open(j, STDOUT_FILENO);
	json_line_begin(j, NULL, '{');
	json_line_string(j, "uri", span_str(p->errand.text));
}

/* One ping, by JSON: answered after ms, or not, and why. */
static void put_ping(const struct ping *p, double ms, const char *error)
{
	struct pings *all = p->errand.tool->verb;
	char from[ADDR_TEXT];
	struct json_line j;

	begin_line(p, &j);
	json_line_uint(&j, "seq", p->trips.sent);
	if (error) {
		json_line_string(&j, "error", span_str(error));
	} else {
		addr_print(&p->errand.answer.peer, from, sizeof from);
		json_line_string(&j, "peer", span_str(from));
		json_line_real(&j, "duration_ms", ms, 3);
		json_line_uint(&j, "retransmissions", p->errand.answer.again);
	}
	json_line_end(&j, '}');
	close_line(all, &j);
}

static void put_end(const struct ping *p)
{
	const struct round_trips *r = &p->trips;
	struct json_line j;

	begin_line(p, &j);
	json_line_uint(&j, "sent", r->sent);
	json_line_uint(&j, "answered", r->answered);
	json_line_uint(&j, "lost_percent", round_trips_loss(r));
	if (r->answered) {
		json_line_real(&j, "min_ms", r->least, 3);
		json_line_real(&j, "avg_ms", round_trips_mean(r), 3);
		json_line_real(&j, "max_ms", r->most, 3);
		json_line_real(&j, "mdev_ms", round_trips_deviation(r), 3);
	}
	json_line_end(&j, '}');
	close_line(p->errand.tool->verb, &j);
}

/* A ping should be reset (RFC 7252 section 4.3); not every server does. */
#define KIND_TEXT (CODE_TEXT + 8)
static const char *kind_of(const struct answer *a, char out[KIND_TEXT])
{
	char code[CODE_TEXT];

	if (a->type == COAP_RST)
		return "Reset";
	snprintf(out, KIND_TEXT, "%s %s", message_type_name((enum message_type)a->type),
		 code_print(a->code, code));
	return out;
}

static void tell_answer(const struct ping *p, double ms)
{
	const struct arguments *a = p->errand.tool->args;
	char from[ADDR_TEXT], kind[KIND_TEXT];
	unsigned again = p->errand.answer.again;

	if (a->quiet)
		return;
	if (a->json) {
		put_ping(p, ms, NULL);
		return;
	}
	printf("%s from %s: seq=%" PRIu64 " time=%.3f ms", kind_of(&p->errand.answer, kind),
	       addr_print(&p->errand.answer.peer, from, sizeof from), p->trips.sent, ms);
	if (again)
		printf(" (sent %u times)", again + 1);
	putchar('\n');
	flush(p->errand.tool->verb);
}

static void tell_failure(const struct ping *p, const struct outcome *o)
{
	const struct tool *t = p->errand.tool;

	result_show((struct tool *)t, o);
	if (t->args->json && !t->args->quiet && p->trips.sent)
		put_ping(p, 0, o->err.text);
}

static void tell_end(const struct ping *p)
{
	const struct round_trips *r = &p->trips;

	if (p->errand.tool->args->json) {
		put_end(p);
		return;
	}
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

/* Whether another one is wanted, there is somebody to ask, and somebody who reads. */
static bool goes_on(const struct ping *p)
{
	int64_t count = p->errand.tool->args->count;
	const struct resolved *to = p->errand.addresses;
	const struct pings *all = p->errand.tool->verb;

	return !all->rc && to && to->status == 0 && (count < 0 || p->trips.sent < (uint64_t)count);
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

	p->heard = false;
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
	struct outcome o;

	(void)loop, (void)events;
	errand_cancel(&p->errand);
	outcome_network(&o, p->errand.text, &p->errand.peer, -ETIMEDOUT,
			(double)t->args->timeout_ms / 1000);
	tell_failure(p, &o);
	schedule(p);
	if (!t->open)
		tool_stop(t);
}

static void on_answer(struct errand *e, const struct answer *a)
{
	struct ping *p = e->verb;
	double ms = (a->ended - a->began) * 1000;

	p->heard = true;
	round_trips_add(&p->trips, ms);
	tell_answer(p, ms);
}

static void on_over(struct errand *e)
{
	struct ping *p = e->verb;

	if (!p->heard)
		tell_failure(p, &e->outcome);
	schedule(p);
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

		if (!t->args->json)
			printf("PING %s\n", p->errand.text);
		errand_start(&p->errand);
		count_one(p);
	}
	flush(all);
	tool_run(t);
	for (unsigned i = 0; i < all->n; i++) {
		tell_end(&all->v[i]);
		if (!all->v[i].trips.answered)
			all->exit = OUTCOME_FAILED;
	}
	if (t->interrupted)
		all->exit = OUTCOME_INTERRUPTED;
	flush(all);
	if (all->rc) {
		show_error(&t->show, "cannot write to standard output: %s", pour_error(all->rc));
		all->exit = outcome_worse(all->exit, OUTCOME_FAILED);
	}
}

int ping_run(struct tool *t)
{
	struct pings all = { .n = t->args->nuris };
	struct err err;
	int rc = tool_net(t, all.n, &err);

	t->verb = &all;
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
