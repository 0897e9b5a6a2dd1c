#include "base/durations.h"

#include <criterion/criterion.h>

Test(durations, each_goes_into_the_bucket_that_holds_it)
{
	struct durations d = { .sum_ns = 0 };

	durations_add(&d, 0, 1);
	durations_add(&d, 1000, 1);
	durations_add(&d, 1001, 1);
	durations_add(&d, 2000, 1);
	durations_add(&d, 2001, 1);
	cr_expect_eq(d.bucket[0], 2);
	cr_expect_eq(d.bucket[1], 2);
	cr_expect_eq(d.bucket[2], 1);
	cr_expect_eq(d.sum_ns, 6002);
}

Test(durations, no_bucket_takes_more_than_it_says)
{
	for (unsigned i = 0; i + 1 < DURATIONS; i++) {
		struct durations d = { .sum_ns = 0 };

		durations_add(&d, durations_most(i), 3);
		durations_add(&d, durations_most(i) + 1, 1);
		cr_expect_eq(d.bucket[i], 3, "bucket %u", i);
		cr_expect_eq(d.bucket[i + 1], 1, "behind bucket %u", i);
	}
	cr_expect_eq(durations_most(DURATIONS - 1), UINT64_MAX);
}

Test(durations, what_takes_for_ever_has_a_place_too)
{
	struct durations d = { .sum_ns = 0 };

	durations_add(&d, UINT64_MAX / 2, 1);
	cr_expect_eq(d.bucket[DURATIONS - 1], 1);
}
