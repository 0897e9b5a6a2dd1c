#include "config/place.h"

#include <criterion/criterion.h>

static const char text[] = "a: 1\r\n\xc3\xa9: x\n\nlast";
static const struct config_file file = { .name = "a", .text = text, .n = sizeof text - 1 },
	other = { .name = "b", .text = "", .n = 0, .number = 1 }, unseen = { .name = "c" };

static void expect(const struct config_file *f, unsigned line, unsigned column,
		   const char *excerpt)
{
	char out[EXCERPT_MAX];

	place_excerpt((struct config_place){ line, column, f }, out);
	cr_expect_str_eq(out, excerpt, "%u:%u", line, column);
}

Test(place, excerpts)
{
	expect(&file, 1, 4, "  a: 1\n     ^");
	expect(&file, 1, 9, "  a: 1\n      ^");
	expect(&file, 2, 4, "  \\xc3\\xa9: x\n            ^");
	expect(&file, 4, 1, "  last\n  ^");
}

Test(place, where_there_is_nothing_to_show)
{
	expect(&file, 0, 0, "");
	expect(&file, 3, 1, "");
	expect(&file, 5, 1, "");
	expect(&file, 4000000000u, 1, "");
	expect(&other, 1, 1, "");
	expect(&unseen, 1, 1, "");
	expect(NULL, 1, 1, "");
}

Test(place, long_lines_are_cut)
{
	static char wide[5000];
	const struct config_file f = { .name = "w", .text = wide, .n = sizeof wide };
	char out[EXCERPT_MAX];

	memset(wide, '\001', sizeof wide);
	place_excerpt((struct config_place){ 1, 2500, &f }, out);
	cr_expect_lt(strlen(out), sizeof out - 1);
	cr_expect_eq(out[strlen(out) - 1], '^');
}

Test(place, order)
{
	const struct config_place a = { 5, 2, &file }, b = { 5, 3, &file }, c = { 6, 1, NULL },
		d = { 1, 1, &other };

	cr_expect(place_is_before(a, b));
	cr_expect_not(place_is_before(b, a));
	cr_expect_not(place_is_before(a, a));
	cr_expect(place_is_before(b, c));
	cr_expect(place_is_before(c, d));
	cr_expect_not(place_is_before(d, a));
}

Test(place, seen_from_another_file)
{
	char out[PLACE_TEXT];
	const struct config_place at = { 5, 2, &file };

	cr_expect_str_eq(place_other(at, &file, out), "line 5");
	cr_expect_str_eq(place_other(at, &other, out), "line 5 of a");
	cr_expect_str_eq(place_other(place_at(7, 1), &other, out), "line 7");
}

Test(place, as_messages_begin)
{
	char out[PLACE_TEXT], wide[400];
	const struct config_place at = { 5, 2, &file }, whole = { 0, 0, &other };

	cr_expect_str_eq(place_print(at, "x", out), "a:5:2: ");
	cr_expect_str_eq(place_print(whole, "x", out), "b: ");
	cr_expect_str_eq(place_print(place_at(5, 2), "x", out), "x:5:2: ");
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	place_print(place_at(4000000000u, 4000000000u), wide, out);
	cr_expect_str_eq(out + strlen(out) - 24, ":4000000000:4000000000: ");
}
