#include "transport/resolve.h"

#include "dns_server.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

static const struct dns_name names[] = {
	{ "both.test", DNS_ANSWERS, { "127.0.0.1", "::1" } },
	{ "v4.test", DNS_ANSWERS, { "127.0.0.7" } },
	{ "v6.test", DNS_ANSWERS, { "::1" } },
	{ "sorted.test", DNS_HELD, { "192.0.2.1", "127.0.0.1", "2001:db8::1", "::1" } },
	{ "away.test", DNS_ANSWERS, { "127.0.0.1", "127.0.0.2", "2001:db8::1", "::1" } },
	{ "one.test", DNS_HELD, { "127.0.0.1" } },
	{ "two.test", DNS_HELD, { "127.0.0.2" } },
	{ "empty.test", DNS_ANSWERS, { NULL } },
	{ "linklocal.test", DNS_ANSWERS, { "fe80::1" } },
	{ "also-linklocal.test", DNS_ANSWERS, { "fe80::1", "127.0.0.1" } },
	{ "twice.test", DNS_ANSWERS, { "127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1" } },
	{ "m\xc3\xbcller.test", DNS_ANSWERS, { "127.0.0.1" } },
	{ "fails.test", DNS_FAILS, { NULL } },
	{ "silent.test", DNS_SILENT, { NULL } },
	{ "short.test", DNS_SHORT, { NULL } },
	{ "nonsense.test", DNS_NONSENSE, { NULL } },
	{ "truncated.test", DNS_TRUNCATES, { "127.0.0.1", "::1" } },
	{ "many.test", DNS_ANSWERS, {
		"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6",
		"127.0.0.7", "127.0.0.8", "127.0.0.9", "127.0.0.10", "127.0.0.11", "127.0.0.12",
		"127.0.0.13", "127.0.0.14", "127.0.0.15", "127.0.0.16", "127.0.0.17",
		"127.0.0.18" } },
	{ .name = NULL }
};

struct bed {
	struct ev_loop *loop;
	struct dns_server dns;
	struct resolver *resolver;
	unsigned told;
	struct resolved last;
};

static void on_done(void *arg, const struct resolved *answer)
{
	struct bed *b = arg;

	b->told++;
	b->last = *answer;
}

static void bed_open_with(struct bed *b, struct resolver_conf conf)
{
	struct err err = { "" };

	*b = (struct bed){ .loop = ev_loop_new(EVBACKEND_EPOLL) };
	dns_open(&b->dns, b->loop, names);
	if (!conf.servers)
		conf.servers = b->dns.address;
	cr_assert_eq(resolver_open(&b->resolver, b->loop, &conf, &err), 0, "%s", err.text);
}

static void bed_open(struct bed *b)
{
	bed_open_with(b, (struct resolver_conf){ 0 });
}

static void bed_close(struct bed *b)
{
	if (b->resolver)
		resolver_close(b->resolver);
	dns_close(&b->dns);
	/* Nothing of ours is left on the loop. */
	cr_expect_eq(ev_run(b->loop, EVRUN_NOWAIT), 0);
	ev_loop_destroy(b->loop);
}

static void start(struct bed *b, const char *host, const char *zone)
{
	unsigned told = b->told;

	cr_assert_eq(resolve_start(b->resolver, host, zone, 5683, on_done, b), 0);
	cr_assert_eq(b->told, told, "%s: answered from within resolve_start()", host);
}

static void run(struct bed *b, unsigned told)
{
	while (b->told < told)
		ev_run(b->loop, EVRUN_ONCE);
}

static const struct resolved *ask(struct bed *b, const char *host, const char *zone)
{
	start(b, host, zone);
	run(b, b->told + 1);
	return &b->last;
}

/* "::1 127.0.0.1": the addresses of an answer without their port, which is 5683. */
static const char *listed(const struct resolved *answer)
{
	static char out[RESOLVE_MAX * ADDR_TEXT];
	size_t n = 0;

	out[0] = 0;
	for (unsigned i = 0; i < answer->n; i++) {
		char text[INET6_ADDRSTRLEN];
		bool v4 = addr_is_v4(answer->addr[i].ip);

		cr_expect_eq(answer->addr[i].port, 5683);
		inet_ntop(v4 ? AF_INET : AF_INET6, answer->addr[i].ip + (v4 ? 12 : 0), text,
			  sizeof text);
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? " " : "", text);
	}
	return out;
}

static void expect(struct bed *b, const char *host, const char *wanted)
{
	const struct resolved *answer = ask(b, host, NULL);

	cr_assert_eq(answer->status, 0, "%s: %s", host, answer->err.text);
	cr_expect_str_eq(listed(answer), wanted, "%s: %s", host, listed(answer));
}

