#include "ctl_help.h"

Test(ctl_figures, sums_over_slots)
{
	struct ctl_figures f = help_figures();

	cr_expect_eq(ctl_sum(&f, CTL_ALL, "counters", "rx"), 1234);
	cr_expect_eq(ctl_sum(&f, 1, "counters", "rx"), 234);
	cr_expect_eq(ctl_sum(&f, 7, "counters", "rx"), 0);
	cr_expect_eq(ctl_sum(&f, CTL_ALL, NULL, "body_bytes"), 4096);
	cr_expect_eq(ctl_sum_slab(&f, CTL_ALL, "small bodies", "live"), 4);
	cr_expect_eq(ctl_sum_slab(&f, 0, "small bodies", "live"), 1);
	cr_expect_eq(ctl_sum_codes(&f, CTL_ALL, "0."), 10);
	cr_expect_eq(ctl_sum_codes(&f, CTL_ALL, "2."), 6);
	cr_expect_eq(ctl_sum_codes(&f, 1, "5."), 3);
	ctl_figures_end(&f);
}

Test(ctl_figures, what_is_not_told_is_nothing)
{
	struct ctl_figures f;
	struct ctl_served s;

	ctl_figures_begin(&f);
	cr_expect_eq(ctl_sum(&f, CTL_ALL, "counters", "rx"), 0);
	ctl_served(&f, CTL_ALL, "served", &s);
	cr_expect_eq(s.all, 0);
	cr_expect_eq(ctl_served_at(&s, 500000), 0);
	ctl_figures_end(&f);
	f = help_figures();
	cr_expect_eq(ctl_sum(&f, CTL_ALL, "counters", "nothing"), 0);
	cr_expect_eq(ctl_sum(&f, CTL_ALL, "nothing", "rx"), 0);
	ctl_figures_end(&f);
}

Test(ctl_figures, times_are_added_up)
{
	struct ctl_figures f = help_figures();
	struct ctl_served s;

	ctl_served(&f, CTL_ALL, "served", &s);
	cr_expect_eq(s.n, 3);
	cr_expect_eq(s.all, 8);
	cr_expect_eq(s.sum_ns, 10000);
	cr_expect_eq(s.count[2], 5);
	cr_expect_eq(s.most_ns[2], UINT64_MAX);
	cr_expect_eq(ctl_served_at(&s, 125000), 1000);
	cr_expect_eq(ctl_served_at(&s, 375000), 2000);
	cr_expect_eq(ctl_served_at(&s, 990000), UINT64_MAX);
	ctl_served(&f, 0, "served", &s);
	cr_expect_eq(s.all, 4);
	ctl_figures_end(&f);
}
