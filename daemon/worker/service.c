#include "worker/service.h"

#include "base/clock.h"
#include "exchange/representation.h"
#include "transport/icmp.h"
#include "worker/slot.h"
#include "worker/slot_import.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/mman.h>

#define ROUNDS 4                /* full batches of one socket before others get a turn */
#define SWEEP_S 1.
#define TIMED_EACH 8            /* every which batch with requests has its time taken */
#define ICMP_ROUNDS 8
#define ICMP_A_SECOND 100       /* errors that are believed per second and slot */

const char *service_state_name(enum service_state state)
{
	static const char *const name[] = {
		[SERVICE_STOPPED] = "stopped",
		[SERVICE_READING] = "reading",
		[SERVICE_BLOCKED] = "blocked",
	};

	return name[state];
}

static struct space *space_of(struct service *v)
{
	return &v->dispatch.engine.space;
}

/* --- state -------------------------------------------------------------------- */

static void set_state(struct service *v, enum service_state state)
{
	if (v->state == state)
		return;
	if (state != SERVICE_STOPPED)
		log_debug("slot %u is %s", v->slot, service_state_name(state));
	v->state = state;
	for (unsigned i = 0; i < v->socks.n; i++)
		if (state == SERVICE_READING && v->fd[i] >= 0)
			ev_io_start(v->loop, &v->read[i]);
		else
			ev_io_stop(v->loop, &v->read[i]);
	if (v->mail.fd > 0 && state == SERVICE_READING)
		ev_io_start(v->loop, &v->mail);
	else
		ev_io_stop(v->loop, &v->mail);
	ev_io_stop(v->loop, &v->write);
	if (state == SERVICE_BLOCKED) {
		ev_io_set(&v->write, v->socks.fd[v->blocked], EV_WRITE);
		ev_io_start(v->loop, &v->write);
	}
}

/* --- timers ------------------------------------------------------------------- */

/* A deadline that moved back is met when the timer fires in vain: that is rarer
 * than setting it for each answer. */
static void arm(struct service *v, uint64_t now)
{
	uint64_t next = v->behind ? now : dispatch_next(&v->dispatch);

	if (next >= v->due_at)
		return;
	v->due_at = next;
	ev_timer_stop(v->loop, &v->due);
	ev_timer_set(&v->due, next > now ? (double)(next - now) / 1e3 : 0., 0.);
	ev_timer_start(v->loop, &v->due);
}

/* After events: the answers are off. */
static void settle(struct service *v, uint64_t now)
{
	if (v->accesslog)
		accesslog_flush(v->accesslog);
	arm(v, now);
}

/* full: there is so much to be received that some of it may be lost. */
static void arm_sweep(struct service *v, bool full)
{
	if (!ev_is_active(&v->sweep) && (full || dispatch_remembers(&v->dispatch)))
		ev_timer_again(v->loop, &v->sweep);
}

/* --- the way of events ---------------------------------------------------------- */

static bool is_watched(const struct service *v)
{
	return v->trace && v->trace->n;
}

/* What a full socket keeps from being sent was shown before. */
static void show_sent(struct service *v)
{
	trace_sent(v->trace, space_of(v), v->port, v->slot, v->traced);
	v->traced = space_tx_n(space_of(v));
}

/* Sends what is committed.  False: the socket is full, nothing more can be done. */
static bool flush(struct service *v)
{
	if (space_tx_n(space_of(v)) == 0)
		return true;
	if (is_watched(v))
		show_sent(v);
	if (udp_flush(space_of(v), &v->socks, &v->blocked) == UDP_BLOCKED) {
		set_state(v, SERVICE_BLOCKED);
		return false;
	}
	dispatch_flushed(&v->dispatch);
	v->traced = 0;
	return true;
}

static bool is_due(struct service *v, uint64_t now)
{
	return dispatch_next(&v->dispatch) <= now || dispatch_pending(&v->dispatch);
}

/* Does what can be done now: the rest of the batch; then, unless more waits to be received, as
 * much of what is due as can be sent in one go.  So whatever we send, what comes back for it is
 * taken before there is more of it, and whoever asks meanwhile waits for a batch and not for
 * thousands of notifications. */
static bool advance(struct service *v, uint64_t now, bool more)
{
	bool done;

	do {
		done = dispatch_batch(&v->dispatch, now);
		if (!flush(v))
			return false;
	} while (!done);
	v->behind = false;
	if (!is_due(v, now))
		return true;
	if (!more)
		(void)dispatch_due(&v->dispatch, now);
	v->behind = dispatch_pending(&v->dispatch);
	return flush(v);
}

static uint64_t requests(struct service *v)
{
	return space_of(v)->ctl->counter[COUNT_REQUESTS];
}

