/* Every instruction as a crash: single-steps a worker's work on one slot through
 * scripted traffic, takes the slot's memory as it is after each instruction, lets
 * a successor adopt a copy and go on, and compares with a life without a crash:
 *
 *  - every peer sees the same datagrams (a request that died within an effect
 *    outside the slot may be answered 5.00 instead, and only that);
 *  - the memory holds the same peers, answers, exchanges and tasks;
 *  - effects outside happened at most once, effects inside exactly once;
 *  - all datagrams once more, as retransmissions, run nothing.
 *
 * Then the same with a second crash at every instruction of the adoption, for a
 * sample of the first ones.  COAPD_QUICK=1 samples more coarsely. */
#include "base/log.h"
#include "base/poison.h"
#include "coap/frame_udp.h"
#include "exchange/adopt.h"
#include "exchange/client.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "worker/dispatch.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEERS 16
#define PHASE_MAX 24    /* datagrams in one phase */
#define DIGEST 2048

/* --- what lies outside the slot ---------------------------------------------- */

struct world {
	uint32_t count[PEERS];  /* effects of the opaque modules, by peer */
	uint32_t responses;     /* what the client role was told, at least so often */
};

/* One life: a slot's memory, the world around it, and a handle on it. */
struct life {
	uint8_t *mem;
	struct world *world;
	struct dispatch d;
	bool open;
};

static struct space_def def;
static struct engine_conf conf;
static struct resources *resources;
static size_t size;
static struct life life[3];
static struct life *now_living;         /* whose world the modules act on */
static const struct hash_key key = { { 0x1234567890abcdefu, 0xfedcba0987654321u } };

/* --- modules -------------------------------------------------------------------- */

static enum coapd_verdict fast(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	coapd_reply(t, COAPD_205_CONTENT);
	coapd_reply_data(t, coapd_text("hi"));
	return COAPD_DONE;
}

/* An effect outside, once per request; the first payload byte names the peer. */
static void effect(coapd_task *t)
{
	coapd_span p = coapd_payload(coapd_request(t));

	if (p.n)
		now_living->world->count[p.p[0] % PEERS]++;
}

static enum coapd_verdict opaque(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	effect(t);
	coapd_reply(t, COAPD_204_CHANGED);
	coapd_reply_data(t, coapd_text("done once"));
	return COAPD_DONE;
}

/* Counts its own events in the slot: exactly three, whoever delivers them. */
static enum coapd_verdict count_to_three(coapd_task *t, uint32_t ms)
{
	uint32_t *n = coapd_scratch(t, sizeof *n);
	char text[2] = { 0 };

	if (++*n < 3) {
		coapd_after(t, 0, ms);
		return COAPD_WAIT;
	}
	text[0] = (char)('0' + *n);
	coapd_reply(t, COAPD_205_CONTENT);
	coapd_reply_data(t, coapd_text(text));
	return COAPD_DONE;
}

/* At two paces, for what is due at the same time has no order. */
static enum coapd_verdict tick(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	return count_to_three(t, 500);
}

static enum coapd_verdict tock(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	return count_to_three(t, 450);
}

static enum coapd_verdict slow(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self;
	if (ev->what == COAPD_EV_REQUEST) {
		coapd_after(t, 0, 700);
		return COAPD_WAIT;
	}
	effect(t);
	coapd_reply(t, COAPD_204_CHANGED);
	coapd_reply_data(t, coapd_text("done late"));
	return COAPD_DONE;
}

static struct resource_mount_spec mount(const char *path, const char *const *segment,
					uint32_t flags,
					enum coapd_verdict (*handle)(void *, coapd_task *,
							const struct coapd_event *))
{
	struct module *m = calloc(1, sizeof *m);

	m->desc = (struct coapd_module){ .abi = COAPD_ABI, .size = sizeof m->desc,
					 .name = path + 1, .version = "1", .summary = "test",
					 .flags = flags, .handle = handle };
	return (struct resource_mount_spec){ .path = path, .segments = segment,
					     .nsegments = 1, .module = m };
}

