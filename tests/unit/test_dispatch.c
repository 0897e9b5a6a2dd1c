#include "worker/dispatch.h"

#include "coap/frame_udp.h"
#include "exchange/client.h"
#include "transport/udp.h"
#include "base/log.h"
#include "worker_site.h"

#include <errno.h>

/* --- a slot without a system ------------------------------------------------------ */

struct bench {
	struct dispatch d;
	struct space_def def;
	struct engine_conf conf;
	struct resources *resources;
	void *mem, *snapshot;
	struct batch *batch;
	unsigned responses;             /* of requests of ours */
	struct response last;
};

static struct bench *bench;             /* of the test at hand: hooks have no other way */
static unsigned runs;

/* POST counts; GET of "late" waits 100 ms; "grave" is where a worker may die. */
static enum coapd_verdict handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	coapd_span name = { NULL, 0 };

	(void)self;
	(void)coapd_path(task, 0, &name);
	if (event->what == COAPD_EV_REQUEST && name.n == 4 && !memcmp(name.p, "late", 4)) {
		(void)coapd_after(task, 0, 100);
		return COAPD_WAIT;
	}
	if (name.n == 5 && !memcmp(name.p, "grave", 5) && !bench->snapshot) {
		bench->snapshot = malloc(bench->d.engine.space.size);
		unpoison(bench->mem, bench->d.engine.space.size);
		memcpy(bench->snapshot, bench->mem, bench->d.engine.space.size);
	}
	runs++;
	coapd_reply(task, coapd_code(coapd_request(task)) == COAPD_GET ?
		    COAPD_205_CONTENT : COAPD_204_CHANGED);
	return COAPD_DONE;
}

static void response(void *arg, struct engine *e, const struct response *r)
{
	struct bench *b = arg;

	(void)e;
	b->responses++;
	b->last = *r;
}

static struct resources *make_resources(void)
{
	struct resource_mount_spec spec = { .path = "/" };
	struct resources *R;
	struct err err;

	spec.module = calloc(1, sizeof *spec.module);
	spec.module->desc = (struct coapd_module){
		.abi = COAPD_ABI, .size = sizeof spec.module->desc, .name = "bench",
		.version = "1", .summary = "a bench", .flags = COAPD_F_TREE,
		.handle = handle };
	R = resources_new(&spec, 1, &err);
	cr_assert(R, "%s", err.text);
	return R;
}

static void bench_bind(struct bench *b, void *mem, enum space_state expected)
{
	static const struct hash_key key = { { 3, 4 } };
	enum space_state state;

	b->mem = mem;
	cr_assert(dispatch_open(&b->d, mem, &b->def, 0, &key, &b->conf, b->resources,
				&state) == 0);
	cr_assert_eq(state, expected);
	b->d.response = response;
	b->d.arg = b;
	b->batch = batch_of(&b->d.engine.space);
}

static void bench_open(struct bench *b)
{
	struct engine_limits limits = { .endpoints = 64, .dedup = 128, .exchanges = 16,
					.waiting = 8, .messages = 16,
					.answers_per_endpoint = 64, .exchanges_per_endpoint = 64, .token_length = 8 };
	size_t size;

	*b = (struct bench){ .conf = { .params = PARAMS_DEFAULT, .limits = limits,
				       .ack_delay_ms = 1000 } };
	bench = b;
	runs = 0;
	option_set_add(&b->conf.options, OPT_URI_PATH);
	engine_layout(&b->def, &limits);
	task_layout(&b->def, limits.waiting);
	size = space_size(&b->def);
	b->resources = make_resources();
	bench_bind(b, mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0), SPACE_NEW);
}

/* The worker is gone; another one has the memory as it was, or as a snapshot says. */
static void bench_die(struct bench *b)
{
	size_t size = space_size(&b->def);
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	unpoison(b->mem, size);
	memcpy(mem, b->snapshot ? b->snapshot : b->mem, size);
	munmap(b->mem, size);
	dispatch_close(&b->d);
	bench_bind(b, mem, SPACE_OLD);
}

static void bench_close(struct bench *b)
{
	unpoison(b->mem, space_size(&b->def));
	munmap(b->mem, space_size(&b->def));
	dispatch_close(&b->d);
	resources_free(b->resources);
	free(b->snapshot);
}

