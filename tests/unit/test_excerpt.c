#include "base/excerpt.h"

#include <criterion/criterion.h>

static const char *excerpt(const char *text, size_t at, unsigned indent)
{
	static char out[EXCERPT_MAX + 1];
	struct writer w = writer_of(out, EXCERPT_MAX);

	excerpt_write(&w, span_str(text), at, indent);
	cr_assert(!w.full);
	*w.p = '\0';
	return out;
}

Test(excerpt, the_mark_is_below_the_byte)
{
	cr_expect_str_eq(excerpt("coap://h/a b", 10, 2), "  coap://h/a b\n            ^");
	cr_expect_str_eq(excerpt("abc", 0, 0), "abc\n^");
	cr_expect_str_eq(excerpt("abc", 3, 0), "abc\n   ^");
	cr_expect_str_eq(excerpt("abc", 99, 0), "abc\n   ^", "behind the end is the end");
	cr_expect_str_eq(excerpt("", 0, 1), " \n ^");
}

Test(excerpt, what_a_terminal_would_obey_is_escaped)
{
	cr_expect_str_eq(excerpt("a\x1b\xff" "b", 3, 0), "a\\x1b\\xffb\n         ^");
	cr_expect_str_eq(excerpt("a\nb\x7f", 1, 0), "a\\x0ab\\x7f\n ^");
}

Test(excerpt, long_texts_are_cut)
{
	char text[201];

	memset(text, 'a', 200);
	text[200] = '\0';
	text[100] = 'b';
	cr_expect_str_eq(excerpt(text, 100, 0),
			 "...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaaaaaaaaa...\n"
			 "                                           ^");
	cr_expect_str_eq(excerpt(text + 160, 0, 0), "aaaaaaaaaaaaaaaaaaaaaaaa...\n^");
	cr_expect_str_eq(excerpt(text + 160, 40, 0), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			 "                                        ^");
	cr_expect_str_eq(excerpt(text + 176, 0, 0), "aaaaaaaaaaaaaaaaaaaaaaaa\n^");
}

Test(excerpt, the_room_suffices)
{
	char text[201];

	memset(text, 0x1b, 200);
	text[200] = '\0';
	cr_expect_eq(strlen(excerpt(text, 100, 80)), 80 + 3 + 64 * 4 + 3 + 1 + 80 + 3 + 160 + 1);
}
