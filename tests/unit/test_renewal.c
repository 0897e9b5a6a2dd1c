#include "control/renewal.h"
#include "desk_help.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2], refused;
static bool upgrade;

static int reload(void *arg, bool with_program)
{
	(void)arg;
	upgrade = with_program;
	return refused ? refused : pair[0];
}

static void begin(void)
{
	help_open_engine();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	help_desk.reload = reload;
}

TestSuite(renewal, .init = begin, .fini = help_close);

static void expect_of(const char *what, const char *message, const char *answer)
{
	cr_assert_geq(send(pair[1], message, strlen(message), 0), 0);
	close(pair[1]);
	cr_expect_str_eq(help_ask(what), answer);
	cr_expect_lt(send(pair[0], "", 0, 0), 0, "it is closed");
}

static void expect(const char *message, const char *answer)
{
	expect_of("{\"do\":\"reload\"}", message, answer);
	cr_expect(!upgrade);
}

Test(renewal, a_site_that_is_served)
{
	expect("1two workers", "\"reloaded\":\"two workers\"\n");
}

Test(renewal, a_site_that_is_not)
{
	expect("0a\nb", "\"refused\":\"a\\u000ab\"\n");
}

Test(renewal, an_end_without_a_word)
{
	close(pair[1]);
	cr_expect_str_eq(help_ask("{\"do\":\"reload\"}"), "\"refused\":\"coapd has ended\"\n");
}

Test(renewal, why_nothing_begins)
{
	refused = -EBUSY;
	cr_expect(strstr(help_ask("{\"do\":\"reload\"}"), "too many wait"));
	refused = -ESHUTDOWN;
	cr_expect(strstr(help_ask("{\"do\":\"reload\"}"), "takes no site over now"));
	refused = -EMFILE;
	cr_expect(strstr(help_ask("{\"do\":\"reload\"}"), "no way to be told"));
}

Test(renewal, a_program_that_takes_over)
{
	expect_of("{\"do\":\"upgrade\"}", "1two workers", "\"upgraded\":\"two workers\"\n");
	cr_expect(upgrade);
}

Test(renewal, a_program_that_does_not)
{
	expect_of("{\"do\":\"upgrade\"}", "0no", "\"refused\":\"no\"\n");
}

Test(renewal, who_waits)
{
	struct inquiry a = { .wait = 3, .step = renewal_upgrade };

	cr_expect(renewal_waits(&a, &upgrade) && upgrade);
	a.step = renewal_step;
	cr_expect(renewal_waits(&a, &upgrade) && !upgrade);
	a.wait = -1;
	cr_expect(!renewal_waits(&a, &upgrade), "nothing has begun");
}
