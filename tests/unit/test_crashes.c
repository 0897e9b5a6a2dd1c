/* When a resource is closed, and when it is open again. */
#include "supervisor/crashes.h"

#include <criterion/criterion.h>

static struct crashes c;

static void make(unsigned limit)
{
	struct err err;

	cr_assert_eq(crashes_make(&c, 2, limit, 30000, &err), 0);
}

static void teardown(void)
{
	crashes_free(&c);
}

TestSuite(crashes, .fini = teardown);

static bool is_shut(size_t mount)
{
	return gate_is_shut(gates_word(&c.gates, mount));
}

Test(crashes, so_many_within_a_minute_close_it)
{
	make(3);
	cr_expect(!crashes_note(&c, 1, 1000));
	cr_expect(!crashes_note(&c, 1, 30000));
	cr_expect(!is_shut(1));
	cr_expect_eq(crashes_due(&c), CRASHES_NEVER);
	cr_expect(crashes_note(&c, 1, 60999));
	cr_expect(is_shut(1));
	cr_expect(!is_shut(0), "the other one is not");
	cr_expect_eq(crashes_due(&c), 90999);
	cr_expect_eq(crashes_left(&c, 1, 60999), 30000);
	cr_expect_eq(crashes_left(&c, 0, 60999), 0);
}

Test(crashes, what_is_a_minute_old_does_not_count)
{
	make(3);
	crashes_note(&c, 1, 1000);
	crashes_note(&c, 1, 2000);
	cr_expect(!crashes_note(&c, 1, 61000));
	cr_expect(crashes_note(&c, 1, 61999));
}

Test(crashes, each_resource_has_its_own)
{
	make(2);
	cr_expect(!crashes_note(&c, 0, 1000));
	cr_expect(!crashes_note(&c, 1, 1000));
	cr_expect(crashes_note(&c, 0, 1001));
	cr_expect(!is_shut(1));
}

Test(crashes, it_opens_again_and_nothing_is_left_of_it)
{
	make(2);
	crashes_note(&c, 1, 1000);
	cr_expect(crashes_note(&c, 1, 1000));
	cr_expect_eq(crashes_open(&c, 30999), 2, "not yet");
	cr_expect(is_shut(1));
	cr_expect_eq(crashes_open(&c, 31000), 1);
	cr_expect(!is_shut(1));
	cr_expect_eq(crashes_open(&c, 31000), 2, "only once");
	cr_expect_eq(crashes_due(&c), CRASHES_NEVER);
	cr_expect(!crashes_note(&c, 1, 31001), "that is the first");
	cr_expect(crashes_note(&c, 1, 31002));
	cr_expect_eq(c.mount[1].deaths, 4);
	cr_expect_eq(c.mount[1].closings, 2);
}

Test(crashes, a_death_while_it_is_closed_does_not_close_it_longer)
{
	make(2);
	crashes_note(&c, 0, 1000);
	crashes_note(&c, 0, 1000);
	for (unsigned i = 0; i < 3; i++)
		cr_expect(!crashes_note(&c, 0, 2000));
	cr_expect_eq(crashes_due(&c), 31000);
	cr_expect_eq(crashes_open(&c, 31000), 0);
	cr_expect(!crashes_note(&c, 0, 31001));
	cr_expect(crashes_note(&c, 0, 31001));
}

Test(crashes, the_next_one_due_is_told_first)
{
	make(1);
	cr_expect(crashes_note(&c, 1, 1000));
	cr_expect(crashes_note(&c, 0, 500));
	cr_expect_eq(crashes_due(&c), 30500);
	cr_expect_eq(crashes_open(&c, 30600), 0);
	cr_expect_eq(crashes_due(&c), 31000);
}

/* As when they go on in those of another site. */
Test(crashes, deaths_of_before_are_no_deaths_of_now)
{
	make(3);
	crashes_note(&c, 1, 1000);
	c.mount[1].deaths += 5;
	c.mount[1].closings += 2;
	cr_expect(!crashes_note(&c, 1, 1001));
	cr_expect(crashes_note(&c, 1, 1002));
	cr_expect_eq(c.mount[1].deaths, 8);
	cr_expect_eq(c.mount[1].closings, 3);
}

Test(crashes, without_a_limit_they_are_only_counted)
{
	make(0);
	for (unsigned i = 0; i < 20; i++)
		cr_expect(!crashes_note(&c, 0, 1000));
	cr_expect_eq(c.mount[0].deaths, 20);
	cr_expect_eq(crashes_due(&c), CRASHES_NEVER);
}

Test(crashes, what_is_no_mount_is_nobodys)
{
	make(1);
	cr_expect(!crashes_note(&c, 2, 1000));
	cr_expect_eq(crashes_left(&c, 2, 1000), 0);
}

Test(crashes, what_another_program_closed_stays_closed)
{
	make(3);
	crashes_resume(&c, 0, 5, 2, 700, 1000);
	crashes_resume(&c, 1, 4, 1, 0, 1000);
	cr_expect(is_shut(0) && !is_shut(1));
	cr_expect_eq(crashes_left(&c, 0, 1100), 600);
	cr_expect_eq(c.mount[1].deaths, 4);
	cr_expect_eq(c.mount[0].closings, 2);
	cr_expect_eq(crashes_open(&c, 1700), 0);
	cr_expect(!is_shut(0));
}
