#include "base/quote.h"

#include <criterion/criterion.h>

#include "base/utf8.h"

static const char *quoted(const char *text, size_t n, size_t most, bool utf8)
{
	static char out[4096];
	struct writer w = writer_of(out, sizeof out - 1);

	quote_write(&w, span_of(text, n), most, utf8);
	cr_assert(!w.full);
	*w.p = '\0';
	return out;
}

#define QUOTED(literal, utf8) quoted(literal, sizeof literal - 1, SIZE_MAX, utf8)

Test(quote, what_is_not_to_be_read_is_escaped)
{
	cr_expect_str_eq(QUOTED("", true), "\"\"");
	cr_expect_str_eq(QUOTED("22.5 C", true), "\"22.5 C\"");
	cr_expect_str_eq(QUOTED("a\nb\rc\td", true), "\"a\\nb\\rc\\td\"");
	cr_expect_str_eq(QUOTED("say \"no\" \\", true), "\"say \\\"no\\\" \\\\\"");
	cr_expect_str_eq(QUOTED("\x1b[31m\0\x7f", true), "\"\\x1b[31m\\x00\\x7f\"");
	cr_expect_str_eq(QUOTED("\xff\xc3", true), "\"\\xff\\xc3\"");
	cr_expect_str_eq(QUOTED("b\xc3\xbc" "cher \xe2\x82\xac", true),
			 "\"b\xc3\xbc" "cher \xe2\x82\xac\"");
	cr_expect_str_eq(QUOTED("b\xc3\xbc" "cher", false), "\"b\\xc3\\xbccher\"");
}

/* CSI as one character, right-to-left override, zero width space, byte order mark. */
Test(quote, letters_that_nobody_sees_are_escaped)
{
	cr_expect_str_eq(QUOTED("\xc2\x9b" "1m", true), "\"\\xc2\\x9b1m\"");
	cr_expect_str_eq(QUOTED("\xe2\x80\xae", true), "\"\\xe2\\x80\\xae\"");
	cr_expect_str_eq(QUOTED("\xe2\x80\x8b", true), "\"\\xe2\\x80\\x8b\"");
	cr_expect_str_eq(QUOTED("\xef\xbb\xbf", true), "\"\\xef\\xbb\\xbf\"");
}

Test(quote, long_text_is_cut_between_characters)
{
	cr_expect_str_eq(quoted("abc", 3, 2, true), "\"ab\"");
	cr_expect_str_eq(quoted("abc", 3, 0, true), "\"\"");
	cr_expect_str_eq(quoted("a\xe2\x82\xac" "b", 5, 4, true), "\"a\xe2\x82\xac\"");
	cr_expect_str_eq(quoted("a\xe2\x82\xac" "b", 5, 3, true), "\"a\"");
	cr_expect_eq(quote_write(&(struct writer){ .full = true },
				 span_str("a\xe2\x82\xac"), 3, true), 1);
}

Test(quote, what_does_not_fit_is_told)
{
	uint8_t out[4];
	struct writer w = writer_of(out, sizeof out);

	quote_write(&w, span_str("ab"), SIZE_MAX, true);
	cr_expect(!w.full);
	w = writer_of(out, sizeof out);
	quote_write(&w, span_str("abc"), SIZE_MAX, true);
	cr_expect(w.full);
}

Test(quote, plain_text_needs_no_quotes)
{
	cr_expect(quote_is_plain(span_str("sensors"), false));
	cr_expect(quote_is_plain(span_str("a=b;c,<d>'&"), false));
	cr_expect(quote_is_plain(span_str("b\xc3\xbc" "cher"), true));
	cr_expect(!quote_is_plain(span_str("b\xc3\xbc" "cher"), false));
	cr_expect(!quote_is_plain(span_str(""), true));
	cr_expect(!quote_is_plain(span_str("a b"), true));
	cr_expect(!quote_is_plain(span_str("a\"b"), true));
	cr_expect(!quote_is_plain(span_str("a\\b"), true));
	cr_expect(!quote_is_plain(span_str("a\x1b"), true));
	cr_expect(!quote_is_plain(span_str("a\xff"), true));
}

/* Whatever the bytes: nothing comes out but what is shown. */
Test(quote, every_byte_comes_out_harmless)
{
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			char in[2] = { (char)a, (char)b };
			const char *out = quoted(in, 2, SIZE_MAX, false);

			for (const char *p = out; *p; p++)
				cr_assert(*p >= ' ' && *p < 0x7f, "%02x %02x", a, b);
			out = quoted(in, 2, SIZE_MAX, true);
			cr_assert(utf8_valid(out, strlen(out)), "%02x %02x", a, b);
		}
	for (uint32_t c = 0; c < 0x110000; c++)
		cr_assert(!quote_shows(c, false) || (c >= ' ' && c < 0x7f));
	cr_assert(quote_shows(0x416, true) && quote_shows(0x6f22, true));
	cr_assert(!quote_shows(0x9b, true) && !quote_shows(0xe000, true));
}
