#include "worker/slot.h"

#include "resource/task.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static struct site *load(const char *yaml)
{
	struct config_errors *errors = malloc(sizeof *errors);
	struct site *site = site_load_text("test.yaml", yaml, strlen(yaml), errors);

	cr_assert(site, "%s", errors->text[0]);
	free(errors);
	return site;
}

Test(slot, a_slot_has_its_share_of_every_limit)
{
	struct site *site = load("workers: 4\n"
				 "slots: 4\n"
				 "limits:\n"
				 "  endpoints: 1000\n"
				 "  dedup: 2000\n"
				 "  exchanges: 300\n"
				 "  waiting: 80\n"
				 "  tasks: 16\n"
				 "  messages: 40\n"
				 "  answers-per-endpoint: 5\n"
				 "  exchanges-per-endpoint: 6\n"
				 "  token-length: 77\n");
	struct engine_limits l = slot_limits(site);
	struct space_def def;

	cr_expect_eq(l.endpoints, 313);
	cr_expect_eq(l.dedup, 625);
	cr_expect_eq(l.exchanges, 94);
	cr_expect_eq(l.waiting, 25);
	cr_expect_eq(l.tasks, 5);
	cr_expect_eq(l.messages, 13);
	cr_expect_eq(l.answers_per_endpoint, 5);
	cr_expect_eq(l.exchanges_per_endpoint, 6);
	cr_expect_eq(l.token_length, 77);
	slot_def(site, &def);
	cr_expect_eq(def.slab[SLAB_ENDPOINT].cap, 313);
	cr_expect_eq(def.slab[TASK_SLAB].cap, 25 + l.assemblies + 5);
	cr_expect_eq(def.extra, sizeof(struct batch));
	cr_expect_eq(slot_size(site), space_size(&def));
	cr_expect_eq(slot_size(site) % 4096, 0);
	site_free(site);
}

Test(slot, engine_gets_the_transmission_parameters)
{
	struct site *site = load("transmission:\n"
				 "  ack-timeout: 3s\n"
				 "  ack-random-factor: 1.25\n"
				 "  max-retransmit: 2\n"
				 "  nstart: 6\n"
				 "  ack-delay: 70ms\n"
				 "  max-latency: 9s\n"
				 "  processing-delay: 4s\n");
	struct engine_conf c = slot_conf(site);

	cr_expect_eq(c.params.ack_timeout_ms, 3000);
	cr_expect_eq(c.params.ack_random_permille, 1250);
	cr_expect_eq(c.params.max_retransmit, 2);
	cr_expect_eq(c.params.nstart, 6);
	cr_expect_eq(c.ack_delay_ms, 70);
	cr_expect_eq(c.params.max_latency_ms, 9000);
	cr_expect_eq(c.params.processing_delay_ms, 4000);
	cr_expect(option_set_has(&c.options, option_def(OPT_URI_PATH)));
	cr_expect_not(option_set_has(&c.options, option_def(OPT_OSCORE)));
	site_free(site);
}

Test(slot, onlookers_believe_nothing)
{
	struct site *site = load("resources:\n"
				 "  /a: {module: hello}\n"
				 "  /b: {module: hello}\n");
	struct space_ctl *ctl = calloc(1, sizeof *ctl);

	cr_expect_eq(slot_where(ctl, site), -1);
	ctl->where = 2;
	cr_expect_eq(slot_where(ctl, site), 1);
	ctl->where = 3;         /* /.well-known/core */
	cr_expect_eq(slot_where(ctl, site), -1);
	ctl->where = 0xffffffff;
	cr_expect_eq(slot_where(ctl, site), -1);
	ctl->counter[COUNT_TX] = 42;
	cr_expect_eq(slot_counter(ctl, COUNT_TX), 42);
	ctl->live[SLAB_ENDPOINT] = 7;
	ctl->live[SLAB_OBSERVER] = 5;
	cr_expect_eq(slot_peers(ctl), 7);
	cr_expect_eq(slot_observers(ctl), 5);
	free(ctl);
	site_free(site);
}

/* A slot as a site has it, in use. */
static void *used(const struct site *site, struct space_def *def)
{
	static const struct hash_key key = { { 1, 2 } };
	struct space s;
	void *mem;

	slot_def(site, def);
	mem = aligned_alloc(4096, space_size(def));
	memset(mem, 0, space_size(def));
	cr_assert_eq(space_open(&s, mem, def, 0, &key), SPACE_NEW);
	space_close(&s);
	return mem;
}

static uint64_t whole(const struct space_def *def)
{
	return space_size(def) + windows_size(&def->windows);
}

Test(slot, memory_for_lower_limits_is_that_of_the_higher_ones)
{
	struct site *high = load("slots: 1\nlimits: { endpoints: 1000, bodies: 8 }\n");
	struct site *low = load("slots: 1\nlimits: { endpoints: 100, bodies: 2 }\n");
	struct space_def was, def;
	void *mem = used(high, &was);
	struct err err;

	cr_expect(slot_same(&was, mem, whole(&was)));
	slot_def(low, &def);
	cr_expect_not(slot_same(&def, mem, whole(&was)));
	cr_assert_eq(slot_hold(&def, mem, space_size(&was), whole(&was), &err), 0, "%s", err.text);
	cr_expect_eq(slot_def_size(&def), slot_def_size(&was));
	cr_expect_eq(def.slab[SLAB_ENDPOINT].cap, was.slab[SLAB_ENDPOINT].cap);
	cr_expect_eq(def.slab[SLAB_ENDPOINT].cap - def.slab[SLAB_ENDPOINT].beyond,
		     slot_limits(low).endpoints, "and yet there is a limit");
	cr_expect_eq(def.windows.class[1].n, def.slab[SLAB_BODY].cap);
	cr_expect(slot_same(&def, mem, whole(&was)), "nothing is to be taken over");
	free(mem);
	site_free(high);
	site_free(low);
}

Test(slot, memory_for_higher_limits_is_larger)
{
	struct site *high = load("slots: 1\nlimits: { endpoints: 1000, observers: 5 }\n");
	struct site *low = load("slots: 1\nlimits: { endpoints: 100, observers: 50 }\n");
	struct space_def was, def, alone;
	void *mem = used(low, &was);

	slot_def(high, &def);
	slot_def(high, &alone);
	cr_assert_eq(slot_hold(&def, mem, space_size(&was), whole(&was), NULL), 0);
	cr_expect_eq(def.slab[SLAB_ENDPOINT].cap, alone.slab[SLAB_ENDPOINT].cap);
	cr_expect_eq(def.slab[SLAB_OBSERVER].cap, was.slab[SLAB_OBSERVER].cap);
	cr_expect_not(slot_same(&def, mem, whole(&was)));
	((struct space_ctl *)mem)->magic = 0;
	cr_expect_eq(slot_hold(&alone, mem, space_size(&was), whole(&was), NULL), -ENODATA);
	free(mem);
	site_free(high);
	site_free(low);
}

Test(slot, there_is_room_for_the_longest_body_of_any_mount)
{
	struct site *site = load("resources: { /a: { module: m, body-size: 20MiB } }\n");
	struct windows_def windows = slot_windows(site);

	cr_expect_geq(windows.class[1].size, 20 << 20);
	site_free(site);
}
