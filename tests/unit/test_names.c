/* The hosts that modules' requests go to. */
#include "worker/names.h"

#include "dns_server.h"

#include <errno.h>

static const struct dns_name table[] = {
	{ "two.test", DNS_ANSWERS, { "127.0.0.1", "127.0.0.2" } },
	{ "silent.test", DNS_SILENT, { NULL } },
	{ NULL, DNS_ANSWERS, { NULL } },
};

static struct dns_server dns;
static struct ev_loop *loop;
static struct names names;
static unsigned told, refusals, found;
static ref_t whose;

static bool done(void *arg, ref_t fetch, const struct addr *addr, unsigned n)
{
	cr_assert_eq(arg, &dns);
	cr_assert(!n || addr[0].port == 77);
	if (refusals) {
		refusals--;
		return false;
	}
	told++;
	whose = fetch;
	found = n;
	return true;
}

static void setup(void)
{
	struct err err;

	loop = ev_loop_new(EVBACKEND_EPOLL);
	dns_open(&dns, loop, table);
	cr_assert_eq(names_open(&names, loop, dns.address, done, &err), 0);
	told = refusals = 0;
}

static void teardown(void)
{
	names_close(&names);
	dns_close(&dns);
	ev_loop_destroy(loop);
}

TestSuite(names, .init = setup, .fini = teardown);

static int ask(const char *host)
{
	return names_ask(&names, &dns, 42, host, "", 77);
}

static void run_until_told(void)
{
	for (unsigned i = 0; i < 1000 && !told; i++)
		ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(told, 1);
	cr_assert_eq(whose, 42);
}

Test(names, a_name_has_addresses)
{
	cr_assert_eq(ask("two.test"), 0);
	run_until_told();
	cr_assert_eq(found, 2);
}

Test(names, a_name_that_is_not_there_has_none)
{
	cr_assert_eq(ask("other.test"), 0);
	run_until_told();
	cr_assert_eq(found, 0);
}

Test(names, who_is_busy_is_told_again)
{
	refusals = 1;
	cr_assert_eq(ask("two.test"), 0);
	while (refusals)
		ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(told, 0);
	names_again(&names, &loop);
	cr_assert_eq(told, 0, "that is another one");
	names_again(&names, &dns);
	names_again(&names, &dns);
	cr_assert_eq(told, 1);
	cr_assert_eq(found, 2);
}

Test(names, dropped_questions_are_not_answered)
{
	cr_assert_eq(ask("silent.test"), 0);
	cr_assert_eq(ask("two.test"), 0);
	names_drop(&names, &dns);
	cr_assert_eq(ask("other.test"), 0);
	run_until_told();
	cr_assert_eq(found, 0);
}

Test(names, there_are_so_many_questions)
{
	for (unsigned i = 0; i < NAMES_MAX; i++)
		cr_assert_eq(ask("silent.test"), 0);
	cr_assert_eq(ask("two.test"), -EAGAIN);
	names_drop(&names, &dns);
	cr_assert_eq(ask("two.test"), 0);
}

Test(names, ways)
{
	struct addr a;

	cr_assert_eq(addr_parse("[::1]:1", &a), 0);
	cr_assert_eq(names_way(&a), 0);
	cr_assert_eq(addr_parse("127.0.0.1:1", &a), 0);
	cr_assert_eq(names_way(&a), 0);
	cr_assert_eq(addr_parse("[::ffff:255.255.255.255]:1", &a), 0);
	cr_assert_lt(names_way(&a), 0);
}
