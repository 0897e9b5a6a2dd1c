#include "client/link_cell.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void expect(const char *params, enum link_cell cell, const char *wanted)
{
	struct catalog_entry e = { .params = span_str(params) };
	char text[CELL_MAX];

	link_cell(&e, cell, true, text);
	cr_assert_str_eq(text, wanted, "%s, not %s", text, wanted);
}

Test(link_cell, each_attribute_is_in_its_cell)
{
	const char *all = ";obs;ct=40;sz=12;rt=\"light-lux\";if=sensor;title=\"A \\\"b\\\"\";x;y=1";

	expect(all, CELL_OBS, "obs");
	expect(all, CELL_CT, "application/link-format");
	expect(all, CELL_SZ, "sz=12");
	expect(all, CELL_RT, "rt=light-lux");
	expect(all, CELL_IF, "if=sensor");
	expect(all, CELL_TITLE, "\"A \\\"b\\\"\"");
	expect(all, CELL_REST, "x y=1");
	for (unsigned c = 0; c < CELLS; c++)
		expect("", c, "");
}

Test(link_cell, content_formats_by_name)
{
	expect(";ct=\"0 50\"", CELL_CT, "text/plain;charset=utf-8,application/json");
	expect(";ct=65000", CELL_CT, "ct=65000");
	expect(";ct=\"\"", CELL_CT, "ct=\"\"");
	expect(";ct=\"40 x y\"", CELL_CT, "application/link-format,ct=x,ct=y");
	expect(";ct", CELL_CT, "ct");
	expect(";ct=99999999999999", CELL_CT, "ct=99999999999999");
}

Test(link_cell, several_of_a_kind)
{
	expect(";rt=a;rt=\"b c\"", CELL_RT, "rt=a rt=\"b c\"");
}

Test(link_cell, commands_to_a_terminal_are_escaped)
{
	expect(";title=\"\033[31m\"", CELL_TITLE, "\"\\x1b[31m\"");
	expect(";x=\"a\nb\"", CELL_REST, "x=\"a\\nb\"");
	expect(";rt=\"\xff\"", CELL_RT, "rt=\"\\xff\"");
}

Test(link_cell, what_is_long_is_cut)
{
	char params[8000] = ";title=\"", text[CELL_MAX];
	struct catalog_entry e;

	memset(params + 8, 'x', 1000);
	strcpy(params + 1008, "\"");
	e = (struct catalog_entry){ .params = span_str(params) };
	link_cell(&e, CELL_TITLE, true, text);
	cr_assert_eq(strlen(text), CELL_VALUE_MAX + 5);
	cr_assert_str_eq(text + CELL_VALUE_MAX + 1, "\"...");
}

Test(link_cell, many_attributes_are_cut_between_them)
{
	char params[8000], text[CELL_MAX];
	struct catalog_entry e;
	size_t n = 0, words = 0;

	for (unsigned i = 0; i < 500; i++)
		n += (size_t)snprintf(params + n, sizeof params - n, ";%s", i % 2 ? "abcdefg" : "abc");
	e = (struct catalog_entry){ .params = span_of(params, n) };
	link_cell(&e, CELL_REST, true, text);
	cr_assert_lt(strlen(text), sizeof text);
	for (char *p = text, *word; (word = strsep(&p, " ")); words++)
		cr_assert(!strcmp(word, "abc") || !strcmp(word, "abcdefg") || (!p && !strcmp(word, "...")),
			  "%s", word);
	cr_assert_gt(words, 100);
	/* Of formats the whole cell may be too long. */
	n = (size_t)snprintf(params, sizeof params, ";ct=\"0");
	for (unsigned i = 0; i < 70; i++)
		n += (size_t)snprintf(params + n, sizeof params - n, " 0");
	n += (size_t)snprintf(params + n, sizeof params - n, "\"");
	e.params = span_of(params, n);
	link_cell(&e, CELL_CT, true, text);
	cr_assert_str_eq(text, " ...");
}

Test(link_cell, relations_tell_their_kind_elsewhere)
{
	struct catalog_entry e = { .params = span_str(";anchor=\"/a\";rel=x;y"), .relation = true };
	char text[CELL_MAX];

	link_cell(&e, CELL_REST, true, text);
	cr_assert_str_eq(text, "y");
	e.relation = false;
	link_cell(&e, CELL_REST, true, text);
	cr_assert_str_eq(text, "rel=x y");
}

Test(link_cell, width_counts_characters)
{
	cr_assert_eq(link_cell_width(""), 0);
	cr_assert_eq(link_cell_width("a\xc3\xa9" "b"), 3);
}
