#include "coap/linkformat.h"
#include "vectors.h"

#define ATTRS_MAX 16

static struct span json_span(json_t *s)
{
	return span_of(json_string_value(s), json_string_length(s));
}

/* Whether the document has the attribute without quotes, which its list of
 * attributes does not tell. */
static bool is_bare(const char *document, json_t *name, json_t *value)
{
	char text[256];

	snprintf(text, sizeof text, ";%s=%s", json_string_value(name),
		 json_string_value(value));
	return json_string_length(value) && strstr(document, text);
}

static void link_of(json_t *v, const char *document, struct link_attr *attrs,
		    struct link *out)
{
	json_t *pair, *list = json_object_get(v, "attrs");
	size_t i;

	*out = (struct link){ json_span(json_object_get(v, "href")), attrs,
			      json_array_size(list) };
	cr_assert_leq(out->attr_count, ATTRS_MAX);
	json_array_foreach(list, i, pair) {
		json_t *name = json_array_get(pair, 0), *value = json_array_get(pair, 1);

		attrs[i] = json_is_null(value) ? link_flag(json_span(name))
					       : link_attr(json_span(name), json_span(value));
		if (!json_is_null(value) && is_bare(document, name, value))
			attrs[i].form = LINK_TOKEN;
	}
}

/* Writes the links of a document that pass the query (all, if it is NULL), a
 * window of it at a time. */
static size_t render(json_t *document, const char *query, size_t window, char *out,
		     size_t cap)
{
	size_t n = 0;
	bool more = true;

	while (more) {
		uint8_t *start = (uint8_t *)out + n;
		struct link_stream s;
		json_t *v;
		size_t i;

		cr_assert_lt(n + window, cap);
		s = link_stream(writer_of(start, window), n);
		json_array_foreach(json_object_get(document, "links"), i, v) {
			struct link_attr attrs[ATTRS_MAX];
			struct link link;

			link_of(v, vectors_text(document, "text"), attrs, &link);
			if (!query || link_matches(&link, span_str(query)))
				link_stream_add(&s, &link);
		}
		cr_assert(!s.w.full);
		more = link_stream_more(&s, start);
		n = (size_t)(s.w.p - (uint8_t *)out);
	}
	out[n] = '\0';
	return n;
}

Test(linkformat, documents_are_written)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	char text[4096];
	size_t i;

	json_array_foreach(vectors_list(root, "documents"), i, v) {
		render(v, NULL, 2000, text, sizeof text);
		cr_assert_str_eq(text, vectors_text(v, "text"));
	}
	json_decref(root);
}

Test(linkformat, documents_are_written_in_windows)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	static const size_t windows[] = { 1, 7, 16, 64 };
	char text[4096];
	size_t i;

	json_array_foreach(vectors_list(root, "documents"), i, v)
		for (size_t k = 0; k < 4; k++) {
			render(v, NULL, windows[k], text, sizeof text);
			cr_assert_str_eq(text, vectors_text(v, "text"));
		}
	json_decref(root);
}

static json_t *document_named(json_t *root, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(vectors_list(root, "documents"), i, v)
		if (!strcmp(vectors_text(v, "name"), name))
			return v;
	cr_assert_fail("no document %s", name);
	return NULL;
}

/* The filters stand percent-encoded, as in a URI; options hold them decoded. */
static void decode(const char *in, char *out)
{
	unsigned byte;

	while (*in) {
		if (*in == '%' && sscanf(in + 1, "%2x", &byte) == 1) {
			*out++ = (char)byte;
			in += 3;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
}

Test(linkformat, filters)
{
	json_t *root = vectors_load("linkformat_rfc6690.json"), *v;
	char text[4096], query[256];
	size_t i;

	json_array_foreach(vectors_list(root, "filters"), i, v) {
		decode(vectors_text(v, "query"), query);
		render(document_named(root, vectors_text(v, "document")), query, 2000,
		       text, sizeof text);
		cr_assert_str_eq(text, vectors_text(v, "expected"), "%s", query);
	}
	json_decref(root);
}

static bool matches(struct link_attr attr, const char *query)
{
	struct link link = { span_str("/a"), &attr, 1 };

	return link_matches(&link, span_str(query));
}

Test(linkformat, filter_of_lists_and_flags)
{
	struct link_attr rt = link_attr(span_str("rt"), span_str("one two"));
	struct link_attr title = link_attr(span_str("title"), span_str("one two"));
	struct link_attr obs = link_flag(span_str("obs"));
	struct link_attr none = link_attr(span_str("rt"), span_str(""));

	cr_assert(matches(rt, "rt=two"));
	cr_assert(matches(rt, "rt=tw*"));
	cr_assert(!matches(rt, "rt=one two"));
	cr_assert(!matches(rt, "rt=wo"));
	cr_assert(matches(title, "title=one two"));
	cr_assert(!matches(title, "title=two"));
	cr_assert(matches(obs, "obs=*"));
	cr_assert(!matches(obs, "obs=1"));
	cr_assert(matches(none, "rt=*"));
	cr_assert(matches(none, "rt="));
	cr_assert(!matches(none, "rt=a*"));
}

Test(linkformat, query_without_equals_sign_is_no_filter)
{
	cr_assert(matches(link_flag(span_str("obs")), ""));
	cr_assert(matches(link_flag(span_str("obs")), "rt"));
	cr_assert(matches(link_flag(span_str("obs")), "*"));
	cr_assert(!matches(link_flag(span_str("obs")), "=*"));
}

Test(linkformat, one_link_that_does_not_fit_is_told)
{
	uint8_t out[16];
	struct writer w = writer_of(out, sizeof out);
	struct link link = { span_str("/12345678"), NULL, 0 };

	link_write(&w, &link);
	cr_assert(!w.full);
	cr_assert_arr_eq(out, "</12345678>", 11);
	link_write(&w, &link);
	cr_assert(w.full);
}
