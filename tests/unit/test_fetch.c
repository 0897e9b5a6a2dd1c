/* What is remembered of a request that a module makes. */
#include "fetch_module.h"

TestSuite(fetch, .fini = finish);

static struct fetch *only(void)
{
	return slab_at(engine_slab(&s->rig->e, FETCH_SLAB), 0);
}

static struct task *its_task(void)
{
	return slab_get(&s->rig->e.space, engine_slab(&s->rig->e, TASK_SLAB), only()->task);
}

static void under_way(void)
{
	begin(UPSTREAM);
	ask(COAP_GET);
	stage_next(s);
	cr_assert_eq(fetches(), 1);
}

Test(fetch, the_slab_is_behind_the_tasks)
{
	struct space_def def = { .nslabs = TASK_SLAB };

	task_layout(&def, 3);
	fetch_layout(&def, 5);
	cr_assert_eq(def.nslabs, FETCH_SLAB + 1);
	cr_assert_eq(def.slab[FETCH_SLAB].cap, 5);
	cr_assert_eq(def.slab[FETCH_SLAB].size, sizeof(struct fetch));
}

Test(fetch, there_are_so_many)
{
	struct fetch *f[STAGE_FETCHES];
	struct engine *e;

	begin(UPSTREAM);
	e = &s->rig->e;
	for (unsigned i = 0; i < STAGE_FETCHES; i++) {
		f[i] = fetch_take(e);
		cr_assert(f[i] && !f[i]->state && !f[i]->naddrs);
	}
	cr_assert_null(fetch_take(e));
	cr_assert_eq(stage_counter(s, COUNT_FULL_FETCHES), 1);
	for (unsigned i = 0; i < STAGE_FETCHES; i++)
		slab_untake(&e->space, fetch_slab(e), f[i]);
}

Test(fetch, bytes_of_its_body)
{
	uint8_t bytes[8] = { 0 };
	struct engine *e;
	ref_t ref;

	under_way();
	e = &s->rig->e;
	ref = fetch_ref(e, only());
	memcpy(only()->inside + only()->uri_n + only()->options_n, "0123", 4);
	only()->body_n = 4;
	cr_assert(fetch_read(e, ref, 1, bytes, 3));
	cr_assert_eq(memcmp(bytes, "123", 4), 0);
	cr_assert(!fetch_read(e, ref, 2, bytes, 3));
	cr_assert(!fetch_read(e, ref, UINT64_MAX, bytes, 1));
	cr_assert(!fetch_read(e, ref + ((ref_t)1 << 32), 0, bytes, 1));
	only()->flags |= FETCH_LENT;
	cr_assert(!fetch_read(e, ref, 0, bytes, 1), "the request has none");
	only()->task++;
	cr_assert(!fetch_read(e, ref, 0, bytes, 1));
}

Test(fetch, it_outlives_the_worker)
{
	under_way();
	stage_crash(s);
	cr_assert_eq(fetches(), 1);
	cr_assert_eq(only()->state, FETCH_SENT);
}

Test(fetch, ended_twice_is_ended_once)
{
	under_way();
	fetch_end(&s->rig->e, fetch_ref(&s->rig->e, only()));
	fetch_end(&s->rig->e, fetch_ref(&s->rig->e, only()));
	fetch_end(&s->rig->e, 0);
	rig_commit(s->rig);
	stage_wait(s, 0);
	cr_assert_eq(fetches() + live(SLAB_XFER), 0);
}

Test(fetch, of_a_task_that_is_gone_it_is_ended)
{
	under_way();
	only()->task += (ref_t)1 << 32;
	stage_crash(s);
	cr_assert_eq(only()->state, FETCH_ENDED);
	stage_wait(s, 0);
	cr_assert_eq(fetches() + live(SLAB_XFER), 0);
	expect_told("-130!|");
}

Test(fetch, a_task_is_told_that_it_is_gone)
{
	under_way();
	its_task()->fetch[TAG] = 0;
	stage_crash(s);
	stage_wait(s, 0);
	expect_told("-130!|");
	cr_assert_eq(stage_tasks(s), 0);
}

static void spoil(unsigned how)
{
	struct fetch *f = only();

	switch (how) {
	case 0: f->state = 0; break;
	case 1: f->state = FETCH_STATES; break;
	case 2: f->tag = COAPD_TAGS; break;
	case 3: f->flags = 0x80000000u; break;
	case 4: f->uri_n = 0xfffffff0u; break;
	case 5: f->options_n = FETCH_INSIDE; break;
	case 6: f->body_n = FETCH_INSIDE; break;
	case 7: f->code = 0x101; break;
	case 8: f->code = 69; break;
	case 9: f->naddrs = FETCH_ADDRS + 1; break;
	case 10: f->at = 1; break;
	case 11: f->due = UINT64_MAX; break;
	case 12: f->naddrs = 0; break;
	}
}

Test(fetch, damaged_ones_are_dropped)
{
	for (unsigned how = 0; how < 13; how++) {
		under_way();
		spoil(how);
		stage_crash(s);
		cr_assert_eq(fetches(), 0, "%u", how);
		cr_assert_geq(stage_counter(s, COUNT_ADOPT_DROPPED), 1);
		stage_wait(s, 0);
		expect_told("-130!|");
		for (unsigned i = 0; i < 6; i++)        /* whose transfer ends by itself */
			stage_wait(s, 48000);
		cr_assert_eq(live(SLAB_XFER), 0, "%u", how);
		finish();
	}
}
