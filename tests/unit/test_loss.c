#include "client/loss.h"

#include <criterion/criterion.h>

static unsigned losses(unsigned permille, uint64_t dice)
{
	struct loss l = { permille, dice };
	unsigned n = 0;

	for (unsigned i = 0; i < 100000; i++)
		n += loss_strikes(&l);
	return n;
}

Test(loss, none_and_all_are_certain)
{
	for (uint64_t dice = 0; dice < 10; dice++) {
		cr_expect_eq(losses(0, dice), 0);
		cr_expect_eq(losses(1000, dice), 100000);
	}
}

Test(loss, a_tenth_is_about_a_tenth_wherever_it_begins)
{
	for (uint64_t dice = 0; dice < 10; dice++) {
		unsigned n = losses(100, dice);

		cr_expect(n > 9500 && n < 10500, "%u", n);
	}
}

Test(loss, one_in_a_thousand_is_not_two)
{
	unsigned n = losses(1, 1);

	cr_expect(n > 60 && n < 150, "%u", n);
}

Test(loss, one_does_not_tell_of_the_next)
{
	struct loss l = { 500, 1 };
	unsigned same = 0;
	bool last = loss_strikes(&l);

	for (unsigned i = 0; i < 10000; i++) {
		bool next = loss_strikes(&l);

		same += next == last;
		last = next;
	}
	cr_expect(same > 4700 && same < 5300, "%u", same);
}
