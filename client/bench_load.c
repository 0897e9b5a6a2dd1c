/* The load that one process puts on a server: requests from many endpoints, each
 * answered one followed by the next (closed loop), or begun by the clock (open loop).
 *
 * Latency is counted from when the request left, in an open loop from when it was to
 * leave: a server that is late cannot hide it.  An endpoint whose message IDs are used
 * up moves to another port (RFC 7252 4.4). */
#include "client/bench_job.h"

#include "client/net.h"
#include "exchange/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NONE UINT32_MAX
/* Message IDs that an endpoint is sure to have: they begin anywhere within one of four
 * quarters, and none is entered twice (endpoint_mid()). */
#define MIDS (3u * 16384)
#define SPARE 4096u             /* sockets that moves may use up within their lifetime */
#define WAKE_BURST 64u          /* endpoints served in one turn of the loop */
#define RETRY_S 1.
#define TICK_NS 50000u          /* the clock of an open loop ticks no faster */
#define TICK_BURST 64u          /* requests begun in one turn of the loop */
#define UNSTAMPED BATCH_TX

/* A request that may be under way; its number is the owner. */
struct flight {
	uint64_t since_ns;
	uint32_t end;
	uint32_t next;          /* of the same endpoint, idle too */
};

struct bench_end {
	struct local local;
	uint32_t used;          /* message IDs since it was renewed */
	uint32_t under_way;
	uint32_t idle;          /* its first flight that is not under way, NONE */
	uint32_t next;          /* to be woken */
	bool waking;
};

