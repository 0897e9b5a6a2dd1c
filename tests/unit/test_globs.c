#include "client/globs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

static struct globs expand(const char *text)
{
	struct globs g = { 0 };
	struct err err;

	cr_assert_eq(globs_add(&g, text, &err), 0, "%s", err.text);
	return g;
}

Test(globs, a_text_without_a_range_is_itself)
{
	static const char *const texts[] = {
		"coap://[::1]/a", "coap://[2001:db8::1-2]/", "coap://h/[a-b]", "coap://h/[1-]",
		"coap://h/[-1]", "coap://h/[1-2", "coap://h/[12]", "[", "", "[1234567890-1234567891]",
		"coap://[fe80::1%eth-0]/",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct globs g = expand(texts[i]);

		cr_assert_eq(g.n, 1);
		cr_assert_str_eq(g.v[0], texts[i]);
		globs_free(&g);
	}
}

Test(globs, a_range_is_counted)
{
	struct globs g = expand("coap://[::1]/time?[8-11]x");

	cr_assert_eq(g.n, 4);
	cr_assert_str_eq(g.v[0], "coap://[::1]/time?8x");
	cr_assert_str_eq(g.v[3], "coap://[::1]/time?11x");
	globs_free(&g);
}

Test(globs, zeros_in_front_stay)
{
	struct globs g = expand("a[08-10]");

	cr_assert_eq(g.n, 3);
	cr_assert_str_eq(g.v[0], "a08");
	cr_assert_str_eq(g.v[2], "a10");
	globs_free(&g);
	g = expand("a[0-1]");
	cr_assert_str_eq(g.v[0], "a0");
	globs_free(&g);
}

Test(globs, of_two_ranges_the_last_counts_fastest)
{
	static const char *const wanted[] = { "a1b3", "a1b4", "a2b3", "a2b4" };
	struct globs g = expand("a[1-2]b[3-4]");

	cr_assert_eq(g.n, 4);
	for (size_t i = 0; i < 4; i++)
		cr_assert_str_eq(g.v[i], wanted[i]);
	globs_free(&g);
}

Test(globs, several_texts_are_added_up)
{
	struct globs g = expand("[1-3]");
	struct err err;

	cr_assert_eq(globs_add(&g, "x", &err), 0);
	cr_assert_eq(g.n, 4);
	cr_assert_str_eq(g.v[3], "x");
	globs_free(&g);
}

Test(globs, mistakes_are_told)
{
	struct globs g = { 0 };
	struct err err;

	cr_assert_eq(globs_add(&g, "a[2-1]", &err), -EINVAL);
	cr_assert_str_eq(err.text, "[2-1] ends before it begins");
	cr_assert_eq(globs_add(&g, "a[1-1000][1-1000]", &err), -EINVAL);
	cr_assert_str_eq(err.text, "these are more than 100000 URIs");
	cr_assert_eq(g.n, GLOBS_MAX);
	globs_free(&g);
}
