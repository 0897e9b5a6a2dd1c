#include "client/histogram.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct histogram h, other;

static void expect_near(uint64_t got, uint64_t wanted)
{
	uint64_t off = got > wanted ? got - wanted : wanted - got;

	cr_expect(off * 1000 <= wanted * 16 + 1000, "%lu instead of %lu", got, wanted);
}

Test(histogram, without_values_says_nothing)
{
	cr_expect_eq(histogram_at(&h, 500000), 0);
	cr_expect_eq(histogram_mean(&h), 0);
	histogram_merge(&h, &other);
	cr_expect_eq(h.n, 0);
}

Test(histogram, knows_every_size_to_one_sixtyfourth)
{
	for (uint64_t v = 1; v < (uint64_t)1 << 43; v = v * 9 / 8 + 1) {
		struct histogram *one = calloc(1, sizeof *one);

		/* Neighbours on either side, so that the bounds do not help. */
		histogram_add(one, v / 4);
		histogram_add(one, v);
		histogram_add(one, v * 4);
		expect_near(histogram_at(one, 500000), v);
		free(one);
	}
}

Test(histogram, small_values_are_exact)
{
	for (uint64_t v = 0; v < 2 * HISTOGRAM_PARTS; v++)
		histogram_add(&h, v);
	for (uint64_t v = 0; v < 2 * HISTOGRAM_PARTS; v++)
		cr_expect_eq(histogram_at(&h, (uint32_t)(v * 1000000 / (2 * HISTOGRAM_PARTS)) + 1),
			     v, "%lu", v);
}

Test(histogram, percentiles_of_a_thousand_steps)
{
	for (uint64_t v = 1; v <= 1000; v++)
		histogram_add(&h, v * 1000);
	expect_near(histogram_at(&h, 0), 1000);
	expect_near(histogram_at(&h, 500000), 500000);
	expect_near(histogram_at(&h, 990000), 990000);
	cr_expect_eq(histogram_at(&h, 1000000), 1000000);
	cr_expect_eq(histogram_mean(&h), 500500);
	cr_expect_eq(h.min, 1000);
	cr_expect_eq(h.max, 1000000);
}

Test(histogram, what_is_beyond_it_is_counted_at_the_end)
{
	histogram_add(&h, UINT64_MAX / 2);
	histogram_add(&h, (uint64_t)1 << HISTOGRAM_TOP);
	cr_expect_eq(h.bucket[HISTOGRAM_BUCKETS - 1], 2);
	cr_expect_eq(h.n, 2);
	cr_expect_eq(h.max, UINT64_MAX / 2);
}

Test(histogram, merged_ones_are_as_one)
{
	struct histogram *both = calloc(1, sizeof *both);

	for (uint64_t v = 1; v < 5000; v++) {
		histogram_add(v % 3 ? &h : &other, v * v);
		histogram_add(both, v * v);
	}
	histogram_merge(&h, &other);
	cr_expect(memcmp(&h, both, sizeof h) == 0);
	free(both);
}