struct bench_load {
	struct bench_job job;
	const struct bench_plan *plan;  /* of job, as the next two */
	struct bench_tally *tally;
	struct ev_loop *loop;
	struct net *net;
	struct client_request request;  /* all that is the same each time */
	struct flight *flights;
	struct bench_end *ends;
	uint32_t wake_head, wake_tail;  /* endpoints to be seen to between events */
	uint32_t turn;                  /* open loop: whose turn it is */
	uint64_t under_way;
	uint64_t quota;                 /* requests that may still be begun */
	bool running, over;
	bool heard;                     /* the server has answered something, ever */
	uint32_t unstamped[UNSTAMPED];  /* flights whose clock starts when they leave */
	unsigned unstamped_n;
	uint64_t begun_ns;              /* open loop */
	uint64_t ticked;                /* requests begun by it */
	uint64_t measured_ns;
	struct bench_tally base;        /* what the engine had counted before */
	ev_prepare prepare;
	ev_idle pending;                /* runs while endpoints wait: the loop does not sleep */
	ev_timer retry;                 /* runs while endpoints have no port */
	ev_io tick;
	int timer;
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- endpoints that wait to be seen to ----------------------------------------------- */

static void wake(struct bench_load *l, uint32_t i)
{
	struct bench_end *end = &l->ends[i];

	if (end->waking)
		return;
	end->waking = true;
	end->next = NONE;
	if (l->wake_tail == NONE)
		l->wake_head = i;
	else
		l->ends[l->wake_tail].next = i;
	l->wake_tail = i;
	if (!ev_is_active(&l->pending))
		ev_idle_start(l->loop, &l->pending);
}

static uint32_t woken(struct bench_load *l)
{
	uint32_t i = l->wake_head;

	if (i == NONE)
		return NONE;
	l->wake_head = l->ends[i].next;
	if (l->wake_head == NONE)
		l->wake_tail = NONE;
	l->ends[i].waking = false;
	return i;
}

static void put_idle(struct bench_load *l, uint32_t f)
{
	struct bench_end *end = &l->ends[l->flights[f].end];

	l->flights[f].next = end->idle;
	end->idle = f;
}

/* --- requests ------------------------------------------------------------------------ */

static bool used_up(const struct bench_load *l, const struct bench_end *end)
{
	return end->used >= MIDS && !l->plan->reuse_mids;
}

static void stamp(void *arg)
{
	struct bench_load *l = arg;
	uint64_t now;

	if (l->unstamped_n == 0)
		return;
	now = clock_ns(CLOCK_MONOTONIC);
	while (l->unstamped_n)
		l->flights[l->unstamped[--l->unstamped_n]].since_ns = now;
}

/* Within an event.  False: it cannot be now, and the flight is as it was. */
static bool launch(struct bench_load *l, uint32_t f)
{
	struct bench_end *end = &l->ends[l->flights[f].end];
	ref_t exchange;

	if (l->quota == 0 || !l->running || used_up(l, end))
		return false;
	l->request.from = end->local;
	l->request.owner = f;
	if (client_send(net_engine(l->net), &l->request, &exchange))
		return false;
	end->used++;
	end->under_way++;
	l->under_way++;
	l->quota--;
	l->tally->started++;
	if (l->plan->rate > 0)
		return true;
	if (l->unstamped_n == UNSTAMPED)
		stamp(l);
	l->unstamped[l->unstamped_n++] = f;
	return true;
}

/* What the engine counts since it was opened. */
static void read_engine(const struct bench_load *l, struct bench_tally *t)
{
	t->retransmitted = net_counter(l->net, COUNT_RETRANSMITS);
	t->unmatched = net_counter(l->net, COUNT_UNMATCHED);
	t->malformed = net_counter(l->net, COUNT_RX_MALFORMED) +
		       net_counter(l->net, COUNT_RX_IGNORED) +
		       net_counter(l->net, COUNT_RX_TRUNCATED);
	t->failed = net_counter(l->net, COUNT_TX_FAILED);
}

static void conclude(struct bench_load *l)
{
	struct bench_tally *t = l->tally;

	read_engine(l, t);
	t->retransmitted -= l->base.retransmitted;
	t->unmatched -= l->base.unmatched;
	t->malformed -= l->base.malformed;
	t->failed -= l->base.failed;
	t->unanswered = l->under_way;
}

/* The time that counts is over. */
static void freeze(struct bench_load *l)
{
	struct bench_tally *t = l->tally;

	if (t->wall_ns || !l->measured_ns)
		return;
	t->wall_ns = clock_ns(CLOCK_MONOTONIC) - l->measured_ns;
	t->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - l->base.cpu_ns;
}

static void check_done(struct bench_load *l)
{
	if (l->under_way || l->over || (l->running && l->quota))
		return;
	if (l->running) {
		freeze(l);
		l->job.enough(l->job.arg);
		return;
	}
	l->over = true;
	conclude(l);
	l->job.done(l->job.arg);
}

static bool as_expected(const struct bench_plan *p, uint8_t code)
{
	return p->expect ? code == p->expect : code >> 5 == 2;
}

static void take_answer(struct bench_load *l, const struct flight *f, const struct message *m)
{
	struct bench_tally *t = l->tally;
	uint64_t now = net_ns(l->net);

	if (!l->running) {
		t->drained++;
		return;
	}
	t->answered++;
	t->code[m->code]++;
	t->bytes += m->payload.n;
	if (!as_expected(l->plan, m->code))
		t->wrong++;
	histogram_add(&t->latency, now > f->since_ns ? now - f->since_ns : 0);
}

static void count_failure(struct bench_tally *t, int status)
{
	switch (status) {
	case -ETIMEDOUT:
		t->lost++;
		break;
	case -ECONNRESET:
		t->reset++;
		break;
	case -ECONNREFUSED:
		t->refused++;
		break;
	default:
		t->rejected++;
		break;
	}
}

/* What cannot be done within the event of a response: to move, or to try again. */
static bool wants_care(const struct bench_load *l, const struct bench_end *end)
{
	if (!l->running || l->quota == 0)
		return false;
	return used_up(l, end) ? end->under_way == 0 : l->plan->rate == 0;
}

static void on_response(void *arg, const struct response *r)
{
	struct bench_load *l = arg;
	uint32_t f = (uint32_t)r->owner;
	uint32_t i = l->flights[f].end;

	l->ends[i].under_way--;
	l->under_way--;
	l->heard |= r->status != -ECONNREFUSED;
	if (r->status)
		count_failure(l->tally, r->status);
	else
		take_answer(l, &l->flights[f], &r->msg);
	if (!l->heard)
		l->quota = 0;           /* nobody is there */
	if (l->plan->rate > 0 || !launch(l, f)) {
		put_idle(l, f);
		if (wants_care(l, &l->ends[i]))
			wake(l, i);
	}
	check_done(l);
}

/* --- between events --------------------------------------------------------------------- */

/* False: no port is to be had now; it is tried again in a while. */
static bool move(struct bench_load *l, uint32_t i)
{
	struct bench_end *end = &l->ends[i];

	if (net_renew(l->net, i, NULL)) {
		l->tally->stalled++;
		if (!ev_is_active(&l->retry))
			ev_timer_again(l->loop, &l->retry);
		return false;
	}
	end->local = net_local(l->net, i);
	end->used = 0;
	l->tally->moved++;
	return true;
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct bench_load *l = w->data;

	(void)revents;
	ev_timer_stop(loop, w);
	for (uint32_t i = 0; i < l->plan->endpoints; i++)
		if (used_up(l, &l->ends[i]) && wants_care(l, &l->ends[i]))
			wake(l, i);
}

/* Moves it, begins all the requests it can.  False: the net is full. */
static bool serve(struct bench_load *l, uint32_t i)
{
	struct bench_end *end = &l->ends[i];
	uint32_t f;

	if (!wants_care(l, end) || (used_up(l, end) && !move(l, i)))
		return true;
	if (l->plan->rate > 0 || end->idle == NONE)
		return true;
	if (!net_begin(l->net))
		return false;
	while ((f = end->idle) != NONE && launch(l, f)) {
		end->idle = l->flights[f].next;
		if (!net_next(l->net))
			return false;
	}
	net_end(l->net);
	return true;
}

/* --- open loop ---------------------------------------------------------------------------- */

/* One that has a flight to spare, in turns; NONE if all are busy. */
static uint32_t next_free(struct bench_load *l)
{
	uint32_t n = l->plan->endpoints;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = l->turn;

		l->turn = i + 1 < n ? i + 1 : 0;
		if (l->ends[i].idle != NONE && !used_up(l, &l->ends[i]))
			return i;
	}
	return NONE;
}

