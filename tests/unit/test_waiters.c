/* Who is told how something ends. */
#include "supervisor/waiters.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct waiters w, later;

static void setup(void)
{
	waiters_init(&w);
	waiters_init(&later);
}

TestSuite(waiters, .init = setup);

static const char *told(int fd)
{
	static char text[WAITERS_TEXT + 10];
	ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? NULL : text;
}

Test(waiters, all_are_told_once)
{
	int a = waiters_add(&w), b = waiters_add(&w);

	cr_expect_null(told(a));
	waiters_tell(&w, true, "done");
	cr_expect_str_eq(told(a), "1done");
	cr_expect_str_eq(told(b), "1done");
	cr_expect_str_eq(told(a), "", "the end");
	waiters_tell(&w, false, "again");
	cr_expect_str_eq(told(b), "");
}

Test(waiters, those_of_the_next_time_wait_for_it)
{
	int a = waiters_add(&w), b = waiters_add(&later);

	waiters_tell(&w, false, "no");
	cr_expect_str_eq(told(a), "0no");
	waiters_move(&w, &later);
	cr_expect_null(told(b));
	waiters_tell(&later, true, "nobody");
	cr_expect_null(told(b));
	waiters_tell(&w, true, "yes");
	cr_expect_str_eq(told(b), "1yes");
}

Test(waiters, too_many_are_refused_and_one_that_left_hurts_nobody)
{
	int fd[WAITERS];

	for (unsigned i = 0; i < WAITERS; i++)
		cr_assert_geq(fd[i] = waiters_add(&w), 0);
	cr_expect_eq(waiters_add(&w), -EBUSY);
	close(fd[0]);
	waiters_tell(&w, true, "x");
	cr_expect_str_eq(told(fd[1]), "1x");
	cr_expect_geq(waiters_add(&w), 0);
}

Test(waiters, a_long_text_is_cut)
{
	static char text[WAITERS_TEXT * 2];
	int a = waiters_add(&w);

	memset(text, 'x', sizeof text - 1);
	waiters_tell(&w, true, text);
	cr_expect_eq(strlen(told(a)), WAITERS_TEXT);
}
