#include "client/argument_value.h"

#include "coap/code.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

static struct err err;
static int64_t v;

Test(argument_value, numbers_within_their_range)
{
	cr_expect_eq(argument_number("7", 0, 10, &v, &err), 0);
	cr_expect_eq(v, 7);
	cr_expect_eq(argument_number("0", 0, 10, &v, &err), 0);
	cr_expect_eq(argument_number("4294967295", 0, UINT32_MAX, &v, &err), 0);
	cr_expect_eq(v, UINT32_MAX);
	v = 5;
	cr_expect_eq(argument_number("11", 0, 10, &v, &err), -EINVAL);
	cr_expect_eq(argument_number("-1", 0, 10, &v, &err), -EINVAL);
	cr_expect_eq(argument_number("1.0", 0, 10, &v, &err), -EINVAL);
	cr_expect_eq(argument_number("", 0, 10, &v, &err), -EINVAL);
	cr_expect_eq(argument_number("1x", 0, 10, &v, &err), -EINVAL);
	cr_expect_eq(argument_number("99999999999999999999999999", 0, 10, &v, &err), -EINVAL);
	cr_expect_eq(v, 5, "a wrong value leaves what was there");
}

Test(argument_value, seconds_have_fractions)
{
	static const struct { const char *text; int64_t ms; } good[] = {
		{ "1", 1000 }, { "0.25", 250 }, { ".5", 500 }, { "2.", 2000 }, { "0.001", 1 },
	};
	static const char *const bad[] = { "", ".", "1.2.3", "1s", "1e3", "-1", "0.0001", "0" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_expect_eq(argument_seconds(good[i].text, 1, 100000, &v, &err), 0, "%s",
			     good[i].text);
		cr_expect_eq(v, good[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(argument_seconds(bad[i], 1, 100000, &v, &err), -EINVAL, "%s", bad[i]);
	cr_expect_eq(argument_seconds("101", 1, 100000, &v, &err), -EINVAL);
}

Test(argument_value, percentages_are_thousandths)
{
	cr_expect_eq(argument_percent("10", &v, &err), 0);
	cr_expect_eq(v, 100);
	cr_expect_eq(argument_percent("0.5", &v, &err), 0);
	cr_expect_eq(v, 5);
	cr_expect_eq(argument_percent("100", &v, &err), 0);
	cr_expect_eq(v, 1000);
	cr_expect_eq(argument_percent("100.1", &v, &err), -EINVAL);
}

Test(argument_value, formats_and_methods_have_names)
{
	cr_expect_eq(argument_format("json", &v, &err), 0);
	cr_expect_eq(v, 50);
	cr_expect_eq(argument_format("65000", &v, &err), 0);
	cr_expect_eq(v, 65000);
	cr_expect_eq(argument_format("application/jsom", &v, &err), -EINVAL);
	cr_expect_eq(argument_method("iPatch", &v, &err), 0);
	cr_expect_eq(v, COAP_IPATCH);
	cr_expect_eq(argument_method("31", &v, &err), 0);
	cr_expect_eq(v, 31);
	cr_expect_eq(argument_method("0", &v, &err), -EINVAL);
	cr_expect_eq(argument_method("32", &v, &err), -EINVAL);
	cr_expect_eq(argument_method("Created", &v, &err), -EINVAL);
}

Test(argument_value, blocks_are_powers_of_two)
{
	for (unsigned szx = 0; szx <= 6; szx++) {
		char text[8];

		snprintf(text, sizeof text, "%u", 16u << szx);
		cr_expect_eq(argument_block(text, &v, &err), 0);
		cr_expect_eq(v, szx);
	}
	cr_expect_eq(argument_block("2048", &v, &err), -EINVAL);
	cr_expect_eq(argument_block("0", &v, &err), -EINVAL);
	cr_expect_eq(argument_block("17", &v, &err), -EINVAL);
}

Test(argument_value, digits_come_in_pairs)
{
	uint8_t bytes[4];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct tag tag;

	cr_expect(argument_hex("0xAbcD", &w));
	cr_expect_eq(w.p - bytes, 2);
	cr_expect_eq(bytes[0], 0xab);
	cr_expect_eq(bytes[1], 0xcd);
	cr_expect_not(argument_hex("123", &w));
	cr_expect_not(argument_hex("1g", &w));
	w = writer_of(bytes, sizeof bytes);
	cr_expect(argument_hex("0102030405", &w));
	cr_expect(w.full);
	cr_expect_eq(argument_tag("", 0, &tag, &err), 0);
	cr_expect_eq(tag.n, 0);
	cr_expect_eq(argument_tag("", 1, &tag, &err), -EINVAL);
	cr_expect_eq(argument_tag("0x", 1, &tag, &err), -EINVAL);
	cr_expect_eq(argument_tag("010203040506070809", 0, &tag, &err), -EINVAL);
}