static void open_resources(void)
{
	static const char *const name[] = { "f", "o", "t", "s", "r", "u" };
	struct resource_mount_spec spec[] = {
		mount("/f", &name[0], 0, fast),
		mount("/o", &name[1], 0, opaque),
		mount("/t", &name[2], COAPD_F_RETRY, tick),
		mount("/s", &name[3], 0, slow),
		mount("/r", &name[4], COAPD_F_RETRY, fast),
		mount("/u", &name[5], COAPD_F_RETRY, tock),
	};
	struct err err;

	resources = resources_new(spec, sizeof spec / sizeof spec[0], &err);
	if (!resources) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

/* Peers whose requests have effects outside. */
static bool peer_is_opaque(unsigned peer)
{
	return peer == 3 || peer == 6;
}

/* --- client role ------------------------------------------------------------------ */

static struct addr address(unsigned peer)
{
	struct addr a = { .port = (uint16_t)(1000 + peer) };

	a.ip[15] = (uint8_t)peer;
	return a;
}

static const struct local here = { .ip = { [15] = 200 } };

static void ask(struct engine *e, unsigned peer, uint64_t owner)
{
	static const uint8_t body[] = { 0xb1, 'q' };
	struct client_request c = { .to = address(peer), .from = here, .code = COAP_GET,
				    .body = { body, sizeof body }, .owner = owner };
	ref_t x;

	client_send(e, &c, &x);
}

/* The answer to one question brings up the next, in the same event. */
static void on_response(void *arg, struct engine *e, const struct response *r)
{
	(void)arg;
	now_living->world->responses++;
	if (r->owner < 3)
		ask(e, 9, r->owner + 1);
}

/* --- lives ---------------------------------------------------------------------------- */

static void begin(struct life *l)
{
	enum space_state state;

	if (l->open)
		dispatch_close(&l->d);
	unpoison(l->mem, size);
	if (dispatch_open(&l->d, l->mem, &def, 3, &key, &conf, resources, &state))
		abort();
	l->d.response = on_response;
	l->open = true;
	now_living = l;
}

static void copy_life(struct life *to, const struct life *from)
{
	size_t head = (size_t)(from->d.engine.space.extra - from->mem) + offsetof(struct batch, rx);

	unpoison(to->mem, size);
	unpoison(from->mem, size);
	memcpy(to->mem, from->mem, head);
	for (unsigned i = 0; i < PHASE_MAX; i++)
		memcpy(to->mem + head + i * sizeof(struct rx_dgram),
		       from->mem + head + i * sizeof(struct rx_dgram),
		       offsetof(struct rx_dgram, data) + 64);
	head += BATCH_RX * sizeof(struct rx_dgram);
	for (unsigned i = 0; i < PHASE_MAX; i++)
		memcpy(to->mem + head + i * sizeof(struct tx_dgram),
		       from->mem + head + i * sizeof(struct tx_dgram),
		       offsetof(struct tx_dgram, data) + 128);
	*to->world = *from->world;
}

/* --- phases: what comes in, and what time it is ---------------------------------------- */

struct dgram {
	unsigned peer;
	uint8_t data[64];
	size_t n;
};

struct phase {
	const char *name;
	uint64_t now;
	bool sweep;
	unsigned n;
	struct dgram in[PHASE_MAX];
};

static struct phase phase;

static void add(unsigned peer, uint8_t type, uint8_t code, uint16_t mid, const char *token,
		const char *path, const char *payload)
{
	struct dgram *g = &phase.in[phase.n++];
	struct writer w = writer_of(g->data, sizeof g->data);
	struct option_writer ow = option_writer(&w);

	g->peer = peer;
	frame_udp_head(&w, type, code, mid, token ? span_str(token) : span_of(NULL, 0));
	if (path)
		option_write(&ow, OPT_URI_PATH, span_str(path));
	if (payload)
		message_write_payload(&w, span_str(payload));
	g->n = (size_t)(w.p - g->data);
}

/* What each peer was last sent as a confirmable message. */
static struct dgram last_sent[PEERS];

static void remember_sent(const struct life *l)
{
	const struct batch *b = batch_of(&l->d.engine.space);

	for (unsigned i = 0; i < space_tx_n(&l->d.engine.space); i++) {
		struct dgram *g = &last_sent[(b->tx[i].to.port - 1000u) % PEERS];

		if (b->tx[i].data[0] >> 4 != 4)
			continue;
		g->n = b->tx[i].len < sizeof g->data ? b->tx[i].len : sizeof g->data;
		memcpy(g->data, b->tx[i].data, g->n);
	}
}

/* Acknowledges, resets or answers it. */
static void add_answer(unsigned peer, uint8_t type, uint8_t code, uint16_t mid)
{
	struct dgram *g = &phase.in[phase.n++];
	struct message m;
	struct writer w = writer_of(g->data, sizeof g->data);

	if (frame_udp_parse(span_of(last_sent[peer].data, last_sent[peer].n), &m) != FRAME_OK) {
		printf("Bail out! nothing was sent to peer %u before phase %s\n", peer, phase.name);
		exit(1);
	}
	g->peer = peer;
	frame_udp_head(&w, type, code, type == COAP_CON ? mid : m.mid,
		       code ? m.token : span_of(NULL, 0));
	if (code)
		message_write_payload(&w, span_str("re"));
	g->n = (size_t)(w.p - g->data);
}

static void load(struct life *l)
{
	struct batch *b = batch_of(&l->d.engine.space);

	dispatch_flushed(&l->d);
	for (unsigned i = 0; i < phase.n; i++) {
		struct addr a = address(phase.in[i].peer);

		b->rx[i].from = addr_to_sin6(&a);
		b->rx[i].to = here;
		b->rx[i].tries = 0;
		b->rx[i].len = (uint32_t)phase.in[i].n;
		memcpy(b->rx[i].data, phase.in[i].data, phase.in[i].n);
	}
	b->rx_n = phase.n;
	engine_flushed(&l->d.engine, 0);
}

/* The work itself; ends only for lack of room, which phases never use up. */
static void work(struct life *l)
{
	now_living = l;
	dispatch_batch(&l->d, phase.now);
	dispatch_due(&l->d, phase.now);
	if (phase.sweep)
		dispatch_sweep(&l->d, phase.now);
}

static void take_over(struct life *l)
{
	now_living = l;
	dispatch_adopt(&l->d, phase.now);
	work(l);
}

/* --- comparing: per peer, what it sees and what is remembered of it --------------------- */

struct picture {
	char text[PEERS][DIGEST];
	size_t n[PEERS];
	bool failed[PEERS];     /* was answered 5.00 */
};

static struct picture want, have;

__attribute__((format(printf, 3, 4)))
static void note(struct picture *p, unsigned peer, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (peer >= PEERS || p->n[peer] >= DIGEST - 1)
		return;
	va_start(ap, fmt);
	n = vsnprintf(p->text[peer] + p->n[peer], DIGEST - p->n[peer], fmt, ap);
	va_end(ap);
	p->n[peer] += n > 0 ? (size_t)n : 0;
}

static uint64_t digest(const void *p, size_t n)
{
	return hash_bytes(&key, p, n);
}

/* A token of ours names the object that happened to be free. */
static uint64_t message_digest(struct span bytes)
{
	uint8_t copy[256];
	struct message m;

	if (bytes.n > sizeof copy)
		return 0;
	memcpy(copy, bytes.p, bytes.n);
	if (frame_udp_parse(span_of(copy, bytes.n), &m) == FRAME_OK && code_is_request(m.code) &&
	    m.token.n == CLIENT_TOKEN)
		memset(copy + 4, 0, CLIENT_TOKEN);
	return digest(copy, bytes.n);
}

static void see_sent(struct picture *p, struct life *l)
{
	const struct batch *b = batch_of(&l->d.engine.space);

	for (unsigned i = 0; i < space_tx_n(&l->d.engine.space); i++) {
		const struct tx_dgram *t = &b->tx[i];
		unsigned peer = t->to.port - 1000u;

		note(p, peer, "tx %02x %02x %u %llx\n", t->data[0], t->data[1], t->len,
		     (unsigned long long)message_digest(span_of(t->data, t->len)));
		if (peer < PEERS && t->data[1] == COAP_INTERNAL_ERROR)
			p->failed[peer] = true;
	}
}

static void see_dedup(struct picture *p, struct engine *e, const struct endpoint *ep, unsigned peer)
{
	/* Settled ones in their order, which evictions follow. */
	for (uint32_t i = ep->dedup_head; i != SLAB_NIL;) {
		const struct dedup *d = slab_at(engine_slab(e, SLAB_DEDUP), i);
		struct span a = dedup_answer(e, d);

		note(p, peer, "dedup %u st%u %llx\n", d->mid, d->state,
		     d->state == DEDUP_DONE ? (unsigned long long)digest(a.p, a.n) : 0);
		i = d->next;
	}
}

static void see_endpoints(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_ENDPOINT]; i++) {
		const struct endpoint *ep = slab_at(engine_slab(e, SLAB_ENDPOINT), i);
		unsigned peer = ep->remote.port - 1000u;

		if (!(ep->o.word & 1))
			continue;
		note(p, peer, "endpoint mid%x hi%x win%llx forgot%u x%u a%u d%u k%u\n",
		     ep->next_mid, ep->window_hi,
		     (unsigned long long)digest(ep->window, sizeof ep->window), ep->forgot_s,
		     ep->nexchanges, ep->nactive, ep->ndedup, ep->nkept);
		see_dedup(p, e, ep, peer);
	}
}

