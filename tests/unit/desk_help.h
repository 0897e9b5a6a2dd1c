/* desk_help.h - for tests of daemon/control: a desk over slots of a test's own. */
#ifndef UNIT_DESK_HELP_H
#define UNIT_DESK_HELP_H

#include "control/inquiry.h"
#include "exchange/engine.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define HELP_SLOTS 2u

static struct space_def help_def;
static void *help_mem[HELP_SLOTS];
static struct view help_view[HELP_SLOTS];
static unsigned help_stops;
static struct counts help_counts;
static struct site_mount help_mounts[3] = {
	{ .path = "/a", .module = "one" }, { .path = "/b", .module = "two" },
	{ .path = "/c", .module = "one" },
};
static const struct site_host help_host = { .name = "example.org" };
static struct site help_site = { .hosts = &help_host, .nhosts = 1,
				 .file = "site.yaml", .mounts = help_mounts, .nmounts = 3 };
static struct desk help_desk;

static inline const char *help_phase(void *arg)
{
	(void)arg;
	return "serve";
}

static inline void help_worker(void *arg, unsigned number, struct desk_worker *out)
{
	(void)arg;
	*out = (struct desk_worker){ .pid = number ? 0 : 77, .state = number ? "back-off" :
				     "running", .age_ms = 5, .starts = number + 1 };
}

static struct desk_trouble help_trouble[3];

static inline void help_tell_trouble(void *arg, unsigned mount, struct desk_trouble *out)
{
	(void)arg;
	*out = help_trouble[mount];
}

static inline void help_stop(void *arg)
{
	(void)arg;
	help_stops++;
}

static inline uint64_t help_now(void)
{
	return 5000;
}

/* Empty slots of this layout. */
static inline void help_open(const struct space_def *def)
{
	help_def = *def;
	for (unsigned i = 0; i < HELP_SLOTS; i++) {
		help_mem[i] = aligned_alloc(4096, space_size(def));
		memset(help_mem[i], 0, space_size(def));
		view_open(&help_view[i], help_mem[i], &help_def);
	}
	help_stops = 0;
	cr_assert_eq(counts_make(&help_counts, 2, 3, NULL), 0);
	help_desk = (struct desk){ .site = &help_site, .slot = help_view,
				   .nslots = HELP_SLOTS, .nworkers = 2,
				   .modules = &help_counts, .phase = help_phase,
				   .worker = help_worker, .trouble = help_tell_trouble,
				   .stop = help_stop,
				   .now_ms = help_now, .started_ms = 2000 };
}

static inline void help_open_engine(void)
{
	struct engine_limits limits = { .endpoints = 4, .dedup = 8, .exchanges = 4,
					.messages = 4, .observers = 2, .representations = 2 };
	struct space_def def;

	engine_layout(&def, &limits);
	help_open(&def);
}

static inline void help_close(void)
{
	for (unsigned i = 0; i < HELP_SLOTS; i++)
		free(help_mem[i]);
	counts_free(&help_counts);
}

/* All lines of the answer to a request, each with its line end. */
static inline const char *help_ask(const char *request)
{
	static char out[1 << 20];
	struct inquiry a;
	size_t n = 0;
	bool more = true;

	(void)inquiry_begin(&a, &help_desk, span_str(request));
	while (more) {
		struct record r = record_of(out + n, INQUIRY_LINE);
		uint8_t *start = r.out.p;

		more = a.step(&a, &r);
		cr_assert_not(r.out.full);
		if (r.out.p != start)
			*r.out.p++ = '\n';
		n = (size_t)((char *)r.out.p - out);
		cr_assert_lt(n, sizeof out - INQUIRY_LINE);
	}
	out[n] = 0;
	return out;
}

#endif