/* Fails with a sentence that has both parts in it. */
static void refuse(struct bed *b, const char *host, const char *zone, int status,
		   const char *one, const char *two)
{
	const struct resolved *answer = ask(b, host, zone);

	cr_expect_eq(answer->status, status, "%s: %d", host, answer->status);
	cr_expect_eq(answer->n, 0);
	cr_expect(strstr(answer->err.text, one), "%s", answer->err.text);
	cr_expect(strstr(answer->err.text, two), "%s", answer->err.text);
	cr_expect(!strchr(answer->err.text, '\n'));
}

/* --- addresses ---------------------------------------------------------------------- */

Test(resolve, literal_is_answered_from_the_loop_and_by_no_server)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "192.0.2.1", "192.0.2.1");
	expect(&b, "2001:db8::1", "2001:db8::1");
	expect(&b, "127.0.0.%31", "127.0.0.1");
	cr_expect_eq(b.dns.asked, 0);
	bed_close(&b);
}

Test(resolve, link_local_literal_keeps_its_zone)
{
	const struct resolved *answer;
	struct bed b;

	bed_open(&b);
	answer = ask(&b, "fe80::1", "lo");
	cr_expect_eq(answer->status, 0, "%s", answer->err.text);
	cr_expect_eq(answer->addr[0].scope, if_nametoindex("lo"));
	refuse(&b, "fe80::1", NULL, -EINVAL, "link-local", "lo");
	refuse(&b, "fe80::1", "nosuch0", -EINVAL, "no interface \"nosuch0\"", "lo");
	refuse(&b, "both.test", "lo", -EINVAL, "\"lo\"", "only an address");
	bed_close(&b);
}

Test(resolve, localhost_is_both_loopback_addresses_whatever_others_say)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "localhost", "::1 127.0.0.1");
	expect(&b, "LocalHost.", "::1 127.0.0.1");
	expect(&b, "light.localhost", "::1 127.0.0.1");
	cr_expect_eq(b.dns.asked, 0);
	refuse(&b, "notlocalhost.test", NULL, -ENOENT, "notlocalhost.test", "spelled");
	bed_close(&b);
}

Test(resolve, hosts_file)
{
	char path[] = "/tmp/test_resolve-XXXXXX";
	int fd = mkstemp(path);
	struct bed b;

	cr_assert(fd >= 0);
	cr_assert(dprintf(fd, "127.0.0.9 light.test lamp # 127.0.0.8 lamp\n::1 lamp\n") > 0);
	close(fd);
	setenv("CARES_HOSTS", path, 1);
	bed_open(&b);
	expect(&b, "light.test", "127.0.0.9");
	expect(&b, "LAMP", "::1 127.0.0.9");
	cr_expect_eq(b.dns.asked, 0);
	expect(&b, "v4.test", "127.0.0.7");
	unlink(path);
	bed_close(&b);
}

/* --- names -------------------------------------------------------------------------- */

Test(resolve, names_of_one_family_and_of_both)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "v4.test", "127.0.0.7");
	expect(&b, "v6.test", "::1");
	expect(&b, "both.test", "::1 127.0.0.1");
	expect(&b, "BOTH.test", "::1 127.0.0.1");
	expect(&b, "both.test.", "::1 127.0.0.1");
	expect(&b, "b%6Fth.test", "::1 127.0.0.1");
	bed_close(&b);
}

Test(resolve, letters_beyond_ascii_are_asked_for_as_typed)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "m%C3%BCller.test", "127.0.0.1");
	refuse(&b, "m%C3%BCller.nosuch.test", NULL, -ENOENT, "m%C3%BCller.nosuch.test", "xn--");
	bed_close(&b);
}

/* RFC 6724: what can be reached first, then what is nearer, then IPv6.  The server names
 * the farther ones first, and those of IPv4 before the others. */
Test(resolve, sorted_by_rfc_6724)
{
	struct bed b;

	bed_open(&b);
	b.dns.hold = 2;
	cr_expect_eq(ask(&b, "sorted.test", NULL)->status, 0);
	cr_expect_eq(b.last.n, 4);
	cr_expect(!strncmp(listed(&b.last), "::1 127.0.0.1 ", 14), "%s", listed(&b.last));
	bed_close(&b);
}

static bool reaches(const char *ip)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(5683) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool yes;

	cr_assert(inet_pton(AF_INET6, ip, &to.sin6_addr) == 1);
	yes = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
	close(fd);
	return yes;
}

Test(resolve, address_that_no_way_leads_to_gets_no_turn)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "away.test", reaches("2001:db8::1") ? "::1 127.0.0.1 2001:db8::1 127.0.0.2" :
	       "::1 127.0.0.1 127.0.0.2 2001:db8::1");
	bed_close(&b);
}

