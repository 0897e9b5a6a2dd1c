#include "partner.h"
#include "said.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct partner_stage s;

TestSuite(verb_ping, .init = said_begin, .fini = said_end);

/* Pings the partner, with these arguments behind its URI. */
#define ping(answer_, ...) ping_with(answer_, (const char *[]){ "coap", "ping", "x", ##__VA_ARGS__, NULL })

static int ping_with(void (*answer)(struct partner *p, const struct message *m),
		     const char *const *argv)
{
	int exit;

	partner_stage_open(&s, argv);
	s.args.uris[0] = s.partner.uri;
	s.partner.answer = answer;
	exit = ping_run(&s.tool);
	return exit;
}

static void reset(struct partner *p, const struct message *m)
{
	cr_expect_eq(m->type, COAP_CON);
	cr_expect_eq(m->code, COAP_EMPTY);
	partner_send(p, &(struct message){ .type = COAP_RST, .mid = m->mid });
}

static void reset_later(struct partner *p, const struct message *m)
{
	if (p->got > 1)
		reset(p, m);
}

static void answer_so(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_METHOD_NOT_ALLOWED, span_of(NULL, 0), span_of(NULL, 0));
}

static void silent(struct partner *p, const struct message *m)
{
	(void)p, (void)m;
}

static void interrupt(struct partner *p, const struct message *m)
{
	if (p->got == 1)
		reset(p, m);
	else
		kill(getpid(), SIGINT);
}

Test(verb_ping, so_many_as_asked_for)
{
	cr_expect_eq(ping(reset, "--count", "3", "--interval", "0.01"), OUTCOME_OK);
	cr_expect_eq(s.partner.got, 3);
	said("out", "PING coap://[::1]:");
	said("out", "Reset from [::1]:");
	said("out", ": seq=3 time=");
	said("out", " ping statistics ---\n3 sent, 3 answered, 0% lost\nrtt min/avg/max/mdev = ");
	cr_expect_str_eq(content("err"), "");
	partner_stage_close(&s);
}

Test(verb_ping, any_answer_is_an_answer)
{
	cr_expect_eq(ping(answer_so, "--count", "1"), OUTCOME_OK);
	said("out", "\nACK 4.05 from [::1]:");
	said("out", "\n1 sent, 1 answered, 0% lost\n");
	cr_expect_str_eq(content("err"), "");
	partner_stage_close(&s);
}

Test(verb_ping, what_was_sent_again_is_told)
{
	cr_expect_eq(ping(reset_later, "--count", "1"), OUTCOME_OK);
	cr_expect_eq(s.partner.got, 2);
	said("out", " ms (sent 2 times)\n\n---");
	partner_stage_close(&s);
}

Test(verb_ping, nobody_answers)
{
	cr_expect_eq(ping(silent, "--count", "2", "--interval", "0.01", "--timeout", "0.05"),
		     OUTCOME_FAILED);
	for (unsigned i = 0; i < 10; i++)       /* what it has not read by now */
		ev_run(s.tool.loop, EVRUN_NOWAIT);
	cr_expect_eq(s.partner.got, 2);
	said("out", "\n2 sent, 0 answered, 100% lost\n");
	said("err", "no answer");
	cr_expect(!strstr(content("out"), "rtt"));
	partner_stage_close(&s);
}

Test(verb_ping, one_answer_is_enough)
{
	cr_expect_eq(ping(reset_later, "--count", "2", "--interval", "0.01", "--timeout", "0.5"),
		     OUTCOME_OK);
	said("out", "\n2 sent, 1 answered, 50% lost\n");
	partner_stage_close(&s);
}

Test(verb_ping, an_interrupt_ends_it_with_the_statistics)
{
	cr_expect_eq(ping(interrupt, "--interval", "0.01"), OUTCOME_INTERRUPTED);
	said("out", " sent, 1 answered, ");  /* a third, if 10 ms pass on the way */
	partner_stage_close(&s);
}


Test(verb_ping, quiet_leaves_the_statistics)
{
	cr_expect_eq(ping(reset, "--count", "1", "-q"), OUTCOME_OK);
	cr_expect(!strstr(content("out"), "seq="));
	said("out", "1 sent, 1 answered");
	partner_stage_close(&s);
}

Test(verb_ping, a_port_that_refuses)
{
	const char *argv[] = { "coap", "ping", "x", "--count", "2", "--interval", "0.01", NULL };
	int fd;

	partner_stage_open(&s, argv);
	s.args.uris[0] = s.partner.uri;
	/* Its place is kept by a socket that is connected elsewhere. */
	fd = s.partner.fd;
	connect(fd, (struct sockaddr *)&(struct sockaddr_in6){ .sin6_family = AF_INET6,
		.sin6_port = htons(9), .sin6_addr = in6addr_loopback }, sizeof(struct sockaddr_in6));
	cr_expect_eq(ping_run(&s.tool), OUTCOME_FAILED);
	said("out", "\n2 sent, 0 answered, 100% lost\n");
	said("err", "nobody listens at [::1]:");
	partner_stage_close(&s);
}

Test(verb_ping, nothing_is_sent_if_one_uri_is_wrong)
{
	const char *argv[] = { "coap", "ping", "x", "nonsense", NULL };

	partner_stage_open(&s, argv);
	s.args.uris[0] = s.partner.uri;
	cr_expect_eq(ping_run(&s.tool), OUTCOME_USAGE);
	cr_expect_eq(s.partner.got, 0);
	cr_expect_str_eq(content("out"), "");
	partner_stage_close(&s);
}

Test(verb_ping, output_that_fails)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	cr_expect_eq(ping(reset, "--count", "1"), OUTCOME_FAILED);
	said("err", "cannot write to standard output");
	partner_stage_close(&s);
}

Test(verb_ping, as_JSON)
{
	cr_expect_eq(ping(reset_later, "--count", "2", "--interval", "0.01", "--timeout", "0.5",
			  "--json"), OUTCOME_OK);
	said("out", "/x\",\"seq\":1,\"error\":\"coap://[::1]:");
	said("out", "/x\",\"seq\":2,\"peer\":\"[::1]:");
	said("out", "/x\",\"sent\":2,\"answered\":1,\"lost_percent\":50,\"min_ms\":");
	cr_expect(!strstr(content("out"), "PING"));
	partner_stage_close(&s);
}
