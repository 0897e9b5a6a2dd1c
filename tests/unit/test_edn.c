#include "client/edn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static struct err err;
static char hex[4096];

/* The encoding in hexadecimal, or NULL. */
static const char *encoded(const char *text, bool sequence)
{
	size_t n = strlen(text), room = edn_room(n);
	uint8_t *bytes = malloc(room);
	struct writer w = writer_of(bytes, room);
	char *copy = malloc(n ? n : 1);         /* without the zero, so that a read past the
						 * end is seen */
	int rc;

	memcpy(copy, text, n);
	rc = edn_encode(&w, span_of(copy, n), sequence, &err);
	hex[0] = 0;
	for (uint8_t *p = bytes; rc == 0 && p < w.p; p++)
		sprintf(hex + strlen(hex), "%02x", *p);
	free(copy);
	free(bytes);
	cr_assert(rc == 0 || rc == -EINVAL);
	return rc ? NULL : hex;
}

static void expect(const char *text, const char *want)
{
	const char *got = encoded(text, false);

	cr_expect(got, "%s: %s", text, err.text);
	if (got)
		cr_expect_str_eq(got, want, "%s: %s", text, got);
}

Test(edn, examples_of_the_standard)     /* RFC 8949 appendix A */
{
	static const char *const examples[][2] = {
		{ "0", "00" }, { "1", "01" }, { "10", "0a" }, { "23", "17" }, { "24", "1818" },
		{ "25", "1819" }, { "100", "1864" }, { "1000", "1903e8" },
		{ "1000000", "1a000f4240" }, { "1000000000000", "1b000000e8d4a51000" },
		{ "18446744073709551615", "1bffffffffffffffff" },
		{ "-1", "20" }, { "-10", "29" }, { "-100", "3863" }, { "-1000", "3903e7" },
		{ "0.0", "f90000" }, { "-0.0", "f98000" }, { "1.0", "f93c00" },
		{ "1.1", "fb3ff199999999999a" }, { "1.5", "f93e00" }, { "65504.0", "f97bff" },
		{ "100000.0", "fa47c35000" }, { "3.4028234663852886e+38", "fa7f7fffff" },
		{ "1.0e+300", "fb7e37e43c8800759c" }, { "5.960464477539063e-8", "f90001" },
		{ "0.00006103515625", "f90400" }, { "-4.0", "f9c400" },
		{ "-4.1", "fbc010666666666666" }, { "Infinity", "f97c00" }, { "NaN", "f97e00" },
		{ "-Infinity", "f9fc00" }, { "false", "f4" }, { "true", "f5" }, { "null", "f6" },
		{ "undefined", "f7" }, { "simple(16)", "f0" }, { "simple(255)", "f8ff" },
		{ "0(\"2013-03-21T20:04:00Z\")",
		  "c074323031332d30332d32315432303a30343a30305a" },
		{ "1(1363896240)", "c11a514b67b0" }, { "1(1363896240.5)", "c1fb41d452d9ec200000" },
		{ "23(h'01020304')", "d74401020304" }, { "24(h'6449455446')", "d818456449455446" },
		{ "32(\"http://www.example.com\")",
		  "d82076687474703a2f2f7777772e6578616d706c652e636f6d" },
		{ "h''", "40" }, { "h'01020304'", "4401020304" }, { "\"\"", "60" }, { "\"a\"", "6161" },
		{ "\"IETF\"", "6449455446" }, { "\"\\\"\\\\\"", "62225c" },
		{ "\"\\u00fc\"", "62c3bc" }, { "\"\\u6c34\"", "63e6b0b4" },
		{ "\"\\ud800\\udd51\"", "64f0908591" }, { "[]", "80" }, { "[1, 2, 3]", "83010203" },
		{ "[1, [2, 3], [4, 5]]", "8301820203820405" },
		{ "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]",
		  "98190102030405060708090a0b0c0d0e0f101112131415161718181819" },
		{ "{}", "a0" }, { "{1: 2, 3: 4}", "a201020304" },
		{ "{\"a\": 1, \"b\": [2, 3]}", "a26161016162820203" },
		{ "[\"a\", {\"b\": \"c\"}]", "826161a161626163" },
	};

	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
		expect(examples[i][0], examples[i][1]);
}

