/* What is in one layout goes over to another. */
#include "rig_space.h"

#include "base/counter.h"
#include "base/import.h"

#include <errno.h>
#include <sys/mman.h>

/* The same things as another binary has them: wider, narrower, in another order, with
 * something new, with something gone, in another slab. */
struct newer {
	struct object o;
	uint64_t added;
	ref_t friend;
	uint16_t narrow;
	uint16_t sock;
	uint32_t list[2];
	uint64_t wide;
	uint32_t zero;
};

struct older {
	struct object o;
	uint32_t gone;
	uint32_t wide;
	uint32_t list[3];
	uint32_t narrow;
	uint16_t sock;
	uint16_t zero;
	uint32_t zero_too;
	ref_t friend;
};

static const struct mem_field newer_rows[] = {
	FIELD_KIND(struct newer, o, struct object, &object_kind),
	FIELD(struct newer, added),
	FIELD_REFS(struct newer, friend),
	FIELD(struct newer, narrow),
	FIELD_AS(struct newer, sock, FIELD_SOCK),
	FIELD_ARRAY(struct newer, list),
	FIELD(struct newer, wide),
	FIELD(struct newer, zero),
};

static const struct mem_field older_rows[] = {
	FIELD_KIND(struct older, o, struct object, &object_kind),
	FIELD(struct older, gone),
	FIELD(struct older, wide),
	FIELD_ARRAY(struct older, list),
	FIELD(struct older, narrow),
	FIELD_AS(struct older, sock, FIELD_SOCK),
	FIELD(struct older, zero),
	FIELD(struct older, zero_too),
	FIELD_REFS(struct older, friend),
};

static const struct mem_kind newer_kind = KIND("thing", struct newer, newer_rows);
static const struct mem_kind older_kind = KIND("thing", struct older, older_rows);

static const struct space_def older_def = {
	.slab = {
		{ .name = "lost", .magic = 0x1057, .size = 16, .cap = 3 },
		{ .name = "things", .magic = 0x7113, .size = sizeof(struct older), .cap = 8,
		  .kind = &older_kind },
	},
	.nslabs = 2,
	.extra = 64,
};

static const struct space_def newer_def = {
	.slab = {
		{ .name = "things", .magic = 0x7114, .size = sizeof(struct newer), .cap = 8,
		  .kind = &newer_kind },
		{ .name = "new", .magic = 0x2222, .size = 24, .cap = 5 },
	},
	.nslabs = 2,
	.extra = 128,
};

static struct space s, to;
static struct space_def def;
static struct import im;
static struct err err;
static void *mem, *copy, *fresh;

static void *memory(const struct space_def *d)
{
	size_t n = space_size(d);
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(at != MAP_FAILED);
	return at;
}

/* A space to be taken over, empty yet, and the memory for it. */
static void begin(const struct space_def *old, const struct space_def *new)
{
	mem = memory(old);
	copy = memory(old);
	fresh = memory(new);
	cr_assert_eq(space_open(&s, mem, old, 7, &rig_key), SPACE_NEW);
}

static int take_over(const struct space_def *old, const struct space_def *new,
		     const struct import_socks *socks)
{
	size_t n = space_size(old);
	int rc;

	unpoison(mem, n);
	memcpy(copy, mem, n);
	rc = import_begin(&im, fresh, new, copy, n, n, socks, &err);
	if (!rc)
		import_end(&im);
	return rc;
}

static void larger(void)
{
	def = rig_def;
	def.slab[SLAB_THING].cap = 2 * THING_CAP;
	def.slab[SLAB_OTHER].cap = 1;
	def.extra = 700;
	begin(&rig_def, &def);
}

TestSuite(import);

