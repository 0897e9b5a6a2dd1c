#include "coap/uri_resolve.h"
#include "vectors.h"

#include <errno.h>

static char text[512];
static struct err err;

static int resolve(const char *base, const char *reference, size_t cap)
{
	struct writer w = writer_of(text, cap);
	int rc;

	memset(text, 0, sizeof text);
	err.text[0] = '\0';
	rc = uri_resolve(&w, span_str(base), span_str(reference), &err);
	cr_assert(!w.full);
	cr_assert(rc == 0 || w.p == (uint8_t *)text, "%s is as it was", reference);
	*w.p = '\0';
	return rc;
}

static void expect(const char *base, const char *reference, const char *want)
{
	cr_expect_eq(resolve(base, reference, sizeof text - 1), 0, "%s", reference);
	cr_expect_str_eq(text, want, "%s: %s", reference, text);
}

struct example {
	const char *reference, *want;
};

static void expect_all(const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect("http://a/b/c/d;p?q", examples[i].reference, examples[i].want);
}

#define EXPECT_ALL(examples) expect_all(examples, sizeof examples / sizeof *examples)

/* RFC 3986 section 5.4.1. */
Test(uri_resolve, normal_examples)
{
	static const struct example examples[] = {
		{ "g:h", "g:h" },
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q#s" },
		{ "g#s", "http://a/b/c/g#s" },
		{ "g?y#s", "http://a/b/c/g?y#s" },
		{ ";x", "http://a/b/c/;x" },
		{ "g;x", "http://a/b/c/g;x" },
		{ "g;x?y#s", "http://a/b/c/g;x?y#s" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../", "http://a/" },
		{ "../../g", "http://a/g" },
	};

	EXPECT_ALL(examples);
}

/* RFC 3986 section 5.4.2; the last one as strict parsers have it. */
Test(uri_resolve, abnormal_examples)
{
	static const struct example examples[] = {
		{ "../../../g", "http://a/g" },
		{ "../../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ ".g", "http://a/b/c/.g" },
		{ "g..", "http://a/b/c/g.." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "./g/.", "http://a/b/c/g/" },
		{ "g/./h", "http://a/b/c/g/h" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/./y", "http://a/b/c/g;x=1/y" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/./x", "http://a/b/c/g?y/./x" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "g#s/./x", "http://a/b/c/g#s/./x" },
		{ "g#s/../x", "http://a/b/c/g#s/../x" },
		{ "http:g", "http:g" },
	};

	EXPECT_ALL(examples);
}

/* What discovery meets. */
Test(uri_resolve, links_of_a_host)
{
	static const char base[] = "coap://[fe80::1%25eth0]:61616/.well-known/core?rt=x";

	expect(base, "/sensors", "coap://[fe80::1%25eth0]:61616/sensors");
	expect(base, "sensors", "coap://[fe80::1%25eth0]:61616/.well-known/sensors");
	expect(base, "", "coap://[fe80::1%25eth0]:61616/.well-known/core?rt=x");
	expect(base, "coap://other/a", "coap://other/a");
	expect(base, "//[2001:db8::1]/a?b", "coap://[2001:db8::1]/a?b");
	expect("coap://h", "a", "coap://h/a");
	expect("coap://h", "../a", "coap://h/a");
	expect("coap://h", "", "coap://h");
	expect("coap://h/a", "b#c?d", "coap://h/b#c?d");
	expect("coap://h?q", "?", "coap://h?");
	expect("coap://h/a#f", "", "coap://h/a");
	expect("coap://h/a//b/", "../c", "coap://h/a//c");
}

/* Schemes, and what only looks like one. */
Test(uri_resolve, schemes)
{
	expect("coap://h/a/", "coap+tcp://h/b", "coap+tcp://h/b");
	expect("coap://h/a/", "urn:x:../y", "urn:x:../y");
	expect("coap://h/a/", "1a:b", "coap://h/a/1a:b");
	expect("coap://h/a/", ":b", "coap://h/a/:b");
	expect("coap://h/a/", "b/c:d", "coap://h/a/b/c:d");
	expect("coap://h/a/", "?x:y", "coap://h/a/?x:y");
	expect("coap://h/a/", "+a:b", "coap://h/a/+a:b");
	expect("coap://h/a?q", "urn:", "urn:");
	expect("relative", "coap://h/b", "coap://h/b");
}

/* A path that no host stands before (RFC 3986 section 5.2.4). */
Test(uri_resolve, paths_without_a_host)
{
	expect("g:h", "mid/content=5/../6", "g:mid/6");
	expect("g:h", "../../a", "g:a");
	expect("g:h", "./a", "g:a");
	expect("g:", "a", "g:a");
	expect("g:h", "..", "g:");
	expect("g:h", ".", "g:");
	expect("g:/h", "./../a/..", "g:/");
	cr_expect_eq(resolve("g:/h", "/..//a", 100), -EINVAL);
	cr_expect(strstr(err.text, "two slashes"), "%s", err.text);
}

Test(uri_resolve, what_cannot_be_is_told)
{
	cr_expect_eq(resolve("/a", "b", 100), -EINVAL);
	cr_expect(strstr(err.text, "nothing absolute"), "%s", err.text);
	cr_expect_eq(resolve("", "", 100), -EINVAL);
	cr_expect_eq(resolve("coap://h/a", "b", 10), 0);
	cr_expect_eq(resolve("coap://h/a", "b", 9), -ENOSPC);
	cr_expect(strstr(err.text, "does not fit"), "%s", err.text);
}

/* Lookups at a resource directory (RFC 9176): what was registered, and what it
 * means by the base of the registration. */
Test(uri_resolve, links_of_registrations)
{
	json_t *root = vectors_load("rd_rfc9176.json"), *v, *link;
	size_t i, k;

	json_array_foreach(vectors_list(root, "lookup_resolution"), i, v)
		json_array_foreach(vectors_list(v, "registration"), k, link)
			expect(vectors_text(v, "base"), vectors_text(link, "href"),
			       vectors_text(json_array_get(json_object_get(v, "lookup"), k),
					    "href"));
	json_decref(root);
}
