#include "control/record.h"

#include <criterion/criterion.h>

static char out[200];

static void is(const struct record *r, const char *text)
{
	cr_assert_not(r->out.full);
	*(char *)r->out.p = 0;
	cr_expect_str_eq(out, text);
}

Test(record, values_of_every_kind)
{
	struct record r = record_of(out, sizeof out - 1);

	record_begin(&r, NULL, '{');
	record_text(&r, "a", "x");
	record_begin(&r, "b", '[');
	record_uint(&r, NULL, UINT64_MAX);
	record_bool(&r, NULL, true);
	record_bool(&r, NULL, false);
	record_end(&r, ']');
	record_hex(&r, "c", span_of("\x01\xaf", 2));
	record_begin(&r, "d", '{');
	record_end(&r, '}');
	record_uint(&r, "e", 0);
	record_end(&r, '}');
	is(&r, "{\"a\":\"x\",\"b\":[9223372036854775807,true,false],\"c\":\"01af\",\"d\":{},"
	       "\"e\":0}");
}

Test(record, text_is_escaped_and_always_utf8)
{
	struct record r = record_of(out, sizeof out - 1);

	record_text(&r, NULL, "\"\\\n\x1b\x7f\xc2\x9b\xc3\xa4\xff");
	is(&r, "\"\\\"\\\\\\u000a\\u001b\\u007f\\u009b\xc3\xa4\xef\xbf\xbd\"");
}

Test(record, what_does_not_fit_says_so)
{
	struct record r = record_of(out, 8);

	record_text(&r, "key", "much too long");
	cr_expect(r.out.full);
	cr_expect_leq((char *)r.out.p - out, 8);
}