static const struct addr peer = { .ip = { [15] = 1 }, .port = 4000 };
static const struct local here = { .ip = { [15] = 2 } };

/* Lays a datagram into the batch as the transport would. */
static void bench_put(struct bench *b, uint8_t type, uint8_t code, uint16_t mid, const char *path)
{
	unsigned i = b->batch->rx_n++;

	cr_assert(i < BATCH_RX);
	b->batch->rx[i].from = addr_to_sin6(&peer);
	b->batch->rx[i].to = here;
	b->batch->rx[i].len = (uint32_t)coap_put(b->batch->rx[i].data, type, code, mid, path);
	b->batch->rx_hdr[i].msg_len = b->batch->rx[i].len;
}

static void bench_empty(struct bench *b)
{
	b->batch->rx_n = 0;
	space_commit(&b->d.engine.space, 0, space_tx_n(&b->d.engine.space), 0);
}

/* Type and code of a datagram that is to be sent, as coap_told() has them. */
static int bench_told(const struct bench *b, unsigned i)
{
	const uint8_t *p = b->batch->tx[i].data;

	cr_assert(i < space_tx_n(&b->d.engine.space), "nothing to be sent");
	return (p[0] & 0x30) << 4 | p[1];
}

static unsigned tx_n(const struct bench *b)
{
	return space_tx_n(&b->d.engine.space);
}

static unsigned rx_next(const struct bench *b)
{
	return space_rx_next(&b->d.engine.space);
}

enum { CON, NON, ACK, RST };
enum { GET = 1, POST };

/* --- events ------------------------------------------------------------------- */

Test(dispatch, each_datagram_is_one_transaction)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, GET, 1, "x");
	bench_put(&b, CON, POST, 2, "x");
	bench_put(&b, CON, 0, 3, NULL);
	cr_expect(dispatch_batch(&b.d, 1000));
	cr_expect_eq(rx_next(&b), 3);
	cr_expect_eq(bench_told(&b, 0), 0x245);
	cr_expect_eq(bench_told(&b, 1), 0x244);
	cr_expect_eq(bench_told(&b, 2), 0x300, "a ping with a token is rejected");
	dispatch_flushed(&b.d);
	cr_expect_eq(tx_n(&b), 0);
	cr_expect_eq(rx_next(&b), 3);
	cr_expect(dispatch_batch(&b.d, 1001));
	cr_expect_eq(runs, 2);
	bench_close(&b);
}

struct told {
	unsigned before, after;
	struct bench *b;
};

static void told(void *arg, bool done)
{
	struct told *t = arg;

	t->before += !done;
	t->after += done;
	cr_expect_eq(rx_next(t->b), t->after, "before it, the event has not ended");
}

Test(dispatch, tells_of_each_commit_before_and_after)
{
	struct bench b;
	struct told t = { .b = &b };

	bench_open(&b);
	b.d.commits = told;
	b.d.committing = &t;
	bench_put(&b, CON, GET, 1, "x");
	bench_put(&b, CON, GET, 2, "late");
	cr_expect(dispatch_batch(&b.d, 1000));
	cr_expect_eq(t.before, 2);
	cr_expect_eq(t.after, 2);
	b.d.commits = NULL;
	cr_expect(dispatch_due(&b.d, 1100));
	bench_close(&b);
}

Test(dispatch, stops_for_a_flush_and_goes_on_there)
{
	struct bench b;
	unsigned before;

	bench_open(&b);
	for (unsigned i = 0; i < BATCH_RX; i++)
		bench_put(&b, CON, GET, (uint16_t)i, "x");
	cr_expect(dispatch_batch(&b.d, 1000));
	bench_empty(&b);
	for (unsigned i = 0; i < BATCH_RX; i++)
		bench_put(&b, CON, GET, (uint16_t)(100 + i), "x");
	cr_expect_not(dispatch_batch(&b.d, 1000));
	before = rx_next(&b);
	cr_expect(before > 0 && before < BATCH_RX);
	cr_expect_not(dispatch_batch(&b.d, 1000));
	cr_expect_eq(rx_next(&b), before);
	dispatch_flushed(&b.d);
	cr_expect(dispatch_batch(&b.d, 1000));
	cr_expect_eq(runs, 2 * BATCH_RX);
	cr_expect_eq(tx_n(&b), BATCH_RX - before);
	bench_close(&b);
}

