#include "worker/turn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];
static enum worker_exit how = WORKER_EXIT_BOOT;
static struct err err;

static void setup(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
}

TestSuite(turn, .init = setup);

static char heard(void)
{
	char byte = 0;

	cr_assert_eq(read(pair[0], &byte, 1), 1);
	return byte;
}

static void say(char byte)
{
	cr_assert_eq(write(pair[0], &byte, 1), 1);
}

Test(turn, comes)
{
	say(WORKER_GO);
	cr_assert_eq(turn_wait(pair[1], &how, &err), 0);
	cr_assert_eq(heard(), WORKER_PREPARED);
}

Test(turn, does_not_come_for_one_that_is_told_to_go)
{
	say(WORKER_QUIT);
	cr_assert_eq(turn_wait(pair[1], &how, &err), -ECANCELED);
	cr_assert_eq(how, WORKER_EXIT_OK);
}

Test(turn, does_not_come_without_a_supervisor)
{
	close(pair[0]);
	cr_assert_lt(turn_wait(pair[1], &how, &err), 0);
	cr_assert(strstr(err.text, "cannot tell the supervisor"), "%s", err.text);
	cr_assert_eq(how, WORKER_EXIT_BOOT);
}

Test(turn, what_failed_is_told)
{
	char text[600] = "";

	err_set(&err, -EINVAL, "it does not open");
	turn_failed(pair[1], "modules", &err);
	cr_assert_gt(read(pair[0], text, sizeof text - 1), 0);
	cr_assert_str_eq(text, "Emodules: it does not open");
}
