#include "config/errors.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct config_errors e;

Test(errors, stand_in_the_order_of_the_file)
{
	errors_begin(&e, "f");
	cr_expect_not(errors_add(&e, place_at(3, 1), "c"));
	errors_add(&e, place_at(1, 9), "b");
	errors_add(&e, place_at(1, 2), "a");
	errors_add(&e, place_at(3, 1), "d");
	errors_add(&e, place_at(0, 0), "whole");
	cr_assert_eq(e.count, 5);
	cr_expect_str_eq(e.text[0], "f: whole");
	cr_expect_str_eq(e.text[1], "f:1:2: a");
	cr_expect_str_eq(e.text[2], "f:1:9: b");
	cr_expect_str_eq(e.text[3], "f:3:1: c");
	cr_expect_str_eq(e.text[4], "f:3:1: d");
}

Test(errors, of_a_place_are_known)
{
	static const struct config_file file = { .name = "a" };
	struct config_place at = place_at(2, 3), elsewhere = { 2, 3, &file };

	errors_begin(&e, "f");
	errors_add(&e, place_at(0, 0), "whole");
	errors_add(&e, at, "wrong");
	cr_expect(errors_told(&e, at));
	cr_expect_not(errors_told(&e, elsewhere));
	cr_expect_not(errors_told(&e, place_at(2, 4)));
	cr_expect_not(errors_told(&e, place_at(3, 3)));
	cr_expect_not(errors_told(&e, place_at(0, 0)));
}

Test(errors, show_the_line_of_their_file)
{
	static const struct config_file top = { .name = "a.yaml", .text = "one\ntwo: x\n", .n = 11 },
		other = { .name = "b.yaml", .text = "\tz", .n = 2, .number = 1 };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	errors_begin(&e, "a.yaml");
	errors_add(&e, (struct config_place){ 1, 1, &other }, "tab");
	errors_add(&e, (struct config_place){ 2, 6, &top }, "bad");
	errors_add(&e, place_at(0, 0), "whole");
	errors_print(&e, out);
	fclose(out);
	cr_expect_str_eq(text, "a.yaml: whole\na.yaml:2:6: bad\n  two: x\n       ^\n"
			 "b.yaml:1:1: tab\n  \\x09z\n  ^\n");
	free(text);
}

Test(errors, foreign_text_cannot_forge_a_line)
{
	errors_begin(&e, "f\n");
	errors_add(&e, place_at(1, 1), "%s", "a\nb\x1b[1m\x7f");
	cr_expect_str_eq(e.text[0], "f\\x0a:1:1: a\\x0ab\\x1b[1m\\x7f");
}

Test(errors, too_many_are_counted)
{
	char *text = NULL, *last;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	errors_begin(&e, "f");
	for (unsigned i = 1; i <= CONFIG_ERRORS_MAX + 7; i++)
		errors_add(&e, place_at(i, 1), "wrong");
	cr_expect_eq(e.count, CONFIG_ERRORS_MAX);
	cr_expect_eq(e.left_out, 7);
	errors_print(&e, out);
	fclose(out);
	cr_expect_eq(strncmp(text, "f:1:1: wrong\n", 13), 0);
	last = strstr(text, "f:50:1: wrong\n");
	cr_assert_not_null(last);
	cr_expect_str_eq(last, "f:50:1: wrong\nf: 7 more\n");
	free(text);
	errors_begin(&e, "f");
	cr_expect_eq(e.count + e.left_out, 0);
}

Test(errors, long_names_keep_their_end)
{
	char name[400];
	size_t n = sizeof e.file - 1;

	memset(name, 'a', 399);
	strcpy(name + 390, "site.yaml");
	errors_begin(&e, name);
	cr_expect_eq(strlen(e.file), n);
	cr_expect_eq(strncmp(e.file, "...aaa", 6), 0);
	cr_expect_str_eq(e.file + n - 9, "site.yaml");
	memset(name, 'b', sizeof name - 1);
	name[sizeof name - 1] = 0;
	errors_add(&e, place_at(1, 1), "%s%s", name, name);
	cr_expect_lt(strlen(e.text[0]), sizeof e.text[0]);
}

Test(errors, of_two_lists_are_one)
{
	static struct config_errors more;

	errors_begin(&e, "f");
	errors_begin(&more, "f");
	errors_add(&e, place_at(2, 1), "b");
	errors_add(&more, place_at(1, 1), "a");
	errors_add(&more, place_at(3, 1), "c");
	more.passing = 1;
	errors_join(&e, &more);
	cr_assert_eq(e.count, 3);
	cr_expect_eq(e.passing, 1);
	cr_expect_str_eq(e.text[0], "f:1:1: a");
	cr_expect_str_eq(e.text[2], "f:3:1: c");
	for (unsigned i = 0; i < CONFIG_ERRORS_MAX; i++)
		errors_add(&more, place_at(1, 1), "x");
	errors_join(&e, &more);
	cr_expect_eq(e.count, CONFIG_ERRORS_MAX);
	cr_expect_eq(e.left_out, 5);
}