static void turns(const char *before, const char *after)
{
	struct addr list[8] = { 0 };
	unsigned n = (unsigned)strlen(before);

	for (unsigned i = 0; i < n; i++) {
		list[i].ip[10] = list[i].ip[11] = before[i] >= 'a' ? 0xff : 0;
		list[i].ip[15] = (uint8_t)before[i];
	}
	resolve_take_turns(list, n);
	for (unsigned i = 0; i < n; i++)
		cr_expect_eq(list[i].ip[15], after[i], "%s: %c at %u", before, list[i].ip[15], i);
}

/* Capitals are IPv6, others IPv4. */
Test(resolve, families_take_turns_from_the_first_ones)
{
	turns("", "");
	turns("A", "A");
	turns("ABC", "ABC");
	turns("ABab", "AaBb");
	turns("abA", "aAb");
	turns("aABCb", "aAbBC");
	turns("ABCDabe", "AaBbCeD");
}

Test(resolve, more_addresses_than_are_tried)
{
	struct bed b;

	bed_open(&b);
	cr_expect_eq(ask(&b, "many.test", NULL)->status, 0);
	cr_expect_eq(b.last.n, RESOLVE_MAX);
	expect(&b, "twice.test", "127.0.0.1");
	bed_close(&b);
}

Test(resolve, link_local_addresses_of_a_name_are_of_no_use)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "also-linklocal.test", "127.0.0.1");
	refuse(&b, "linklocal.test", NULL, -EINVAL, "[fe80::1%25eth0]", "lo");
	bed_close(&b);
}

/* --- what goes wrong ------------------------------------------------------------------ */

Test(resolve, names_that_do_not_exist_or_have_no_address)
{
	struct bed b;

	bed_open(&b);
	refuse(&b, "nosuch.test", NULL, -ENOENT, "no host nosuch.test", "is it spelled right?");
	refuse(&b, "empty.test", NULL, -ENOENT, "empty.test", "neither");
	bed_close(&b);
}

Test(resolve, what_cannot_be_a_name)
{
	static const char *const host[] = { "", "a..b", "%", "%4", "%zz", "a%00b", "a%20b", "a b",
					    "a%5Cb", "a%0Ab" };
	char label[64 + 6] = "", name[300];
	struct bed b;

	bed_open(&b);
	for (size_t i = 0; i < sizeof host / sizeof *host; i++)
		refuse(&b, host[i], NULL, -EINVAL, host[i], "neither");
	refuse(&b, "a\nb", NULL, -EINVAL, "\"a\\nb\"", "neither");
	memset(label, 'a', 64);
	refuse(&b, label, NULL, -EINVAL, label, "neither");
	memset(name, 'a', sizeof name);
	for (size_t i = 50; i < sizeof name; i += 50)
		name[i] = '.';
	name[sizeof name - 1] = 0;
	refuse(&b, name, NULL, -EINVAL, "aaaa\"...", "neither");
	cr_expect_eq(b.dns.asked, 0);
	bed_close(&b);
}

Test(resolve, nobody_listens_where_the_server_should_be)
{
	char gone[32];
	struct bed b;

	bed_open(&b);
	snprintf(gone, sizeof gone, "%s", b.dns.address);
	bed_close(&b);
	bed_open_with(&b, (struct resolver_conf){ .servers = gone, .try_ms = 20 });
	refuse(&b, "both.test", NULL, -EAGAIN, "no DNS server answers", gone);
	bed_close(&b);
}

Test(resolve, server_is_silent)
{
	struct bed b;

	bed_open_with(&b, (struct resolver_conf){ .try_ms = 20, .tries = 2 });
	refuse(&b, "silent.test", NULL, -EAGAIN, "no DNS server answers", b.dns.address);
	for (unsigned i = 0; i < 10; i++)       /* what the server has not read by now */
		ev_run(b.loop, EVRUN_NOWAIT);
	cr_expect_geq(b.dns.asked, 4);          /* two kinds of address, two tries */
	bed_close(&b);
}

Test(resolve, server_says_that_it_failed)
{
	struct bed b;

	bed_open(&b);
	refuse(&b, "fails.test", NULL, -EAGAIN, "only that it failed", b.dns.address);
	bed_close(&b);
}

Test(resolve, server_answers_garbage)
{
	struct bed b;

	bed_open_with(&b, (struct resolver_conf){ .try_ms = 20, .tries = 2 });
	refuse(&b, "short.test", NULL, -EAGAIN, "no DNS server answers", b.dns.address);
	bed_close(&b);
	bed_open(&b);
	refuse(&b, "nonsense.test", NULL, -EIO, "nonsense.test", b.dns.address);
	bed_close(&b);
}

