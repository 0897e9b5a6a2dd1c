#include "partner.h"

#include "client/question.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct partner_stage s;
static struct errand *const e = &s.errand;
static const struct errand_ops ops = { 0 };
static struct err err;

#define open_line(...) open_stage((const char *[]){ "coap", "coap://[::1]/x", ##__VA_ARGS__, NULL })

static void open_stage(const char *const *argv)
{
	partner_stage_open(&s, argv);
	cr_assert_eq(source_open(&s.tool.source, &s.args, -1, &err), 0, "%s", err.text);
	cr_assert_eq(tool_net(&s.tool, 1, &err), 0, "%s", err.text);
}

/* Sends it without the errand's way there, and waits for it to come. */
static int ask(enum errand_kind kind)
{
	int rc;

	cr_assert_eq(errand_open(e, &s.tool, kind, s.partner.uri, NULL, &ops), 0);
	e->peer = s.partner.at;
	cr_assert(net_begin(s.tool.net));
	rc = question_send(e);
	net_end(s.tool.net);
	for (unsigned i = 0; rc == 0 && s.partner.got == 0 && i < 100; i++)
		ev_run(s.tool.loop, EVRUN_ONCE);
	return rc;
}

static void silent(struct partner *p, const struct message *m)
{
	(void)p, (void)m;
}

static void done(void)
{
	e->over = true;         /* it was never begun as a whole */
	errand_free(e);
	partner_stage_close(&s);
}

Test(question, is_what_the_line_says)
{
	struct span v;

	open_line("post", "-d", "text", "--token", "aabb", "--non", "--accept", "50");
	s.args.nuris = 1;
	s.partner.answer = silent;
	cr_assert_eq(ask(ERRAND_TRANSFER), 0);
	cr_expect_eq(s.partner.last.type, COAP_NON);
	cr_expect_eq(s.partner.last.code, COAP_POST);
	cr_expect(span_eq(s.partner.last.token, span_of("\xaa\xbb", 2)));
	cr_expect(span_eq(s.partner.last.payload, span_str("text")));
	cr_expect(message_option(&s.partner.last, OPT_ACCEPT, 0, &v));
	done();
}

Test(question, of_an_observation_registers)
{
	uint64_t v = 7;

	open_line("--observe");
	s.partner.answer = silent;
	cr_assert_eq(ask(ERRAND_OBSERVATION), 0);
	cr_expect(message_option_uint(&s.partner.last, OPT_OBSERVE, &v));
	cr_expect_eq(v, 0);
	done();
}

Test(question, that_is_too_large_is_not_sent)
{
	char text[2000];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	open_line("post", "-d", text);
	cr_expect_eq(ask(ERRAND_SINGLE), -EMSGSIZE);
	done();
}

Test(question, is_tried_before_there_is_an_address)
{
	open_line("--option", "2055=x");
	cr_assert_eq(errand_open(e, &s.tool, ERRAND_TRANSFER, s.partner.uri, NULL, &ops), 0);
	cr_expect_eq(question_try(e, &err), 0);
	s.args.option.v[0] = "nonsense";
	cr_expect_eq(question_try(e, &err), -EINVAL);
	done();
}

Test(question, there_is_a_way_or_none)
{
	struct addr a;

	cr_assert_eq(addr_parse("[::1]:5683", &a), 0);
	cr_expect_eq(question_way(&a), 0);
	cr_assert_eq(addr_parse("127.0.0.1:5683", &a), 0);
	cr_expect_eq(question_way(&a), 0);
	cr_assert_eq(addr_parse("255.255.255.255:5683", &a), 0);
	cr_expect_eq(question_way(&a), -EACCES);
}