static void see_exchanges(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++) {
		const struct exchange *x = slab_at(engine_slab(e, SLAB_EXCHANGE), i);
		const struct endpoint *ep;
		const struct task *t;

		if (!(x->o.word & 1))
			continue;
		ep = endpoint_get(e, x->peer);
		note(p, ep->remote.port - 1000u, "exchange st%u mid%u ack%u re%u dl%llu %llx\n",
		     x->state, x->mid, x->acked, x->retries, (unsigned long long)x->deadline,
		     (unsigned long long)message_digest(stored_get(e, &x->msg, x->inside)));
		t = slab_get(&e->space, engine_slab(e, TASK_SLAB), x->owner);
		if (x->state == EXCHANGE_WAITING && t)
			note(p, ep->remote.port - 1000u, "task at%llu scratch%llx\n",
			     (unsigned long long)t->at[0],
			     (unsigned long long)digest(t->scratch, sizeof t->scratch));
	}
}

static void look(struct picture *p, struct life *l)
{
	struct engine *e = &l->d.engine;

	memset(p, 0, sizeof *p);
	see_sent(p, l);
	see_endpoints(p, e);
	see_exchanges(p, e);
	for (unsigned i = 0; i < PEERS; i++)
		if (!peer_is_opaque(i))
			note(p, i, "count %u\n", l->world->count[i]);
}