/* From the datagrams' arrival in our memory until their answers were sent, or a module
 * took the request to answer it later; n requests shared that time. */
static void time_batch(struct service *v, uint64_t began_ns, uint64_t n)
{
	if (n && v->batches++ % TIMED_EACH == 0)
		durations_add(&space_of(v)->ctl->served, clock_ns() - began_ns, n);
}

/* more: of what is to be received; it is called again. */
static void go_on_with(struct service *v, bool more)
{
	uint64_t began = clock_ns(), now = began / 1000000, before = requests(v);

	if (v->accesslog)
		v->accesslog->now_ns = began;
	if (advance(v, now, more))
		set_state(v, SERVICE_READING);
	time_batch(v, began, requests(v) - before);
	if (v->names && v->state == SERVICE_READING)
		names_again(v->names, v);
	settle(v, now);
	arm_sweep(v, more);
}

static void go_on(struct service *v)
{
	go_on_with(v, false);
}

/* --- names ------------------------------------------------------------------------ */

static int look_up(void *arg, ref_t fetch, const char *host, const char *zone, uint16_t port)
{
	struct service *v = arg;

	return v->names ? names_ask(v->names, v, fetch, host, zone, port) : -EAGAIN;
}

static int find_way(void *arg, const struct addr *to)
{
	(void)arg;
	return names_way(to);
}

/* While it is blocked, there may be no room for an event. */
bool service_resolved(void *service, ref_t fetch, const struct addr *addr, unsigned n)
{
	struct service *v = service;
	uint64_t now = clock_ms();

	if (v->state != SERVICE_READING ||
	    !dispatch_resolved(&v->dispatch, now, fetch, addr, n))
		return false;
	(void)flush(v);
	settle(v, now);
	return true;
}

/* --- errors from the network ------------------------------------------------------ */

static bool believe(struct service *v, uint64_t now)
{
	if (v->icmp_second != now / 1000) {
		v->icmp_second = now / 1000;
		v->icmp_n = 0;
	}
	return v->icmp_n++ < ICMP_A_SECOND;
}

static void take_error(struct service *v, const struct icmp_error *e, uint64_t now)
{
	bool done = !e->unreachable || v->state != SERVICE_READING || !believe(v, now);

	while (!done) {
		done = dispatch_unreachable(&v->dispatch, now, &e->to, &e->from,
					    icmp_quote(e));
		if (!flush(v))
			return;         /* a hint, and we have worse to care for */
	}
}

static void take_errors(struct service *v, unsigned sock)
{
	struct icmp_error e[ICMP_BATCH];
	uint64_t now = clock_ms();
	unsigned n = ICMP_BATCH;

	for (unsigned round = 0; round < ICMP_ROUNDS && n == ICMP_BATCH; round++) {
		n = icmp_read(v->socks.fd[sock], sock, e);
		space_of(v)->ctl->counter[COUNT_ICMP] += n;
		for (unsigned i = 0; i < n; i++)
			take_error(v, &e[i], now);
	}
	settle(v, now);
}

/* The kernel counts per socket, and sockets live as long as the slot. */
static void take_drops(struct service *v)
{
	uint64_t *counter = &space_of(v)->ctl->counter[COUNT_RX_DROPPED], sum = 0;

	for (unsigned i = 0; i < v->socks.n; i++) {
		uint32_t info[SK_MEMINFO_VARS] = { 0 };
		socklen_t len = sizeof info;

		if (v->fd[i] >= 0 && getsockopt(v->fd[i], SOL_SOCKET, SO_MEMINFO, info, &len) == 0)
			sum += info[SK_MEMINFO_DROPS];
	}
	if (sum > *counter)
		*counter = sum;
}

/* --- watchers ----------------------------------------------------------------- */

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct service *v = w->data;
	unsigned sock = (unsigned)(w - v->read);
	int n = BATCH_RX;

	(void)loop;
	(void)revents;
	for (unsigned round = 0; n == BATCH_RX && round < ROUNDS; round++) {
		n = udp_receive(space_of(v), &v->socks, sock);
		if (n > 0 && is_watched(v))
			trace_received(v->trace, space_of(v), v->port, v->slot, 0);
		if (n > 0)
			go_on_with(v, n == BATCH_RX && round + 1 < ROUNDS);
		else if (n < 0 || round == 0)
			take_errors(v, sock);
		if (v->state != SERVICE_READING)
			break;
	}
}

static void on_writable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct service *v = w->data;

	(void)loop;
	(void)revents;
	if (flush(v))
		go_on(v);
}

static void on_mail(struct ev_loop *loop, ev_io *w, int revents)
{
	struct service *v = w->data;

	(void)loop;
	(void)revents;
	v->dispatch.mail = true;
	go_on(v);
}

