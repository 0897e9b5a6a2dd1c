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
	struct kick_counts one = { 1, 2, 3, 4 }, two = { 10, 20, 30, 40 };

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
