#include "client/link_cell.h"

#include "coap/linkparse.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The cell of a link with these attributes. */
static void cell_of(const char *attrs, enum link_cell cell, char text[CELL_MAX])
{
	char document[2000];
	struct link_parse p;
	struct link link;
	struct err err;

	snprintf(document, sizeof document, "</>%s", attrs);
	link_parse(&p, span_str(document));
	cr_assert_eq(link_parse_next(&p, &link, &err), 1, "%s", err.text);
	link_cell(&link, cell, true, text);
}

static void expect(const char *attrs, enum link_cell cell, const char *wanted)
{
	char text[CELL_MAX];

	cell_of(attrs, cell, text);
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
	char attrs[1200] = ";title=\"", text[CELL_MAX];

	memset(attrs + 8, 'x', 1000);
	strcpy(attrs + 1008, "\"");
	cell_of(attrs, CELL_TITLE, text);
	cr_assert_eq(strlen(text), CELL_VALUE_MAX + 5);
	cr_assert_str_eq(text + CELL_VALUE_MAX + 1, "\"...");
}

Test(link_cell, many_attributes_are_cut_between_them)
{
	char attrs[2000], text[CELL_MAX];
	size_t n = 0, words = 0;

	for (unsigned i = 0; i < 32; i++)
		n += (size_t)snprintf(attrs + n, sizeof attrs - n, ";%050u=1", i);
	cell_of(attrs, CELL_REST, text);
	cr_assert_lt(strlen(text), sizeof text);
	for (char *p = text, *word; (word = strsep(&p, " ")); words++)
		cr_assert(strlen(word) == 52 || (!p && !strcmp(word, "...")), "%s", word);
	cr_assert_gt(words, 18);
	/* Of formats the whole cell may be too long. */
	n = (size_t)snprintf(attrs, sizeof attrs, ";ct=\"0");
	for (unsigned i = 0; i < 70; i++)
		n += (size_t)snprintf(attrs + n, sizeof attrs - n, " 0");
	snprintf(attrs + n, sizeof attrs - n, "\"");
	cell_of(attrs, CELL_CT, text);
	cr_assert_str_eq(text, " ...");
}

Test(link_cell, relations_tell_their_kind_elsewhere)
{
	expect(";anchor=\"/a\";rel=x;y", CELL_REST, "y");
	expect(";rel=x;y", CELL_REST, "rel=x y");
}

Test(link_cell, width_counts_characters)
{
	cr_assert_eq(link_cell_width(""), 0);
	cr_assert_eq(link_cell_width("a\xc3\xa9" "b"), 3);
}
