#include "partner.h"
#include "said.h"

#include "client/result.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct partner_stage s;
static struct errand *const e = &s.errand;

TestSuite(result, .init = said_begin, .fini = said_end);

/* An errand with this answer, as if it had been sent. */
static void answered(uint8_t code, const char *options, const char *body, const char *output)
{
	static const char *const argv[] = { "coap", "coap://[::1]/x", NULL };
	static const struct errand_ops none = { 0 };
	struct err err;

	if (!s.tool.loop) {
		partner_stage_open(&s, argv);
		cr_assert_eq(tool_net(&s.tool, 1, &err), 0);
	}
	s.tool.nerrands = 0;
	cr_assert_eq(errand_open(e, &s.tool, ERRAND_TRANSFER, "coap://[::1]/x", output, &none), 0);
	e->answered = true;
	e->answer.code = code;
	e->answer.options = span_str(options);
	cr_assert_eq(spool_add(e->answer.body, span_str(body), &err), 0);
}

Test(result, a_payload_goes_out_as_it_is)
{
	answered(COAP_CONTENT, "", "hello", NULL);
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "hello");
	cr_expect_str_eq(content("err"), "");
	errand_free(e);
	partner_stage_close(&s);
}

Test(result, a_code_that_says_more_is_a_remark)
{
	answered(COAP_CREATED, "\x81" "a\x01" "b\xc3" "x=1", "made", NULL);
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "made");
	cr_expect_str_eq(content("err"), "2.01 Created, Location: /a/b?x=1\n");
	errand_free(e);
	answered(CODE(2, 30), "", "", NULL);
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect(strstr(content("err"), "\n2.30 (unknown code)\n"));
	errand_free(e);
	partner_stage_close(&s);
}

Test(result, the_body_of_an_error_is_no_payload)
{
	answered(COAP_NOT_FOUND, "", "not this", "file");
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "");
	errand_free(e);
	cr_expect_str_eq(content("file"), "(none)");
	partner_stage_close(&s);
}

Test(result, a_file_gets_its_name_and_standard_output_nothing)
{
	answered(COAP_CONTENT, "", "hello", "file");
	cr_expect_str_eq(content("file"), "(none)");
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("file"), "hello");
	cr_expect_str_eq(content("out"), "");
	errand_free(e);
	partner_stage_close(&s);
}

Test(result, json_comes_instead_of_payload_and_remark)
{
	answered(COAP_CREATED, "", "hello", NULL);
	s.args.json = 1;
	cr_expect_eq(result_give(e), OUTCOME_OK);
	content("out");
	cr_expect(strstr(text, "\"code\":\"2.01\""), "%s", text);
	cr_expect(strstr(text, "\"payload\":\"hello\""), "%s", text);
	cr_expect_str_eq(content("err"), "");
	e->answered = false;
	outcome_network(&e->outcome, e->text, &s.partner.at, -ECONNREFUSED, 0);
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect(strstr(content("out"), "\n{\"uri\":\"coap://[::1]/x\",\"error\":\"nobody"));
	errand_free(e);
	answered(COAP_CONTENT, "", "hello", "file");
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("file"), "hello");
	cr_expect(strstr(content("out"), "\"file\":\"file\""));
	errand_free(e);
	partner_stage_close(&s);
}

Test(result, pretty_is_for_who_asks)
{
	answered(COAP_CONTENT, "\xc1\x32", "[1]", NULL);
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "[1]", "no terminal");
	s.args.pretty = 1;
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "[1][\n  1\n]\n");
	errand_free(e);
	answered(COAP_CONTENT, "\xc1\x32", "[1", NULL);
	cr_expect_eq(result_give(e), OUTCOME_OK);
	cr_expect_str_eq(content("out"), "[1][\n  1\n]\n[1");
	errand_free(e);
	partner_stage_close(&s);
}

Test(result, output_that_fails_is_an_error)
{
	answered(COAP_CONTENT, "", "hello", NULL);
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	cr_expect_eq(result_give(e), OUTCOME_FAILED);
	cr_expect_str_eq(content("err"),
			 "coap: cannot write to standard output: No space left on device\n");
	errand_free(e);
	answered(COAP_CONTENT, "", "hello", "/dev/full");
	cr_expect_eq(result_give(e), OUTCOME_FAILED);
	cr_expect(strstr(content("err"), "coap://[::1]/x: cannot write /dev/full: No space"));
	errand_free(e);
	partner_stage_close(&s);
}

Test(result, an_outcome_is_one_line)
{
	struct outcome o = { .exit = OUTCOME_FAILED, .err = { "no way" } };

	answered(COAP_CONTENT, "", "", NULL);
	cr_expect_eq(result_show(&s.tool, &o), OUTCOME_FAILED);
	cr_expect_eq(result_show(&s.tool, &(struct outcome){ 0 }), OUTCOME_OK);
	cr_expect_str_eq(content("err"), "coap: no way\n");
	errand_free(e);
	partner_stage_close(&s);
}
