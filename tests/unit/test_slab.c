#include "rig_space.h"

#include "base/poison.h"

#include <sys/mman.h>
#include <signal.h>

static void *mem;
static struct space s;
static struct slab *things, *others;

static void fresh(void)
{
	mem = rig_memory();
	rig_open(&s, mem);
	things = &s.slab[SLAB_THING];
	others = &s.slab[SLAB_OTHER];
}

static void gone(void)
{
	space_close(&s);
	free(mem);
}

TestSuite(slab, .init = fresh, .fini = gone);

Test(slab, born_objects_are_found_by_reference)
{
	struct thing *t = rig_thing(&s, 1);
	ref_t ref = slab_ref(&s, things, t);

	cr_assert_neq(ref, 0);
	cr_assert_eq(slab_get(&s, things, ref), t);
	cr_assert_eq(REF_SPACE(ref), 7);
	cr_assert_eq(REF_SLAB(ref), SLAB_THING);
	cr_assert_eq(REF_INDEX(ref), 0);
	cr_assert_eq(REF_GEN(ref), 1);
	cr_assert_eq(slab_index(things, t), 0);
}

Test(slab, objects_are_not_found_before_their_birth)
{
	struct thing *t = slab_take(&s, things);
	ref_t ref = (uint64_t)7 << 56 | (uint64_t)1 << 32;

	cr_assert_null(slab_get(&s, things, ref));
	slab_publish(&s, things, t);
	cr_assert_eq(slab_get(&s, things, ref), t);
}

Test(slab, foreign_and_nonsense_references_find_nothing)
{
	ref_t ref = slab_ref(&s, things, rig_thing(&s, 1));

	cr_assert_null(slab_get(&s, things, 0));
	cr_assert_null(slab_get(&s, things, ref ^ 1ull << 56));
	cr_assert_null(slab_get(&s, things, ref ^ 1ull << 48));
	cr_assert_null(slab_get(&s, others, ref));
	cr_assert_null(slab_get(&s, things, ref ^ 1ull << 32));
	cr_assert_null(slab_get(&s, things, ref ^ 1ull << 47));
	cr_assert_null(slab_get(&s, things, (ref & ~0xffffffffull) | THING_CAP));
	cr_assert_null(slab_get(&s, things, ref | 0xffffffff));
}

Test(slab, references_are_bounded_before_the_sweep_too)
{
	ref_t ref = slab_ref(&s, things, rig_thing(&s, 1));

	s.ctl->hwm[SLAB_THING] = UINT32_MAX;
	cr_assert_null(slab_get(&s, things, ref | 0x70000000));
	cr_assert_not_null(slab_get(&s, things, ref));
}

Test(slab, generations_make_references_stale)
{
	struct thing *t = rig_thing(&s, 1);
	ref_t old = slab_ref(&s, things, t), new;

	slab_kill(&s, things, t);
	cr_assert_null(slab_get(&s, things, old));
	space_commit(&s, 0, 0, 0);
	cr_assert_eq(rig_thing(&s, 2), t);
	new = slab_ref(&s, things, t);
	cr_assert_neq(old, new);
	cr_assert_null(slab_get(&s, things, old));
	cr_assert_eq(slab_get(&s, things, new), t);
}

Test(slab, reference_is_known_before_the_birth)
{
	struct thing *t = rig_thing(&s, 1);
	ref_t next;

	slab_kill(&s, things, t);
	space_commit(&s, 0, 0, 0);
	cr_assert_eq(slab_take(&s, things), t);
	next = slab_ref_next(&s, things, t);
	cr_assert_null(slab_get(&s, things, next));
	slab_publish(&s, things, t);
	cr_assert_eq(slab_ref(&s, things, t), next);
}

Test(slab, generation_zero_is_left_out_at_the_wrap)
{
	for (uint32_t i = 1; i <= 0x8001; i++) {
		struct thing *t = rig_thing(&s, i);

		cr_assert_neq(slab_gen(t->o.word), 0);
		cr_assert_eq(t->o.word >> 16, things->magic);
		slab_kill(&s, things, t);
		space_commit(&s, 0, 0, 0);
	}
	cr_assert_eq(slab_gen(((struct object *)slab_at(things, 0))->word), 2);
}

