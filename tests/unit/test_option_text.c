#include "coap/option_text.h"
#include "vectors.h"

static void expect(const char *text, uint16_t number, const void *value, size_t n)
{
	struct option_text o;
	struct err e = { "" };

	cr_assert_eq(option_text_parse(text, &o, &e), 0, "%s: %s", text, e.text);
	cr_expect_eq(o.number, number, "%s", text);
	cr_expect(span_eq(option_text_value(&o), span_of(value, n)), "%s", text);
}

#define EXPECT(text, number, literal) expect(text, number, literal, sizeof literal - 1)

static void expect_refused(const char *text, const char *why)
{
	struct option_text o;
	struct err e = { "" };

	cr_expect_lt(option_text_parse(text, &o, &e), 0, "%s", text);
	cr_expect(strstr(e.text, why), "%s: said \"%s\"", text, e.text);
}

Test(option_text, by_number_and_by_name)
{
	EXPECT("11=a", OPT_URI_PATH, "a");
	EXPECT("Uri-Path=a", OPT_URI_PATH, "a");
	EXPECT("uri-PATH=a", OPT_URI_PATH, "a");
	EXPECT("etag=0x1a2b", OPT_ETAG, "\x1a\x2b");
	EXPECT("X-Admin-Protocol=x", OPT_X_ADMIN_PROTOCOL, "x");
	EXPECT("65000=x", 65000, "x");
	EXPECT("0=x", 0, "x");
	EXPECT("065535=x", 65535, "x");
}

Test(option_text, values_by_their_format)
{
	EXPECT("Uri-Port=5683", OPT_URI_PORT, "\x16\x33");
	EXPECT("Uri-Port=0x1633", OPT_URI_PORT, "\x16\x33");
	EXPECT("Observe=0", OPT_OBSERVE, "");
	EXPECT("Observe=", OPT_OBSERVE, "");
	EXPECT("Observe", OPT_OBSERVE, "");
	EXPECT("Size1=4294967295", OPT_SIZE1, "\xff\xff\xff\xff");
	EXPECT("Hop-Limit=255", OPT_HOP_LIMIT, "\xff");
	EXPECT("Uri-Query=a=b", OPT_URI_QUERY, "a=b");
	EXPECT("Uri-Path=0x12", OPT_URI_PATH, "0x12");
	EXPECT("Uri-Path=", OPT_URI_PATH, "");
	EXPECT("Uri-Path=b\xc3\xbc" "cher", OPT_URI_PATH, "b\xc3\xbc" "cher");
	EXPECT("If-Match=", OPT_IF_MATCH, "");
	EXPECT("If-Match=abc", OPT_IF_MATCH, "abc");
	EXPECT("Echo=0X00Ff", OPT_ECHO, "\x00\xff");
	EXPECT("65001=0x", 65001, "");
	EXPECT("65001", 65001, "");
	EXPECT("If-None-Match", OPT_IF_NONE_MATCH, "");
	EXPECT("If-None-Match=", OPT_IF_NONE_MATCH, "");
	EXPECT("Max-Age=60", OPT_MAX_AGE, "\x3c");
}

Test(option_text, content_formats_have_names)
{
	EXPECT("Accept=json", OPT_ACCEPT, "\x32");
	EXPECT("Content-Format=text/plain", OPT_CONTENT_FORMAT, "");
	EXPECT("accept=65535", OPT_ACCEPT, "\xff\xff");
	expect_refused("Accept=jsno", "did you mean json?");
	expect_refused("Accept=65536", "above 65535");
}

Test(option_text, wrong_names_are_told_what_was_meant)
{
	expect_refused("uri-pth=a", "option \"uri-pth\" is not known; did you mean Uri-Path?");
	expect_refused("nothing=a", "any number up to 65535");
	expect_refused("=a", "option \"\" is not known");
	expect_refused("", "option \"\" is not known");
	expect_refused("-1=a", "not known");
	expect_refused("65536=a", "option 65536: its number goes up to 65535");
	expect_refused("99999999999999999999999=a", "goes up to 65535");
	expect_refused("1x=a", "goes up to 65535");
	expect_refused("an-option-whose-name-is-much-longer-than-what-anybody-would-register=",
		       "not known");
}

Test(option_text, wrong_values_are_told_what_is_right)
{
	expect_refused("Uri-Port=65536", "option Uri-Port takes a number from 0 to 65535");
	expect_refused("Uri-Port=0x10000", "takes a number from 0 to 65535");
	expect_refused("Observe=x", "from 0 to 16777215");
	expect_refused("Observe=-1", "from 0 to 16777215");
	expect_refused("Observe=18446744073709551616", "from 0 to 16777215");
	expect_refused("Observe=12ab", "from 0 to 16777215");
	expect_refused("Hop-Limit=0", "from 1 to 255");
	expect_refused("Hop-Limit", "from 1 to 255");
	expect_refused("Observe=0x", "from 0 to 16777215");
	expect_refused("Accept", "content format \"\" is not known");
	expect_refused("OCF-Content-Format-Version=255", "from 256 to 65535");
	expect_refused("If-None-Match=x", "takes no value");
	expect_refused("ETag=123456789", "option ETag takes 1 to 8 bytes, not 9");
	expect_refused("ETag=", "takes 1 to 8 bytes, not 0");
	expect_refused("ETag=0x1", "pairs of hexadecimal digits");
	expect_refused("ETag=0x1g", "pairs of hexadecimal digits");
	expect_refused("65000=0x12345", "option 65000: after 0x go pairs");
}

Test(option_text, E31_segments_that_servers_refuse)
{
	expect_refused("Uri-Path=..", "no path segment \".\"");
	expect_refused("Uri-Path=\xff", "it must be UTF-8");
	EXPECT("Uri-Query=..", OPT_URI_QUERY, "..");
}

Test(option_text, long_values)
{
	char text[3000] = "65000=";
	char value[OPTION_TEXT_MAX + 1];

	memset(value, 'a', sizeof value);
	memcpy(text + 6, value, sizeof value);
	text[6 + OPTION_TEXT_MAX + 1] = '\0';
	expect_refused(text, "option 65000: 1035 bytes are more than the 1034");
	text[6 + OPTION_TEXT_MAX] = '\0';
	expect(text, 65000, value, OPTION_TEXT_MAX);
	memcpy(text, "65000=0x", 8);
	memset(text + 8, 'a', 2 * OPTION_TEXT_MAX + 2);
	memset(value, 0xaa, sizeof value);
	text[8 + 2 * OPTION_TEXT_MAX + 2] = '\0';
	expect_refused(text, "more than the 1034");
	text[8 + 2 * OPTION_TEXT_MAX] = '\0';
	expect(text, 65000, value, OPTION_TEXT_MAX);
}

Test(option_text, every_name_is_found)
{
	struct err e;

	for (uint32_t n = 0; n <= OPTION_LAST; n++) {
		const struct option_def *def = option_def(n);
		uint16_t number;

		if (!def)
			continue;
		cr_expect_eq(option_text_number(span_str(def->name), &number, &e), 0);
		cr_expect_eq(number, n);
	}
}
