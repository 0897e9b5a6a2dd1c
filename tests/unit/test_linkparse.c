#include "coap/linkparse.h"
#include "vectors.h"

/* --- vectors ----------------------------------------------------------------- */

static struct span json_span(json_t *s)
{
	return span_of(json_string_value(s), json_string_length(s));
}

static void expect_link(const struct link *link, json_t *want, const char *text)
{
	json_t *list = json_object_get(want, "attrs"), *pair;
	size_t i;

	cr_assert_span(link->href, json_span(json_object_get(want, "href")));
	cr_assert_eq(link->attr_count, json_array_size(list), "%s", text);
	json_array_foreach(list, i, pair) {
		json_t *value = json_array_get(pair, 1);

		cr_assert_span(link->attrs[i].name, json_span(json_array_get(pair, 0)));
		cr_assert_eq(link->attrs[i].form == LINK_FLAG, json_is_null(value), "%s", text);
		if (!json_is_null(value))
			cr_assert_span(link->attrs[i].value, json_span(value));
	}
}

/* Reads the links of a document, and writes them as they stood. */
static void expect_links(const char *text, json_t *want)
{
	struct link_parse p;
	struct err e = { "" };
	struct link link;
	char again[4096];
	struct link_stream s = link_stream(writer_of(again, sizeof again), 0);
	json_t *v;
	size_t i;

	link_parse(&p, span_str(text));
	json_array_foreach(want, i, v) {
		cr_assert_eq(link_parse_next(&p, &link, &e), 1, "%s: %s", text, e.text);
		expect_link(&link, v, text);
		link_stream_add(&s, &link);
	}
	cr_assert_eq(link_parse_next(&p, &link, &e), 0, "%s: %s", text, e.text);
	cr_assert_eq(link_parse_next(&p, &link, &e), 0, "the end stays the end");
	cr_assert_span(span_of(again, s.total), span_str(text));
}

Test(linkparse, documents)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "documents"), i, v)
		expect_links(vectors_text(v, "text"), json_object_get(v, "links"));
	json_array_foreach(vectors_list(root, "parse"), i, v)
		expect_links(vectors_text(v, "text"), json_object_get(v, "links"));
	json_decref(root);
}

/* What resource directories answer; where the RFC prints what is no link format,
 * the vector has a corrected payload beside it. */
Test(linkparse, documents_of_resource_directories)
{
	json_t *root = vectors_load("rd_rfc9176.json"), *exchange, *step;
	unsigned read = 0;
	size_t i, k;

	json_array_foreach(vectors_list(root, "exchanges"), i, exchange)
		json_array_foreach(json_object_get(exchange, "steps"), k, step) {
			json_t *links = json_object_get(step, "links");
			const char *key = json_object_get(step, "payload_corrected")
					? "payload_corrected" : "payload";

			if (!links || !json_object_get(step, key))
				continue;
			expect_links(vectors_text(step, key), links);
			read++;
		}
	cr_assert_gt(read, 20);
	json_decref(root);
}

static void expect_refused(const char *text, size_t at, const char *why)
{
	struct link_parse p;
	struct err e = { "" };
	struct link link;
	char place[32];
	int rc;

	link_parse(&p, span_str(text));
	while ((rc = link_parse_next(&p, &link, &e)) == 1)
		;
	cr_assert_lt(rc, 0, "%s", text);
	cr_expect(strstr(e.text, why), "%s: said \"%s\"", text, e.text);
	snprintf(place, sizeof place, "(byte %zu)", at + 1);
	cr_expect_eq(p.at, at, "%s: at %zu", text, p.at);
	cr_expect(strstr(e.text, place), "%s: said \"%s\"", text, e.text);
}

Test(linkparse, invalid)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "invalid"), i, v) {
		struct link_parse p;
		struct err e = { "" };
		struct link link;
		int rc;

		link_parse(&p, json_span(json_object_get(v, "text")));
		while ((rc = link_parse_next(&p, &link, &e)) == 1)
			;
		cr_expect_lt(rc, 0, "%s", vectors_text(v, "text"));
		cr_expect(!strncmp(e.text, "links: ", 7));
	}
	json_decref(root);
}

Test(linkparse, errors_say_what_and_where)
{
	expect_refused("/a", 0, "a link begins with \"<\"");
	expect_refused("</a>,,</b>", 5, "a link begins with");
	expect_refused("</a>,", 5, "no link after the comma");
	expect_refused("</a>, \n", 7, "no link after the comma");
	expect_refused("</a>,</b", 5, "\"<\" without \">\"");
	expect_refused("</a\n>", 3, "a character that no target has");
	expect_refused("</a<b>", 3, "a character that no target has");
	expect_refused("</a>;", 5, "no name of an attribute");
	expect_refused("</a>;;x", 5, "no name of an attribute");
	expect_refused("</a>;=y", 5, "no name of an attribute");
	expect_refused("</a>;x=", 7, "no value after \"=\"");
	expect_refused("</a>;x=;y", 7, "no value after \"=\"");
	expect_refused("</a>;x=\"y", 7, "a quote without its second one");
	expect_refused("</a>;x=\"y\\\"", 7, "a quote without its second one");
	expect_refused("</a>;x=\"y\\", 7, "a quote without its second one");
	expect_refused("</a>;x=\"y\"z", 10, "ends in a comma or the end");
	expect_refused("</a> ;x", 5, "ends in a comma or the end");
	expect_refused("</a></b>", 4, "ends in a comma or the end");
	expect_refused("</a>;x=y\x01", 8, "ends in a comma or the end");
}