Test(slab, room_is_exact)
{
	struct thing *t[THING_CAP];

	for (uint32_t i = 0; i < THING_CAP; i++) {
		cr_assert_eq(slab_room(&s, things), THING_CAP - i);
		t[i] = rig_thing(&s, i);
	}
	cr_assert_eq(slab_room(&s, things), 0);
	cr_assert_null(slab_take(&s, things));
	slab_kill(&s, things, t[3]);
	slab_kill(&s, things, t[9]);
	cr_assert_eq(slab_room(&s, things), 0, "room before the commit");
	cr_assert_null(slab_take(&s, things));
	space_commit(&s, 0, 0, 0);
	cr_assert_eq(slab_room(&s, things), 2);
	rig_check(&s);
	cr_assert_not_null(slab_take(&s, things));
	cr_assert_eq(slab_room(&s, things), 1);
}

Test(slab, untake_gives_the_room_back)
{
	struct thing *t = slab_take(&s, things);

	cr_assert_eq(slab_room(&s, things), THING_CAP - 1);
	slab_untake(&s, things, t);
	cr_assert_eq(slab_room(&s, things), THING_CAP);
	cr_assert_eq(slab_take(&s, things), t);
	slab_untake(&s, things, t);
	rig_check(&s);
}

Test(slab, a_spent_reference_is_no_other_s)
{
	struct thing *t = slab_take(&s, things);
	ref_t ref = slab_ref_next(&s, things, t);

	slab_spend(&s, things, t);
	cr_assert_eq(slab_room(&s, things), THING_CAP);
	cr_assert_null(slab_get(&s, things, ref));
	space_commit(&s, 0, 0, 0);
	cr_assert_eq(slab_take(&s, things), t);
	cr_assert_neq(slab_ref_next(&s, things, t), ref);
	slab_untake(&s, things, t);
	rig_check(&s);
}

Test(slab, no_object_is_given_twice)
{
	struct thing *a = slab_take(&s, things), *b = slab_take(&s, things);

	cr_assert_neq(a, b);
	slab_untake(&s, things, a);
	slab_publish(&s, things, b);
	space_commit(&s, 0, 0, 0);
	rig_check(&s);
}

Test(slab, killed_object_survives_a_rollback_whole)
{
	struct thing *t = rig_thing(&s, 0xabc);
	ref_t ref = slab_ref(&s, things, t);
	struct space heir;

	space_commit(&s, 0, 0, 0);
	slab_kill(&s, things, t);
	for (uint32_t i = 0; i < THING_CAP - 1; i++)
		rig_thing(&s, i);
	cr_assert_null(slab_take(&s, things), "the dead one was given away");
	rig_open(&heir, mem);
	rig_adopt(&heir);
	cr_assert_eq(slab_get(&heir, &heir.slab[SLAB_THING], ref), t);
	for (unsigned i = 0; i < 6; i++)
		cr_assert_eq(t->word[i], 0xabc);
	cr_assert_eq(heir.ctl->live[SLAB_THING], 1);
	rig_check(&heir);
}

Test(slab, birth_is_undone_by_a_rollback)
{
	struct thing *t = rig_thing(&s, 1);
	ref_t ref = slab_ref(&s, things, t);
	struct space heir;

	rig_open(&heir, mem);
	rig_adopt(&heir);
	cr_assert_null(slab_get(&heir, &heir.slab[SLAB_THING], ref));
	rig_check(&heir);
}

Test(slab, born_and_killed_in_one_transaction)
{
	struct thing *t = rig_thing(&s, 1);

	slab_kill(&s, things, t);
	space_commit(&s, 0, 0, 0);
	rig_check(&s);
	cr_assert_eq(slab_room(&s, things), THING_CAP);
}

Test(slab, killing_twice_is_our_bug, .signal = SIGABRT)
{
	struct thing *t = rig_thing(&s, 1);

	slab_kill(&s, things, t);
	slab_kill(&s, things, t);
}

Test(slab, giving_back_the_living_is_our_bug, .signal = SIGABRT)
{
	slab_untake(&s, things, rig_thing(&s, 1));
}

Test(slab, sweep_kills_foreign_words_and_counts_them)
{
	struct thing *a = rig_thing(&s, 1), *b = rig_thing(&s, 2), *c = rig_thing(&s, 3);
	ref_t ref = slab_ref(&s, things, c);

	space_commit(&s, 0, 0, 0);
	a->o.word ^= 1u << 20;
	b->o.word = slab_word(things->magic, 0, 1);
	cr_assert_eq(rig_adopt(&s), 2);
	cr_assert(!slab_live(things, 0) && !slab_live(things, 1));
	cr_assert_eq(slab_get(&s, things, ref), c);
	rig_check(&s);
}