/* --- verdicts ----------------------------------------------------------------------------- */

static uint64_t checks, failures, told;  /* told: printed in this phase */
static uint64_t lost, undone;           /* to show that the cases were met */

static void bad(long step, const char *what)
{
	failures++;
	if (told++ < 10)
		printf("# %s, instruction %ld: %s\n", phase.name, step, what);
}

static void compare(long step)
{
	for (unsigned i = 0; i < PEERS; i++) {
		if (peer_is_opaque(i) && have.failed[i] && !want.failed[i]) {
			lost++;
			continue;
		}
		if (strcmp(want.text[i], have.text[i]) == 0)
			continue;
		bad(step, "a peer's view or memory differs");
		if (told < 4)
			printf("# peer %u\n# --- want\n%s# --- have\n%s", i, want.text[i],
			       have.text[i]);
	}
}

static void check_structure(long step, struct engine *e)
{
	for (unsigned i = 0; i < e->space.nslabs; i++) {
		struct slab *b = engine_slab(e, i);
		uint32_t hwm = e->space.ctl->hwm[i], n = 0, live = 0, at = b->free_head;

		for (; at != SLAB_NIL && n <= hwm; n++)
			at = ((struct object *)slab_at(b, at))->link;
		for (uint32_t k = 0; k < hwm; k++)
			live += slab_live(b, k);
		if (n + live != hwm || n != b->free_n || live != e->space.ctl->live[i])
			bad(step, "free list does not add up");
	}
}