/* Begins the next request of an event under way. */
static bool depart(struct bench_load *l)
{
	uint32_t i = next_free(l), f;

	if (i == NONE) {
		l->tally->late++;
		return false;
	}
	f = l->ends[i].idle;
	if (!launch(l, f))
		return false;
	l->ends[i].idle = l->flights[f].next;
	l->flights[f].since_ns = l->begun_ns + (uint64_t)((double)l->ticked / l->plan->rate * 1e9);
	l->ticked++;
	return true;
}

/* Begins what is due.  False: there is more, and it is to be called again soon. */
static bool depart_due(struct bench_load *l)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), due;
	bool done = false;

	due = (uint64_t)((double)(now - l->begun_ns) / 1e9 * l->plan->rate) + 1;
	if (l->ticked >= due || !l->running || !l->quota)
		return true;
	if (!net_begin(l->net))
		return false;
	for (unsigned n = 0; n < TICK_BURST && l->ticked < due && !done; n++) {
		done = !depart(l);
		if (!done && !net_next(l->net))
			return false;
	}
	net_end(l->net);
	return done;
}

/* The timer stays readable until all that is due has begun. */
static void on_tick(struct ev_loop *loop, ev_io *w, int revents)
{
	struct bench_load *l = w->data;
	uint64_t ticks;

	(void)loop;
	(void)revents;
	if (depart_due(l))
		(void)!read(l->timer, &ticks, sizeof ticks);
}

static void start_ticking(struct bench_load *l)
{
	double period = 1e9 / l->plan->rate;
	long ns = period < TICK_NS ? TICK_NS : period > 1e9 ? 1000000000 : (long)period;
	struct timespec step = { ns / 1000000000, ns % 1000000000 };
	const struct itimerspec t = { .it_interval = step, .it_value = { 0, 1 } };

	l->begun_ns = clock_ns(CLOCK_MONOTONIC);
	if (l->plan->busy)
		return;                 /* each turn of the loop is one */
	timerfd_settime(l->timer, 0, &t, NULL);
	ev_io_start(l->loop, &l->tick);
}

/* --- each turn of the loop ------------------------------------------------------------ */

static void on_prepare(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct bench_load *l = w->data;
	uint32_t i;

	(void)revents;
	if (l->plan->busy && l->plan->rate > 0 && l->running)
		(void)depart_due(l);
	for (unsigned n = 0; n < WAKE_BURST && (i = woken(l)) != NONE; n++)
		if (!serve(l, i)) {
			wake(l, i);
			break;
		}
	if (l->wake_head == NONE)
		ev_idle_stop(loop, &l->pending);
}