Test(slab, dropped_objects_are_free_after_the_rebuild)
{
	struct thing *t = rig_thing(&s, 1);
	ref_t ref = slab_ref(&s, things, t);

	space_commit(&s, 0, 0, 0);
	space_rollback(&s);
	slab_sweep(&s, things);
	slab_drop(&s, things, t);
	slab_rebuild_free(&s, things);
	cr_assert_null(slab_get(&s, things, ref));
	cr_assert_eq(slab_room(&s, things), THING_CAP);
	cr_assert_eq(rig_thing(&s, 2), t);
	cr_assert_neq(slab_ref(&s, things, t), ref);
}

Test(slab, objects_above_a_lowered_mark_are_not_found_and_can_be_given)
{
	struct thing *t;
	ref_t ref = 0;

	for (uint32_t i = 0; i < 4; i++)
		ref = slab_ref(&s, things, rig_thing(&s, i));
	space_commit(&s, 0, 0, 0);
	s.ctl->hwm[SLAB_THING] = 2;
	rig_adopt(&s);
	cr_assert_null(slab_get(&s, things, ref));
	t = slab_take(&s, things);
	cr_assert_eq(slab_index(things, t), 2);
	cr_assert(!slab_live(things, 2));
	slab_untake(&s, things, t);
	rig_thing(&s, 5);
	space_commit(&s, 0, 0, 0);
	rig_thing(&s, 6);
	space_commit(&s, 0, 0, 0);
	cr_assert_null(slab_get(&s, things, ref));
	rig_check(&s);
}

/* --- against a model ------------------------------------------------------ */

struct model {
	ref_t ref[THING_CAP];
	uint32_t value[THING_CAP];
	uint32_t n;
};

static void model_add(struct model *m, uint32_t value)
{
	struct thing *t;

	if (m->n == THING_CAP || !slab_room(&s, things))
		return;
	t = rig_thing(&s, value);
	m->ref[m->n] = slab_ref(&s, things, t);
	m->value[m->n++] = value;
}

static void model_kill(struct model *m, uint32_t at)
{
	struct thing *t;

	if (!m->n)
		return;
	at %= m->n;
	t = slab_get(&s, things, m->ref[at]);
	cr_assert_not_null(t);
	slab_kill(&s, things, t);
	m->ref[at] = m->ref[--m->n];
	m->value[at] = m->value[m->n];
}

static void model_change(struct model *m, uint32_t at, uint32_t value)
{
	struct thing *t;

	if (!m->n)
		return;
	at %= m->n;
	t = slab_get(&s, things, m->ref[at]);
	cr_assert_not_null(t);
	for (unsigned i = 0; i < 6; i++)
		undo_set(&s, &t->word[i], value);
	m->value[at] = value;
}

static void model_check(const struct model *m)
{
	rig_check(&s);
	cr_assert_eq(s.ctl->live[SLAB_THING], m->n);
	for (uint32_t i = 0; i < m->n; i++) {
		struct thing *t = slab_get(&s, things, m->ref[i]);

		cr_assert_not_null(t);
		for (unsigned k = 0; k < 6; k++)
			cr_assert_eq(t->word[k], m->value[i]);
	}
}

Test(slab, random_lives_and_deaths_match_a_model)
{
	struct model now = { .n = 0 }, committed = now;
	uint64_t seed = 3;

	for (unsigned round = 0; round < 5000; round++) {
		unsigned steps = rig_random(&seed) % 12;

		for (unsigned i = 0; i < steps; i++) {
			uint32_t what = rig_random(&seed) % 5, r = rig_random(&seed);

			if (what < 2)
				model_add(&now, r);
			else if (what < 4)
				model_kill(&now, r);
			else
				model_change(&now, r, ~r);
		}
		if (rig_random(&seed) % 3) {
			space_commit(&s, 0, 0, 0);
			committed = now;
		} else {
			cr_assert_eq(rig_open(&s, mem), SPACE_OLD);
			cr_assert_eq(rig_adopt(&s), 0);
			now = committed;
		}
		model_check(&now);
	}
}

/* --- damaged memory ------------------------------------------------------- */

static void populate(uint64_t *seed)
{
	struct thing *t[THING_CAP];
	uint32_t n = rig_random(seed) % THING_CAP;

	for (uint32_t i = 0; i < n; i++)
		t[i] = rig_thing(&s, i);
	slab_publish(&s, others, slab_take(&s, others));
	space_commit(&s, 0, 0, 0);
	for (uint32_t i = 0; i < n; i += 1 + rig_random(seed) % 3)
		slab_kill(&s, things, t[i]);
	if (rig_random(seed) % 2)
		space_commit(&s, 1, 2, 0);
	for (uint32_t i = 0; i < 20; i++)
		undo_set(&s, (uint32_t *)space_root(&s) + i, i);
}

/* Flips bits where the structure is: the control block without the counters,
 * and the header words of the objects. */
