/* What a model of many workers is fed with: the memory that a slot has, by the real layout,
 * and what it costs to tell of a change, measured with the real code.
 *
 *	bench_inputs SITE...	the memory of each, an object of JSON a line
 *	bench_inputs		the costs in nanoseconds of CPU, an object as well
 *
 * A site is text as in a file.  Run by tests/bench/scaling.py. */
#include "base/log.h"
#include "base/wake.h"
#include "exchange/engine.h"
#include "resource/task.h"
#include "worker/slot.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READERS 64u
#define ROUNDS 20000u
#define COLD_BYTES ((size_t)16 << 20)
#define DEADLINE (sizeof(struct heap_entry) + sizeof(uint32_t))        /* of one object */

static uint64_t ns_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	return ns_of(CLOCK_PROCESS_CPUTIME_ID);
}

/* --- memory -------------------------------------------------------------------------- */

static uint64_t table_bytes(uint32_t cap)
{
	struct table t;
	uint64_t n;

	if (table_init(&t, cap))
		abort();
	n = ((uint64_t)t.mask + 1) * sizeof *t.bucket;
	table_free(&t);
	return n;
}

/* The items that have deadlines, as engine.c counts them. */
static uint64_t heap_bytes(const struct space_def *def)
{
	uint64_t n = 0;

	for (unsigned i = SLAB_EXCHANGE; i < def->nslabs; i++)
		n += i == SLAB_BLOB ? 0 : def->slab[i].cap;
	return n * DEADLINE;
}

/* What a worker has of its own for each slot: derived data, never shared (decision 0001). */
static uint64_t private_bytes(const struct space_def *def)
{
	return table_bytes(def->slab[SLAB_ENDPOINT].cap) + table_bytes(def->slab[SLAB_DEDUP].cap) +
	       table_bytes(def->slab[SLAB_EXCHANGE].cap) +
	       table_bytes(def->slab[SLAB_ASSEMBLY].cap) +
	       table_bytes(def->slab[SLAB_REPRESENTATION].cap) + heap_bytes(def);
}

static void print_slabs(const struct space_def *def)
{
	for (unsigned i = 0; i < def->nslabs; i++)
		printf("%s\"%s\": [%u, %u]", i ? ", " : "", def->slab[i].name, def->slab[i].size,
		       def->slab[i].cap);
}

static bool print_memory(const char *text)
{
	struct config_errors *errors = malloc(sizeof *errors);
	struct site *site = errors ? site_load_text("site", text, strlen(text), errors) : NULL;
	struct space_def def;

	if (!site) {
		fprintf(stderr, "bench_inputs: %s\n", errors ? errors->text[0] : "no memory");
		return false;
	}
	free(errors);
	slot_def(site, &def);
	printf("{\"slots\": %u, \"slot\": %zu, \"private\": %ju, \"changes\": %zu, \"item\": %zu, "
	       "\"tables\": {\"endpoints\": %ju, \"dedup\": %ju}, \"slabs\": {",
	       site_slots(site), slot_size(site), (uintmax_t)private_bytes(&def),
	       sizeof(struct changes), DEADLINE,
	       (uintmax_t)table_bytes(def.slab[SLAB_ENDPOINT].cap),
	       (uintmax_t)table_bytes(def.slab[SLAB_DEDUP].cap));
	print_slabs(&def);
	printf("}}\n");
	site_free(site);
	return true;
}

/* --- what it costs to tell ----------------------------------------------------------- */

static double tell_ns(struct changes *c)
{
	uint64_t start = cpu_ns();

	for (unsigned i = 0; i < ROUNDS * 10; i++)
		changes_tell(c, i % 8);	/* a line of the cache */
	return (double)(cpu_ns() - start) / (ROUNDS * 10);
}

static void pin(int to)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(to, &cpu);
	sched_setaffinity(0, sizeof cpu, &cpu);
}

/* The same while another process does so as well, on another processor if there is one. */
static double contended_ns(struct changes *c)
{
	cpu_set_t everywhere;
	pid_t pid = fork();
	double ns;

	if (pid == 0) {
		pin(1);
		for (;;)
			changes_tell(c, 0);
	}
	sched_getaffinity(0, sizeof everywhere, &everywhere);
	pin(0);
	ns = tell_ns(c);
	sched_setaffinity(0, sizeof everywhere, &everywhere);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return ns;
}

/* For a reader that does not listen, or whose descriptor has not been read yet. */
static double send_ns(struct wakes *w, bool listening)
{
	uint64_t start;

	for (unsigned i = 0; i < READERS; i++)
		changes_listen(w->changes, i, 1, listening);
	start = cpu_ns();
	for (unsigned i = 0; i < ROUNDS / 10; i++)
		wakes_send(w, 1);
	return (double)(cpu_ns() - start) / (ROUNDS / 10) / READERS;
}

