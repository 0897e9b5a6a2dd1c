#include "client/pretty.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

static char text[20000];

/* What is written, or NULL if nothing is. */
static const char *arranged(enum content_kind kind, const char *body, bool color)
{
	FILE *f = tmpfile();
	struct pour out;
	bool done;

	pour_begin(&out, fileno(f));
	done = pretty_write(&out, kind, span_str(body), color);
	cr_assert_eq(pour_end(&out), 0);
	rewind(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	if (!done)
		cr_expect_str_eq(text, "");
	return done ? text : NULL;
}

#define json(body) arranged(CONTENT_JSON, body, false)

Test(pretty, json_has_its_members_in_lines)
{
	cr_expect_str_eq(json("{\"a\":[1,-2.5e+3,true,null],\"b\" : {} ,\"c\":\"d\\\"\\u00e4\"}"),
			 "{\n  \"a\": [\n    1,\n    -2.5e+3,\n    true,\n    null\n  ],\n"
			 "  \"b\": {},\n  \"c\": \"d\\\"\\u00e4\"\n}\n");
	cr_expect_str_eq(json(" \t\n[ ] "), "[]\n");
	cr_expect_str_eq(json("false"), "false\n");
	cr_expect_str_eq(json("12345678901234567890123"), "12345678901234567890123\n");
}

Test(pretty, json_that_is_none_stays_as_it_is)
{
	static const char *const bad[] = {
		"", " ", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "01",
		"1.", ".5", "1e", "-", "+1", "tru", "nul", "\"a", "\"\\x\"", "\"\\u12\"", "\"\n\"",
		"\"\xff\"", "1 2", "[1]]", "{\"a\":1]", "'a'",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_null(json(bad[i]), "%s", bad[i]);
}

Test(pretty, json_that_is_too_deep_to_read_stays_as_it_is)
{
	char deep[5000];

	memset(deep, '[', 2000);
	memset(deep + 2000, ']', 2000);
	deep[4000] = 0;
	cr_expect_null(json(deep));
	memset(deep, '[', 100);
	deep[100] = '1';
	memset(deep + 101, ']', 100);
	deep[201] = 0;
	cr_expect(json(deep));
}

Test(pretty, json_means_the_same_afterwards)
{
	static const char body[] = "{\"x\":[[],{\"y\":[{\"z\":\"\\\\\\/\\b\"}]},1e5],\"\":null}";
	json_t *before = json_loads(body, 0, NULL), *after;

	after = json_loads(json(body), 0, NULL);
	cr_assert(before && after);
	cr_expect(json_equal(before, after));
	json_decref(before);
	json_decref(after);
}

Test(pretty, commands_for_terminals_are_escaped)
{
	cr_expect_str_eq(json("\"\x7f\xc2\x9b\xc3\xa4\""), "\"\\u007f\\u009b\xc3\xa4\"\n");
}

Test(pretty, json_is_painted)
{
	cr_expect_str_eq(arranged(CONTENT_JSON, "{\"a\":[1,\"b\"]}", true),
			 "{\n  \033[36m\"a\"\033[0m: [\n    \033[33m1\033[0m,\n"
			 "    \033[32m\"b\"\033[0m\n  ]\n}\n");
}

Test(pretty, links_have_a_line_each)
{
	static const char body[] = "</a>;rt=\"x,y\";ct=40,</b>;obs,</c>";

	cr_expect_str_eq(arranged(CONTENT_LINKS, body, false),
			 "</a>;rt=\"x,y\";ct=40,\n</b>;obs,\n</c>\n");
	cr_expect_str_eq(arranged(CONTENT_LINKS, "</a>;ct=0", true),
			 "\033[36m</a>\033[0m;ct=0\n");
	cr_expect_null(arranged(CONTENT_LINKS, "</a", false));
	cr_expect_null(arranged(CONTENT_LINKS, "</a>,nonsense", false));
}

Test(pretty, other_kinds_stay_as_they_are)
{
	cr_expect_null(arranged(CONTENT_TEXT, "{}", false));
	cr_expect_null(arranged(CONTENT_OPAQUE, "{}", false));
}
