#include "kit/judge.h"

#include "kit_script.h"

Test(judge, patterns)
{
	static const struct { const char *pattern, *text; bool like; } rows[] = {
		{ "", "", true }, { "*", "", true }, { "a*", "abc", true },
		{ "*c", "abc", true }, { "a*c*e", "abcde", true }, { "a?c", "abc", true },
		{ "a?c", "ac", false }, { "a", "ab", false }, { "ab", "a", false },
		{ "\\*", "*", true }, { "\\*", "x", false }, { "a\\?*", "a?bc", true },
		{ "*ab*", "aaab", true }, { "**", "x", true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(judge_like(span_str(rows[i].pattern), span_str(rows[i].text)),
			     rows[i].like, "%s and %s", rows[i].pattern, rows[i].text);
}

/* What is said of 2.05 with Max-Age 60 and "text", piggybacked after a second. */
static const char *judged(const char *expectation)
{
	static char why[1024];
	char text[256];
	struct script *s;
	struct peer_request r = { .asked = 1000 };
	struct peer_answer a = { .type = COAP_ACK, .code = COAP_CONTENT, .at = 2000,
				 .options = span_of("\xd1\x01\x3c", 3),
				 .payload = span_str("text") };
	struct writer w = writer_of(why, sizeof why - 1);

	snprintf(text, sizeof text, "get /\n%s", expectation);
	s = kit_script(text);
	if (judge_answer(&s->command[1], &r, &a, &w))
		strcpy(why, "fine");
	else
		*w.p = 0;
	script_free(s);
	return why;
}

Test(judge, what_is_as_expected)
{
	cr_expect_str_eq(judged("expect 2.05"), "fine");
	cr_expect_str_eq(judged("expect 2.05 piggybacked after 1s Max-Age=60 no ETag \"text\""),
			 "fine");
	cr_expect_str_eq(judged("expect 2.05 Max-Age=* like \"t*\""), "fine");
	cr_expect_str_eq(judged("expect 2.05 0x74657874"), "fine");
}

Test(judge, a_state_told_twice)
{
	struct peer_answer a = { .code = COAP_CONTENT, .options = span_of("\x61\x05", 2),
				 .payload = span_str("x") }, b = a;

	cr_expect(judge_repeats(&a, &b));
	b.payload = span_str("y");
	cr_expect_not(judge_repeats(&a, &b));
	b = a;
	b.options = span_of("", 0);
	cr_expect_not(judge_repeats(&a, &b), "no notification");
}

Test(judge, what_is_not)
{
	cr_expect_str_eq(judged("expect 4.04"), "expected 4.04, got 2.05 \"text\" (4 bytes)");
	cr_expect_str_eq(judged("expect 2.05 \"else\""),
			 "expected \"else\" (4 bytes), got \"text\" (4 bytes)");
	cr_expect_str_eq(judged("expect 2.05 \"\""), "expected no payload, got \"text\" (4 bytes)");
	cr_expect_str_eq(judged("expect 2.05 like \"x*\""),
			 "expected a payload like \"x*\" (2 bytes), got \"text\" (4 bytes)");
	cr_expect_str_eq(judged("expect 2.05 Max-Age=1"),
			 "expected Max-Age=1, got Max-Age=60");
	cr_expect_str_eq(judged("expect 2.05 ETag=*"),
			 "expected an option ETag, which is not there");
	cr_expect_str_eq(judged("expect 2.05 no Max-Age"), "expected no Max-Age, got Max-Age=60");
	cr_expect_str_eq(judged("expect 2.05 separate"),
			 "expected a separate response, got a piggybacked one");
	cr_expect_str_eq(judged("expect 2.05 after 2s"),
			 "expected a response after 2s, it came after 1s");
}
