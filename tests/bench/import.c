/* How long it takes to take a full slot over into another layout: into larger slabs of the
 * same structs, and field by field into other structs.  Tests that nothing is lost, and that
 * it takes no longer per peer than for a small one, but for the caches.
 *
 * Prints TAP; the times, of CPU, are remarks, as in adopt.c. */
#include "cpu.h"

#include "base/import.h"
#include "base/log.h"
#include "coap/block.h"
#include "coap/frame_udp.h"
#include "exchange/adopt.h"
#include "exchange/input.h"
#include "exchange/observer.h"
#include "resource/task.h"
#include "twisted.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PEERS 100000u
#define OBSERVE_EACH 10u        /* peers for each that observes */
#define ROUNDS 7
#define GROWTH 9u               /* as in adopt.c */

static struct engine_conf conf;
static const struct hash_key key = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u } };

/* As the supervisor makes it; its descriptor. */
static int memory(size_t n)
{
	int fd = memfd_create("slot", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)n) < 0 || fallocate(fd, 0, 0, (off_t)n) < 0)
		abort();
	return fd;
}

static void *map(int fd, const struct space_def *def, int how)
{
	void *mem = mmap(NULL, space_size(def), PROT_READ | PROT_WRITE, how, fd, 0);

	if (mem == MAP_FAILED)
		abort();
	return mem;
}

static struct sockaddr_in6 peer(uint32_t n)
{
	struct sockaddr_in6 s = { .sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)(1024 + n % 60000)) };

	s.sin6_addr.s6_addr[0] = 0x20;
	memcpy(&s.sin6_addr.s6_addr[8], &n, sizeof n);
	return s;
}

static void put(struct engine *e, uint32_t n, uint8_t code, uint16_t mid, struct request **r)
{
	static struct input in;
	struct batch *b = batch_of(&e->space);
	struct writer w = writer_of(b->rx[0].data, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);

	engine_flushed(e, 0);
	frame_udp_head(&w, COAP_CON, code, mid, span_str("tokn"));
	if (code == COAP_GET)
		option_write(&ow, OPT_OBSERVE, span_of(NULL, 0));
	option_write(&ow, OPT_URI_PATH, span_str("store"));
	b->rx[0].from = peer(n);
	b->rx[0].len = (uint32_t)(w.p - b->rx[0].data);
	b->rx_n = 1;
	if (input_datagram(e, 0, &in) != INPUT_REQUEST)
		abort();
	*r = &in.request;
}

static void answer(struct engine *e, struct request *r, uint8_t code)
{
	struct writer w = request_answer(e, r);

	message_write_payload(&w, span_str("measured value"));
	request_done(e, r, code, &w);
	engine_commit(e, 1);
}

static void populate(struct engine *e, uint32_t peers)
{
	struct representation_of of = { .mount = 5, .word = 3, .seen = 1 };
	struct request *r;
	uint32_t value;

	for (uint32_t n = 0; n < peers; n++) {
		put(e, n, COAP_POST, (uint16_t)n, &r);
		answer(e, r, COAP_CHANGED);
		if (n % OBSERVE_EACH)
			continue;
		put(e, n, COAP_GET, (uint16_t)(n + 1), &r);
		if (!observer_register(e, r, &of, &value))
			abort();
		answer(e, r, COAP_CONTENT);
	}
}

static void lay_out(struct space_def *def, uint32_t peers)
{
	conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .ack_delay_ms = 200,
				     .szx = BLOCK_SZX_MAX,
				     .limits = { .endpoints = peers, .dedup = peers,
						 .exchanges = 1000, .waiting = 1000,
						 .messages = 1000, .answers_per_endpoint = 8,
						 .observers = peers / OBSERVE_EACH,
						 .observers_per_endpoint = 8,
						 .representations = 8,
						 .exchanges_per_endpoint = 256,
						 .token_length = 64 } };
	option_set_add(&conf.options, OPT_URI_PATH);
	engine_layout(def, &conf.limits);
	task_layout(def, 1000);
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void open_engine(struct engine *e, void *mem, const struct space_def *def,
			enum space_state want)
{
	enum space_state state;