Test(dispatch, waiting_request_is_answered_when_due)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, GET, 1, "late");
	cr_expect_eq(dispatch_next(&b.d), UINT64_MAX);
	cr_expect(dispatch_batch(&b.d, 1000));
	cr_expect_eq(tx_n(&b), 0);
	cr_expect_eq(dispatch_next(&b.d), 1100);
	cr_expect_not(dispatch_idle(&b.d));
	cr_expect(dispatch_due(&b.d, 1099));
	cr_expect_eq(tx_n(&b), 0);
	cr_expect(dispatch_due(&b.d, 1100));
	cr_expect_eq(bench_told(&b, 0), 0x245);
	cr_expect(dispatch_idle(&b.d));
	cr_expect(dispatch_remembers(&b.d));
	bench_close(&b);
}

Test(dispatch, sweep_forgets_what_has_outlived_its_lifetime)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, POST, 1, "x");
	cr_expect_not(dispatch_remembers(&b.d));
	cr_expect(dispatch_batch(&b.d, 1000));
	cr_expect(dispatch_remembers(&b.d));
	dispatch_sweep(&b.d, 200000);
	cr_expect(dispatch_remembers(&b.d));
	dispatch_sweep(&b.d, 1000 + 300000);
	cr_expect_not(dispatch_remembers(&b.d));
	cr_expect_eq(rx_next(&b), 1, "a sweep ends no datagram");
	bench_close(&b);
}

static ref_t bench_request(struct bench *b, uint64_t now)
{
	struct client_request c = { .to = peer, .from = { .sock = 1 }, .code = GET,
				    .owner = 77 };
	ref_t ref;

	b->d.engine.now = now;
	cr_assert(client_send(&b->d.engine, &c, &ref) == 0);
	engine_commit(&b->d.engine, rx_next(b));
	return ref;
}

Test(dispatch, response_to_a_request_of_ours_is_handed_on)
{
	struct bench b;
	struct rx_dgram *rx;
	struct message sent;
	struct tx_dgram *tx;

	bench_open(&b);
	bench_request(&b, 1000);
	tx = &b.batch->tx[0];
	cr_assert_eq(frame_udp_parse(span_of(tx->data, tx->len), &sent), FRAME_OK);
	bench_put(&b, ACK, 0x45, sent.mid, NULL);
	rx = &b.batch->rx[0];
	rx->to = tx->from;
	rx->data[0] = (uint8_t)(0x60 | sent.token.n);
	memcpy(rx->data + 4, sent.token.p, sent.token.n);
	rx->len = 4 + (uint32_t)sent.token.n;
	cr_expect(dispatch_batch(&b.d, 1010));
	cr_expect_eq(b.responses, 1);
	cr_expect_eq(b.last.owner, 77);
	cr_expect_eq(b.last.status, 0);
	cr_expect(dispatch_idle(&b.d));
	bench_close(&b);
}

Test(dispatch, request_that_nobody_answers_fails_in_time)
{
	struct bench b;

	bench_open(&b);
	bench_request(&b, 1000);
	for (unsigned i = 0; i < 10 && dispatch_next(&b.d) != UINT64_MAX; i++) {
		cr_expect(dispatch_due(&b.d, dispatch_next(&b.d)));
		dispatch_flushed(&b.d);
	}
	cr_expect_eq(b.responses, 1);
	cr_expect_eq(b.last.status, -ETIMEDOUT);
	bench_close(&b);
}

Test(dispatch, E21_unreachable_peer_fails_what_was_sent_to_it_alone)
{
	static const struct local client = { .sock = 1 };
	struct addr other = peer;
	struct bench b;
	struct span quote;

	bench_open(&b);
	other.port++;
	bench_request(&b, 1000);
	quote = span_of(b.batch->tx[0].data, 8);
	cr_expect(dispatch_unreachable(&b.d, 1001, &other, &client, quote));
	cr_expect_eq(b.responses, 0);
	cr_expect(dispatch_unreachable(&b.d, 1001, &peer, &client, span_of("????????", 8)));
	cr_expect_eq(b.responses, 0);
	cr_expect(dispatch_unreachable(&b.d, 1001, &peer, &client, quote));
	cr_expect_eq(b.responses, 1);
	cr_expect_eq(b.last.status, -ECONNREFUSED);
	bench_close(&b);
}