static void check_counts(long step, const struct life *l)
{
	for (unsigned i = 0; i < PEERS; i++)
		if (l->world->count[i] > 1)
			bad(step, "an effect outside happened twice");
}

/* Requests once more: answered from memory, nothing runs, nothing changes. */
static void check_retransmission(long step, struct life *l)
{
	struct world before = *l->world;

	load(l);
	work(l);
	if (memcmp(before.count, l->world->count, sizeof before.count))
		bad(step, "a retransmission ran again");
	check_structure(step, &l->d.engine);
}

/* l holds the memory at the instant of death. */
static void verify(struct life *l, long step)
{
	uint64_t dropped;

	checks++;
	begin(l);
	undone += l->d.engine.space.ctl->commit.s.undo_n > 0;
	take_over(l);
	dropped = l->d.engine.space.ctl->counter[COUNT_ADOPT_DROPPED];
	if (dropped)
		bad(step, "an object was dropped");
	look(&have, l);
	compare(step);
	check_counts(step, l);
	check_structure(step, &l->d.engine);
	check_retransmission(step, l);
}

/* --- stepping ------------------------------------------------------------------------------- */

/* Runs f(l) in a child, instruction by instruction; each() sees l's memory between
 * any two of them.  Returns their number, or -1 if the child failed. */
