#include "client/tree.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static char *print(const char *document, const struct tree_look *look)
{
	struct uri u;
	struct catalog c;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	cr_assert_eq(uri_parse(span_str("coap://h/.well-known/core"), &u, NULL), 0);
	cr_assert_eq(catalog_read(&c, span_str(document), &u, NULL, 0), 0);
	cr_assert_eq(tree_print(out, "coap://h", &c, look), 0);
	fclose(out);
	catalog_free(&c);
	return text;
}

static void expect(const char *document, const char *wanted)
{
	char *text = print(document, &(struct tree_look){ .utf8 = true });

	cr_assert_str_eq(text, wanted, "\n%s\nnot\n%s", text, wanted);
	free(text);
}

Test(tree, nothing_there)
{
	expect("", "coap://h\n");
}

Test(tree, paths_that_share_a_beginning_are_drawn_together)
{
	expect("</b/y>,</a>,</b/x>",
	       "coap://h\n"
	       "├─ /a\n"
	       "└─ /b\n"
	       "   ├─ /x\n"
	       "   └─ /y\n");
}

Test(tree, path_of_a_single_link_is_in_one_line)
{
	expect("</.well-known/core>,</a/b/c>",
	       "coap://h\n"
	       "├─ /.well-known/core\n"
	       "└─ /a/b/c\n");
}

Test(tree, link_above_others_is_their_line)
{
	expect("</a/b/c>,</a>,</a/b/d/e>,</a/b>",
	       "coap://h\n"
	       "└─ /a\n"
	       "   └─ /b\n"
	       "      ├─ /c\n"
	       "      └─ /d/e\n");
}

Test(tree, lines_of_levels_above)
{
	expect("</a/b>,</a/c/d>,</a/c/e>,</f>",
	       "coap://h\n"
	       "├─ /a\n"
	       "│  ├─ /b\n"
	       "│  └─ /c\n"
	       "│     ├─ /d\n"
	       "│     └─ /e\n"
	       "└─ /f\n");
}

Test(tree, a_slash_at_the_end_is_another_resource)
{
	expect("</a>,</a/>,</a-b>",
	       "coap://h\n"
	       "├─ /a\n"
	       "│  └─ /\n"
	       "└─ /a-b\n");
}

Test(tree, queries_belong_to_the_last_segment)
{
	expect("</a?x=/1>,</a?x=/2>,</a>,</?q>",
	       "coap://h\n"
	       "├─ /?q\n"
	       "├─ /a\n"
	       "├─ /a?x=/1\n"
	       "└─ /a?x=/2\n");
}

Test(tree, the_root_is_the_first_line)
{
	expect("</>;title=\"Info\",</a>;title=\"A\"",
	       "coap://h  \"Info\"\n"
	       "└─ /a     \"A\"\n");
}

Test(tree, the_same_path_twice)
{
	expect("</a>;rt=x,</a>;rt=y,</a/b>,</>;x,</>;y",
	       "coap://h        x\n"
	       "├─ /            y\n"
	       "├─ /a     rt=x\n"
	       "└─ /a     rt=y\n"
	       "   └─ /b\n");
}

Test(tree, columns_are_aligned)
{
	expect("</light>;obs;rt=\"light-lux\",</temperature>;ct=40;sz=7,</t>;if=\"é\";x",
	       "coap://h\n"
	       "├─ /light        obs                                 rt=light-lux\n"
	       "├─ /t                                                              if=é  x\n"
	       "└─ /temperature       application/link-format  sz=7\n");
}

Test(tree, without_UTF_8)
{
	char *text = print("</a/b>,</a/c>;title=\"é\",</d>", &(struct tree_look){ 0 });

	cr_assert_str_eq(text, "coap://h\n"
			       "|- /a\n"
			       "|  |- /b\n"
			       "|  `- /c  \"\\xc3\\xa9\"\n"
			       "`- /d\n", "%s", text);
	free(text);
}

Test(tree, colour)
{
	char *text = print("</a>;obs", &(struct tree_look){ .color = true, .utf8 = true });

	cr_assert_str_eq(text, "\033[1mcoap://h\033[0m\n"
			       "└─ \033[1m/a\033[0m     \033[32mobs\033[0m\n", "%s", text);
	free(text);
}

Test(tree, links_to_elsewhere_and_relations)
{
	expect("</a>,<coap://other/x>;rt=y,<http://e/t123>;anchor=\"/a\";rel=\"describedby\",</t>;anchor=\"/a b\"",
	       "coap://h\n"
	       "└─ /a\n"
	       "elsewhere:\n"
	       "   coap://other/x  rt=y\n"
	       "relations:\n"
	       "   /a --describedby--> http://e/t123\n"
	       "   \"/a b\" --hosts--> /t\n");
}

Test(tree, commands_to_a_terminal_are_escaped)
{
	expect("</\xff>,<x:\xfe>,</y>;anchor=\"\033c\"",
	       "coap://h\n"
	       "└─ /\"\\xff\"\n"
	       "elsewhere:\n"
	       "   \"x:\\xfe\"\n"
	       "relations:\n"
	       "   \"\\x1bc\" --hosts--> /y\n");
}

/* Each path is a segment longer: the lines do not grow without end. */
Test(tree, deep_ones_stay_readable)
{
	static char document[100000];
	char *text, *line, *at;
	size_t n = 0, lines = 0;

	for (unsigned i = 1; i <= 200; i++) {
		n += (size_t)snprintf(document + n, sizeof document - n, "%s<", i > 1 ? "," : "");
		for (unsigned k = 0; k < i; k++)
			n += (size_t)snprintf(document + n, sizeof document - n, "/a");
		n += (size_t)snprintf(document + n, sizeof document - n, ">");
	}
	at = text = print(document, &(struct tree_look){ .utf8 = true });
	for (; (line = strsep(&at, "\n")) && *line; lines++)
		cr_assert_lt(strlen(line), 200);
	cr_assert_eq(lines, 201);
	free(text);
}
