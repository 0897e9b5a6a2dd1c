#include "desk_help.h"

TestSuite(inquiry, .init = help_open_engine, .fini = help_close);

static void refused(const char *request, const char *why)
{
	const char *text = help_ask(request);
	struct inquiry a;

	cr_expect_not(inquiry_begin(&a, &help_desk, span_str(request)));
	cr_expect_eq(strncmp(text, "\"error\":\"", 9), 0, "%s: %s", request, text);
	cr_expect(strstr(text, why), "%s: %s", request, text);
}

Test(inquiry, what_is_no_request_is_told_why)
{
	refused("", "no JSON");
	refused("{", "no JSON");
	refused("\xff\xfe", "no JSON");
	refused("{\"do\":\"status\"} x", "no JSON");
	refused("{\"do\":\"status\",\"do\":\"stop\"}", "duplicate");
	refused("[]", "an object with");
	refused("{}", "an object with");
	refused("{\"do\":1}", "an object with");
	refused("{\"do\":\"dance\"}", "cannot do");
	refused("{\"do\":\"status\",\"peer\":\"::1\"}", "knows no");
	refused("{\"do\":\"peers\",\"pear\":1}", "knows no");
	refused("{\"do\":\"peers\",\"peer\":1}", "no address");
	refused("{\"do\":\"peers\",\"peer\":\"example.com\"}", "no address");
	cr_expect_eq(help_stops, 0);
}

Test(inquiry, nesting_is_not_followed_for_ever)
{
	char deep[4000];

	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = 0;
	refused(deep, "no JSON");
}

Test(inquiry, stop_stops_once)
{
	cr_expect_str_eq(help_ask("{\"do\":\"stop\"}"), "\"stopping\":true\n");
	cr_expect_eq(help_stops, 1);
}

Test(inquiry, a_zero_byte_does_not_end_the_line)
{
	struct inquiry a;

	cr_expect_not(inquiry_begin(&a, &help_desk, span_of("{\"do\":\"stop\"}\0x", 15)));
	cr_expect_eq(help_stops, 0);
}