Test(import, everything_is_there_in_another_layout)
{
	ref_t ref[10];

	larger();
	for (uint32_t k = 0; k < 10; k++)
		ref[k] = slab_ref(&s, &s.slab[SLAB_THING], rig_thing(&s, k));
	space_commit(&s, 3, 4, 1);
	slab_kill(&s, &s.slab[SLAB_THING], slab_get(&s, &s.slab[SLAB_THING], ref[4]));
	space_commit(&s, 3, 4, 1);
	s.ctl->counter[COUNT_TX] = 99;
	s.ctl->epoch = 5;
	s.ctl->tries = 3;
	s.ctl->where = 2;
	s.ctl->code[69] = 7;
	s.ctl->served.sum_ns = 12;
	s.ctl->root[9] = 1;
	s.extra[639] = 0x55;
	cr_assert(!import_needless(mem, space_size(&rig_def), &def));
	cr_assert(!import_is_late(fresh, &def));
	cr_assert_eq(take_over(&rig_def, &def, NULL), 0, "%s", err.text);
	cr_assert(import_is_late(fresh, &def));
	cr_assert(import_needless(fresh, space_size(&def), &def));
	cr_assert_eq(space_open(&to, fresh, &def, 7, &rig_key), SPACE_OLD);
	cr_assert_eq(rig_adopt(&to), 0);
	for (uint32_t k = 0; k < 10; k++) {
		struct thing *t = slab_get(&to, &to.slab[SLAB_THING], ref[k]);

		cr_assert_eq(!t, k == 4);
		cr_assert(!t || t->word[5] == k);
	}
	cr_assert_eq(to.ctl->counter[COUNT_TX], 99);
	cr_assert_eq(to.ctl->counter[COUNT_IMPORTED], 1);
	cr_assert_eq(to.ctl->counter[COUNT_IMPORT_DROPPED], 0);
	cr_assert_eq(to.ctl->epoch, 5);
	cr_assert_eq(to.ctl->tries, 3);
	cr_assert_eq(to.ctl->where, 0);
	cr_assert_eq(to.ctl->code[69], 7);
	cr_assert_eq(to.ctl->served.sum_ns, 12);
	cr_assert_eq(to.ctl->root[9], 1);
	cr_assert_eq(to.extra[639], 0x55);
	cr_assert_eq(space_rx_next(&to), 3);
	cr_assert_eq(space_tx_n(&to), 4);
	cr_assert_eq(space_exec(&to), 1);
	cr_assert_arr_eq(&to.ctl->key, &s.ctl->key, sizeof to.ctl->key);
	rig_check_slab(&to, &to.slab[SLAB_OTHER]);
}

Test(import, what_was_under_way_is_undone)
{
	struct thing *t;

	larger();
	t = rig_thing(&s, 1);
	space_commit(&s, 1, 0, 0);
	undo_set(&s, &t->word[2], 77);
	undo_set(&s, &t->word[2], 78);
	rig_thing(&s, 2);
	cr_assert_eq(take_over(&rig_def, &def, NULL), 0);
	cr_assert_eq(t->word[2], 78, "the old memory was changed");
	space_open(&to, fresh, &def, 7, &rig_key);
	cr_assert_eq(to.ctl->commit.s.undo_n, 0);
	rig_adopt(&to);
	t = slab_at(&to.slab[SLAB_THING], 0);
	cr_assert_eq(t->word[2], 1);
	cr_assert_eq(to.ctl->live[SLAB_THING], 1);
}

Test(import, a_smaller_layout_takes_what_fits)
{
	struct space_def small = rig_def;

	small.slab[SLAB_THING].cap = 4;
	begin(&rig_def, &small);
	for (uint32_t k = 0; k < 6; k++)
		rig_thing(&s, k);
	space_commit(&s, 0, 0, 0);
	cr_assert_eq(take_over(&rig_def, &small, NULL), -ENOSPC);
	cr_assert_str_eq(err.text, "it has 6 things where 4 have room");
	cr_assert_eq(space_open(&to, fresh, &small, 7, &rig_key), SPACE_NEW);
	rig_check_slab(&to, &to.slab[SLAB_OTHER]);
	space_close(&to);
	memset(fresh, 0, space_size(&small));
	slab_kill(&s, &s.slab[SLAB_THING], slab_at(&s.slab[SLAB_THING], 4));
	slab_kill(&s, &s.slab[SLAB_THING], slab_at(&s.slab[SLAB_THING], 5));
	space_commit(&s, 0, 0, 0);
	cr_assert_eq(take_over(&rig_def, &small, NULL), 0);
	cr_assert_eq(space_open(&to, fresh, &small, 7, &rig_key), SPACE_OLD);
	rig_adopt(&to);
	cr_assert_eq(to.ctl->live[SLAB_THING], 4);
}