/* --- deaths --------------------------------------------------------------------- */

Test(dispatch, successor_works_on_the_rest_of_the_batch)
{
	struct bench b;

	bench_open(&b);
	for (uint16_t i = 1; i <= 3; i++)
		bench_put(&b, CON, POST, i, "x");
	b.batch->rx_n = 1;
	cr_expect(dispatch_batch(&b.d, 1000));
	b.batch->rx_n = 3;
	bench_die(&b);
	dispatch_adopt(&b.d, 2000);
	cr_expect_eq(b.batch->rx_n, 3);
	cr_expect(dispatch_batch(&b.d, 2000));
	cr_expect_eq(runs, 3, "each of them once");
	cr_expect_eq(tx_n(&b), 3, "the first answer was still to be sent");
	/* And the first is remembered. */
	bench_empty(&b);
	bench_put(&b, CON, POST, 1, "x");
	cr_expect(dispatch_batch(&b.d, 2001));
	cr_expect_eq(runs, 3);
	bench_close(&b);
}

Test(dispatch, request_whose_worker_died_in_it_is_answered_once)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, POST, 1, "grave");
	bench_put(&b, CON, POST, 2, "x");
	cr_expect(dispatch_batch(&b.d, 1000));
	bench_die(&b);
	runs = 0;
	dispatch_adopt(&b.d, 2000);
	cr_expect(dispatch_batch(&b.d, 2000));
	cr_expect_eq(runs, 1, "the second only");
	cr_expect_eq(tx_n(&b), 2);
	cr_expect_eq(bench_told(&b, 0), 0x2a0);
	cr_expect_eq(bench_told(&b, 1), 0x244);
	cr_expect_eq(b.d.engine.space.ctl->counter[COUNT_EXEC_LOST], 1);
	bench_close(&b);
}

Test(dispatch, successor_with_a_full_batch_sends_first)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, POST, 1, "grave");
	cr_expect(dispatch_batch(&b.d, 1000));
	((struct space_ctl *)b.snapshot)->commit.s.tx_n = BATCH_TX - BATCH_TX_SPARE + 1;
	bench_die(&b);
	dispatch_adopt(&b.d, 2000);
	cr_expect_not(dispatch_batch(&b.d, 2000));
	/* Nothing was settled yet, so a death here changes nothing. */
	dispatch_flushed(&b.d);
	cr_expect_eq(space_exec(&b.d.engine.space), 1);
	cr_expect(dispatch_batch(&b.d, 2000));
	cr_expect_eq(bench_told(&b, 0), 0x2a0);
	bench_close(&b);
}

Test(dispatch, datagram_that_kills_workers_is_skipped)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, GET, 1, "grave");
	bench_put(&b, CON, GET, 2, "x");
	cr_expect(dispatch_batch(&b.d, 1000));
	for (unsigned deaths = 0; deaths < DGRAM_TRIES - 1; deaths++) {
		free(b.snapshot);
		b.snapshot = NULL;
		b.batch->rx_n = 2;
		space_commit(&b.d.engine.space, 0, 0, 0);
		bench_die(&b);
		dispatch_adopt(&b.d, 2000);
		cr_expect(dispatch_batch(&b.d, 2000));
		cr_expect_eq(rx_next(&b), 2);
	}
	runs = 0;
	space_commit(&b.d.engine.space, 0, 0, 0);
	free(b.snapshot);
	b.snapshot = NULL;
	bench_die(&b);
	dispatch_adopt(&b.d, 2000);
	cr_expect(dispatch_batch(&b.d, 2000));
	cr_expect_eq(runs, 1, "the one behind it only");
	cr_expect_eq(b.d.engine.space.ctl->counter[COUNT_RX_POISON], 1);
	bench_close(&b);
}

Test(dispatch, adoption_that_is_survived_stops_counting)
{
	struct bench b;

	bench_open(&b);
	bench_put(&b, CON, POST, 1, "x");
	cr_expect(dispatch_batch(&b.d, 1000));
	for (unsigned i = 0; i < 5; i++) {
		bench_die(&b);
		dispatch_adopt(&b.d, 2000);
		cr_expect(dispatch_batch(&b.d, 2000));
		dispatch_survived(&b.d);
	}
	cr_expect_eq(b.d.engine.space.ctl->counter[COUNT_ADOPT_WIPED], 0);
	cr_expect(dispatch_remembers(&b.d));
	for (unsigned i = 0; i < 17; i++) {
		bench_die(&b);
		dispatch_adopt(&b.d, 2000);
	}
	cr_expect_eq(b.d.engine.space.ctl->counter[COUNT_ADOPT_WIPED], 1);
	cr_expect_not(dispatch_remembers(&b.d));
	cr_expect(dispatch_batch(&b.d, 2000));
	bench_close(&b);
}