Test(resolve, truncated_answer_is_fetched_by_tcp)
{
	struct bed b;

	bed_open(&b);
	expect(&b, "truncated.test", "::1 127.0.0.1");
	cr_expect_geq(b.dns.by_tcp, 1);
	bed_close(&b);
}

/* --- several questions ------------------------------------------------------------------ */

/* The server holds its answers until both names were asked for. */
Test(resolve, names_are_looked_up_at_the_same_time)
{
	struct bed b;

	bed_open(&b);
	b.dns.hold = 4;
	start(&b, "one.test", NULL);
	start(&b, "two.test", NULL);
	run(&b, 2);
	cr_expect_eq(b.last.status, 0, "%s", b.last.err.text);
	bed_close(&b);
}

struct other {
	struct bed *bed;
	unsigned told;
};

static void on_other(void *arg, const struct resolved *answer)
{
	(void)answer;
	((struct other *)arg)->told++;
}

static void cancel_other(struct dns_server *s)
{
	struct other *o = s->arg;

	resolve_cancel(o->bed->resolver, o);
}

/* Cancelled while the server is asked, and when the answer is there and not yet told. */
Test(resolve, cancelled_question_is_not_answered_and_others_are)
{
	struct bed b;
	struct other o = { .bed = &b };

	bed_open(&b);
	start(&b, "both.test", NULL);
	cr_assert_eq(resolve_start(b.resolver, "one.test", NULL, 1, on_other, &o), 0);
	b.dns.on_question = cancel_other;
	b.dns.arg = &o;
	run(&b, 1);
	cr_expect_eq(b.last.status, 0);
	cr_assert_eq(resolve_start(b.resolver, "192.0.2.1", NULL, 1, on_other, &o), 0);
	resolve_cancel(b.resolver, &o);
	expect(&b, "v6.test", "::1");
	bed_close(&b);
	cr_expect_eq(o.told, 0);
}

Test(resolve, nothing_is_waited_for_once_all_is_cancelled)
{
	struct bed b;

	bed_open(&b);
	start(&b, "silent.test", NULL);
	start(&b, "192.0.2.1", NULL);
	resolve_cancel(b.resolver, &b);
	ev_io_stop(b.loop, &b.dns.udp);
	ev_io_stop(b.loop, &b.dns.tcp);
	while (ev_run(b.loop, EVRUN_ONCE))
		;
	cr_expect_eq(b.told, 0);
	bed_close(&b);
}

Test(resolve, closed_with_open_questions)
{
	struct bed b;

	bed_open(&b);
	start(&b, "silent.test", NULL);
	start(&b, "192.0.2.1", NULL);
	start(&b, "one.test", NULL);
	while (b.dns.asked < 4)
		ev_run(b.loop, EVRUN_ONCE);
	start(&b, "both.test", NULL);
	b.told = 0;
	bed_close(&b);
	cr_expect_eq(b.told, 0);
}

static void on_done_close(void *arg, const struct resolved *answer)
{
	struct bed *b = arg;

	on_done(b, answer);
	resolver_close(b->resolver);
	b->resolver = NULL;
}

static void on_done_ask(void *arg, const struct resolved *answer)
{
	struct bed *b = arg;

	on_done(b, answer);
	resolve_cancel(b->resolver, b);
	cr_assert_eq(resolve_start(b->resolver, "v4.test", NULL, 5683, on_done_close, b), 0);
	cr_assert_eq(resolve_start(b->resolver, "silent.test", NULL, 5683, on_done, b), 0);
	cr_assert_eq(resolve_start(b->resolver, "192.0.2.1", NULL, 5683, on_done, b), 0);
	resolve_cancel(b->resolver, NULL);
}

Test(resolve, whoever_is_told_may_ask_cancel_and_close)
{
	struct bed b;

	bed_open(&b);
	cr_assert_eq(resolve_start(b.resolver, "both.test", NULL, 5683, on_done_ask, &b), 0);
	start(&b, "silent.test", NULL);
	while (b.resolver)
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(b.told, 3);
	cr_expect_str_eq(listed(&b.last), "127.0.0.7");
	bed_close(&b);
}

Test(resolve, servers_that_are_none)
{
	static const char *const servers[] = { "", "nosuch", "192.0.2.1;192.0.2.2", "1.2.3.4,x" };
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL);
	struct resolver *r;

	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
		struct resolver_conf conf = { .servers = servers[i] };
		struct err err = { "" };

		cr_expect_eq(resolver_open(&r, loop, &conf, &err), -EINVAL, "%s", servers[i]);
		cr_expect(strstr(err.text, servers[i]), "%s", err.text);
	}
	cr_assert_eq(resolver_open(&r, loop, NULL, NULL), 0);
	resolver_close(r);
	ev_loop_destroy(loop);
}
