/* Errands whose hosts have several addresses, or do not answer. */
#include "errand_rig.h"

#include "client/question.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* At [::1]; the kernel has picked it at 127.0.0.1. */
static bool is_free(uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is = bind(fd, (struct sockaddr *)&at, sizeof at) == 0;

	close(fd);
	return is;
}

static char hosts[] = "/tmp/test_errand_life.XXXXXX";

/* "two" is [::1], where nobody listens, and 127.0.0.1, which the partner is. */
static void two_addresses(char uri[64], const char *first)
{
	FILE *f = fdopen(mkstemp(hosts), "w");

	fprintf(f, "%s two\n127.0.0.1 two\n", first);
	fclose(f);
	setenv("CARES_HOSTS", hosts, 1);
	open_line();
	do {
		partner_close(&s.partner);
		partner_open(&s.partner, s.tool.loop, true, 0);
	} while (!is_free(s.partner.at.port));
	snprintf(uri, 64, "coap://two:%u/x", s.partner.at.port);
}

Test(errand_life, an_address_that_refuses_gives_way_to_the_next)
{
	char uri[64];

	two_addresses(uri, "::1");
	s.partner.answer = hello;
	run(ERRAND_TRANSFER, uri, NULL);
	unlink(hosts);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK, "%s", e->outcome.err.text);
	cr_expect(body_is("hello"));
	cr_expect(addr_is_v4(e->answer.peer.ip));
	cr_expect_eq(s.partner.got, 1);
	done();
}

Test(errand_life, all_addresses_that_refuse_are_told_of)
{
	char uri[64];

	two_addresses(uri, "::1");
	partner_close(&s.partner);
	run(ERRAND_TRANSFER, uri, NULL);
	unlink(hosts);
	cr_expect(says("nobody listens at 127.0.0.1"), "%s", e->outcome.err.text);
	cr_expect(says("(the last of 2 addresses)"), "%s", e->outcome.err.text);
	partner_open(&s.partner, s.tool.loop, false, 0);
	done();
}

Test(errand_life, an_address_without_a_way_gives_way_to_the_next)
{
	char uri[64];

	two_addresses(uri, "100::1");   /* RFC 6666: discard-only */
	s.partner.answer = hello;
	run(ERRAND_TRANSFER, uri, NULL);
	unlink(hosts);
	cr_expect(addr_is_v4(e->peer.ip));
	done();
}

/* Nobody waits five seconds here: the timer's moment is when the server has been asked. */
static void lose_patience(struct partner *p, const struct message *m)
{
	(void)m;
	cr_expect(ev_is_active(&e->patience));
	ev_timer_stop(p->loop, &e->patience);
	ev_invoke(p->loop, &e->patience, EV_TIMER);
}

Test(errand_life, an_address_that_is_silent_gives_way_to_the_next)
{
	struct partner v6 = { .answer = lose_patience };
	char uri[64];

	two_addresses(uri, "::1");
	partner_open(&v6, s.tool.loop, false, s.partner.at.port);
	s.partner.answer = hello;
	run(ERRAND_TRANSFER, uri, NULL);
	unlink(hosts);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK, "%s", e->outcome.err.text);
	cr_expect(body_is("hello"));
	cr_expect_eq(v6.got, 1);
	partner_close(&v6);
	done();
}

static struct errand other;

static void patience_again(struct partner *p, const struct message *m)
{
	lose_patience(p, m);
	cr_expect(ev_is_active(&e->patience), "it waits on");
	tool_stop(&s.tool);
}

Test(errand_life, an_address_that_answers_others_is_not_silent)
{
	struct partner v6 = { .answer = patience_again };
	struct errand *both[2] = { NULL, &other };
	struct errand **own;
	char uri[64];

	two_addresses(uri, "::1");
	partner_open(&v6, s.tool.loop, false, s.partner.at.port);
	own = s.tool.errands;
	s.tool.errands = both;
	other.heard = true;
	other.peer = v6.at;
	s.tool.room = 2;
	cr_assert_eq(errand_open(e, &s.tool, ERRAND_TRANSFER, uri, NULL, &ops), 0);
	s.tool.nerrands = 2;
	errand_start(e);
	tool_run(&s.tool);
	unlink(hosts);
	cr_expect(addr_eq(&e->peer, &v6.at));
	cr_expect_eq(s.partner.got, 0);
	errand_free(e);
	s.tool.errands = own;
	partner_close(&v6);
	partner_stage_close(&s);
}

static void acknowledge(struct partner *p, const struct message *m)
{
	partner_send(p, &(struct message){ .type = COAP_ACK, .mid = m->mid });
}

static struct ev_prepare turn;

static void once_heard(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	(void)events;
	if (!question_is_heard(e))
		return;
	ev_prepare_stop(loop, w);
	patience_again(&s.partner, NULL);
}

Test(errand_life, an_address_that_works_on_its_answer_is_not_silent)
{
	struct partner v6 = { .answer = acknowledge };
	char uri[64];

	two_addresses(uri, "::1");
	partner_open(&v6, s.tool.loop, false, s.partner.at.port);
	ev_prepare_init(&turn, once_heard);
	ev_prepare_start(s.tool.loop, &turn);
	run(ERRAND_TRANSFER, uri, NULL);
	unlink(hosts);
	cr_expect(addr_eq(&e->peer, &v6.at));
	cr_expect_eq(s.partner.got, 0);
	partner_close(&v6);
	done();
}

Test(errand_life, silence_is_no_answer_that_was_not_wanted)
{
	struct partner v6 = { .answer = lose_patience };
	char uri[64];

	two_addresses(uri, "::1");
	s.args.no_response = 26;
	partner_open(&v6, s.tool.loop, false, s.partner.at.port);
	s.partner.answer = hello;
	run(ERRAND_TRANSFER, uri, NULL);
	unlink(hosts);
	cr_expect_eq(answers, 1);
	partner_close(&v6);
	done();
}

Test(errand_life, no_answer_is_no_error_if_none_was_wanted)
{
	open_line("--no-response", "26");
	s.partner.answer = acknowledge;
	cr_assert_eq(errand_open(e, &s.tool, ERRAND_TRANSFER, s.partner.uri, NULL, &ops), 0);
	e->wait_ms = 1000;              /* within which it is acknowledged */
	errand_start(e);
	tool_run(&s.tool);
	cr_expect_eq(e->outcome.exit, OUTCOME_OK);
	cr_expect_eq(answers, 0);
	cr_expect_eq(overs, 1);
	done();
}

Test(errand_life, no_answer_is_an_error_otherwise)
{
	open_line();
	s.partner.answer = acknowledge;
	cr_assert_eq(errand_open(e, &s.tool, ERRAND_TRANSFER, s.partner.uri, NULL, &ops), 0);
	e->wait_ms = 30;
	errand_start(e);
	tool_run(&s.tool);
	cr_expect_eq(e->outcome.exit, OUTCOME_FAILED);
	cr_expect(says("no answer from"));
	done();
}
