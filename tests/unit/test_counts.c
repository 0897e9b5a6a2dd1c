/* What modules count, written by workers and read by anybody. */
#include "base/counts.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = { "read", "stored" };
static struct counts c;

static void make(unsigned workers, size_t mounts)
{
	struct err err;

	cr_assert_eq(counts_make(&c, workers, mounts, &err), 0);
}

static void teardown(void)
{
	counts_free(&c);
}

TestSuite(counts, .fini = teardown);

#define expect(mount, nth, text, sum) \
	do { \
		struct count it; \
		cr_assert(counts_read(&c, mount, nth, &it)); \
		cr_assert_str_eq(it.name, text); \
		cr_assert_eq(it.value, sum); \
	} while (0)

#define expect_none(mount, nth) cr_assert(!counts_read(&c, mount, nth, &(struct count){ .value = 0 }))

Test(counts, names)
{
	static const char *const bad[] = { "", "Read", "a b", "a_b", "a.b", "\xc3\xa9", "a\n",
					   "a234567890123456789012345678901x" };

	cr_assert(counts_name_good("a"));
	cr_assert(counts_name_good("7-reads-of-9"));
	cr_assert(counts_name_good("a234567890123456789012345678901"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert(!counts_name_good(bad[i]), "%s", bad[i]);
}

Test(counts, are_summed_over_the_workers)
{
	struct counts_row *one, *other;

	make(3, 2);
	one = counts_begin(&c, 0, 1, names, 2);
	other = counts_begin(&c, 2, 1, names, 2);
	counts_add(one, 0, 1);
	counts_add(one, 1, 10);
	counts_add(other, 1, 5);
	expect(1, 0, "read", 1);
	expect(1, 1, "stored", 15);
	expect_none(1, 2);
	expect_none(0, 0);
	expect_none(2, 0);
}

Test(counts, the_next_worker_of_a_number_goes_on)
{
	pid_t pid;
	int status;

	make(2, 1);
	for (int i = 0; i < 2; i++) {
		pid = fork();
		if (pid == 0) {
			counts_add(counts_begin(&c, 1, 0, names, 2), 0, 3);
			kill(getpid(), SIGKILL);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
	}
	expect(0, 0, "read", 6);
	expect(0, 1, "stored", 0);
}

Test(counts, other_names_keep_what_is_still_counted)
{
	static const char *const later[] = { "stored", "refused" };
	struct counts_row *row;

	make(2, 1);
	row = counts_begin(&c, 0, 0, names, 2);
	counts_add(row, 0, 7);
	counts_add(row, 1, 8);
	counts_add(counts_begin(&c, 1, 0, names, 2), 1, 100);
	row = counts_begin(&c, 0, 0, later, 2);
	counts_add(row, 1, 1);
	expect(0, 0, "stored", 108);
	expect(0, 1, "refused", 1);
	expect(0, 2, "read", 0);
	expect_none(0, 3);
}

Test(counts, what_another_site_had_is_given_once)
{
	make(2, 1);
	cr_assert_not_null(counts_begin(&c, 1, 0, names, 2));
	counts_give(&c, 0, names[0], 5);
	counts_give(&c, 0, names[0], 2);
	counts_give(&c, 0, "nobody", 3);
	counts_give(&c, 1, names[0], 4);
	expect(0, 0, names[0], 7);
	expect(0, 1, names[1], 0);
	expect_none(0, 2);
}

Test(counts, where_nothing_is_counted)
{
	const char *many[COUNTS_MAX + 1] = { 0 };

	make(1, 0);
	cr_assert_null(c.row);
	cr_assert_null(counts_begin(&c, 0, 0, names, 2));
	expect_none(0, 0);
	teardown();
	make(1, 1);
	cr_assert_null(counts_begin(&c, 0, 0, NULL, 0));
	cr_assert_null(counts_begin(&c, 0, 0, many, COUNTS_MAX + 1));
	cr_assert_null(counts_begin(&c, 1, 0, names, 2));
	cr_assert_null(counts_begin(&c, 0, 1, names, 2));
	cr_assert_null(counts_begin(NULL, 0, 0, names, 2));
}

/* A module may have written anywhere. */
Test(counts, damage_is_read_as_nothing)
{
	struct counts_row *row;

	make(1, 1);
	row = counts_begin(&c, 0, 0, names, 2);
	row->n = UINT32_MAX;
	expect_none(0, 0);
	row->n = 2;
	memset(row->name[0], 'x', COUNTS_NAME);
	expect(0, 0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0);
	expect(0, 1, "stored", 0);
	row->name[0][3] = '\n';
	expect(0, 0, "stored", 0);
	expect_none(0, 1);
}
