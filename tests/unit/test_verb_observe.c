#include "partner.h"
#include "said.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct partner_stage s;
static unsigned registered, left;       /* requests with Observe 0 and 1 */
static unsigned states;                 /* that the partner sends after the first */
static struct message last;             /* registration */
static uint8_t last_token[8];

TestSuite(verb_observe, .init = said_begin, .fini = said_end);

static void notify(struct partner *p, unsigned number)
{
	uint8_t options[] = { 0x61, (uint8_t)(number + 1) }, state = (uint8_t)('0' + number);

	partner_send(p, &(struct message){ .type = COAP_NON, .code = COAP_CONTENT, .token = last.token,
					   .mid = (uint16_t)(1000 + number + 100 * registered),
					   .options = span_of(options, 2),
					   .payload = span_of(&state, 1) });
}

/* Registers whoever asks, and sends its states at once. */
static void serve(struct partner *p, const struct message *m)
{
	uint64_t observe = 2;

	message_option_uint(m, OPT_OBSERVE, &observe);
	left += observe == 1;
	if (observe) {
		partner_reply(p, m, COAP_CONTENT, span_of(NULL, 0), span_str("left"));
		return;
	}
	registered++;
	last = *m;
	memcpy(last_token, m->token.p, m->token.n);
	last.token.p = last_token;
	partner_reply(p, m, COAP_CONTENT, span_str("\x61\x01"), span_str("0"));
	for (unsigned i = 1; i <= states; i++)
		notify(p, i);
}

/* Does not answer those who leave. */
static void serve_coldly(struct partner *p, const struct message *m)
{
	if (!registered)
		serve(p, m);
}

static void serve_and_end(struct partner *p, const struct message *m)
{
	serve(p, m);
	partner_send(p, &(struct message){ .type = COAP_NON, .code = COAP_NOT_FOUND, .mid = 5,
					   .token = last.token });
}

static void serve_and_forget(struct partner *p, const struct message *m)
{
	serve(p, m);
	partner_send(p, &(struct message){ .type = COAP_NON, .code = COAP_CONTENT, .mid = 5,
					   .token = last.token, .payload = span_str("end") });
}

static void plain(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_CONTENT, span_of(NULL, 0), span_str("only"));
}

static void silent(struct partner *p, const struct message *m)
{
	(void)p, (void)m;
}

