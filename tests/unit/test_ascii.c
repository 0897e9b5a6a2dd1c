#include "base/ascii.h"

#include <criterion/criterion.h>

/* Every byte against what the C library says in the C locale. */
#include <ctype.h>

Test(ascii, kinds_of_characters)
{
	for (int c = 0; c < 256; c++) {
		bool ascii = c < 128;

		cr_expect_eq(ascii_lower((uint8_t)c), ascii ? tolower(c) : c, "%02x", c);
		cr_expect_eq(ascii_is_digit((uint8_t)c), ascii && isdigit(c), "%02x", c);
		cr_expect_eq(ascii_is_alnum((uint8_t)c), ascii && isalnum(c), "%02x", c);
		cr_expect_eq(ascii_is_graph((uint8_t)c), ascii && isgraph(c), "%02x", c);
		cr_expect_eq(ascii_hex_value((uint8_t)c) >= 0, ascii && isxdigit(c), "%02x", c);
	}
}

Test(ascii, hexadecimal_digits)
{
	static const char digits[] = "0123456789abcdef", big[] = "0123456789ABCDEF";

	for (int i = 0; i < 16; i++) {
		cr_expect_eq(ascii_hex_value((uint8_t)digits[i]), i);
		cr_expect_eq(ascii_hex_value((uint8_t)big[i]), i);
	}
}

Test(ascii, same_but_for_case)
{
	cr_expect(ascii_same(span_str("Uri-Path"), span_str("uRI-pATH")));
	cr_expect(ascii_same(span_of(NULL, 0), span_str("")));
	cr_expect(!ascii_same(span_str("Uri-Path"), span_str("uri-pat")));
	cr_expect(!ascii_same(span_str("uri-pat"), span_str("Uri-Path")));
	cr_expect(!ascii_same(span_str("a["), span_str("a{")), "32 apart, and no letters");
	cr_expect(!ascii_same(span_str("\xc4"), span_str("\xe4")), "not letters of ours");
}