Test(import, lowering_a_limit_keeps_what_there_is_and_takes_no_more)
{
	struct space_def low = rig_def, high = rig_def;

	low.slab[SLAB_THING].cap = 4;
	low.slab[SLAB_THING].by_cap = true;
	high.slab[SLAB_THING].cap = 5;
	space_hold(&low, &rig_def);
	cr_assert_eq(low.slab[SLAB_THING].cap, THING_CAP);
	space_hold(&low, &high);
	cr_assert_eq(low.slab[SLAB_THING].cap, THING_CAP);
	begin(&rig_def, &low);
	for (uint32_t k = 0; k < 6; k++)
		rig_thing(&s, k);
	space_commit(&s, 0, 0, 0);
	cr_assert(import_needless(mem, space_size(&rig_def), &low));
	cr_assert_eq(take_over(&rig_def, &low, NULL), 0);
	space_open(&to, fresh, &low, 7, &rig_key);
	rig_adopt(&to);
	for (uint32_t k = 0; k < 3; k++) {
		cr_assert_eq(to.ctl->live[SLAB_THING], 6 - k);
		cr_assert_eq(slab_room(&to, &to.slab[SLAB_THING]), 0);
		cr_assert_null(slab_take(&to, &to.slab[SLAB_THING]));
		slab_kill(&to, &to.slab[SLAB_THING], slab_at(&to.slab[SLAB_THING], k));
		space_commit(&to, 0, 0, 0);
	}
	cr_assert_eq(slab_room(&to, &to.slab[SLAB_THING]), 1);
	cr_assert_not_null(slab_take(&to, &to.slab[SLAB_THING]));
	cr_assert_null(slab_take(&to, &to.slab[SLAB_THING]));
}

static struct older *older(uint32_t n)
{
	struct older *t = slab_take(&s, &s.slab[1]);

	*t = (struct older){ .o = t->o, .gone = 1, .wide = 0xfffffff0 + n, .narrow = 100 + n,
			     .list = { n, n + 1, n + 2 }, .sock = (uint16_t)n };
	if (n)
		t->friend = slab_ref(&s, &s.slab[1], slab_at(&s.slab[1], n - 1));
	slab_publish(&s, &s.slab[1], t);
	return t;
}

Test(import, fields_are_found_by_their_names)
{
	static const struct import_socks socks = { .now = { 3, 2, 1, -1 } };
	struct older *t;

	begin(&older_def, &newer_def);
	for (uint32_t k = 0; k < 6; k++)
		t = older(k);
	space_commit(&s, 0, 0, 0);
	t->narrow = 0x10000;            /* which is too much now */
	cr_assert_eq(take_over(&older_def, &newer_def, &socks), 0, "%s", err.text);
	space_open(&to, fresh, &newer_def, 7, &rig_key);
	rig_adopt(&to);
	cr_assert_eq(to.ctl->counter[COUNT_IMPORT_DROPPED], 2);
	cr_assert_eq(to.ctl->live[0], 4);
	for (uint32_t k = 0; k < 3; k++) {
		struct newer *n = slab_at(&to.slab[0], k);

		cr_assert_eq(n->o.word, slab_word(0x7114, 1, 1));
		cr_assert_eq(n->added, 0);
		cr_assert_eq(n->wide, 0xfffffff0 + k);
		cr_assert_eq(n->narrow, 100 + k);
		cr_assert_eq(n->list[0], k);
		cr_assert_eq(n->list[1], k + 1);
		cr_assert_eq(n->sock, 3 - k);
		cr_assert(k ? slab_get(&to, &to.slab[0], n->friend) ==
			      slab_at(&to.slab[0], k - 1) : !n->friend);
	}
}