	if (engine_open(e, mem, def, 1, &key, &conf, &state) || state != want)
		abort();
	e->now = 1000000;
}

/* CPU time of what a worker does that takes old over into new. */
static uint64_t take(int old, const struct space_def *def, int new, const struct space_def *now)
{
	static const uint8_t blank[sizeof(struct space_ctl)];
	static struct import i;
	uint64_t start;
	struct err err;
	void *mem, *to;

	if (pwrite(new, blank, sizeof blank, 0) != sizeof blank)
		abort();
	start = cpu_ns();
	mem = map(old, def, MAP_PRIVATE);
	to = map(new, now, MAP_SHARED);
	if (import_begin(&i, to, now, mem, space_size(def), space_size(def), NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	import_end(&i);
	munmap(mem, space_size(def));
	start = cpu_ns() - start;
	munmap(to, space_size(now));
	return start;
}

/* The best time; and whether all is there afterwards. */
static uint64_t measure(const char *how, int mem, const struct space_def *def, uint32_t peers,
			const struct space_def *new, bool *whole)
{
	int to = memory(space_size(new)), back = memory(space_size(def));
	uint64_t t[ROUNDS];
	struct engine e;

	for (unsigned k = 0; k < ROUNDS; k++)
		t[k] = take(mem, def, to, new);
	qsort(t, ROUNDS, sizeof t[0], by_size);
	printf("# %u peers, %u answers, %u observers, %s: best %.1f ms, median %.1f ms, worst %.1f ms\n",
	       peers, peers, peers / OBSERVE_EACH, how, (double)t[0] / 1e6,
	       (double)t[ROUNDS / 2] / 1e6, (double)t[ROUNDS - 1] / 1e6);
	take(to, new, back, def);
	open_engine(&e, map(back, def, MAP_SHARED), def, SPACE_OLD);
	adopt_begin(&e);
	task_adopt(&e);
	adopt_end(&e);
	*whole = *whole && e.space.ctl->live[SLAB_ENDPOINT] == peers &&
		 e.space.ctl->live[SLAB_DEDUP] == peers &&
		 e.space.ctl->live[SLAB_OBSERVER] == peers / OBSERVE_EACH &&
		 e.space.ctl->counter[COUNT_ADOPT_DROPPED] == 0;
	engine_close(&e);
	munmap(e.space.base, space_size(def));
	close(to);
	close(back);
	return t[0];
}

static void both(uint32_t peers, uint64_t best[2], bool *whole)
{
	struct space_def def, larger, twisted;
	struct engine e;
	int mem;

	lay_out(&def, peers);
	mem = memory(space_size(&def));
	open_engine(&e, map(mem, &def, MAP_SHARED), &def, SPACE_NEW);
	populate(&e, peers);
	engine_close(&e);
	munmap(e.space.base, space_size(&def));
	larger = def;
	for (unsigned i = 0; i < def.nslabs; i++)
		larger.slab[i].cap += larger.slab[i].cap / 2;
	twisted_def(&def, &twisted);
	best[0] = measure("other capacities", mem, &def, peers, &larger, whole);
	best[1] = measure("other structs", mem, &def, peers, &twisted, whole);
	close(mem);
}

int main(void)
{
	bool whole = true, flat = true;
	uint64_t few[2], all[2];

	log_setup(LOG_ERROR, "import");
	both(PEERS / 10, few, &whole);
	both(PEERS, all, &whole);
	for (unsigned i = 0; i < 2; i++)
		flat = flat && all[i] <= few[i] * 10 * GROWTH;
	printf("%s 1 - a full slot is taken over whole\n", whole ? "ok" : "not ok");
	printf("%s 2 - in a time that grows with the peers and no faster\n", flat ? "ok" : "not ok");
	printf("1..2\n");
	return !whole || !flat;
}
