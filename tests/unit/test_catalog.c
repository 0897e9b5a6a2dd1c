#include "client/catalog.h"
#include "vectors.h"

static struct uri uri_of(const char *text)
{
	struct uri u;
	struct err e;

	cr_assert_eq(uri_parse(span_str(text), &u, &e), 0, "%s", e.text);
	return u;
}

static struct catalog read(const char *base, const char *document, const char *filter)
{
	struct uri u = uri_of(base);
	struct catalog c;

	cr_assert_eq(catalog_read(&c, span_str(document), &u, &filter, filter != NULL), 0);
	return c;
}

Test(catalog, links_of_the_server_are_told_from_others)
{
	static const struct {
		const char *href, *path;        /* NULL: elsewhere */
	} targets[] = {
		{ "/a/b", "a/b" }, { "/", "" }, { "", "" }, { "a", "a" }, { "/a?x=//y:1", "a?x=//y:1" },
		{ "a/b:c", "a/b:c" }, { "coap://h.example/a", "a" }, { "COAP://H.example:5683/a", "a" },
		{ "coap://h.example", "" }, { "coap://h.example?q", "?q" },
		{ "coap://h.example:5684/a", NULL }, { "coaps://h.example/a", NULL },
		{ "coap://other.example/a", NULL }, { "coap://[2001:db8::1]/a", NULL },
		{ "http://h.example/a", NULL }, { "urn:x", NULL },
		{ "//h.example/a", "a" }, { "//other/a", NULL }, { "./a", "a" }, { "/a/../b/./c", "b/c" },
		{ "../../a?b#c", "a?b" }, { "?q", "?q" }, { "#f", "" }, { "/a b%", "a b%" },
		{ "///a", NULL }, { "coap:///a", NULL }, { "coap://h.example:56831/a", NULL },
	};
	char document[200];

	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		struct catalog c;

		snprintf(document, sizeof document, "<%s>;x", targets[i].href);
		c = read("coap://h.example/.well-known/core", document, NULL);
		cr_assert_eq(c.n, 1);
		cr_assert_eq(c.v[0].here, targets[i].path != NULL, "%s", targets[i].href);
		if (targets[i].path)
			cr_assert_span(c.v[0].path, span_str(targets[i].path));
		cr_assert_span(c.v[0].href, span_str(targets[i].href));
		catalog_free(&c);
	}
}

Test(catalog, addresses_are_compared_as_such)
{
	struct catalog c = read("coap://[::1]/x", "<coap://[0:0::1]:5683/a>,<coap://[::2]/a>,<b>",
				NULL);

	cr_assert(c.v[0].here);
	cr_assert(!c.v[1].here);
	cr_assert(c.v[2].here);
	cr_assert_span(c.v[2].path, span_str("b"));
	catalog_free(&c);
}

Test(catalog, anchored_links_are_relations)
{
	struct catalog c = read("coap://h/x", "</t>;anchor=\"/a\";rel=\"alternate\",</u>;rel=x", NULL);

	cr_assert(c.v[0].relation);
	cr_assert(!c.v[1].relation);
	catalog_free(&c);
}

Test(catalog, filters_look_at_values_as_they_are_meant)
{
	struct catalog c = read("coap://h/x", "</a>;rt=\"b \\c\",</b>;rt=d,</c>;title=\"c\"", "rt=c");

	cr_assert_eq(c.n, 1);
	cr_assert_eq(c.passed_over, 2);
	cr_assert_span(c.v[0].href, span_str("/a"));
	catalog_free(&c);
}

Test(catalog, every_filter_has_to_be_passed)
{
	const char *const filters[] = { "rt=b*", "if=s" };
	struct uri u = uri_of("coap://h/x");
	struct catalog c;

	cr_assert_eq(catalog_read(&c, span_str("</a>;rt=b,</b>;if=s,</c>;rt=bc;if=\"r s\""), &u,
				  filters, 2), 0);
	cr_assert_eq(c.n, 1);
	cr_assert_span(c.v[0].href, span_str("/c"));
	catalog_free(&c);
}

Test(catalog, what_precedes_the_malformed_part_is_kept)
{
	struct catalog c = read("coap://h/x", "</a>,</b>;x=\"y,</c>", NULL);

	cr_assert_eq(c.n, 1);
	cr_assert(c.malformed);
	cr_assert_eq(c.at, 12);
	cr_assert_str_eq(c.wrong.text, "links: a quote without its second one (byte 13)");
	catalog_free(&c);
}

Test(catalog, links_are_read_again_with_all_they_have)
{
	struct catalog c = read("coap://h/x", "</a>;x=\"1\\\"\" , </b>;y,</c>", NULL);
	struct link_parse p;
	struct link link;

	cr_assert_eq(c.n, 3);
	cr_assert(!c.malformed);
	catalog_link(&c.v[0], &p, &link);
	cr_assert_span(link.href, span_str("/a"));
	cr_assert_span(link_find(&link, "x")->value, span_str("1\""));
	catalog_link(&c.v[1], &p, &link);
	cr_assert_eq(link.attr_count, 1);
	cr_assert_span(link.attrs[0].name, span_str("y"));
	catalog_link(&c.v[2], &p, &link);
	cr_assert_eq(link.attr_count, 0);
	catalog_free(&c);
}

Test(catalog, many_links)
{
	static char document[20000];
	struct catalog c;

	for (size_t i = 0, at = 0; i < 1000; i++)
		at += (size_t)snprintf(document + at, sizeof document - at, "%s</%zu>", i ? "," : "", i);
	c = read("coap://h/x", document, NULL);
	cr_assert_eq(c.n, 1000);
	cr_assert_span(c.v[999].path, span_str("999"));
	catalog_free(&c);
}
