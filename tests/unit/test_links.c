#include "coap/links.h"
#include "vectors.h"

static struct span json_span(json_t *s)
{
	return span_of(json_string_value(s), json_string_length(s));
}

static void expect_param(const struct links_param *p, json_t *pair)
{
	json_t *value = json_array_get(pair, 1);
	uint8_t plain[256];
	struct writer w = writer_of(plain, sizeof plain);

	cr_assert_span(p->name, json_span(json_array_get(pair, 0)));
	cr_assert_eq(p->form == LINK_FLAG, json_is_null(value));
	links_write_value(&w, p);
	if (!json_is_null(value))
		cr_assert_span(span_of(plain, (size_t)(w.p - plain)), json_span(value));
}

/* The document has exactly the links of the list. */
static void expect_links(struct span document, json_t *list)
{
	struct links_reader r = links_reader(document);
	struct links_link link;
	struct links_param p;
	json_t *v, *pair;
	size_t i, k;

	json_array_foreach(list, i, v) {
		cr_assert(links_next(&r, &link), "link %zu of %.*s: %s", i, (int)document.n,
			  (const char *)document.p, r.wrong);
		cr_assert_span(link.href, json_span(json_object_get(v, "href")));
		json_array_foreach(json_object_get(v, "attrs"), k, pair) {
			cr_assert(links_param(&link.params, &p));
			expect_param(&p, pair);
		}
		cr_assert(!links_param(&link.params, &p));
	}
	cr_assert(!links_next(&r, &link));
	cr_assert_null(r.wrong);
	cr_assert(!r.lax);
}

Test(links, documents_of_the_RFC)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	static const char *const lists[] = { "documents", "parse" };
	size_t i;

	for (size_t k = 0; k < 2; k++)
		json_array_foreach(vectors_list(root, lists[k]), i, v)
			expect_links(json_span(json_object_get(v, "text")),
				     json_object_get(v, "links"));
	json_decref(root);
}

/* Reads all links; where and what is wrong is left in the reader. */
static struct links_reader read_all(const char *text)
{
	struct links_reader r = links_reader(span_str(text));
	struct links_link link;

	while (links_next(&r, &link))
		;
	return r;
}

Test(links, invalid_documents_of_the_vectors)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "invalid"), i, v) {
		struct links_reader r = read_all(vectors_text(v, "text"));

		cr_assert(r.wrong || r.lax, "%s", vectors_text(v, "text"));
	}
	json_decref(root);
}

Test(links, where_and_what_is_wrong)
{
	static const struct {
		const char *text, *word;
		size_t at;
	} wrongs[] = {
		{ "/a", "begins with <", 0 },
		{ "</a>,b", "begins with <", 5 },
		{ "</a>,", "begins with <", 5 },
		{ "</a>,</b", "no > ends", 5 },
		{ "</a>x", "no comma", 4 },
		{ "</a></b>", "no comma", 4 },
		{ "</a>;", "without a name", 5 },
		{ "</a>;=y", "without a name", 5 },
		{ "</a>;x=", "= announces", 7 },
		{ "</a>;x=,</b>", "= announces", 7 },
		{ "</a>;x=\"y", "never closed", 7 },
		{ "</a>;x=\"y\\", "never closed", 7 },
		{ "</a>;x=\"y\\\"", "never closed", 7 },
		{ "</a>;x=\"y\"z", "no comma", 10 },
		{ "</a>;\xc3\xa9=1", "without a name", 5 },
	};

	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct links_reader r = read_all(wrongs[i].text);

		cr_assert(r.wrong, "%s", wrongs[i].text);
		cr_assert(strstr(r.wrong, wrongs[i].word), "%s: %s", wrongs[i].text, r.wrong);
		cr_assert_eq(r.at, wrongs[i].at, "%s: at %zu", wrongs[i].text, r.at);
	}
}

Test(links, nothing_follows_what_is_wrong)
{
	struct links_reader r = links_reader(span_str("</a>,b,</c>"));
	struct links_link link;

	cr_assert(links_next(&r, &link));
	cr_assert(!links_next(&r, &link));
	cr_assert(!links_next(&r, &link));
	cr_assert_eq(r.at, 5);
}

Test(links, blanks_are_passed_over_and_told)
{
	struct links_reader r = links_reader(span_str(" </a> ; x = 1 ,\r\n</b>;y\n"));
	struct links_link link;
	struct links_param p;

	cr_assert(links_next(&r, &link));
	cr_assert(links_param(&link.params, &p));
	cr_assert_span(p.name, span_str("x"));
	cr_assert_span(p.value, span_str("1"));
	cr_assert(!links_param(&link.params, &p));
	cr_assert(links_next(&r, &link));
	cr_assert_span(link.href, span_str("/b"));
	cr_assert(!links_next(&r, &link));
	cr_assert_null(r.wrong);
	cr_assert(r.lax);
}

Test(links, escapes_are_undone_in_quotes_alone)
{
	struct links_reader r = links_reader(span_str("</a>;q=\"\\\"\\\\x\\y\";t=a'b"));
	uint8_t plain[16];
	struct writer w = writer_of(plain, sizeof plain);
	struct links_link link;
	struct links_param p;

	cr_assert(links_next(&r, &link));
	cr_assert(links_param(&link.params, &p));
	links_write_value(&w, &p);
	cr_assert_span(span_of(plain, (size_t)(w.p - plain)), span_str("\"\\xy"));
	w = writer_of(plain, sizeof plain);
	cr_assert(links_param(&link.params, &p));
	cr_assert_eq(p.form, LINK_TOKEN);
	links_write_value(&w, &p);
	cr_assert_span(span_of(plain, (size_t)(w.p - plain)), span_str("a'b"));
}
