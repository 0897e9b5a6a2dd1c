/* The engine's own: layout, deadlines, numbers. */
#include <criterion/criterion.h>

#include "rig.h"

#include <stdlib.h>
#include <string.h>

Test(engine, memory_of_another_layout_is_made_anew)
{
	struct rig *r = rig_new(NULL);
	struct engine_limits more = rig_limits();
	struct engine e;
	enum space_state state;
	struct hash_key key = { { 1, 2 } };

	rig_serve(r, 1, COAP_CON, COAP_POST, 7, "tk", "11=x");
	cr_assert_eq(engine_open(&e, r->mem, &r->def, 3, &key, &r->conf, &state), 0);
	cr_assert_eq(state, SPACE_OLD);
	engine_close(&e);
	more.dedup--;
	engine_layout(&r->def, &more);
	cr_assert_eq(engine_open(&e, r->mem, &r->def, 3, &key, &r->conf, &state), 0);
	cr_assert_eq(state, SPACE_NEW);
	cr_assert_eq(e.space.ctl->live[SLAB_ENDPOINT], 0);
	engine_close(&e);
	rig_free(r);
}

Test(engine, random_numbers_are_drawn_again_after_a_death)
{
	struct rig *r = rig_new(NULL);
	uint64_t a, b;

	a = engine_random(&r->e);
	engine_commit(&r->e, 0);
	b = engine_random(&r->e);
	cr_assert_neq(a, b);
	rig_crash(r);
	cr_assert_eq(engine_random(&r->e), b, "not committed: the same again");
	rig_free(r);
}

Test(engine, slots_draw_different_numbers_from_one_key)
{
	struct rig *r = rig_new(NULL), *other = rig_new(NULL);

	other->e.space.number++;
	cr_assert_neq(engine_random(&r->e), engine_random(&other->e));
	rig_free(r);
	rig_free(other);
}

Test(engine, the_earliest_deadline_of_any_slab)
{
	struct rig *r = rig_new(NULL);
	struct slab *b = engine_slab(&r->e, RIG_TASKS);
	struct rig_task *t = slab_take(&r->e.space, b), *u = slab_take(&r->e.space, b);
	struct expired x;

	cr_assert_eq(engine_next(&r->e), UINT64_MAX);
	engine_deadline(&r->e, b, t, 2000000);
	engine_deadline(&r->e, b, u, 1500000);
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	cr_assert_eq(engine_next(&r->e), 1000200);
	r->e.now = 1500000;
	cr_assert_eq(expire_next(&r->e, &x), EXPIRE_DONE);
	cr_assert_eq(expire_next(&r->e, &x), EXPIRE_OTHER);
	cr_assert_eq(x.slab, RIG_TASKS);
	cr_assert_eq(x.obj, u);
	cr_assert_eq(expire_next(&r->e, &x), EXPIRE_NOTHING);
	engine_no_deadline(&r->e, b, t);
	cr_assert_eq(engine_next(&r->e), UINT64_MAX);
	rig_free(r);
}

/* --- what is remembered of one takes so many bytes --------------------------------------- */

#define MANY 65536u

static size_t of_table(const struct table *t)
{
	return ((size_t)t->mask + 1) * sizeof *t->bucket;
}

/* Memory of the slot and private memory for it. */
static size_t taken(const struct engine_limits *limits)
{
	struct hash_key key = { { 1, 2 } };
	struct engine_conf conf = { .limits = *limits };
	enum space_state state;
	struct space_def def;
	struct engine e;
	size_t n;
	void *mem;

	engine_layout(&def, limits);
	n = space_size(&def);
	mem = aligned_alloc(4096, n);
	memset(mem, 0, n);
	cr_assert_eq(engine_open(&e, mem, &def, 0, &key, &conf, &state), 0);
	n += of_table(&e.endpoints) + of_table(&e.dedups) + of_table(&e.mids) +
	     of_table(&e.assemblies) + of_table(&e.representations) +
	     e.deadlines.cap * (sizeof *e.deadlines.entry + sizeof *e.deadlines.pos);
	engine_close(&e);
	free(mem);
	return n;
}

/* docs/measurements.md has the figures; they only become smaller. */
Test(engine, what_a_peer_with_an_answer_takes)
{
	struct engine_limits few = rig_limits(), many = few;
	size_t all;

	many.endpoints = few.endpoints + MANY;
	many.dedup = few.dedup + MANY;
	all = (taken(&many) - taken(&few)) / MANY;
	/* Room for dealings is there as well, and not touched by one that has none. */
	cr_expect_leq(all - sizeof(struct dealings), 224, "%zu bytes",
		      all - sizeof(struct dealings));
	cr_expect_leq(all, 400, "%zu bytes with dealings", all);
}

Test(engine, what_an_observer_takes)
{
	struct engine_limits few = rig_limits(), many = few;

	few.observers = 16;
	many.observers = few.observers + MANY;
	cr_expect_leq((taken(&many) - taken(&few)) / MANY, 268, "%zu bytes",
		      (taken(&many) - taken(&few)) / MANY);
}
