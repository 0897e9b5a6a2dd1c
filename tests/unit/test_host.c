#include "kit_host.h"

#include "coap/code.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

TestSuite(host, .fini = host_end);

Test(host, carries_datagrams_and_time)
{
	struct guest_dgram d = host_request(COAP_GET, 1, "slow");

	host_begin("mount /slow separate", "modules", (struct death){ 0 });
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	cr_expect_eq(host.shared->tx_n, 0);
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	cr_expect_eq(host.shared->tx_n, 0);
	cr_assert(host.shared->next > host.shared->now);
	host.shared->now += 1000;
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	cr_expect_str_eq(host_said(0), "ACK 0.00 pay=");
	cr_expect_str_eq(host_said(1), "CON 2.05 pay=here I am");
	cr_expect_eq(host.lives, 1);
}

Test(host, a_life_that_was_killed_is_followed_by_another)
{
	struct guest_dgram d = host_request(COAP_GET, 1, "slow");

	host_begin("mount /slow separate", "modules", (struct death){ 0 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	host_kill(&host);
	host.shared->now += 1000;
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	cr_expect_str_eq(host_said(1), "CON 2.05 pay=here I am");
	cr_expect_eq(host.lives, 2);
}

Test(host, meant_deaths_are_answered_for_by_the_next_life)
{
	static const enum death_place places[] = { DEATH_IN_HOOK, DEATH_BEFORE_COMMIT,
						   DEATH_AFTER_COMMIT };
	struct guest_dgram d = host_request(COAP_GET, 1, "hello");
	char point[HOST_POINT];

	for (unsigned i = 0; i < 3; i++) {
		host_begin("mount /hello hello", "modules", (struct death){ places[i], 1 });
		cr_assert_eq(host_step(&host, &d), HOST_OK);
		cr_expect_str_eq(host_said(0), "ACK 2.05 pay=hello, world");
		cr_expect_eq(host.lives, 2);
		cr_expect(host.shared->killed);
		cr_expect_str_eq(host_point(&host, &host.shared->victim, point),
				 "the hook of /hello (module hello), event request");
		if (i < 2)
			host_end();
	}
}

Test(host, module_that_dies_is_told_of)
{
	struct guest_dgram d = host_request(COAP_DELETE, 1, "t");
	char told[HOST_TOLD];
	enum host_verdict v;

	host_begin("mount /t tally", "tests/modules", (struct death){ 0 });
	v = host_step(&host, &d);
	cr_assert_eq(v, HOST_DIED);
	cr_expect_str_eq(host_tell(&host, v, told),
			 WIFSIGNALED(host.status) ?
			 "the worker died of SIGSEGV in the hook of /t (module tally), event request" :
			 "the worker ended itself with status 1 in the hook of /t (module tally), "
			 "event request");
}

Test(host, module_that_does_not_open_is_told_of)
{
	char told[HOST_TOLD];

	host_begin("mount /t { module: tally, opens: crash }", "tests/modules",
		   (struct death){ 0 });
	cr_assert_eq(host_step(&host, NULL), HOST_DIED);
	cr_expect(strstr(host_tell(&host, HOST_DIED, told), " in open() of /t (module tally)"),
		  "%s", told);
	host_end();
	host_begin("mount /t { module: tally, opens: refuse }", "tests/modules",
		   (struct death){ 0 });
	cr_assert_eq(host_step(&host, NULL), HOST_START);
	cr_expect(strstr(host.shared->errors.text[0],
			 "resource /t: module tally does not open: Permission denied"));
}

/* It is waited for until it is in the hook, whenever that is. */
static void lose_patience(int sig)
{
	(void)sig;
	if (host.shared->stage == GUEST_IN_HOOK)
		host.hang_ms = 1;
}

Test(host, module_that_hangs_is_told_of)
{
	static const struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never;
	struct guest_dgram d = host_request(COAP_GET, 1, "t");
	char told[HOST_TOLD];

	host_begin("mount /t { module: tally, takes: 1h }", "tests/modules",
		   (struct death){ 0 });
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	host.hang_ms = 60000;
	signal(SIGALRM, lose_patience);
	setitimer(ITIMER_REAL, &often, NULL);
	cr_assert_eq(host_step(&host, &d), HOST_HUNG);
	setitimer(ITIMER_REAL, &never, NULL);
	cr_expect_str_eq(host_tell(&host, HOST_HUNG, told),
			 "the worker hangs in the hook of /t (module tally), event request");
	cr_expect_eq(host.pid, 0);
}

static struct guest_dgram with_payload(const char *text)
{
	struct guest_dgram d = host_request(COAP_POST, 7, "w");

	d.data[d.len++] = 0xff;
	memcpy(d.data + d.len, text, strlen(text));
	d.len += (uint32_t)strlen(text);
	return d;
}

Test(host, jobs_that_die_or_hang_are_told_of)
{
	struct guest_dgram d = with_payload("crash");
	char told[HOST_TOLD];

	host_begin("mount /w works", "tests/modules", (struct death){ 0 });
	cr_assert_eq(host_step(&host, &d), HOST_DIED);
	cr_expect(strstr(host_tell(&host, HOST_DIED, told), " in a job that began in the "
			 "hook of /w (module works), event request"), "%s", told);
	host_end();
	d = with_payload("hang");
	host_begin("mount /w works", "tests/modules", (struct death){ 0 });
	cr_assert_eq(host_step(&host, NULL), HOST_OK);
	host.hang_ms = 100;
	cr_assert_eq(host_step(&host, &d), HOST_HUNG);
	cr_expect(strstr(host_tell(&host, HOST_HUNG, told), "the worker hangs in "), "%s", told);
}

Test(host, events_are_told_by_their_names)
{
	static const char *const names[] = { "request", "part", "cancel", "read", "render", "run",
					     "timer", "job", "response", "woken", "unknown" };
	struct guest_point p = { .mount = 0 };
	char point[HOST_POINT];

	host_begin("mount /t tally", "tests/modules", (struct death){ 0 });
	for (p.what = 0; p.what < sizeof names / sizeof *names; p.what++) {
		host_point(&host, &p, point);
		cr_expect_str_eq(strrchr(point, ' ') + 1, names[p.what]);
	}
}

Test(host, log_is_kept)
{
	struct guest_dgram d = host_request(COAP_POST, 1, "t");
	char *log;

	host_begin("mount /t tally", "tests/modules", (struct death){ 0 });
	cr_assert_eq(host_step(&host, &d), HOST_OK);
	log = host_log(&host);
	cr_expect(strstr(log, "notice: /t: counted\n"), "%s", log);
	free(log);
	log = host_log(&host);
	cr_expect_str_eq(log, "");
	free(log);
}