/* --- damage --------------------------------------------------------------------- */

/* Something of everything: answered, waiting, executing, asked by us, to be sent. */
static void make_busy(struct bench *b)
{
	bench_put(b, CON, POST, 1, "x");
	bench_put(b, NON, POST, 2, "x");
	bench_put(b, CON, GET, 3, "late");
	bench_put(b, NON, GET, 4, "late");
	cr_assert(dispatch_batch(&b->d, 1000));
	bench_request(b, 1000);
	bench_put(b, CON, POST, 5, "grave");
	bench_put(b, CON, GET, 6, "x");
	cr_assert(dispatch_batch(&b->d, 1001));
	cr_assert(b->snapshot);
}

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Control block and batch heads are hit as often as all the rest together. */
static void damage(uint8_t *mem, size_t size, uint32_t *seed)
{
	size_t undo = offsetof(struct space_ctl, undo);
	unsigned n = 1 + draw(seed) % 24;

	while (n--) {
		size_t at = draw(seed) % 2 ? draw(seed) % size : draw(seed) % undo;
		uint32_t word = draw(seed) % 3 ? draw(seed) : ~0u;

		if (draw(seed) % 2)
			mem[at] ^= (uint8_t)(1u << draw(seed) % 8);
		else
			memcpy(mem + (at & ~(size_t)3), &word, 4);
	}
}

static void go_on(struct bench *b, uint64_t now)
{
	for (unsigned i = 0; i < 8 && !dispatch_batch(&b->d, now); i++)
		dispatch_flushed(&b->d);
	for (unsigned i = 0; i < 64 && !dispatch_due(&b->d, now); i++)
		dispatch_flushed(&b->d);
	dispatch_flushed(&b->d);
}

/* What a worker does with a slot it is given, whatever is in it. */
static void take_over(struct bench *b, void *mem)
{
	static const struct hash_key key = { { 5, 6 } };
	static const struct local client = { .sock = 1 };
	struct space *s = &b->d.engine.space;
	enum space_state state;

	b->mem = mem;
	cr_assert(dispatch_open(&b->d, mem, &b->def, 0, &key, &b->conf, b->resources,
				&state) == 0);
	b->batch = batch_of(s);
	udp_wire(s, state);
	if (state == SPACE_OLD)
		dispatch_adopt(&b->d, 2000);
	udp_adopted(s, b->batch->rx_n);
	go_on(b, 2000);
	bench_empty(b);
	for (uint16_t i = 1; i < 9; i++)
		bench_put(b, i % 2 ? CON : NON, i % 3 ? POST : GET, i, i == 8 ? "late" : "x");
	dispatch_unreachable(&b->d, 2001, &peer, &client, span_of("\x41\x01\0\0", 4));
	go_on(b, 2001);
	dispatch_sweep(&b->d, 3000);
	go_on(b, 400000);
}

Test(dispatch, successor_survives_damage_of_any_kind, .timeout = 120)
{
	struct bench b;
	size_t size;
	uint32_t seed = 20;
	void *mem;

	bench_open(&b);
	make_busy(&b);
	size = space_size(&b.def);
	log_setup(LOG_ERROR, "dispatch");
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unpoison(b.mem, size);
	munmap(b.mem, size);
	for (unsigned round = 0; round < 20000; round++) {
		dispatch_close(&b.d);
		unpoison(mem, size);
		memcpy(mem, b.snapshot, size);
		damage(mem, size, &seed);
		take_over(&b, mem);
	}
	/* And still serves, if only from a slot that is whole again. */
	dispatch_close(&b.d);
	unpoison(mem, size);
	memset(mem, 0, size);
	take_over(&b, mem);
	cr_expect_gt(b.d.engine.space.ctl->counter[COUNT_REQUESTS], 0);
	bench_close(&b);
}