static void damage(uint64_t *seed)
{
	unsigned flips = 1 + rig_random(seed) % 24;

	for (unsigned i = 0; i < flips; i++) {
		uint32_t r = rig_random(seed), bit = rig_random(seed) % 8;
		uint8_t *at;

		switch (rig_random(seed) % 6) {
		case 0:
			at = (uint8_t *)s.ctl + r % sizeof *s.ctl;
			break;
		case 1:
			at = (uint8_t *)s.ctl->hwm + r % sizeof s.ctl->hwm;
			break;
		case 2:
			at = (uint8_t *)&s.ctl->commit + r % 8;
			break;
		case 3:
			at = (uint8_t *)s.ctl->undo + r % sizeof s.ctl->undo;
			break;
		case 4:
			at = (uint8_t *)slab_at(others, r / 8 % OTHER_CAP) + r % 8;
			break;
		default:
			at = (uint8_t *)slab_at(things, r / 8 % THING_CAP) + r % 8;
		}
		*at ^= (uint8_t)(1u << bit);
	}
}

/* Everything the slab says it has can be used: taken, published, killed. */
static void use_all(void)
{
	ref_t ref[THING_CAP];
	uint32_t n = slab_room(&s, things);

	for (uint32_t i = 0; i < n; i++)
		ref[i] = slab_ref(&s, things, rig_thing(&s, i));
	cr_assert_null(slab_take(&s, things));
	for (uint32_t i = 0; i < n; i++) {
		struct thing *t = slab_get(&s, things, ref[i]);

		cr_assert_not_null(t);
		cr_assert_eq(t->word[5], i);
		slab_kill(&s, things, t);
	}
	space_commit(&s, 0, 0, 0);
	rig_check(&s);
	cr_assert_eq(slab_room(&s, things), n);
}

Test(slab, damaged_memory_is_survived, .timeout = 120)
{
	size_t size = space_size(&rig_def);
	unsigned old = 0;

	for (uint64_t round = 1; round <= 20000; round++) {
		uint64_t seed = round * 0x9e3779b97f4a7c15;

		unpoison(mem, size);
		memset(mem, 0, size);
		rig_open(&s, mem);
		populate(&seed);
		damage(&seed);
		old += rig_open(&s, mem) == SPACE_OLD;
		rig_adopt(&s);
		rig_check(&s);
		use_all();
	}
	cr_assert_gt(old, 1000, "too few damaged spaces were adopted");
}

/* The same with the space between two pages that may not be touched. */
Test(slab, damaged_memory_never_leads_outside, .timeout = 120)
{
	size_t size = space_size(&rig_def);
	uint8_t *all = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(all, MAP_FAILED);
	cr_assert_eq(mprotect(all + 4096, size, PROT_READ | PROT_WRITE), 0);
	for (uint64_t round = 1; round <= 3000; round++) {
		uint64_t seed = round * 0x2545f4914f6cdd1d;

		memset(all + 4096, 0, size);
		rig_open(&s, all + 4096);
		populate(&seed);
		for (unsigned i = 0; i < 64; i++)
			damage(&seed);
		rig_open(&s, all + 4096);
		rig_adopt(&s);
		rig_check(&s);
		use_all();
		space_close(&s);
	}
	munmap(all, size + 8192);
	rig_open(&s, mem);
}

#if POISON_ACTIVE
Test(slab, dead_objects_are_poisoned)
{
	struct thing *t = rig_thing(&s, 1);

	cr_assert(!__asan_address_is_poisoned(&t->word[5]));
	slab_kill(&s, things, t);
	cr_assert(!__asan_address_is_poisoned(&t->word[5]));
	space_commit(&s, 0, 0, 0);
	cr_assert(__asan_address_is_poisoned(&t->word[0]));
	cr_assert(__asan_address_is_poisoned(&t[1].word[5]), "never used");
	rig_open(&s, mem);
	rig_adopt(&s);
	cr_assert(__asan_address_is_poisoned(&t->word[0]));
	cr_assert(__asan_address_is_poisoned(&t[1].word[5]), "never used");
}
#endif

Test(slab, every_size_has_its_index)
{
	static uint8_t memory[64];

	for (uint32_t size = 8; size < 5000; size += 8) {
		struct slab b = { .at = memory, .size = size };

		slab_divisor(&b);
		for (uint32_t i = 0; i < 100; i++)
			cr_assert_eq(slab_index(&b, slab_at(&b, i)), i, "%u of %u", i, size);
		cr_assert_eq(slab_index(&b, slab_at(&b, 9999999)), 9999999);
	}
}
