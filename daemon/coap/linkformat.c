#include "coap/linkformat.h"

/* --- writing ----------------------------------------------------------------- */

static bool is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

struct link_attr link_attr(struct span name, struct span value)
{
	return (struct link_attr){ name, value,
				   is_number(value) ? LINK_TOKEN : LINK_QUOTED };
}

struct link_attr link_flag(struct span name)
{
	return (struct link_attr){ name, { NULL, 0 }, LINK_FLAG };
}

void link_stream_put(struct link_stream *s, struct span bytes)
{
	size_t before = s->offset > s->total ? s->offset - s->total : 0;
	size_t room = writer_left(&s->w), n;

	s->total += bytes.n;
	if (before >= bytes.n)
		return;
	n = bytes.n - before;
	write_bytes(&s->w, bytes.p + before, n < room ? n : room);
}

static void put_text(struct link_stream *s, const char *text)
{
	link_stream_put(s, span_str(text));
}

static void put_quoted(struct link_stream *s, struct span value)
{
	put_text(s, "\"");
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			put_text(s, "\\");
		link_stream_put(s, span_of(value.p + i, 1));
	}
	put_text(s, "\"");
}

static void put_attr(struct link_stream *s, const struct link_attr *attr)
{
	put_text(s, ";");
	link_stream_put(s, attr->name);
	if (attr->form == LINK_FLAG)
		return;
	put_text(s, "=");
	if (attr->form == LINK_TOKEN)
		link_stream_put(s, attr->value);
	else
		put_quoted(s, attr->value);
}

void link_stream_add(struct link_stream *s, const struct link *link)
{
	if (s->total)
		put_text(s, ",");
	put_text(s, "<");
	link_stream_put(s, link->href);
	put_text(s, ">");
	for (size_t i = 0; i < link->attr_count; i++)
		put_attr(s, &link->attrs[i]);
}

void link_write(struct writer *w, const struct link *link)
{
	struct link_stream s = link_stream(*w, 0);

	link_stream_add(&s, link);
	if (link_stream_more(&s, w->p))
		s.w.full = true;
	*w = s.w;
}

/* --- filtering --------------------------------------------------------------- */

/* What stands after "name=" in a query. */
struct filter {
	struct span value;
	bool prefix;
};

static bool value_matches(struct span value, const struct filter *f)
{
	if (f->prefix && value.n > f->value.n)
		value.n = f->value.n;
	return span_eq(value, f->value);
}

/* Matches each of the words that spaces separate; an empty list is one empty
 * word, for the attribute does exist. */
static bool word_matches(struct span words, const struct filter *f)
{
	for (;;) {
		const uint8_t *space = words.n ? memchr(words.p, ' ', words.n) : NULL;
		size_t n = space ? (size_t)(space - words.p) : words.n;

		if (value_matches(span_of(words.p, n), f))
			return true;
		if (!space)
			return false;
		words = span_of(space + 1, words.n - n - 1);
	}
}

static bool has_many_values(struct span name)
{
	static const char *const names[] = { "rt", "if", "rel", "rev", "ct" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_str(names[i])))
			return true;
	return false;
}

bool link_matches(const struct link *link, struct span query)
{
	const uint8_t *equals = query.n ? memchr(query.p, '=', query.n) : NULL;
	struct filter f = { .prefix = query.n && query.p[query.n - 1] == '*' };
	struct span name;
	bool many;

	if (!equals)
		return true;
	name = span_of(query.p, (size_t)(equals - query.p));
	f.value = span_of(equals + 1, query.n - name.n - 1 - f.prefix);
	if (span_eq(name, span_str("href")))
		return value_matches(link->href, &f);
	many = has_many_values(name);
	for (size_t i = 0; i < link->attr_count; i++)
		if (span_eq(link->attrs[i].name, name) &&
		    (many ? word_matches : value_matches)(link->attrs[i].value, &f))
			return true;
	return false;
}
