#include "client/round_trips.h"

#include <criterion/criterion.h>

static struct round_trips of(unsigned n, const double *ms, uint64_t sent)
{
	struct round_trips r = { .sent = sent };

	for (unsigned i = 0; i < n; i++)
		round_trips_add(&r, ms[i]);
	return r;
}

Test(round_trips, none)
{
	struct round_trips r = { .sent = 2 };

	cr_assert_eq(round_trips_mean(&r), 0);
	cr_assert_eq(round_trips_deviation(&r), 0);
	cr_assert_eq(round_trips_loss(&r), 100);
	r.sent = 0;
	cr_assert_eq(round_trips_loss(&r), 0);
}

Test(round_trips, mean_and_deviation)
{
	const double ms[] = { 4, 2, 6, 4 };
	struct round_trips r = of(4, ms, 4);

	cr_assert_eq(r.least, 2);
	cr_assert_eq(r.most, 6);
	cr_assert_float_eq(round_trips_mean(&r), 4, 1e-9);
	cr_assert_float_eq(round_trips_deviation(&r), 1.41421356, 1e-6);
	cr_assert_eq(round_trips_loss(&r), 0);
}

Test(round_trips, equal_times_deviate_by_nothing)
{
	const double ms[] = { 0.1, 0.1, 0.1 };
	struct round_trips r = of(3, ms, 3);

	cr_assert_float_eq(round_trips_deviation(&r), 0, 1e-6);
}

Test(round_trips, loss_is_rounded_but_never_to_the_ends)
{
	struct round_trips r = { .sent = 3, .answered = 2 };

	cr_assert_eq(round_trips_loss(&r), 33);
	r.sent = 1000;
	r.answered = 999;
	cr_assert_eq(round_trips_loss(&r), 1);
	r.answered = 1;
	cr_assert_eq(round_trips_loss(&r), 99);
	r.answered = 995;
	cr_assert_eq(round_trips_loss(&r), 1);
}