static void on_due(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct service *v = w->data;

	(void)loop;
	(void)revents;
	v->due_at = UINT64_MAX;
	v->behind = false;
	if (v->state == SERVICE_READING)
		go_on(v);
}

static void on_sweep(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct service *v = w->data;

	(void)revents;
	take_drops(v);
	if (v->state != SERVICE_READING)
		return;
	for (unsigned i = 0; i < v->socks.n && v->state == SERVICE_READING; i++)
		if (v->fd[i] >= 0)
			take_errors(v, i);
	if (dispatch_remembers(&v->dispatch))
		dispatch_sweep(&v->dispatch, clock_ms());
	else
		ev_timer_stop(loop, w);
}

static void init_watchers(struct service *v, int mail)
{
	for (unsigned i = 0; i < v->socks.n; i++) {
		ev_io_init(&v->read[i], on_readable, v->socks.fd[i], EV_READ);
		v->read[i].data = v;
	}
	ev_init(&v->write, on_writable);
	v->write.data = v;
	ev_io_init(&v->mail, on_mail, mail, EV_READ);
	v->mail.data = v;
	ev_timer_init(&v->due, on_due, 0., 0.);
	v->due.data = v;
	ev_timer_init(&v->sweep, on_sweep, 0., SWEEP_S);
	v->sweep.data = v;
}

/* --- life --------------------------------------------------------------------- */

static int map_memory(struct service *v, const struct worker_slot *slot, struct err *err)
{
	v->size = space_size(v->def) + windows_size(&v->def->windows);
	v->mem = mmap(NULL, v->size, PROT_READ | PROT_WRITE, MAP_SHARED, slot->memfd, 0);
	if (v->mem != MAP_FAILED) {
		v->used = ((const struct space_ctl *)v->mem)->layout != 0;
		return 0;
	}
	v->mem = NULL;
	return err_set(err, -errno, "cannot map the memory of slot %u: %s", slot->slot,
		       strerror(errno));
}

/* Windows for bodies stand behind the slot's memory. */
/* 0, or -ENOMEM with err; refused: what is to be taken over is damaged, and the slot begins
 * anew. */
static int import(struct service *v, const struct worker_slot *slot,
		  const struct service_env *env, bool *refused, struct err *err)
{
	int rc = slot_import(v->mem, v->def, slot->old_memfd, env->socks, err);

	if (rc == 0)
		log_info("slot %u is laid out anew", slot->slot);
	if (rc == 0 || rc == -ENODATA || rc == -EALREADY || rc == -ENOMEM)
		return rc == -ENOMEM ? rc : 0;
	*refused = true;
	log_error("slot %u begins anew, as its memory cannot be taken over: %s; its clients "
		  "have to begin anew", slot->slot, err->text);
	return 0;
}

static void take_windows(struct service *v, const struct service_env *env,
			 struct engine_conf *conf)
{
	if (!env->budget)
		return;
	v->bodies = (struct bodies){
		.windows = { (uint8_t *)v->mem + space_size(v->def), &v->def->windows },
		.budget = env->budget };
	conf->bodies = &v->bodies;
}

/* Numbers that are nobody's stand for sockets that there are no longer. */
static int take_sockets(struct service *v, const struct worker_slot *slot,
			const struct site *site, struct err *err)
{
	if (site->nlisteners > SITE_LISTENERS_MAX)
		return err_set(err, -E2BIG, "more than %d listeners", SITE_LISTENERS_MAX);
	for (unsigned i = 0; i < WORKER_SOCKS; i++)
		v->fd[i] = -1;
	for (size_t i = 0; i < site->nlisteners; i++)
		v->fd[site_sock(site, i)] = slot->socks[i];
	v->fd[WORKER_CLIENT] = slot->client_sock;
	v->socks = (struct udp_socks){ .fd = v->fd, .n = WORKER_SOCKS, .segments = true };
	return 0;
}

/* The kernel may have picked them. */
static void look_up_ports(struct service *v, struct engine_conf *conf)
{
	for (unsigned i = 0; i < v->socks.n; i++) {
		struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
		socklen_t n = sizeof sa;

		v->port[i] = 0;
		if (v->fd[i] >= 0 && getsockname(v->fd[i], (struct sockaddr *)(void *)&sa, &n) == 0)
			v->port[i] = ntohs(sa.sin6_port);
	}
	conf->ports = v->port;
	conf->nports = v->socks.n;
}

/* The smallest receive buffer of a listener bounds what goes out to be acknowledged. */
static void look_up_buffers(const struct service *v, struct engine_conf *conf)
{
	for (unsigned i = 0; i < v->socks.n; i++) {
		uint32_t n = i != WORKER_CLIENT && v->fd[i] >= 0 ?
			     flight_room(udp_receive_buffer(v->fd[i])) : 0;

		if (n && (!conf->flight || n < conf->flight))
			conf->flight = n;
	}
}