static void on_pending(struct ev_loop *loop, ev_idle *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

/* --- life ------------------------------------------------------------------------------------ */

static void start(void *self)
{
	struct bench_load *l = self;

	l->running = true;
	if (!l->measured_ns)
		l->measured_ns = clock_ns(CLOCK_MONOTONIC);
	l->quota = l->plan->count ? l->plan->count : UINT64_MAX;
	if (l->plan->rate > 0)
		start_ticking(l);
	else
		for (uint32_t i = 0; i < l->plan->endpoints; i++)
			wake(l, i);
	l->job.begun(l->job.arg);
}

static void measure(void *self)
{
	struct bench_load *l = self;

	*l->tally = (struct bench_tally){ .carried = l->under_way };
	read_engine(l, &l->base);
	l->base.cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	l->measured_ns = clock_ns(CLOCK_MONOTONIC);
}

static void stop(void *self)
{
	struct bench_load *l = self;

	if (l->over)
		return;
	freeze(l);
	l->running = false;
	ev_io_stop(l->loop, &l->tick);
	check_done(l);
}

static void abandon(void *self)
{
	stop(self);
	conclude(self);
}

static int make_tables(struct bench_load *l, struct err *err)
{
	const struct bench_plan *p = l->plan;
	uint32_t n = p->endpoints * p->window;

	l->flights = malloc(n * sizeof *l->flights);
	l->ends = calloc(p->endpoints, sizeof *l->ends);
	if (!l->flights || !l->ends)
		return err_set(err, -ENOMEM, "no memory for %u requests", n);
	for (uint32_t i = 0; i < p->endpoints; i++)
		l->ends[i].idle = NONE;
	for (uint32_t f = n; f-- > 0;) {
		l->flights[f].end = f / p->window;
		put_idle(l, f);
	}
	return 0;
}

static int open_net(struct bench_load *l, struct err *err)
{
	const struct bench_plan *p = l->plan;
	const struct net_hooks hooks = { .response = on_response, .leaving = stamp, .arg = l };
	struct net_conf conf = {
		.params = p->params, .sockets = p->endpoints,
		.requests = p->endpoints * p->window, .per_endpoint = p->window,
		.loss_permille = p->loss_permille, .segments = p->segments,
		.reuse_mids = p->reuse_mids, .spare = p->reuse_mids ? 0 : SPARE,
		.from = p->from, .nfrom = p->nfrom,
		.peer = &p->to, .at_once = p->window < BATCH_RX ? p->window : BATCH_RX,
		.short_requests = 4 + CLIENT_TOKEN + p->request.n <= EXCHANGE_INSIDE };
	int r;

	conf.params.nstart = p->window;
	r = net_open(&l->net, l->loop, &conf, &hooks, err);
	for (uint32_t i = 0; r == 0 && i < p->endpoints; i++)
		l->ends[i].local = net_local(l->net, i);
	return r;
}

static void init_watchers(struct bench_load *l)
{
	ev_prepare_init(&l->prepare, on_prepare);
	l->prepare.data = l;
	ev_prepare_start(l->loop, &l->prepare);
	ev_idle_init(&l->pending, on_pending);
	ev_timer_init(&l->retry, on_retry, 0., RETRY_S);
	l->retry.data = l;
	ev_io_init(&l->tick, on_tick, l->timer, EV_READ);
	l->tick.data = l;
}

static void close_load(void *self)
{
	struct bench_load *l = self;

	ev_prepare_stop(l->loop, &l->prepare);
	ev_idle_stop(l->loop, &l->pending);
	ev_io_stop(l->loop, &l->tick);
	ev_timer_stop(l->loop, &l->retry);
	if (l->net)
		net_close(l->net);
	if (l->timer >= 0)
		close(l->timer);
	free(l->flights);
	free(l->ends);
	free(l);
}

static int open_load(void **out, const struct bench_job *job, struct err *err)
{
	const struct bench_plan *p = job->plan;
	struct bench_load *l = calloc(1, sizeof *l);
	int r;

	if (!l)
		return err_set(err, -ENOMEM, "no memory for the load");
	l->job = *job;
	l->plan = p;
	l->tally = job->tally;
	l->loop = job->loop;
	l->wake_head = l->wake_tail = NONE;
	l->request = (struct client_request){ .to = p->to, .non = p->non,
					      .code = p->request.code,
					      .body = { p->request.body, p->request.n },
					      .timeout_ms = p->wait_ms };
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	init_watchers(l);
	r = l->timer < 0 ? err_set(err, -errno, "no timer: %s", strerror(errno)) :
	    make_tables(l, err);
	if (!r)
		r = open_net(l, err);
	if (r)
		close_load(l);
	else
		*out = l;
	return r;
}

const struct bench_job_ops bench_load_ops = {
	open_load, start, measure, stop, abandon, close_load,
};