/* A comparison that finds one word; what else a worker does meanwhile takes its cache. */
static double compare_ns(struct changes *c, uint8_t *other)
{
	static uint64_t seen[CHANGES_WORDS];
	uint64_t sum = 0, start;
	unsigned rounds = other ? 100 : ROUNDS;

	for (unsigned i = 0; i < rounds; i++) {
		uint32_t from = 0, found = 0;

		if (other)
			memset(other, (int)i, COLD_BYTES);
		changes_tell(c, i % CHANGES_WORDS);
		start = cpu_ns();
		while (changes_next(c, seen, &from) < CHANGES_WORDS)
			found++;
		sum += cpu_ns() - start;
	}
	start = cpu_ns();
	for (unsigned i = 0; i < rounds; i++)
		(void)cpu_ns();
	return ((double)sum - (double)(cpu_ns() - start)) / rounds;
}

/* --- between two processes --------------------------------------------------------------- */

struct listener {
	uint64_t cpu_ns, turns;         /* shared with the process that is told */
};

/* A worker's part: a turn of the loop, the descriptor read, the table compared. */
static void listen_for(const struct wakes *w, struct listener *r, int answer)
{
	static uint64_t seen[CHANGES_WORDS];
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	static const uint64_t one = 1;
	uint64_t answering = 0, now;

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, w->fd[0], &ev))
		_exit(2);
	for (;;) {
		uint32_t from = 0;

		if (epoll_wait(ep, &ev, 1, -1) != 1)
			_exit(2);
		wakes_take(w, 0);
		while (changes_next(w->changes, seen, &from) < CHANGES_WORDS)
			;
		r->turns++;
		now = cpu_ns();
		r->cpu_ns = now - answering;
		if (write(answer, &one, sizeof one) != sizeof one)
			_exit(2);
		answering += cpu_ns() - now;
	}
}

/* Costs of waking one that sleeps on another processor, on either side: {teller, reader}. */
static bool wake_ns(struct wakes *w, double ns[2])
{
	struct listener *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int answer = eventfd(0, EFD_CLOEXEC);
	struct wakes one = { .changes = w->changes, .fd = w->fd, .n = 1 };
	uint64_t got, sum = 0, start;
	cpu_set_t everywhere;
	pid_t pid;
	bool fine = true;

	if (r == MAP_FAILED || answer < 0)
		return false;
	wakes_take(w, 0);
	changes_listen(w->changes, 0, 1, true);
	sched_getaffinity(0, sizeof everywhere, &everywhere);
	pid = fork();
	if (pid == 0) {
		pin(1);
		listen_for(&one, r, answer);
	}
	pin(0);
	for (unsigned i = 0; pid > 0 && fine && i < ROUNDS; i++) {
		changes_tell(w->changes, 1);
		start = cpu_ns();
		wakes_send(&one, 1);
		sum += cpu_ns() - start;
		fine = read(answer, &got, sizeof got) == sizeof got;
	}
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	start = cpu_ns();
	for (unsigned i = 0; i < ROUNDS; i++)
		(void)cpu_ns();
	ns[0] = ((double)sum - (double)(cpu_ns() - start)) / ROUNDS;
	ns[1] = r->turns ? (double)r->cpu_ns / (double)r->turns : 0;
	sched_setaffinity(0, sizeof everywhere, &everywhere);
	close(answer);
	munmap(r, sizeof *r);
	return pid > 0 && fine;
}

static bool print_costs(void)
{
	struct hash_key key = { { 1, 2 } };
	struct err err;
	struct wakes w;
	uint8_t *other = malloc(COLD_BYTES);
	double wake[2] = { 0, 0 };
	bool fine;

	if (!other || wakes_make(&w, READERS, &key, &err))
		return false;
	printf("{\"tell\": %.1f, ", tell_ns(w.changes));
	printf("\"tell_contended\": %.1f, ", contended_ns(w.changes));
	printf("\"pass_over\": %.2f, ", send_ns(&w, false));
	printf("\"write\": %.1f, ", send_ns(&w, true));
	printf("\"compare\": %.1f, ", compare_ns(w.changes, NULL));
	printf("\"compare_cold\": %.1f, ", compare_ns(w.changes, other));
	fine = wake_ns(&w, wake);
	printf("\"wake\": %.1f, \"woken\": %.1f}\n", wake[0], wake[1]);
	wakes_free(&w);
	free(other);
	return fine;
}

int main(int argc, char **argv)
{
	bool fine = true;

	log_setup(LOG_ERROR, "inputs");
	for (int i = 1; i < argc && fine; i++)
		fine = print_memory(argv[i]);
	return !(argc > 1 ? fine : print_costs());
}
