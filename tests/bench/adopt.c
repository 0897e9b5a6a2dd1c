/* How long a successor takes to adopt a full slot, and a test that it drops
 * nothing: 100,000 peers, as many remembered answers, 10,000 waiting requests.
 *
 * Prints TAP.  The best round is judged, of the CPU time it took, and only in an
 * optimised build without sanitizers: at most 15 ms, twice what it takes on an
 * ordinary machine.  Median and worst say more of the machine's other work. */
#include "base/log.h"
#include "base/poison.h"
#include "coap/frame_udp.h"
#include "exchange/adopt.h"
#include "exchange/endpoint.h"
#include "exchange/exchange.h"
#include "exchange/input.h"
#include "resource/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PEERS 100000u
#define WAITING 10000u
#define ROUNDS 11
#define BOUND_NS 15000000u

#if defined __OPTIMIZE__ && !defined POISON_ACTIVE
#define JUDGED 1
#else
#define JUDGED 0
#endif

static struct space_def def;
static struct engine_conf conf;
static const struct hash_key key = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u } };

/* CPU time, for others may use the machine. */
static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t build(uint8_t *out, size_t cap, uint16_t mid)
{
	struct writer w = writer_of(out, cap);
	struct option_writer ow = option_writer(&w);

	frame_udp_head(&w, COAP_CON, COAP_POST, mid, span_str("tokn"));
	option_write(&ow, OPT_URI_PATH, span_str("store"));
	message_write_payload(&w, span_str("measured value"));
	return (size_t)(w.p - out);
}

/* Peer n in an order that has nothing to do with hashes. */
static struct sockaddr_in6 peer(uint32_t n)
{
	struct sockaddr_in6 s = { .sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)(1024 + n % 60000)) };

	s.sin6_addr.s6_addr[0] = 0x20;
	memcpy(&s.sin6_addr.s6_addr[8], &n, sizeof n);
	return s;
}

static void wait_for(struct engine *e, struct request *r)
{
	struct task *t = task_take(e);
	uint64_t at[COAPD_TAGS] = { e->now + 60000 };

	memset((uint8_t *)t + sizeof t->object, 0, sizeof *t - sizeof t->object);
	t->mount = 4711;
	memcpy(t->at, at, sizeof at);
	slab_publish(&e->space, engine_slab(e, TASK_SLAB), t);
	if (!request_wait(e, r, slab_ref(&e->space, engine_slab(e, TASK_SLAB), t)))
		abort();
	undo_set64(&e->space, &t->waiting, request_ref(e, r));
}

static void populate(struct engine *e)
{
	struct batch *b = batch_of(&e->space);
	struct input in;

	for (uint32_t n = 0; n < PEERS; n++) {
		struct writer w;

		engine_flushed(e, 0);
		b->rx[0].from = peer(n);
		b->rx[0].len = (uint32_t)build(b->rx[0].data, DGRAM_RX_MAX, (uint16_t)n);
		b->rx_n = 1;
		if (input_datagram(e, 0, &in) != INPUT_REQUEST)
			abort();
		if (n % (PEERS / WAITING) == 0) {
			wait_for(e, &in.request);
		} else {
			w = request_answer(e, &in.request);
			request_done(e, &in.request, COAP_CHANGED, &w);
		}
		engine_commit(e, 1);
	}
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int main(void)
{
	struct engine e;
	enum space_state state;
	uint64_t t[ROUNDS];
	void *mem;
	bool whole = true, fast;

	log_setup(LOG_ERROR, "adopt");
	conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .ack_delay_ms = 200,
				     .limits = { PEERS, PEERS, 1000, WAITING, 1000, 8, 256, 64 } };
	option_set_add(&conf.options, OPT_URI_PATH);
	engine_layout(&def, &conf.limits);
	task_layout(&def, WAITING);
	mem = mmap(NULL, space_size(&def), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		   -1, 0);
	if (mem == MAP_FAILED || engine_open(&e, mem, &def, 1, &key, &conf, &state))
		abort();
	e.now = 1000000;
	populate(&e);
	for (unsigned i = 0; i < ROUNDS; i++) {
		engine_close(&e);
		unpoison(mem, space_size(&def));
		t[i] = now_ns();
		if (engine_open(&e, mem, &def, 1, &key, &conf, &state))
			abort();
		e.now = 1000000;
		adopt_begin(&e);
		task_adopt(&e);
		adopt_end(&e);
		t[i] = now_ns() - t[i];
		adopt_survived(&e);
		whole = whole && e.space.ctl->live[SLAB_ENDPOINT] == PEERS &&
			e.space.ctl->live[SLAB_DEDUP] == PEERS &&
			e.space.ctl->live[TASK_SLAB] == WAITING && e.waiting_n == WAITING;
	}
	engine_close(&e);
	unpoison(mem, space_size(&def));
	munmap(mem, space_size(&def));
	qsort(t, ROUNDS, sizeof t[0], by_size);
	printf("# %u peers, %u answers, %u waiting requests: best %.1f ms, median %.1f ms, worst %.1f ms\n",
	       PEERS, PEERS, WAITING, (double)t[0] / 1e6, (double)t[ROUNDS / 2] / 1e6,
	       (double)t[ROUNDS - 1] / 1e6);
	fast = !JUDGED || t[0] <= BOUND_NS;
	printf("%s 1 - a full slot is adopted whole\n", whole ? "ok" : "not ok");
	printf("%s 2 - %s\n1..2\n", fast ? "ok" : "not ok",
	       JUDGED ? "within 15 ms" : "in a time that is not judged in this build");
	return !whole || !fast;
}
