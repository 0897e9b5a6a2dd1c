#include "client/net.h"

#include "base/clock.h"
#include "client/descriptors.h"
#include "client/ends.h"
#include "client/limits.h"
#include "client/loss.h"
#include "client/readable.h"
#include "client/route.h"
#include "exchange/exchange.h"
#include "exchange/expire.h"
#include "exchange/send.h"
#include "transport/icmp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define ROUNDS 4                /* full batches of one socket before others get a turn */
#define DUE_MOST 64             /* deadlines met before sockets get a turn */
#define SWEEP_S 1.
#define ICMP_ROUNDS 8

enum net_state {
	NET_STOPPED,            /* no watcher runs */
	NET_READING,            /* all sockets are watched */
	NET_BLOCKED             /* a socket is full: nothing is read until it is not */
};

struct net {
	struct engine engine;
	struct net_hooks hooks;
	struct ev_loop *loop;           /* borrowed */
	struct ends ends;
	struct udp_socks socks;
	struct loss loss;
	enum net_state state;
	unsigned blocked;               /* number of the socket that is full */
	bool inside, refused;           /* an event of the caller's is under way; one was
					 * refused since the socket is full */
	unsigned told;                  /* datagrams of the batch that hooks.datagram and loss
					 * have seen */
	uint64_t begun_ns, now_ns;
	bool gathers;                   /* many sockets: what leaves waits until all that
					 * came is read, as the kernel likes its paths warm */
	int readable;                   /* (readable.h); -1: closed */
	ev_io read, write;
	ev_prepare leave;
	ev_timer due;
	uint64_t due_at;                /* ms; what the timer is set to, UINT64_MAX off */
	ev_timer sweep;                 /* runs while something is remembered */
	struct space_def def;
	void *mem;                      /* mapped */
	size_t size;
};

static struct space *space_of(struct net *n)
{
	return &n->engine.space;
}

/* --- time ----------------------------------------------------------------------- */

static void read_clock(struct net *n)
{
	n->now_ns = clock_ns();
	n->engine.now = n->now_ns / 1000000;
}

double net_now(const struct net *n)
{
	return (double)(n->now_ns - n->begun_ns) / 1e9;
}

uint64_t net_ns(const struct net *n)
{
	return n->now_ns;
}

/* A deadline that moved back is met when the timer fires in vain: that is rarer
 * than setting it for each request. */
static void arm(struct net *n)
{
	uint64_t next = engine_next(&n->engine), now = n->engine.now;

	if (!ev_is_active(&n->sweep) && space_of(n)->ctl->live[SLAB_DEDUP])
		ev_timer_again(n->loop, &n->sweep);
	if (next >= n->due_at)
		return;
	n->due_at = next;
	ev_timer_stop(n->loop, &n->due);
	ev_timer_set(&n->due, next > now ? (double)(next - now) / 1e3 : 0., 0.);
	ev_timer_start(n->loop, &n->due);
}

/* --- state ---------------------------------------------------------------------- */

static void set_state(struct net *n, enum net_state state)
{
	if (n->state == state)
		return;
	n->state = state;
	if (state == NET_READING)
		ev_io_start(n->loop, &n->read);
	else
		ev_io_stop(n->loop, &n->read);
	ev_io_stop(n->loop, &n->write);
	if (state == NET_BLOCKED) {
		ev_io_set(&n->write, n->ends.fd[n->blocked], EV_WRITE);
		ev_io_start(n->loop, &n->write);
	}
}

/* --- datagrams as they pass -------------------------------------------------------- */

static void tell(struct net *n, bool out, bool lost, const struct addr *peer, struct span bytes)
{
	const struct net_datagram d = { .out = out, .lost = lost, .peer = *peer,
					.bytes = bytes, .at = net_now(n) };

	if (n->hooks.datagram)
		n->hooks.datagram(n->hooks.arg, &d);
}

static void leaves(struct net *n, unsigned i)
{
	const struct tx_dgram *t = &batch_of(space_of(n))->tx[i];
	bool lost = loss_strikes(&n->loss);

	if (lost)
		udp_lose(space_of(n), i);
	tell(n, true, lost, &t->to, span_of(t->data, t->len));
}

