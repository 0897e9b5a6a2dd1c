#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

Test(utf8, characters_of_every_length)
{
	static const struct { const char *bytes; size_t len; uint32_t c; } chars[] = {
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof chars / sizeof *chars; i++) {
		uint32_t c = 0;

		cr_expect_eq(utf8_next(chars[i].bytes, chars[i].len, &c), chars[i].len);
		cr_expect_eq(c, chars[i].c);
		for (size_t cut = 1; cut < chars[i].len; cut++)
			cr_expect_eq(utf8_next(chars[i].bytes, cut, &c), 0);
	}
}

Test(utf8, what_is_no_character)
{
	static const char *const bad[] = {
		"\x80",                 /* continuation first */
		"\xc0\xaf",             /* "/" in a longer form */
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80",         /* surrogate */
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80",     /* past the end */
		"\xf8\x88\x80\x80\x80",
		"\xff",
		"\xc3(",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect(!utf8_valid(bad[i], strlen(bad[i])), "%zu", i);
	cr_expect(utf8_valid("", 0));
	cr_expect(utf8_valid("a\xc3\xa9z", 4));
	cr_expect(!utf8_valid("a\xc3\xa9\xc3", 4));
}
