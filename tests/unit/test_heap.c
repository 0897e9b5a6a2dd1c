#include "base/heap.h"

#include "rig_space.h"

#include <signal.h>

#define ITEMS 200

static struct heap h;

static void fresh(void)
{
	cr_assert_eq(heap_init(&h, ITEMS), 0);
}

static void gone(void)
{
	heap_free(&h);
}

TestSuite(heap, .init = fresh, .fini = gone);

Test(heap, empty_heap_has_no_first)
{
	cr_assert_null(heap_min(&h));
	heap_remove(&h, 3);
	cr_assert_null(heap_min(&h));
	for (uint32_t i = 0; i < ITEMS; i++)
		cr_assert(!heap_has(&h, i));
}

Test(heap, heap_for_no_items_is_fine)
{
	struct heap none;

	cr_assert_eq(heap_init(&none, 0), 0);
	cr_assert_null(heap_min(&none));
	heap_clear(&none);
	heap_free(&none);
}

Test(heap, deadline_moves_both_ways)
{
	heap_set(&h, 1, 100);
	heap_set(&h, 2, 200);
	heap_set(&h, 3, 300);
	heap_set(&h, 3, 50);
	cr_assert_eq(heap_min(&h)->item, 3);
	heap_set(&h, 3, 250);
	cr_assert_eq(heap_min(&h)->item, 1);
	heap_set(&h, 1, UINT64_MAX);
	cr_assert_eq(heap_min(&h)->item, 2);
	cr_assert_eq(h.n, 3);
}

Test(heap, clear_takes_everything_out)
{
	heap_set(&h, 0, 1);
	heap_set(&h, ITEMS - 1, 2);
	heap_clear(&h);
	cr_assert_null(heap_min(&h));
	cr_assert(!heap_has(&h, 0));
	heap_set(&h, 0, 7);
	cr_assert_eq(heap_min(&h)->at, 7);
}

Test(heap, item_out_of_range_is_our_bug, .signal = SIGABRT)
{
	heap_set(&h, ITEMS, 1);
}

static void check_shape(void)
{
	uint32_t in = 0;

	for (uint32_t i = 1; i < h.n; i++)
		cr_assert_geq(h.entry[i].at, h.entry[(i - 1) / 2].at);
	for (uint32_t i = 0; i < h.n; i++)
		cr_assert_eq(h.pos[h.entry[i].item], i);
	for (uint32_t i = 0; i < ITEMS; i++)
		in += heap_has(&h, i);
	cr_assert_eq(in, h.n);
}

Test(heap, random_sets_and_removes_match_a_model)
{
	uint64_t at[ITEMS], seed = 5;
	bool in[ITEMS] = { false };

	for (unsigned round = 0; round < 20000; round++) {
		uint32_t i = rig_random(&seed) % ITEMS;
		uint64_t least = UINT64_MAX;

		if (rig_random(&seed) % 3) {
			at[i] = rig_random(&seed) % 500;
			in[i] = true;
			heap_set(&h, i, at[i]);
		} else {
			in[i] = false;
			heap_remove(&h, i);
		}
		for (uint32_t k = 0; k < ITEMS; k++) {
			cr_assert_eq(heap_has(&h, k), in[k]);
			if (!in[k])
				continue;
			cr_assert_eq(h.entry[h.pos[k]].at, at[k]);
			least = at[k] < least ? at[k] : least;
		}
		cr_assert_eq(heap_min(&h) ? heap_min(&h)->at : UINT64_MAX, least);
		if (round % 50 == 0)
			check_shape();
	}
}

Test(heap, items_come_out_in_order)
{
	uint64_t seed = 9, last = 0;

	for (uint32_t i = 0; i < ITEMS; i++)
		heap_set(&h, i, rig_random(&seed) % 1000);
	for (uint32_t n = 0; n < ITEMS; n++) {
		struct heap_entry e = *heap_min(&h);

		cr_assert_geq(e.at, last);
		last = e.at;
		heap_remove(&h, e.item);
	}
	cr_assert_null(heap_min(&h));
}
