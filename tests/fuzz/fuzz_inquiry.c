/* fuzz_inquiry - any bytes as a line at the control socket: an error, or an answer whose
 * every line is JSON and which comes to its end. */
#include "control/inquiry.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SLOTS 2u
#define MOST 10000u     /* lines of an answer over empty memory */

static _Alignas(4096) uint8_t memory[SLOTS][65536];
static struct space_def def = { .nslabs = 0 };
static struct view view[SLOTS];
static struct site site = { .file = "fuzz" };
static struct counts counts;

static const char *phase(void *arg)
{
	(void)arg;
	return "serve";
}

static void worker(void *arg, unsigned number, struct desk_worker *out)
{
	(void)arg;
	(void)number;
	*out = (struct desk_worker){ .state = "running" };
}

static void stop(void *arg)
{
	(void)arg;
}

static void set_log(void *arg, unsigned part, enum log_level level)
{
	(void)arg;
	assert(part <= LOG_PARTS_N && level <= LOG_DEBUG);
}

static int refuse(void *arg, const struct order *o)
{
	(void)arg;
	assert(o->all <= 1);
	return -EBUSY;
}

static uint64_t now_ms(void)
{
	return 1000;
}

static struct desk desk = { .site = &site, .slot = view, .nslots = SLOTS, .nworkers = 1,
			    .modules = &counts, .phase = phase, .worker = worker, .stop = stop,
			    .set_log = set_log, .ask = refuse, .trace_begin = refuse,
			    .now_ms = now_ms };

static void check_line(const char *text, size_t n)
{
	json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);

	assert(json_is_object(line));
	json_decref(line);
}

/* Says whether there is more. */
static bool step(struct inquiry *a)
{
	static char text[INQUIRY_LINE];
	struct record r = record_of(text, sizeof text);
	const uint8_t *start;
	bool more;

	record_begin(&r, NULL, '{');
	start = r.out.p;
	more = a->step(a, &r);
	assert(more || r.out.p != start);
	record_end(&r, '}');
	assert(!r.out.full);
	check_line(text, (size_t)((char *)r.out.p - text));
	return more;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inquiry a;
	unsigned n = 0;
	bool fine;

	for (unsigned i = 0; i < SLOTS; i++)
		view_open(&view[i], memory[i], &def);
	fine = inquiry_begin(&a, &desk, span_of(data, size));
	while (step(&a))
		assert(++n < MOST);
	assert(fine || n == 0);
	return 0;
}