static long trace(void (*f)(struct life *), struct life *l, void (*each)(long), long every)
{
	long n = 0;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		f(l);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	while (WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status);

		if (sig != SIGSTOP && sig != SIGTRAP) {
			bad(n, "the traced worker crashed by itself");
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
			return -1;
		n++;
		if (WIFSTOPPED(status) && n % every == 0)
			each(n);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? n : -1;
}

static long outer;

static void at_first_crash(long n)
{
	copy_life(&life[1], &life[0]);
	verify(&life[1], n);
}

static void at_second_crash(long n)
{
	copy_life(&life[2], &life[1]);
	verify(&life[2], outer * 1000000 + n);
}

static void at_nested(long n)
{
	outer = n;
	copy_life(&life[1], &life[0]);
	begin(&life[1]);
	if (trace(take_over, &life[1], at_second_crash, 1) < 0)
		bad(n, "the traced adopter did not end well");
}

static unsigned test_no;

static void result(bool ok, const char *kind, long n, uint64_t states)
{
	printf("%s %u - %s: %s, %ld instructions, %llu states\n", ok ? "ok" : "not ok", ++test_no,
	       phase.name, kind, n, (unsigned long long)states);
}

/* A worker that came to the slot and has lived. */
static void arrive(struct life *l)
{
	begin(l);
	dispatch_adopt(&l->d, phase.now);
	dispatch_survived(&l->d);
	l->d.unresolved = false;        /* the batch came later */
}

/* Steps through the phase with crashes, then lives through it without. */
static void run_phase(long nested_every)
{
	static uint8_t *saved;
	static struct world saved_world;
	uint64_t before = checks, failed = failures;
	long n;

	load(&life[0]);
	copy_life(&life[1], &life[0]);
	begin(&life[1]);
	take_over(&life[1]);
	look(&want, &life[1]);
	if (!saved)
		saved = malloc(size);
	unpoison(life[0].mem, size);
	memcpy(saved, life[0].mem, size);
	saved_world = *life[0].world;

	arrive(&life[0]);
	n = trace(work, &life[0], at_first_crash, 1);
	result(n > 0 && failures == failed, "one crash", n, checks - before);

	before = checks;
	failed = failures;
	told = 0;
	memcpy(life[0].mem, saved, size);
	*life[0].world = saved_world;
	arrive(&life[0]);
	n = trace(work, &life[0], at_nested, n > nested_every ? n / nested_every : 1);
	result(n > 0 && failures == failed, "two crashes", n, checks - before);

	memcpy(life[0].mem, saved, size);
	*life[0].world = saved_world;
	begin(&life[0]);
	take_over(&life[0]);
	remember_sent(&life[0]);
}

static void start_phase(const char *name, uint64_t later_ms)
{
	phase.name = name;
	phase.now += later_ms;
	phase.sweep = false;
	phase.n = 0;
	told = 0;
}

/* --- the script -------------------------------------------------------------------------------- */

static void prior_life(void)
{
	start_phase("prior life", 1000000);
	for (uint16_t mid = 1; mid <= 4; mid++)
		add(1, COAP_CON, COAP_POST, mid, "pl", "r", NULL);
	add(10, COAP_CON, COAP_GET, 1, "sp", "u", NULL);
	load(&life[0]);
	work(&life[0]);
	ask(&life[0].d.engine, 9, 1);
	engine_commit(&life[0].d.engine, space_rx_next(&life[0].d.engine.space));
	remember_sent(&life[0]);
}

static void script(long nested)
{
	prior_life();
	start_phase("requests and the first response", 100);
	add_answer(9, COAP_ACK, COAP_CONTENT, 0);
	add(1, COAP_CON, COAP_GET, 100, "aa", "f", NULL);
	add(1, COAP_CON, COAP_POST, 101, "ab", "r", NULL);      /* pushes out an answer */
	add(1, COAP_CON, COAP_POST, 101, "ab", "r", NULL);      /* a duplicate */
	add(2, COAP_CON, COAP_POST, 7, "ba", "r", NULL);        /* a new peer */
	add(3, COAP_CON, COAP_POST, 7, "ca", "o", "\3");        /* an effect outside */
	add(3, COAP_CON, COAP_POST, 7, "ca", "o", "\3");
	add(4, COAP_NON, COAP_GET, 1, "da", "f", NULL);
	add(4, COAP_NON, COAP_POST, 2, "db", "r", NULL);
	add(5, COAP_CON, COAP_GET, 5, "ea", "t", NULL);         /* waits */
	add(6, COAP_CON, COAP_POST, 5, "fa", "s", "\6");        /* waits, then an effect */
	add(7, COAP_CON, COAP_EMPTY, 5, NULL, NULL, NULL);      /* ping */
	add(7, COAP_CON, COAP_GET, 6, "ga", "nowhere", NULL);
	run_phase(nested);

	start_phase("acknowledgements are due", 200);
	run_phase(nested);

	start_phase("a separate response comes, timers run", 300);
	add_answer(9, COAP_ACK, COAP_EMPTY, 0);
	add_answer(9, COAP_CON, COAP_CONTENT, 700);
	run_phase(nested);

	start_phase("modules answer late", 500);
	add_answer(9, COAP_RST, COAP_EMPTY, 0);
	run_phase(nested);

	start_phase("retransmissions", 3000);
	run_phase(nested);

	start_phase("acknowledged at last", 100);
	add_answer(5, COAP_ACK, COAP_EMPTY, 0);
	run_phase(nested);

	start_phase("time-outs and forgetting", 400000);
	phase.sweep = true;
	run_phase(nested);
}

static void open_life(struct life *l)
{
	l->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	l->world = mmap(NULL, sizeof *l->world, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->mem == MAP_FAILED || l->world == MAP_FAILED)
		abort();
	begin(l);
}

int main(void)
{
	static const uint16_t known[] = { OPT_URI_PATH, OPT_URI_QUERY, OPT_URI_HOST, OPT_ACCEPT };

	log_setup(LOG_ERROR, "step");
	conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .ack_delay_ms = 200,
				     .limits = { 16, 32, 8, 8, 4, 4, 64 } };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		option_set_add(&conf.options, known[i]);
	engine_layout(&def, &conf.limits);
	task_layout(&def, conf.limits.waiting);
	size = space_size(&def);
	open_resources();
	for (unsigned i = 0; i < 3; i++)
		open_life(&life[i]);
	begin(&life[0]);
	script(getenv("COAPD_QUICK") ? 2 : 12);
	printf("%s %u - effects outside were lost %llu times, words undone in %llu states\n",
	       lost && undone ? "ok" : "not ok", ++test_no, (unsigned long long)lost,
	       (unsigned long long)undone);
	printf("1..%u\n", test_no);
	return failures != 0 || !lost || !undone;
}
