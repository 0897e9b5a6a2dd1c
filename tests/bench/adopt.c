/* How long a successor takes to adopt a full slot, and tests that it drops nothing
 * and takes no longer per peer than for a small one, but for the caches.
 *
 * Prints TAP; the times, of CPU, are remarks: figures to look at, not to pass or
 * fail by.  Best, median and worst of the rounds: the latter two say more of the
 * machine's other work. */
#include "cpu.h"

#include "coap/block.h"
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

#define PEERS 100000u
#define WAITING_PER 10u         /* peers for each that has a waiting request */
#define ROUNDS 11
#define GROWTH 9u               /* per peer, from a tenth of them to all: caches make
				 * it 2, an order of n squared would make it 20 */

static struct space_def def;
static struct engine_conf conf;
static const struct hash_key key = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u } };

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
	t->kind = TASK_REQUEST;
	memcpy(t->at, at, sizeof at);
	slab_publish(&e->space, engine_slab(e, TASK_SLAB), t);
	if (!request_wait(e, r, slab_ref(&e->space, engine_slab(e, TASK_SLAB), t)))
		abort();
	undo_set64(&e->space, &t->waiting, request_ref(e, r));
}

static void populate(struct engine *e, uint32_t peers)
{
	struct batch *b = batch_of(&e->space);
	struct input in;

	for (uint32_t n = 0; n < peers; n++) {
		struct writer w;

		engine_flushed(e, 0);
		b->rx[0].from = peer(n);
		b->rx[0].len = (uint32_t)build(b->rx[0].data, DGRAM_RX_MAX, (uint16_t)n);
		b->rx_n = 1;
		if (input_datagram(e, 0, &in) != INPUT_REQUEST)
			abort();
		if (n % WAITING_PER == 0) {
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

static uint64_t adopt_once(struct engine *e, void *mem)
{
	enum space_state state;
	uint64_t start;

	engine_close(e);
	unpoison(mem, space_size(&def));
	start = cpu_ns();
	if (engine_open(e, mem, &def, 1, &key, &conf, &state))
		abort();
	e->now = 1000000;
	adopt_begin(e);
	task_adopt(e);
	adopt_end(e);
	start = cpu_ns() - start;
	adopt_survived(e);
	return start;
}

/* The best time for a slot full of peers; whole becomes false if any is lost. */
static uint64_t measure(uint32_t peers, bool *whole)
{
	uint32_t waiting = peers / WAITING_PER;
	uint64_t t[ROUNDS];
	enum space_state state;
	struct engine e;
	void *mem;

	conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .ack_delay_ms = 200, .szx = BLOCK_SZX_MAX,
				     .limits = { .endpoints = peers, .dedup = peers,
						 .exchanges = 1000, .waiting = waiting,
						 .messages = 1000, .answers_per_endpoint = 8,
						 .exchanges_per_endpoint = 256,
						 .token_length = 64 } };
	option_set_add(&conf.options, OPT_URI_PATH);
	engine_layout(&def, &conf.limits);
	task_layout(&def, waiting);
	mem = mmap(NULL, space_size(&def), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		   -1, 0);
	if (mem == MAP_FAILED || engine_open(&e, mem, &def, 1, &key, &conf, &state))
		abort();
	e.now = 1000000;
	populate(&e, peers);
	for (unsigned i = 0; i < ROUNDS; i++) {
		t[i] = adopt_once(&e, mem);
		*whole = *whole && e.space.ctl->live[SLAB_ENDPOINT] == peers &&
			 e.space.ctl->live[SLAB_DEDUP] == peers &&
			 e.space.ctl->live[TASK_SLAB] == waiting && e.waiting_n == waiting;
	}
	engine_close(&e);
	unpoison(mem, space_size(&def));
	munmap(mem, space_size(&def));
	qsort(t, ROUNDS, sizeof t[0], by_size);
	printf("# %u peers, %u answers, %u waiting requests: best %.1f ms, median %.1f ms, worst %.1f ms\n",
	       peers, peers, waiting, (double)t[0] / 1e6, (double)t[ROUNDS / 2] / 1e6,
	       (double)t[ROUNDS - 1] / 1e6);
	return t[0];
}

int main(void)
{
	bool whole = true, flat;
	uint64_t few, all;

	log_setup(LOG_ERROR, "adopt");
	few = measure(PEERS / 10, &whole);
	all = measure(PEERS, &whole);
	flat = all <= few * 10 * GROWTH;
	printf("%s 1 - a full slot is adopted whole\n", whole ? "ok" : "not ok");
	printf("%s 2 - in a time that grows with the peers and no faster\n", flat ? "ok" : "not ok");
	printf("1..2\n");
	return !whole || !flat;
}
