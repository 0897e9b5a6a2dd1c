#include "base/nearest.h"

#include <criterion/criterion.h>

Test(nearest, counts_slips)
{
	static const struct { const char *a, *b; unsigned d; } pairs[] = {
		{ "", "", 0 },
		{ "drain", "drain", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "drain", "drian", 1 },        /* swapped */
		{ "drain", "drai", 1 },         /* left out */
		{ "drain", "drrain", 1 },       /* put in */
		{ "drain", "drein", 1 },        /* changed */
		{ "kitten", "sitting", 3 },
		{ "ab", "ba", 1 },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		cr_expect_eq(nearest_distance(pairs[i].a, pairs[i].b), pairs[i].d,
			     "%s %s", pairs[i].a, pairs[i].b);
		cr_expect_eq(nearest_distance(pairs[i].b, pairs[i].a), pairs[i].d);
	}
}

Test(nearest, long_names_are_not_computed)
{
	char a[65], b[65];

	memset(a, 'a', 64);
	memset(b, 'a', 64);
	a[64] = b[64] = 0;
	cr_expect_eq(nearest_distance(a, b), 64);
	a[63] = b[63] = 0;
	cr_expect_eq(nearest_distance(a, b), 0);
}

Test(nearest, keeps_the_closest_of_those_close_enough)
{
	struct nearest n = { .wanted = "worker" };

	nearest_offer(&n, "drain");
	cr_expect_null(n.best);
	nearest_offer(&n, "workersx");
	cr_expect_str_eq(n.best, "workersx");
	nearest_offer(&n, "workers");
	cr_expect_str_eq(n.best, "workers");
	nearest_offer(&n, "worked");
	cr_expect_str_eq(n.best, "workers", "the first of equals stays");
}

Test(nearest, a_short_name_may_have_one_slip)
{
	struct nearest n = { .wanted = "rt" };

	nearest_offer(&n, "ct");
	cr_expect_str_eq(n.best, "ct");
	n = (struct nearest){ .wanted = "rt" };
	nearest_offer(&n, "if");
	cr_expect_null(n.best);
}

Test(nearest, case_counts_only_if_wanted)
{
	struct nearest n = { .wanted = "URI-PAHT" };

	nearest_offer(&n, "Uri-Path");
	cr_expect_null(n.best);
	n.any_case = true;
	nearest_offer(&n, "Uri-Path");
	cr_expect_str_eq(n.best, "Uri-Path");
	cr_expect_eq(n.distance, 1);
}
