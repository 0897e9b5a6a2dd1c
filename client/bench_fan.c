/* Observers of a resource, and how fast a new state reaches them (RFC 7641).
 *
 * All register first.  Then the first process gives the resource one state after the
 * other, each a text with the number of the round, and goes on when every observer in
 * all processes has it; or, without a trigger, states are counted as they come, up to the
 * planned number in all processes together. */
#include "client/bench_job.h"

#include "client/net.h"
#include "exchange/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 64u             /* registrations under way, so that no buffer overflows */
#define RESTS 1024u             /* notifications whose rest is fetched at a time */

enum watcher_state {
	WATCHER_IDLE,
	WATCHER_ASKING,         /* to be registered, or to leave */
	WATCHER_OBSERVING,
	WATCHER_GONE
};

/* An observer; its number is the owner. */
struct watcher {
	ref_t obs;
	uint32_t state;         /* enum watcher_state */
	uint32_t round;         /* the last one it has seen */
};

struct bench_fan {
	struct bench_job job;
	const struct bench_plan *plan;  /* of job, as the next two */
	struct bench_tally *tally;
	struct ev_loop *loop;
	struct net *net;
	struct watcher *watchers;
	uint32_t n, next;       /* watchers; the one that is to register or leave next */
	uint32_t under_way;     /* registrations, or farewells */
	bool begun, leaving, over;
	bool running;           /* measuring */
	uint64_t measured_ns, cpu_ns;
	ev_prepare prepare;
	/* the first process: */
	struct net *trigger;
	struct bench_message message;   /* of the trigger, without the text */
	bool triggered;         /* the trigger is under way */
	bool seen;              /* all observers have the state */
	ev_io all_seen;
	ev_timer patience;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void round_text(char text[16], uint32_t round)
{
	snprintf(text, 16, "n%08u", round);
}

/* --- rounds ------------------------------------------------------------------------- */

static void begin_round(struct bench_fan *f);

static bool has_trigger(const struct bench_fan *f)
{
	return f->plan->trigger.code && f->job.first;
}

static void check_done(struct bench_fan *f)
{
	if (f->over || !f->leaving || f->under_way || f->next < f->n)
		return;
	f->over = true;
	f->job.done(f->job.arg);
}

static bool more_rounds(const struct bench_fan *f)
{
	return f->running && (f->plan->count == 0 || f->tally->rounds < f->plan->count);
}

static void end_round(struct bench_fan *f)
{
	ev_timer_stop(f->loop, &f->patience);
	f->seen = f->triggered = false;
	f->tally->rounds++;
	if (more_rounds(f))
		begin_round(f);
	else if (f->running)
		f->job.enough(f->job.arg);
}

static void check_round(struct bench_fan *f)
{
	struct bench_board *b = f->job.board;

	if (!f->seen || f->triggered || !f->running)
		return;
	histogram_add(&f->tally->round, clock_ns(CLOCK_MONOTONIC) - b->round_ns);
	end_round(f);
}

static void on_all_seen(struct ev_loop *loop, ev_io *w, int revents)
{
	struct bench_fan *f = w->data;
	uint64_t n;

	(void)loop, (void)revents;
	if (read(f->job.all_seen, &n, sizeof n) != sizeof n)
		return;
	f->seen = __atomic_load_n(&f->job.board->seen, __ATOMIC_ACQUIRE) >= f->job.board->observers;
	check_round(f);
}

static void on_patience(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct bench_fan *f = w->data;

	(void)loop, (void)revents;
	f->tally->incomplete++;
	end_round(f);
}

/* What the server says to the trigger. */
static void on_trigger(void *arg, const struct response *r)
{
	struct bench_fan *f = arg;

	f->triggered = false;
	if (r->status)
		f->tally->lost++;
	else if (r->msg.code >> 5 != 2)
		f->tally->wrong++;
	check_round(f);
}

static void send_trigger(struct bench_fan *f)
{
	uint8_t body[BENCH_BODY + 16];
	struct client_request c = { .to = f->plan->trigger_to, .from = net_local(f->trigger, 0),
				    .code = f->message.code, .body = { body, 0 } };
	char text[16];
	ref_t exchange;

	round_text(text, f->job.board->round);
	memcpy(body, f->message.body, f->message.n);
	body[f->message.n] = 0xff;
	memcpy(body + f->message.n + 1, text, strlen(text));
	c.body.n = f->message.n + 1 + strlen(text);
	if (!net_begin(f->trigger))
		return;         /* patience ends */
	f->triggered = client_send(net_engine(f->trigger), &c, &exchange) == 0;
	net_end(f->trigger);
}

static void on_next(struct ev_loop *loop, ev_timer *w, int revents);

/* From the loop, as one may end within an event. */
static void begin_round(struct bench_fan *f)
{
	ev_set_cb(&f->patience, on_next);
	ev_timer_set(&f->patience, 0., 0.);
	ev_timer_start(f->loop, &f->patience);
}

static void on_next(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct bench_fan *f = w->data;
	struct bench_board *b = f->job.board;

	(void)revents;
	if (!f->running)
		return;
	__atomic_store_n(&b->seen, 0, __ATOMIC_RELAXED);
	b->round_ns = clock_ns(CLOCK_MONOTONIC);
	__atomic_store_n(&b->round, b->round + 1, __ATOMIC_RELEASE);
	ev_set_cb(w, on_patience);
	ev_timer_set(w, (double)f->plan->patience_ns / 1e9, 0.);
	ev_timer_start(loop, w);
	f->triggered = true;
	send_trigger(f);
}

/* --- observers ------------------------------------------------------------------------ */

/* A state came to one. */
static void take_state(struct bench_fan *f, struct watcher *w, const struct obs_event *o)
{
	struct bench_board *b = f->job.board;
	uint32_t round = __atomic_load_n(&b->round, __ATOMIC_ACQUIRE);
	const uint64_t one = 1;
	char text[16];

	/* The first round may be there before our own word to measure. */
	if (f->leaving || !(f->running || round))
		return;
	f->tally->notifications++;
	f->tally->bytes += o->msg.payload.n;
	f->tally->code[o->msg.code]++;
	if (!f->plan->trigger.code) {
		if (__atomic_add_fetch(&b->seen, 1, __ATOMIC_RELAXED) == f->plan->count)
			f->job.enough(f->job.arg);
		return;
	}
	round_text(text, round);
	if (o->offset || !span_eq(o->msg.payload, span_str(text)) || w->round == round) {
		f->tally->stale++;
		return;
	}
	w->round = round;
	histogram_add(&f->tally->latency, net_ns(f->net) > b->round_ns ?
		      net_ns(f->net) - b->round_ns : 0);
	if (__atomic_add_fetch(&b->seen, 1, __ATOMIC_ACQ_REL) == b->observers)
		(void)!write(f->job.all_seen, &one, sizeof one);
}

static void settle(struct bench_fan *f, struct watcher *w, enum watcher_state state)
{
	if (w->state == WATCHER_ASKING)
		f->under_way--;
	w->state = state;
}

/* When the last observer of all processes has gone there is nothing more to measure. */
static void lose(struct bench_fan *f, struct watcher *w)
{
	struct bench_board *b = f->job.board;

	if (!f->leaving)
		f->tally->declined++;
	if (w->state == WATCHER_OBSERVING && !f->leaving &&
	    __atomic_add_fetch(&b->gone, 1, __ATOMIC_RELAXED) == b->observers && f->running)
		f->job.enough(f->job.arg);
	settle(f, w, WATCHER_GONE);
}

static void on_obs(void *arg, enum obs_verdict verdict, const struct obs_event *o)
{
	struct bench_fan *f = arg;
	struct watcher *w = &f->watchers[o->owner];

	switch (verdict) {
	case OBS_STATE:
		if (w->state == WATCHER_ASKING && !f->leaving) {
			settle(f, w, WATCHER_OBSERVING);
			f->tally->registered++;
		}
		take_state(f, w, o);
		break;
	case OBS_ENDED:
	case OBS_FAILED:
		lose(f, w);
		break;
	case OBS_PART:
	case OBS_NOTHING:
		break;
	}
	check_done(f);
}

/* Within an event. */
static int ask(struct bench_fan *f, struct watcher *w)
{
	const struct bench_plan *p = f->plan;
	uint32_t i = (uint32_t)(w - f->watchers);
	const struct xfer_request q = {
		.to = p->to, .from = net_local(f->net, i / p->window), .non = p->non,
		.code = p->request.code, .szx = 6,
		.options = { p->request.body, p->request.n }, .owner = i };

	if (f->leaving)
		return w->state == WATCHER_OBSERVING ? obs_leave(net_engine(f->net), w->obs) :
		       -ENOENT;
	return obs_start(net_engine(f->net), &q, &w->obs);
}

/* Registers or leaves, a few at once. */
static void go_on(struct bench_fan *f)
{
	while (f->next < f->n && f->under_way < AT_ONCE) {
		struct watcher *w = &f->watchers[f->next];

		if (!net_begin(f->net))
			return;
		f->next++;
		if (ask(f, w) == 0) {
			w->state = WATCHER_ASKING;
			f->under_way++;
		} else if (!f->leaving) {
			w->state = WATCHER_GONE;
			f->tally->declined++;
		}
		net_end(f->net);
	}
}

static void on_prepare(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct bench_fan *f = w->data;

	(void)loop, (void)revents;
	go_on(f);
	if (f->next < f->n || f->under_way)
		return;
	if (!f->begun) {
		f->begun = true;
		f->job.begun(f->job.arg);
	}
	check_done(f);
}

/* --- life --------------------------------------------------------------------------------- */

static void start(void *self)
{
	struct bench_fan *f = self;

	ev_prepare_start(f->loop, &f->prepare);
}

static void measure(void *self)
{
	struct bench_fan *f = self;

	f->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	f->measured_ns = clock_ns(CLOCK_MONOTONIC);
	f->running = true;
	if (__atomic_load_n(&f->job.board->gone, __ATOMIC_RELAXED) >= f->job.board->observers)
		f->job.enough(f->job.arg);
	else if (has_trigger(f))
		begin_round(f);
}

static void stop(void *self)
{
	struct bench_fan *f = self;
	struct bench_tally *t = f->tally;

	if (f->leaving)
		return;
	f->running = false;
	if (f->measured_ns) {
		t->wall_ns = clock_ns(CLOCK_MONOTONIC) - f->measured_ns;
		t->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - f->cpu_ns;
	}
	t->retransmitted = net_counter(f->net, COUNT_RETRANSMITS);
	t->unmatched = net_counter(f->net, COUNT_UNMATCHED);
	t->malformed = net_counter(f->net, COUNT_RX_MALFORMED);
	t->failed = net_counter(f->net, COUNT_TX_FAILED);
	ev_timer_stop(f->loop, &f->patience);
	f->leaving = true;
	f->next = 0;
	ev_prepare_start(f->loop, &f->prepare);         /* none may have registered yet */
}

static void abandon(void *self)
{
	stop(self);
}

static void close_fan(void *self)
{
	struct bench_fan *f = self;

	ev_prepare_stop(f->loop, &f->prepare);
	ev_timer_stop(f->loop, &f->patience);
	ev_io_stop(f->loop, &f->all_seen);
	if (f->trigger)
		net_close(f->trigger);
	if (f->net)
		net_close(f->net);
	free(f->watchers);
	free(f);
}

static int open_trigger(struct bench_fan *f, struct err *err)
{
	const struct net_conf conf = { .params = f->plan->params, .sockets = 1, .requests = 2 };
	const struct net_hooks hooks = { .response = on_trigger, .arg = f };

	f->message = f->plan->trigger;
	ev_io_init(&f->all_seen, on_all_seen, f->job.all_seen, EV_READ);
	f->all_seen.data = f;
	ev_io_start(f->loop, &f->all_seen);
	return net_open(&f->trigger, f->loop, &conf, &hooks, err);
}

static int open_net(struct bench_fan *f, struct err *err)
{
	const struct bench_plan *p = f->plan;
	const struct net_hooks hooks = { .obs = on_obs, .arg = f };
	struct net_conf conf = {
		.params = p->params, .sockets = p->endpoints,
		.observations = f->n, .xfers = f->n < RESTS ? f->n : RESTS,
		.per_endpoint = 2 * p->window + 1,
		.loss_permille = p->loss_permille, .segments = p->segments,
		.from = p->from, .nfrom = p->nfrom, .peer = &p->to,
		.short_requests = 4 + CLIENT_TOKEN + p->request.n <= 96 };

	conf.params.nstart = p->window;
	return net_open(&f->net, f->loop, &conf, &hooks, err);
}

static void init_watchers(struct bench_fan *f)
{
	ev_prepare_init(&f->prepare, on_prepare);
	f->prepare.data = f;
	ev_timer_init(&f->patience, on_next, 0., 0.);
	f->patience.data = f;
	ev_io_init(&f->all_seen, on_all_seen, -1, EV_READ);
}

static int open_fan(void **out, const struct bench_job *job, struct err *err)
{
	struct bench_fan *f = calloc(1, sizeof *f);
	int r;

	if (!f)
		return err_set(err, -ENOMEM, "no memory for the observers");
	f->job = *job;
	f->plan = job->plan;
	f->tally = job->tally;
	f->loop = job->loop;
	f->n = job->plan->endpoints * job->plan->window;
	f->watchers = calloc(f->n, sizeof *f->watchers);
	init_watchers(f);
	r = f->watchers ? open_net(f, err) :
	    err_set(err, -ENOMEM, "no memory for %u observers", f->n);
	if (!r && has_trigger(f))
		r = open_trigger(f, err);
	if (r)
		close_fan(f);
	else
		*out = f;
	return r;
}

const struct bench_job_ops bench_fan_ops = {
	open_fan, start, measure, stop, abandon, close_fan,
};
