#include "partner.h"
#include "said.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct partner_stage s;

TestSuite(method, .init = said_begin, .fini = said_end);

static struct message held;     /* a request that is answered behind the next one */
static uint8_t held_token[8];

/* Answers with the path; the first request only behind the second. */
static void slow_first(struct partner *p, const struct message *m)
{
	struct span path = { 0 };

	message_option(m, OPT_URI_PATH, 0, &path);
	if (p->got == 1) {
		held = *m;
		memcpy(held_token, m->token.p, m->token.n);
		held.token.p = held_token;
		partner_send(p, &(struct message){ .type = COAP_ACK, .mid = m->mid });
		return;
	}
	partner_reply(p, m, COAP_CONTENT, span_of(NULL, 0), path);
	if (p->got == 2) {
		held.type = COAP_NON;
		held.mid = 77;
		held.code = COAP_CONTENT;
		held.options = held.payload = span_of(NULL, 0);
		held.payload = span_str("first");
		partner_send(p, &held);
	}
}

Test(method, results_come_in_the_order_of_the_uris)
{
	char uris[2][64];
	const char *argv[] = { "coap", "a", "b", NULL };

	partner_stage_open(&s, argv);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(uris[i], sizeof uris[i], "coap://[::1]:%u/%s", s.partner.at.port,
			 i ? "second" : "first");
		s.args.uris[i] = uris[i];
	}
	s.partner.answer = slow_first;
	cr_expect_eq(method_run(&s.tool), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "firstsecond");
	cr_expect_str_eq(content("err"), "");
	partner_stage_close(&s);
}

static void echo_path(struct partner *p, const struct message *m)
{
	struct span path = { 0 };

	message_option(m, OPT_URI_PATH, 0, &path);
	partner_reply(p, m, COAP_CONTENT, span_of(NULL, 0), path);
}

static void by_code(struct partner *p, const struct message *m)
{
	partner_reply(p, m, p->got == 1 ? COAP_NOT_FOUND : COAP_CREATED,
		      p->got == 1 ? span_of(NULL, 0) : span_str("\x81" "a\x02" "bc"),
		      span_of(NULL, 0));
}

Test(method, the_worst_exit_counts_and_remarks_name_their_uri)
{
	const char *argv[] = { "coap", "post", "a", "b", NULL };

	partner_stage_open(&s, argv);
	s.args.uris[0] = s.args.uris[1] = s.partner.uri;
	s.partner.answer = by_code;
	cr_expect_eq(method_run(&s.tool), OUTCOME_FAILED);
	cr_expect_str_eq(content("out"), "");
	content("err");
	cr_expect(strstr(text, "/x: 4.04 Not Found"), "%s", text);
	cr_expect(strstr(text, "/x: 2.01 Created, Location: /a/bc\n"), "%s", text);
	partner_stage_close(&s);
}

Test(method, a_range_stands_for_many_uris)
{
	const char *argv[] = { "coap", "a", NULL };
	char uri[64];

	partner_stage_open(&s, argv);
	snprintf(uri, sizeof uri, "coap://[::1]:%u/[8-10]", s.partner.at.port);
	s.args.uris[0] = uri;
	s.partner.answer = echo_path;
	cr_expect_eq(method_run(&s.tool), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "8910");
	s.args.uris[0] = "coap://[::1]/[2-1]";
	cr_expect_eq(method_run(&s.tool), OUTCOME_USAGE);
	partner_stage_close(&s);
}

Test(method, nothing_is_sent_if_one_uri_is_wrong)
{
	const char *argv[] = { "coap", "a", "nonsense", NULL };

	partner_stage_open(&s, argv);
	s.args.uris[0] = s.partner.uri;
	cr_expect_eq(method_run(&s.tool), OUTCOME_USAGE);
	cr_expect_eq(s.partner.got, 0);
	cr_expect(strstr(content("err"), "coap: \"nonsense\" is no URI"), "%s", text);
	partner_stage_close(&s);
}

static void interrupt(struct partner *p, const struct message *m)
{
	if (p->got == 1)
		partner_reply(p, m, COAP_CONTENT, span_of(NULL, 0), span_str("one"));
	else
		kill(getpid(), SIGINT);
}

Test(method, what_came_before_an_interrupt_is_given_out)
{
	const char *argv[] = { "coap", "a", "b", NULL };

	partner_stage_open(&s, argv);
	s.args.uris[0] = s.args.uris[1] = s.partner.uri;
	s.partner.answer = interrupt;
	cr_expect_eq(method_run(&s.tool), OUTCOME_INTERRUPTED);
	cr_expect_str_eq(content("out"), "one");
	cr_expect_str_eq(content("err"), "coap: interrupted\n");
	partner_stage_close(&s);
}

Test(method, a_body_that_cannot_be_read_is_told)
{
	const char *argv[] = { "coap", "put", "coap://[::1]/x", "-T", "/nonexistent/file", NULL };

	partner_stage_open(&s, argv);
	cr_expect_eq(method_run(&s.tool), OUTCOME_FAILED);
	cr_expect(strstr(content("err"), "cannot read /nonexistent/file: No such file"));
	partner_stage_close(&s);
}
