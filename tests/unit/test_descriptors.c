#include "client/descriptors.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Root may raise the hard limit; each test has a process of its own to give that up. */
static void be_nobody(void)
{
	if (geteuid() == 0)
		cr_assert(setresuid(65534, 65534, 65534) == 0);
}

static void limit(rlim_t soft, rlim_t hard)
{
	const struct rlimit l = { soft, hard };

	cr_assert(setrlimit(RLIMIT_NOFILE, &l) == 0);
}

static rlim_t soft(void)
{
	struct rlimit l;

	cr_assert(getrlimit(RLIMIT_NOFILE, &l) == 0);
	return l.rlim_cur;
}

Test(descriptors, soft_limit_is_raised_as_far_as_needed)
{
	struct err err;

	limit(100, 1000);
	cr_assert_eq(descriptors_raise(300, &err), 0);
	cr_expect_eq(soft(), 364);
}

Test(descriptors, limit_that_suffices_stays)
{
	limit(200, 1000);
	cr_assert_eq(descriptors_raise(100, NULL), 0);
	cr_expect_eq(soft(), 200);
}

Test(descriptors, hard_limit_is_reported_with_what_to_do)
{
	struct err err;

	limit(100, 1000);
	be_nobody();
	cr_assert_eq(descriptors_raise(1000, &err), -EMFILE);
	cr_expect(strstr(err.text, "1000 sockets need 1064 open files"), "%s", err.text);
	cr_expect(strstr(err.text, "ulimit -Hn 1064"), "%s", err.text);
	cr_expect_eq(soft(), 100);
}

Test(descriptors, hard_limit_is_raised_by_who_may)
{
	const struct rlimit low = { 100, 1000 };
	const struct rlimit more = { 100, 1001 };
	struct rlimit l;

	if (setrlimit(RLIMIT_NOFILE, &low) || setrlimit(RLIMIT_NOFILE, &more))
		cr_skip_test("we may not raise a hard limit");
	cr_assert_eq(descriptors_raise(2000, NULL), 0);
	cr_assert(getrlimit(RLIMIT_NOFILE, &l) == 0);
	cr_expect_eq(l.rlim_cur, 2064);
}