/* Whether it comes in. */
static bool comes(struct net *n, unsigned i)
{
	const struct rx_dgram *d = &batch_of(space_of(n))->rx[i];
	struct addr from = addr_from_sin6(&d->from);
	bool lost = loss_strikes(&n->loss);

	tell(n, false, lost, &from,
	     span_of(d->data, d->len < DGRAM_RX_MAX ? d->len : DGRAM_RX_MAX));
	return !lost;
}

/* Sends what is committed.  False: the socket is full, nothing more can be done. */
static bool flush(struct net *n)
{
	unsigned all = space_tx_n(space_of(n));

	if (all == 0)
		return true;
	if (n->hooks.leaving)
		n->hooks.leaving(n->hooks.arg);
	if (n->hooks.datagram || n->loss.permille)
		while (n->told < all)
			leaves(n, n->told++);
	if (udp_flush(space_of(n), &n->socks, &n->blocked) == UDP_BLOCKED) {
		set_state(n, NET_BLOCKED);
		return false;
	}
	n->told = 0;
	engine_flushed(&n->engine, space_rx_next(space_of(n)));
	return true;
}

/* --- events --------------------------------------------------------------------- */

/* We are no server: a confirmable request is rejected, another is ignored (RFC 7252
 * 4.2, 4.3).  Looking at the header alone keeps it from being remembered. */
static bool reject_request(struct net *n, const struct rx_dgram *d)
{
	struct addr from = addr_from_sin6(&d->from);
	unsigned type;

	if (d->len < 4 || d->data[0] >> 6 != 1 || !code_is_request(d->data[1]))
		return false;
	type = d->data[0] >> 4 & 3;
	if (type > COAP_NON)
		return false;
	if (type == COAP_CON && from.port) {
		send_empty(&n->engine, &from, &d->to, COAP_RST,
			   (uint16_t)(d->data[2] << 8 | d->data[3]));
		engine_count(&n->engine, COUNT_RESETS_SENT);
	}
	return true;
}

static void datagram(struct net *n, unsigned i)
{
	enum input_verdict v;
	struct input in;

	if (!comes(n, i) || reject_request(n, &batch_of(space_of(n))->rx[i]))
		return;
	v = input_datagram(&n->engine, i, &in);
	if (v == INPUT_RESPONSE || v == INPUT_FAILED)
		route_response(&n->engine, &n->hooks, &in.response);
}

/* True when all of the batch is done. */
static bool work(struct net *n)
{
	const struct batch *b = batch_of(space_of(n));

	for (unsigned i = space_rx_next(space_of(n)); i < b->rx_n; i++) {
		if (!batch_has_room(space_of(n)))
			return false;
		datagram(n, i);
		engine_commit(&n->engine, i + 1);
	}
	return true;
}

static void commit(struct net *n)
{
	engine_commit(&n->engine, space_rx_next(space_of(n)));
}

static bool settle(struct net *n, enum expire_verdict verdict, struct expired *x)
{
	switch (verdict) {
	case EXPIRE_NOTHING:
		return false;
	case EXPIRE_FAILED:
		route_response(&n->engine, &n->hooks, &x->response);
		break;
	case EXPIRE_OTHER:
		assert(x->slab == SLAB_OBS);
		route_due(&n->engine, &n->hooks, x->obj);
		break;
	case EXPIRE_WITHDRAWN:
	case EXPIRE_DONE:
		break;
	}
	commit(n);
	return true;
}

/* True when nothing more is due, or enough for one turn is done. */
static bool expire(struct net *n)
{
	struct expired x;

	for (unsigned k = 0; k < DUE_MOST; k++) {
		if (!batch_has_room(space_of(n)))
			return false;
		if (!settle(n, expire_next(&n->engine, &x), &x))
			break;
	}
	return true;
}

/* Does all that can be done now: the rest of the batch, then what is due. */
static bool advance(struct net *n)
{
	bool done;

	do {
		done = work(n);
		if (!(done && n->gathers && batch_has_room(space_of(n))) && !flush(n))
			return false;
	} while (!done);
	if (engine_next(&n->engine) > n->engine.now)
		return true;
	do {
		done = expire(n);
		if (!flush(n))
			return false;
	} while (!done);
	return true;
}

static void go_on(struct net *n)
{
	read_clock(n);
	if (advance(n)) {
		set_state(n, NET_READING);
		if (n->refused) {
			n->refused = false;
			if (n->hooks.ready)
				n->hooks.ready(n->hooks.arg);
		}
	}
	arm(n);
}

/* --- errors from the network ---------------------------------------------------------- */