Test(import, who_dies_in_it_is_followed_by_one_who_begins_again)
{
	larger();
	rig_thing(&s, 1);
	space_commit(&s, 0, 0, 0);
	unpoison(mem, space_size(&rig_def));
	for (unsigned k = 0; k < IMPORT_TRIES - 1; k++) {
		memcpy(copy, mem, space_size(&rig_def));
		cr_assert_eq(import_begin(&im, fresh, &def, copy, space_size(&rig_def),
					  space_size(&rig_def), NULL, &err), 0);
		cr_assert(!import_is_late(fresh, &def));
	}
	cr_assert_eq(take_over(&rig_def, &def, NULL), 0);
	cr_assert_eq(space_open(&to, fresh, &def, 7, &rig_key), SPACE_OLD);
	cr_assert_eq(to.ctl->tries, 0);
	space_close(&to);
}

Test(import, and_in_the_end_it_is_given_up)
{
	larger();
	rig_thing(&s, 1);
	space_commit(&s, 0, 0, 0);
	unpoison(mem, space_size(&rig_def));
	for (unsigned k = 0; k < IMPORT_TRIES; k++) {
		memcpy(copy, mem, space_size(&rig_def));
		cr_assert_eq(import_begin(&im, fresh, &def, copy, space_size(&rig_def),
					  space_size(&rig_def), NULL, &err), 0);
	}
	cr_assert_eq(take_over(&rig_def, &def, NULL), -ECANCELED);
	cr_assert_eq(space_open(&to, fresh, &def, 7, &rig_key), SPACE_NEW);
	cr_assert_eq(to.ctl->tries, 0);
	cr_assert_eq(to.ctl->live[SLAB_THING], 0);
}

Test(import, memory_without_a_state_has_nothing_to_take_over)
{
	larger();
	s.ctl->magic = 0;
	cr_assert_eq(take_over(&rig_def, &def, NULL), -ENODATA);
}

Test(import, memory_that_hides_what_is_used_is_refused)
{
	static struct legend l;
	uint8_t *hwm;

	larger();
	rig_thing(&s, 1);
	space_commit(&s, 0, 0, 0);
	unpoison(mem, space_size(&rig_def));
	legend_make(&l, &rig_def);
	hwm = (uint8_t *)mem + s.ctl->legend_at +
	      ((const uint8_t *)legend_field_of(&l, l.head->control, "hwm") - l.bytes);
	hwm[0] = 'x';
	memcpy(l.bytes, (uint8_t *)mem + s.ctl->legend_at, l.n);
	s.ctl->layout = legend_hash(&l);
	cr_assert_eq(take_over(&rig_def, &def, NULL), -EINVAL);
	cr_assert_str_eq(err.text, "it does not say how much of it is used");
}

/* Damage of any kind is refused, or costs objects; sanitizers watch. */
Test(import, damage_does_no_harm)
{
	size_t n = space_size(&rig_def);
	unsigned taken = 0, refused = 0;
	uint64_t seed = 4711;

	larger();
	for (uint32_t k = 0; k < 10; k++)
		rig_thing(&s, k);
	unpoison(mem, n);
	for (unsigned round = 0; round < 4000; round++) {
		size_t at = s.ctl->legend_at, span = s.ctl->legend_n;
		uint8_t *c = copy;
		uint32_t bits = rig_random(&seed);

		memcpy(copy, mem, n);
		memset(fresh, 0, space_size(&def));
		if (round % 3 == 0)
			at = 0, span = sizeof(struct space_ctl);
		for (unsigned k = 0; k <= bits % 4; k++)
			c[at + rig_random(&seed) % span] ^= (uint8_t)(1u << rig_random(&seed) % 8);
		/* Half of it looks as if it were meant. */
		if (round % 2) {
			struct legend l;
			struct space_ctl *ctl = copy;

			l.n = s.ctl->legend_n;
			memcpy(l.bytes, c + s.ctl->legend_at, l.n);
			ctl->layout = legend_hash(&l);
			ctl->legend_n = l.n;
			ctl->legend_at = s.ctl->legend_at;
		}
		if (import_begin(&im, fresh, &def, copy, n, n, NULL, &err)) {
			refused++;
			continue;
		}
		import_end(&im);
		taken++;
		cr_assert_eq(space_open(&to, fresh, &def, 7, &rig_key), SPACE_OLD);
		rig_adopt(&to);
		space_close(&to);
	}
	cr_assert_gt(taken, 100);
	cr_assert_gt(refused, 100);
}
