#include "client/bench_tally.h"

#include <criterion/criterion.h>
#include <string.h>

static struct bench_tally t, other;

Test(bench_tally, merging_adds_up_every_count)
{
	struct bench_count a, b;

	memset(&t, 1, offsetof(struct bench_tally, code));
	memset(&other, 2, offsetof(struct bench_tally, code));
	bench_tally_merge(&t, &other);
	for (unsigned i = 0; bench_tally_count(&t, i, &a); i++) {
		cr_assert(bench_tally_count(&other, i, &b));
		cr_expect_eq(a.n, b.n / 2 * 3, "%s", a.name);
		cr_expect_str_eq(a.name, b.name);
	}
	cr_expect(bench_tally_count(&t, 0, &a));
	cr_expect_str_eq(a.name, "carried");
}

Test(bench_tally, merging_adds_codes_and_effort_and_takes_the_longest_time)
{
	t = (struct bench_tally){ .wall_ns = 5, .cpu_ns = 10 };
	other = (struct bench_tally){ .wall_ns = 7, .cpu_ns = 100 };
	t.code[0x45] = 3;
	other.code[0x45] = 4;
	other.code[0x84] = 1;
	histogram_add(&t.latency, 1000);
	histogram_add(&other.latency, 3000);
	histogram_add(&other.round, 9000);
	bench_tally_merge(&t, &other);
	cr_expect_eq(t.wall_ns, 7);
	cr_expect_eq(t.cpu_ns, 110);
	cr_expect_eq(t.code[0x45], 7);
	cr_expect_eq(t.code[0x84], 1);
	cr_expect_eq(t.latency.n, 2);
	cr_expect_eq(t.latency.max, 3000);
	cr_expect_eq(t.round.n, 1);
}

/* What a user would call a failure, and what not. */
Test(bench_tally, clean_is_what_went_as_expected)
{
	uint64_t *const bad[] = { &t.lost, &t.reset, &t.refused, &t.rejected, &t.unanswered,
				  &t.wrong, &t.malformed, &t.failed, &t.declined,
				  &t.incomplete };
	uint64_t *const fine[] = { &t.started, &t.answered, &t.carried, &t.drained, &t.moved,
				   &t.retransmitted, &t.late, &t.unmatched, &t.stale };

	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		*fine[i] = 1;
	cr_expect(bench_tally_clean(&t));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		*bad[i] = 1;
		cr_expect(!bench_tally_clean(&t), "%zu", i);
		*bad[i] = 0;
	}
	cr_expect(bench_tally_clean(&t));
}