static void take_error(struct net *n, const struct icmp_error *e)
{
	enum expire_verdict verdict;
	struct expired x;
	bool more = e->unreachable;

	while (more && n->state == NET_READING) {
		more = expire_unreachable(&n->engine, &e->to, &e->from, icmp_quote(e), &x,
					  &verdict);
		settle(n, verdict, &x);
		if (!batch_has_room(space_of(n)) || !more)
			flush(n);
	}
}

static void take_errors(struct net *n, unsigned sock)
{
	struct icmp_error e[ICMP_BATCH];
	unsigned got = ICMP_BATCH;

	read_clock(n);
	for (unsigned round = 0; round < ICMP_ROUNDS && got == ICMP_BATCH; round++) {
		got = icmp_read(n->socks.fd[sock], sock, e);
		space_of(n)->ctl->counter[COUNT_ICMP] += got;
		for (unsigned i = 0; i < got; i++)
			take_error(n, &e[i]);
	}
	arm(n);
}

/* --- watchers ----------------------------------------------------------------------- */

static void read_socket(struct net *n, unsigned sock)
{
	int got = BATCH_RX;

	for (unsigned round = 0; got == BATCH_RX && round < ROUNDS; round++) {
		got = udp_receive(space_of(n), &n->socks, sock);
		if (got > 0)
			go_on(n);
		else if (got < 0 || round == 0)
			take_errors(n, sock);
		if (n->state != NET_READING)
			break;
	}
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct net *n = w->data;
	unsigned number[READABLE_MOST], all = readable_next(n->readable, number);

	(void)loop;
	(void)revents;
	for (unsigned i = 0; i < all && n->state == NET_READING; i++)
		read_socket(n, number[i]);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct net *n = w->data;

	(void)loop;
	(void)revents;
	if (flush(n))
		go_on(n);
}

static void on_leave(struct ev_loop *loop, ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	if (((struct net *)w->data)->state == NET_READING)
		(void)flush(w->data);
}

static void on_due(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct net *n = w->data;

	(void)loop;
	(void)revents;
	n->due_at = UINT64_MAX;
	if (n->state == NET_READING)
		go_on(n);
}

static void on_sweep(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct net *n = w->data;

	(void)revents;
	if (n->state != NET_READING)
		return;
	read_clock(n);
	expire_sweep(&n->engine);
	if (space_of(n)->ctl->live[SLAB_DEDUP] == 0)
		ev_timer_stop(loop, w);
}

static void init_watchers(struct net *n)
{
	ev_io_init(&n->read, on_readable, n->readable, EV_READ);
	n->read.data = n;
	ev_io_init(&n->write, on_writable, n->ends.fd[0], EV_WRITE);
	n->write.data = n;
	ev_prepare_init(&n->leave, on_leave);
	n->leave.data = n;
	if (n->gathers)
		ev_prepare_start(n->loop, &n->leave);
	ev_timer_init(&n->due, on_due, 0., 0.);
	n->due.data = n;
	ev_timer_init(&n->sweep, on_sweep, 0., SWEEP_S);
	n->sweep.data = n;
}

/* --- events of the caller's ------------------------------------------------------------ */

bool net_begin(struct net *n)
{
	assert(!n->inside);
	if (n->state != NET_READING) {
		n->refused = true;
		return false;
	}
	read_clock(n);
	n->inside = true;
	return true;
}

void net_end(struct net *n)
{
	assert(n->inside);
	n->inside = false;
	commit(n);
	(void)flush(n);
	arm(n);
}

bool net_next(struct net *n)
{
	assert(n->inside);
	commit(n);
	if (batch_has_room(space_of(n)))
		return true;
	net_end(n);
	return net_begin(n);
}

/* --- ends --------------------------------------------------------------------------------- */

struct local net_local(const struct net *n, unsigned i)
{
	return (struct local){ .sock = (uint16_t)ends_number(&n->ends, i) };
}

static int watch(struct net *n, unsigned i, struct err *err)
{
	unsigned number = ends_number(&n->ends, i);

	return readable_add(n->readable, n->ends.fd[number], number, err);
}

int net_renew(struct net *n, unsigned i, struct err *err)
{
	uint32_t now_s = (uint32_t)(n->now_ns / 1000000000u) + 1;
	int r = ends_renew(&n->ends, i, now_s, err);

	return r ? r : watch(n, i, err);
}