Test(edn, what_people_write_besides)    /* RFC 8610 appendix G */
{
	expect(" { \"a\" :\t[ 1 ]\n} ", "a1616181" "01");
	expect("0x10", "10");
	expect("-0x10", "2f");
	expect("0o17", "0f");
	expect("0b101", "05");
	expect("'it\\'s'", "4469742773");
	expect("b64'AP8='", "4200ff");
	expect("b64'-_8'", "42fbff");
	expect("h'00 ff\n01'", "4300ff01");
	expect("<<1, 2>>", "420102");
	expect("24(<<\"a\">>)", "d818426161");
	expect("[1, / the second / 2] # the end", "820102");
	expect("1 # without a line's end", "01");
	expect("1 / without its end", "01");
	expect("\"\xc3\xbc\"", "62c3bc");
	expect("-0", "00");
	expect("5.960464477539063e-8", "f90001");
	expect("6.097555160522461e-5", "f903ff");
	expect("65505.0", "fa477fe100");
	expect("2.9802322387695312e-8", "fa33000000");
}

Test(edn, a_sequence_has_any_number_of_items)   /* RFC 8742 */
{
	cr_expect_str_eq(encoded("1, \"a\", []", true), "01616180");
	cr_expect_str_eq(encoded("", true), "");
	cr_expect_null(encoded("1, 2", false));
	cr_expect(strstr(err.text, "more than one data item"));
	cr_expect_null(encoded("1,", true));
}

Test(edn, what_is_wrong_is_told_with_its_place)
{
	static const char *const bad[][2] = {
		{ "", "no data item" }, { " # nothing", "no data item" },
		{ "hello", "quotes lost to the shell? (byte 1)" },
		{ "[1, 2", "neither a comma nor the end" }, { "[1 2]", "neither a comma nor the end "
								      "(byte 4)" },
		{ "[1,]", "no data item begins so" }, { "[1,", "something is missing" },
		{ "{1}", "\":\" must follow a key (byte 3)" }, { "{1:}", "no data item begins so" },
		{ "\"a", "a string without its end" }, { "'a", "a string without its end" },
		{ "\"\\", "an escape" },
		{ "\"\\x\"", "an escape that is none" }, { "\"\\u12\"", "four hexadecimal" },
		{ "\"\\ud800\"", "half a character" }, { "\"\\udc00\"", "half a character" },
		{ "\"\\ud800\\u0041\"", "half a character" }, { "\"\xff\"", "not UTF-8" },
		{ "h'0'", "half a byte" }, { "h'0g'", "a digit that is none" },
		{ "h'00", "a digit that is none" }, { "b64'A'", "half a byte" },
		{ "b64'A?'", "a digit that is none" },
		{ "18446744073709551616", "too large" }, { "1.2.3", "not a number" },
		{ "0x", "not a number" }, { "0xg", "not a number" }, { "-", "not a number" },
		{ "0b2", "not a number" }, { "1_1", "neither a comma nor the end" },
		{ "0x-5", "not a number" }, { "--5", "not a number" }, { "1e", "not a number" },
		{ "-(1)", "not a number" }, { "-1(1)", "a tag that is no number" },
		{ "1(2", "without \")\"" }, { "1.5(2)", "a tag that is no number" },
		{ "simple(24)", "from 0 to 23" }, { "simple(256)", "from 0 to 23" },
		{ "simple(", "from 0 to 23" }, { "simple()", "from 0 to 23" },
		{ "[1 # remark", "neither a comma" }, { "(1 / remark", "no data item" },
		{ "<<1>", "without \">>\"" }, { "<<1", "neither a comma" }, { "1 / remark", NULL },
		{ "In", "not a number" }, { "NaNa", "not a number" }, { "tru", "no data item" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *got = encoded(bad[i][0], false);

		if (!bad[i][1]) {
			cr_expect(got, "%s", bad[i][0]);
			continue;
		}
		cr_expect_null(got, "%s gave %s", bad[i][0], got);
		cr_expect(strstr(err.text, bad[i][1]), "%s: %s", bad[i][0], err.text);
	}
}

Test(edn, nesting_has_an_end)
{
	char text[1000];

	memset(text, '[', 900);
	text[900] = 0;
	cr_expect_null(encoded(text, false));
	cr_expect(strstr(err.text, "nested too deep"));
}

Test(edn, the_room_suffices)
{
	cr_expect(encoded("0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1", true), "%s", err.text);
	cr_expect(encoded("[[[[0.1]]]]", false), "%s", err.text);
}

Test(edn, what_does_not_fit_is_told)
{
	uint8_t small[3];
	struct writer w = writer_of(small, sizeof small);

	cr_expect_eq(edn_encode(&w, span_str("[1,2,3,4]"), false, &err), -EINVAL);
	w = writer_of(small, sizeof small);
	cr_expect_eq(edn_encode(&w, span_str("\"long enough\""), false, &err), -EINVAL);
	w = writer_of(small, 0);
	cr_expect_eq(edn_encode(&w, span_str("1(2)"), false, &err), -EINVAL);
}
