/* How much may be under way, and until when it counts. */
#include <criterion/criterion.h>

#include "exchange/flight.h"

static struct flights f;

static void sent(unsigned n, uint64_t at)
{
	while (n--)
		flight_sent(&f, at);
}

Test(flight, half_of_the_buffer_is_for_what_comes_back)
{
	cr_assert_eq(flight_room(0), 0);
	cr_assert_eq(flight_room(1), FLIGHT_LEAST);
	cr_assert_eq(flight_room(2 * 208 << 10), 92);
	cr_assert_eq(flight_room(2 * 4 << 20), 1820);
	cr_assert_eq(flight_room(UINT64_MAX), UINT32_MAX);
}

Test(flight, counts_until_it_lands)
{
	f.room = 4;
	cr_assert(flight_has_room(&f, 1000));
	sent(3, 1000);
	cr_assert(flight_has_room(&f, 1000));
	sent(1, 1020);
	cr_assert_eq(flight_n(&f, 1020), 4);
	cr_assert_not(flight_has_room(&f, 1020));
	flight_landed(&f, 1020);
	cr_assert(flight_has_room(&f, 1020));
	cr_assert_not(flight_is_low(&f, 1020));
	flight_landed(&f, 1000);
	cr_assert_eq(flight_n(&f, 1020), 2);
	cr_assert(flight_is_low(&f, 1020));
}

Test(flight, counts_for_a_while_and_no_longer)
{
	uint64_t at = 100 * FLIGHT_MS + FLIGHT_STEP_MS - 1;

	f.room = 4;
	sent(4, at);
	cr_assert_not(flight_has_room(&f, at + FLIGHT_MS - FLIGHT_STEP_MS));
	cr_assert_eq(flight_n(&f, at + FLIGHT_MS), 0);
	sent(1, at + FLIGHT_MS);
	cr_assert_eq(flight_n(&f, at + FLIGHT_MS), 1, "the place is another's");
	flight_landed(&f, at);
	cr_assert_eq(flight_n(&f, at + FLIGHT_MS), 1, "what lands late takes nobody else's");
}

/* Times of what a successor finds may be anything. */
Test(flight, nonsense_does_no_harm)
{
	flight_landed(&f, 5);
	cr_assert_eq(flight_n(&f, 5), 0);
	sent(2, UINT64_MAX);
	cr_assert_eq(flight_n(&f, 1000), 0, "of the future");
	cr_assert_eq(flight_n(&f, 0), 0);
	sent(1, 1000);
	flight_sent(&f, 3);
	cr_assert_eq(flight_n(&f, 1000), 1, "and of the past");
	cr_assert(flight_has_room(&f, 1000), "without a bound");
}