int net_set_hops(struct net *n, unsigned hops, struct err *err)
{
	return ends_set_hops(&n->ends, hops, err);
}

/* --- life ----------------------------------------------------------------------------------- */

struct engine *net_engine(struct net *n)
{
	return &n->engine;
}

uint64_t net_counter(const struct net *n, enum counter c)
{
	return n->engine.space.ctl->counter[c];
}

/* Critical options that may come in responses (RFC 7959 2.2). */
static void understood(struct option_set *set)
{
	option_set_add(set, OPT_BLOCK1);
	option_set_add(set, OPT_BLOCK2);
}

static int take_random(void *out, size_t n, struct err *err)
{
	if (getrandom(out, n, 0) == (ssize_t)n)
		return 0;
	return err_set(err, -EIO, "the system gives no random numbers: %s", strerror(errno));
}

static int open_engine(struct net *n, const struct net_conf *c, struct err *err)
{
	struct engine_conf conf = { .params = c->params, .limits = limits_of(c, n->ends.room),
				    .ack_delay_ms = c->params.ack_timeout_ms / 2,
				    .reuse_mids = c->reuse_mids };
	enum space_state state;
	struct hash_key key;
	int r = take_random(&key, sizeof key, err);

	if (!r)
		r = take_random(&n->loss.dice, sizeof n->loss.dice, err);
	if (r)
		return r;
	understood(&conf.options);
	engine_layout(&n->def, &conf.limits);
	n->size = space_size(&n->def);
	n->mem = mmap(NULL, n->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (n->mem == MAP_FAILED) {
		n->mem = NULL;
		return err_set(err, -ENOMEM, "no memory for %u requests: %zu MiB are needed",
			       conf.limits.exchanges, n->size >> 20);
	}
	r = engine_open(&n->engine, n->mem, &n->def, 0, &key, &conf, &state);
	if (r) {
		munmap(n->mem, n->size);
		n->mem = NULL;
		return err_set(err, r, "no memory for %u requests", conf.limits.exchanges);
	}
	n->engine.source = c->source;
	udp_wire(space_of(n), state);
	udp_adopted(space_of(n), 0);
	return 0;
}

static int open_ends(struct net *n, const struct net_conf *c, struct err *err)
{
	const struct ends_conf conf = {
		.n = c->sockets ? c->sockets : 1, .spare = c->spare, .from = c->from,
		.nfrom = c->nfrom, .peer = c->peer,
		.lifetime_s = (uint32_t)(params_exchange_lifetime(&c->params) / 1000) + 1 };
	int r = descriptors_raise(conf.n, err);

	if (!r)
		r = ends_open(&n->ends, &conf, err);
	if (r)
		return r;
	n->socks = (struct udp_socks){ .fd = n->ends.fd, .n = n->ends.room,
				       .peer = c->peer, .most = c->at_once,
				       .segments = c->segments };
	n->readable = r = readable_open(err);
	for (unsigned i = 0; r >= 0 && i < conf.n; i++)
		r = watch(n, i, err);
	return r < 0 ? r : 0;
}

int net_open(struct net **out, struct ev_loop *loop, const struct net_conf *conf,
	     const struct net_hooks *hooks, struct err *err)
{
	struct net *n = calloc(1, sizeof *n);
	int r;

	if (!n)
		return err_set(err, -ENOMEM, "no memory for the network");
	n->loop = loop;
	n->hooks = *hooks;
	n->loss.permille = conf->loss_permille;
	n->gathers = conf->sockets > 1;
	n->due_at = UINT64_MAX;
	n->readable = -1;
	r = open_ends(n, conf, err);
	if (!r)
		r = open_engine(n, conf, err);
	if (r) {
		net_close(n);
		return r;
	}
	init_watchers(n);
	read_clock(n);
	n->begun_ns = n->now_ns;
	set_state(n, NET_READING);
	*out = n;
	return 0;
}

void net_close(struct net *n)
{
	set_state(n, NET_STOPPED);
	if (n->mem) {
		ev_prepare_stop(n->loop, &n->leave);
		ev_timer_stop(n->loop, &n->due);
		ev_timer_stop(n->loop, &n->sweep);
		engine_close(&n->engine);
		munmap(n->mem, n->size);
	}
	ends_close(&n->ends);
	if (n->readable >= 0)
		close(n->readable);
	free(n);
}