/* What is behind the host, and more arguments. */
#define observe(answer_, ...) \
	observe_with(answer_, "/x", (const char *[]){ "coap", "observe", "x", ##__VA_ARGS__, NULL })

static int observe_with(void (*answer)(struct partner *p, const struct message *m),
			const char *behind, const char *const *argv)
{
	static char uri[100];

	partner_stage_open(&s, argv);
	snprintf(uri, sizeof uri, "coap://[::1]:%u%s", s.partner.at.port, behind);
	s.args.uris[0] = uri;
	s.partner.answer = answer;
	return observe_run(&s.tool);
}

Test(verb_observe, so_many_states_as_asked_for)
{
	states = 5;
	cr_expect_eq(observe(serve, "--count", "3"), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "012");
	cr_expect_str_eq(content("err"), "");
	cr_expect_eq(left, 1);
	partner_stage_close(&s);
}

Test(verb_observe, an_interrupt_tells_the_server)
{
	cr_expect_eq(observe(serve, "--observe-exec", "cat >file; kill -INT $PPID"),
		     OUTCOME_INTERRUPTED);
	cr_expect_eq(left, 1);
	cr_expect_str_eq(content("file"), "0");
	cr_expect_str_eq(content("err"), "");
	partner_stage_close(&s);
}

Test(verb_observe, a_server_that_does_not_confirm_is_left_all_the_same)
{
	cr_expect_eq(observe(serve_coldly, "--count", "1", "--timeout", "0.5"), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "0");
	partner_stage_close(&s);
}

Test(verb_observe, for_some_time)
{
	states = 1;
	cr_expect_eq(observe(serve, "--for", "0.5"), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "01");
	cr_expect_eq(left, 1);
	partner_stage_close(&s);
}

Test(verb_observe, for_some_time_without_an_answer)
{
	cr_expect_eq(observe(silent, "--for", "0.1", "--timeout", "0.2"), OUTCOME_FAILED);
	said("err", "/x: no answer within 0.1 s\n");
	partner_stage_close(&s);
}

Test(verb_observe, the_server_ends_it_with_an_error)
{
	states = 1;
	cr_expect_eq(observe(serve_and_end), OUTCOME_FAILED);
	cr_expect_str_eq(content("out"), "01");
	said("err", "/x: 4.04 Not Found");
	partner_stage_close(&s);
}

Test(verb_observe, the_server_ends_it_without_an_error)
{
	cr_expect_eq(observe(serve_and_forget), OUTCOME_FAILED);
	cr_expect_str_eq(content("out"), "0end");
	said("err", "/x: the server has ended the observation\n");
	partner_stage_close(&s);
}

Test(verb_observe, E69_what_cannot_be_observed_is_a_plain_answer)
{
	cr_expect_eq(observe(plain), OUTCOME_FAILED);
	cr_expect_str_eq(content("out"), "only");
	said("err", "the server does not let it be observed; this was its state\n");
	partner_stage_close(&s);
}

Test(verb_observe, several_uris_by_a_range)
{
	const char *argv[] = { "coap", "observe", "x", "--count", "1", NULL };

	cr_expect_eq(observe_with(serve, "/x?[1-12]", argv), OUTCOME_OK);
	cr_expect_eq(registered, 12);
	cr_expect_eq(left, 12);
	cr_expect_str_eq(content("out"), "000000000000");
	partner_stage_close(&s);
}

Test(verb_observe, a_command_gets_each_state)
{
	states = 2;
	cr_expect_eq(observe(serve, "--count", "3", "--observe-exec",
			     "{ cat; echo \" $COAP_STATE $COAP_OBSERVE $COAP_CODE\"; } >>file"),
		     OUTCOME_OK);
	cr_expect_str_eq(content("out"), "");
	cr_expect_str_eq(content("file"), "0 1 1 2.05\n1 2 2 2.05\n2 3 3 2.05\n");
	partner_stage_close(&s);
}

Test(verb_observe, a_command_that_fails_is_told_and_it_goes_on)
{
	states = 1;
	cr_expect_eq(observe(serve, "--count", "2", "--observe-exec", "cat >>file; exit 4"),
		     OUTCOME_FAILED);
	cr_expect_str_eq(content("file"), "01");
	said("err", "/x: the command exited with status 4\n");
	partner_stage_close(&s);
}

Test(verb_observe, a_slip_in_a_uri_or_range)
{
	const char *argv[] = { "coap", "observe", "x", NULL };

	cr_expect_eq(observe_with(serve, "/x[2-1]", argv), OUTCOME_USAGE);
	said("err", "coap: [2-1] ends before it begins\n");
	partner_stage_close(&s);
	cr_expect_eq(observe_with(serve, "/a b", argv), OUTCOME_USAGE);
	cr_expect_eq(s.partner.got, 0);
	partner_stage_close(&s);
}

Test(verb_observe, output_that_fails)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	cr_expect_eq(observe(serve, "--count", "1"), OUTCOME_FAILED);
	said("err", "cannot write to standard output");
	partner_stage_close(&s);
}

Test(verb_observe, as_JSON)
{
	states = 1;
	cr_expect_eq(observe(serve_and_end, "--json"), OUTCOME_FAILED);
	said("out", "\"payload\":\"0\"");
	said("out", "\"name\":\"Observe\",\"value\":2}]");
	said("out", "\"code\":\"4.04\"");
	partner_stage_close(&s);
	registered = 0;
	cr_expect_eq(observe(silent, "--json", "--timeout", "0.1"), OUTCOME_FAILED);
	said("out", "/x\",\"error\":\"no answer from [::1]:");
	partner_stage_close(&s);
}
