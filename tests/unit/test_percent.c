#include "coap/percent.h"
#include "vectors.h"

static char text[64];

static const char *ended(struct writer *w)
{
	cr_assert(!w->full);
	*w->p = '\0';
	return text;
}

Test(percent, plain_characters_are_those_of_the_RFC)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~!$&'()*+,;=";

	for (int c = 0; c < 256; c++)
		cr_expect_eq(percent_is_plain((uint8_t)c, ""),
			     c && strchr(plain, c), "%02x", c);
	cr_expect(percent_is_plain('@', ":@"));
	cr_expect(!percent_is_plain('%', ":@"));
	cr_expect(!percent_is_plain(0, ":@"));
}

Test(percent, encodings_are_recognised)
{
	struct span s = span_str("a%2fX%2%zz%F");

	for (size_t i = 0; i < s.n; i++)
		cr_expect_eq(percent_is_encoded(s, i), i == 1, "%zu", i);
	cr_expect(!percent_is_encoded(span_of("%2f", 2), 0));
}

static bool decode(const char *s, size_t cap, const char *want)
{
	struct writer w = writer_of(text, cap);

	if (!percent_decode(&w, span_str(s)))
		return false;
	cr_expect_str_eq(ended(&w), want, "%s", s);
	return true;
}

Test(percent, decoding)
{
	cr_expect(decode("", 8, ""));
	cr_expect(decode("a%2Fb%2fc", 8, "a/b/c"));
	cr_expect(decode("%25%32%30", 8, "%20"), "once");
	cr_expect(decode("+", 8, "+"));
	cr_expect(decode("abc", 3, "abc"));
	cr_expect(!decode("abcd", 3, ""));
	cr_expect(!decode("a%", 8, ""));
	cr_expect(!decode("a%2", 8, ""));
	cr_expect(!decode("a%2g", 8, ""));
}

Test(percent, encoding)
{
	struct writer w = writer_of(text, sizeof text - 1);

	percent_encode(&w, 'a');
	percent_encode(&w, 0xc3);
	cr_expect_str_eq(ended(&w), "%61%C3");
	w = writer_of(text, sizeof text - 1);
	percent_write(&w, span_str("a/b@c&d e\xff"), "@", '&');
	cr_expect_str_eq(ended(&w), "a%2Fb@c%26d%20e%FF");
}
