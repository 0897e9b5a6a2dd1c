#include "base/counter.h"

#include "base/space.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

Test(counter, names_are_unique_words_for_operators)
{
	for (unsigned i = 0; i < COUNTERS_N; i++) {
		const char *name = counter_name(i);

		cr_assert_gt(strlen(name), 0);
		for (const char *c = name; *c; c++)
			cr_assert(islower((unsigned char)*c) || *c == '-', "%s", name);
		for (unsigned k = 0; k < i; k++)
			cr_assert_str_neq(name, counter_name(k));
	}
}

Test(counter, every_one_says_what_it_counts)
{
	for (unsigned i = 0; i < COUNTERS_N; i++) {
		cr_assert_gt(strlen(counter_text(i)), 5, "%s", counter_name(i));
		cr_assert_null(strchr(counter_text(i), '\n'));
	}
}

Test(counter, all_fit_into_the_control_block)
{
	cr_assert_leq(COUNTERS_N, SPACE_COUNTERS);
	cr_assert_str_eq(counter_name(COUNT_RX), "rx");
	cr_assert_str_eq(counter_name(COUNTERS_N - 1), "module-failed");
}
