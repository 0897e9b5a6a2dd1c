#include "desk_help.h"

#include "exchange/kick.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2], refused;
static struct order asked;

static int ask(void *arg, const struct order *o)
{
	(void)arg;
	asked = *o;
	return refused ? refused : pair[0];
}

static void begin(void)
{
	help_open_engine();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	help_desk.ask = ask;
}

TestSuite(ejection, .init = begin, .fini = help_close);

Test(ejection, what_workers_ended_is_added_up)
{
	struct kick_counts one = { 1, 2, 3, 4, 0 }, two = { 10, 20, 30, 40, 1 };

	cr_assert_eq(send(pair[1], &one, sizeof one, 0), sizeof one);
	cr_assert_eq(send(pair[1], &two, sizeof two, 0), sizeof two);
	close(pair[1]);
	cr_expect_str_eq(help_ask("{\"do\":\"kick\",\"peer\":\"[::1]:5\"}"),
			 "\"workers\":2,\"observers\":11,\"exchanges\":22,\"requests\":33,"
			 "\"bodies\":44\n\"end\":true\n");
	cr_expect_eq(asked.what, 'K');
	cr_expect_eq(asked.peer.port, 5);
	cr_expect_lt(send(pair[0], "", 0, 0), 0, "it is closed");
}

/* The other one hangs: the clock goes on with each look at it. */
static uint64_t ticking(void)
{
	static uint64_t ms;

	return ms += 1000;
}

Test(ejection, who_does_not_answer_is_not_waited_for)
{
	struct kick_counts one = { 1, 2, 3, 4, 1 };

	help_site.control_timeout_ms = 10000;
	help_desk.now_ms = ticking;
	cr_assert_eq(send(pair[1], &one, sizeof one, 0), sizeof one);
	cr_expect_str_eq(help_ask("{\"do\":\"kick\",\"peer\":\"[::1]:5\"}"),
			 "\"workers\":1,\"observers\":1,\"exchanges\":2,\"requests\":3,"
			 "\"bodies\":4,\"missing\":[0]\n\"end\":true\n");
}

Test(ejection, who_dies_is_missing)
{
	struct kick_counts one = { 1, 2, 3, 4, 0 };

	cr_assert_eq(send(pair[1], &one, sizeof one, 0), sizeof one);
	close(pair[1]);
	cr_expect(strstr(help_ask("{\"do\":\"kick\",\"peer\":\"[::1]:5\"}"), "\"missing\":[1]\n"));
}

Test(ejection, somebody_has_to_be_named)
{
	cr_expect(strstr(help_ask("{\"do\":\"kick\"}"), "needs a"));
	cr_expect_eq(asked.what, 0);
}

Test(ejection, workers_out_of_reach_are_told)
{
	refused = -EMFILE;
	cr_expect(strstr(help_ask("{\"do\":\"kick\",\"peer\":\"[::1]:5\"}"), "cannot be reached"));
}
