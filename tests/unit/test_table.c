#include "rig_space.h"

#include "base/table.h"

#include <signal.h>

#define MANY 3000

static const struct space_def def = {
	.slab = { { .name = "things", .magic = 0x7113, .size = sizeof(struct thing), .cap = MANY } },
	.nslabs = 1,
};

static void *mem;
static struct space s;
static struct slab *b;
static struct table t;

static void fresh(void)
{
	mem = aligned_alloc(4096, space_size(&def));
	memset(mem, 0, space_size(&def));
	space_open(&s, mem, &def, 0, &rig_key);
	b = &s.slab[0];
	cr_assert_eq(table_init(&t, MANY), 0);
}

static void gone(void)
{
	table_free(&t);
	space_close(&s);
	free(mem);
}

TestSuite(table, .init = fresh, .fini = gone);

static uint64_t hash_of(uint32_t key)
{
	return hash_words(&s.ctl->key, key, 0);
}

static struct thing *find(uint64_t hash, uint32_t key)
{
	uint32_t i = table_first(&t, hash);

	while (i != SLAB_NIL) {
		struct thing *x = slab_at(b, i);

		if (x->word[0] == key)
			return x;
		i = x->o.link;
	}
	return NULL;
}

static struct thing *add(uint64_t hash, uint32_t key)
{
	struct thing *x = rig_thing(&s, key);

	table_insert(&t, b, hash, x);
	space_commit(&s, 0, 0, 0);
	return x;
}

Test(table, empty_table_finds_nothing)
{
	for (uint32_t k = 0; k < 100; k++)
		cr_assert_null(find(hash_of(k), k));
}

Test(table, sizes_are_powers_of_two_at_least_the_items)
{
	static const uint32_t caps[] = { 0, 1, 16, 17, 1000, 1024, 1025 };

	for (unsigned i = 0; i < 7; i++) {
		struct table x;

		cr_assert_eq(table_init(&x, caps[i]), 0);
		cr_assert_geq((uint64_t)x.mask + 1, caps[i]);
		cr_assert_eq(x.mask & (x.mask + 1), 0);
		table_free(&x);
	}
}

Test(table, one_chain_removes_first_middle_and_last)
{
	struct thing *x[4];

	for (uint32_t k = 0; k < 4; k++)
		x[k] = add(5, k);
	table_remove(&t, b, 5, x[1]);
	cr_assert_null(find(5, 1));
	table_remove(&t, b, 5, x[3]);
	cr_assert_null(find(5, 3));
	table_remove(&t, b, 5, x[0]);
	cr_assert_null(find(5, 0));
	cr_assert_eq(find(5, 2), x[2]);
	table_remove(&t, b, 5, x[2]);
	cr_assert_eq(table_first(&t, 5), SLAB_NIL);
}

Test(table, clear_forgets_all)
{
	add(hash_of(1), 1);
	table_clear(&t);
	cr_assert_null(find(hash_of(1), 1));
}

Test(table, removing_what_is_not_in_is_our_bug, .signal = SIGABRT)
{
	struct thing *x = rig_thing(&s, 1);

	table_remove(&t, b, hash_of(1), x);
}

Test(table, random_inserts_and_removes_match_a_model)
{
	static struct thing *model[MANY];
	uint64_t seed = 11;
	uint32_t n = 0;

	for (unsigned i = 0; i < 40000; i++) {
		uint32_t k = rig_random(&seed) % MANY;

		cr_assert_eq(find(hash_of(k), k), model[k]);
		if (model[k]) {
			table_remove(&t, b, hash_of(k), model[k]);
			slab_kill(&s, b, model[k]);
			space_commit(&s, 0, 0, 0);
			model[k] = NULL;
			n--;
		} else {
			model[k] = add(hash_of(k), k);
			n++;
		}
	}
	cr_assert_eq(s.ctl->live[0], n);
	for (uint32_t k = 0; k < MANY; k++)
		cr_assert_eq(find(hash_of(k), k), model[k]);
}