/* --- one link ---------------------------------------------------------------- */

static struct link_parse parser;

static struct link only_link(const char *text)
{
	struct err e = { "" };
	struct link link, none;

	link_parse(&parser, span_str(text));
	cr_assert_eq(link_parse_next(&parser, &link, &e), 1, "%s: %s", text, e.text);
	cr_assert_eq(parser.at, strlen(text));
	cr_assert_eq(link_parse_next(&(struct link_parse){ .text = span_str("") }, &none, &e), 0);
	return link;
}

static void expect_value(const struct link *link, const char *name, const char *value)
{
	const struct link_attr *attr = link_find(link, name);

	cr_assert_not_null(attr, "%s", name);
	cr_assert_span(attr->value, span_str(value));
}

Test(linkparse, forms_of_attributes)
{
	struct link link = only_link("</a>;obs;ct=40;title=\"A, b; <c>\";title*=UTF-8''%e2%82%ac");

	cr_assert_eq(link.attr_count, 4);
	cr_assert_eq(link.attrs[0].form, LINK_FLAG);
	cr_assert_eq(link.attrs[1].form, LINK_TOKEN);
	cr_assert_eq(link.attrs[2].form, LINK_QUOTED);
	expect_value(&link, "obs", "");
	expect_value(&link, "ct", "40");
	expect_value(&link, "title", "A, b; <c>");
	expect_value(&link, "title*", "UTF-8''%e2%82%ac");
	cr_assert_null(link_find(&link, "titl"));
	cr_assert_null(link_find(&link, "rt"));
}

Test(linkparse, the_first_of_equals_is_found)
{
	struct link link = only_link("</a>;rt=one;rt=two");

	expect_value(&link, "rt", "one");
	cr_assert_eq(link.attr_count, 2);
}

Test(linkparse, escapes_are_taken_out)
{
	struct link link = only_link("</a>;t=\"say \\\"no\\\" \\\\\";u=\"plain\";v=\"\\a\\,\"");

	expect_value(&link, "t", "say \"no\" \\");
	expect_value(&link, "u", "plain");
	expect_value(&link, "v", "a,");
}

Test(linkparse, blanks_and_lines_between_links)
{
	struct err e = { "" };
	struct link link;
	unsigned n = 0;

	link_parse(&parser, span_str("\r\n </a>;ct=40 , \t</b>\n  ;rel=\"x\"\r\n ;obs,\n</c>\n"));
	while (link_parse_next(&parser, &link, &e) == 1)
		n++;
	cr_assert_str_eq(e.text, "");
	cr_assert_eq(n, 3);
	cr_assert_span(link.href, span_str("/c"));
	link_parse(&parser, span_str("</a>,"));
	cr_assert_eq(link_parse_next(&parser, &link, &e), 1);
	link_parse(&parser, span_str(" \n"));
	cr_assert_eq(link_parse_next(&parser, &link, &e), 0);
	link_parse(&parser, span_of(NULL, 0));
	cr_assert_eq(link_parse_next(&parser, &link, &e), 0);
}

/* --- limits ------------------------------------------------------------------ */

Test(linkparse, more_attributes_than_are_read_are_refused)
{
	char text[8 + 2 * LINK_ATTRS_MAX] = "</a>";
	struct link link;

	for (unsigned i = 0; i < LINK_ATTRS_MAX; i++)
		strcat(text, ";x");
	link = only_link(text);
	cr_assert_eq(link.attr_count, LINK_ATTRS_MAX);
	strcat(text, ";x");
	expect_refused(text, strlen(text) - 1, "more attributes than are read");
}

Test(linkparse, more_escapes_than_are_read_are_refused)
{
	char text[LINK_ESCAPED_MAX + 32] = "</a>;t=\"\\";
	struct link link;
	size_t n = strlen(text);

	memset(text + n, 'x', LINK_ESCAPED_MAX);
	memcpy(text + n + LINK_ESCAPED_MAX, "\";u=\"\"", 7);
	link = only_link(text);
	cr_assert_eq(link.attrs[0].value.n, LINK_ESCAPED_MAX);
	memcpy(text + n + LINK_ESCAPED_MAX, "\";u=\"\\\\\"", 9);
	expect_refused(text, strlen(text), "more escaped text than is read");
}