/* In the order that base/batch.h and exchange/adopt.h ask for. */
static void take_over(struct service *v, enum space_state state, uint64_t now)
{
	const struct batch *b = batch_of(space_of(v));

	udp_wire(space_of(v), state);
	if (state == SPACE_NEW && v->used)
		log_error("slot %u begins anew, as its memory is damaged or of another layout: its "
			  "clients have to begin anew", v->slot);
	if (state == SPACE_OLD && !dispatch_adopt(&v->dispatch, now))
		log_error("slot %u is wiped, as workers keep dying when they take it over: "
			  "its clients have to begin anew", v->slot);
	udp_adopted(space_of(v), b->rx_n);
	if (state == SPACE_OLD)
		log_info("slot %u taken over: %u datagrams to work on, %u to send", v->slot,
			 b->rx_n - space_rx_next(space_of(v)), space_tx_n(space_of(v)));
}

int service_open(struct service *v, const struct worker_slot *slot,
		 const struct service_env *env, struct err *err)
{
	struct engine_conf conf = slot_conf(env->site);
	enum space_state state;
	bool refused = false;
	int r;

	*v = (struct service){ .loop = env->loop, .slot = slot->slot, .due_at = UINT64_MAX,
			       .def = env->def ? env->def : &v->own };
	slot_def(env->site, &v->own);
	r = take_sockets(v, slot, env->site, err);
	if (!r)
		r = map_memory(v, slot, err);
	if (r)
		return r;
	if (slot->old_memfd > 0)
		r = import(v, slot, env, &refused, err);
	if (r) {
		munmap(v->mem, v->size);
		return r;
	}
	take_windows(v, env, &conf);
	look_up_ports(v, &conf);
	look_up_buffers(v, &conf);
	r = dispatch_open(&v->dispatch, v->mem, v->def, (uint8_t)slot->slot, &env->key,
			  &conf, env->resources, &state);
	if (r) {
		munmap(v->mem, v->size);
		return err_set(err, r, "no memory for the tables of slot %u", slot->slot);
	}
	v->names = env->names;
	v->trace = env->trace;
	v->accesslog = env->accesslog;
	v->dispatch.engine.witness = env->accesslog ? &env->accesslog->witness : NULL;
	v->outside = (struct outside){ .lookup = look_up, .way = find_way, .arg = v,
				       .client_sock = WORKER_CLIENT };
	v->dispatch.outside = &v->outside;
	if (refused)
		space_count(space_of(v), COUNT_IMPORT_REFUSED);
	take_over(v, state, clock_ms());
	init_watchers(v, slot->mail);
	go_on(v);
	dispatch_survived(&v->dispatch);
	return 0;
}

void service_close(struct service *v)
{
	set_state(v, SERVICE_STOPPED);
	ev_timer_stop(v->loop, &v->due);
	ev_timer_stop(v->loop, &v->sweep);
	take_drops(v);
	if (v->names)
		names_drop(v->names, v);
	dispatch_close(&v->dispatch);
	unpoison(v->mem, space_size(v->def));
	munmap(v->mem, v->size);
}

void service_changed(struct service *v, uint32_t word)
{
	dispatch_changed(&v->dispatch, clock_ms(), word);
}

/* While it is blocked, what was executing may not be settled yet. */
bool service_watched(struct service *v, unsigned i, int events)
{
	if (v->state != SERVICE_READING)
		return false;
	dispatch_watched(&v->dispatch, clock_ms(), i, events);
	go_on(v);
	return true;
}

static bool is_wanted(const void *order, const struct addr *peer)
{
	return order_is_about(order, peer);
}

static void kick(struct service *v, struct kick *k)
{
	uint64_t now = clock_ms();

	k->part = k->place = 0;
	if (v->state != SERVICE_READING)
		return;
	while (!dispatch_kick(&v->dispatch, now, k))
		if (!flush(v))
			return;
	(void)flush(v);
	arm(v, now);
}

void services_kick(struct service *v, unsigned n, unsigned worker, const struct order *o, int fd)
{
	struct kick k = { .wanted = is_wanted, .arg = o, .counts = { .worker = worker } };

	for (unsigned i = 0; i < n; i++)
		kick(&v[i], &k);
	if (fd >= 0)
		(void)!send(fd, &k.counts, sizeof k.counts, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void service_look(struct service *v)
{
	if (v->state == SERVICE_READING)
		go_on(v);
}

bool service_observes(struct service *v, uint32_t word)
{
	return representation_of_word(&v->dispatch.engine, word);
}

void service_count(struct service *v, enum counter c)
{
	space_count(space_of(v), c);
}

bool service_idle(const struct service *v)
{
	return dispatch_idle(&v->dispatch) && v->state != SERVICE_BLOCKED;
}
