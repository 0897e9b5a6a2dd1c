#include "coap/uri_resolve.h"

#include <errno.h>

#include "base/ascii.h"

/* A reference in its five parts (RFC 3986 section 3); a part that is absent is
 * not the same as an empty one.  A path is never absent. */
struct parts {
	struct span scheme, authority, path, query, fragment;
	bool has_scheme, has_authority, has_query, has_fragment;
};

/* --- taking apart (RFC 3986 Appendix B) -------------------------------------- */

/* Cuts off what stands behind the first c, if there is one. */
static bool cut_tail(struct span *s, uint8_t c, struct span *tail)
{
	const uint8_t *at = s->n ? memchr(s->p, c, s->n) : NULL;

	if (!at)
		return false;
	*tail = span_of(at + 1, s->n - (size_t)(at - s->p) - 1);
	s->n = (size_t)(at - s->p);
	return true;
}

/* Length of the scheme at the beginning of s, 0 if there is none. */
static size_t scheme_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && (ascii_is_alnum(s.p[n]) || (s.p[n] && strchr("+-.", s.p[n]))))
		n++;
	return n > 0 && n < s.n && s.p[n] == ':' && ascii_is_alnum(s.p[0]) &&
	       !ascii_is_digit(s.p[0]) ? n : 0;
}

static struct parts split(struct span s)
{
	struct parts out = { 0 };
	size_t n;

	out.has_fragment = cut_tail(&s, '#', &out.fragment);
	out.has_query = cut_tail(&s, '?', &out.query);
	if ((n = scheme_length(s)) > 0) {
		out.has_scheme = true;
		out.scheme = span_of(s.p, n);
		s = span_of(s.p + n + 1, s.n - n - 1);
	}
	if (s.n >= 2 && !memcmp(s.p, "//", 2)) {
		out.has_authority = true;
		for (n = 2; n < s.n && s.p[n] != '/'; n++)
			;
		out.authority = span_of(s.p + 2, n - 2);
		s = span_of(s.p + n, s.n - n);
	}
	out.path = s;
	return out;
}

/* --- paths ------------------------------------------------------------------- */

static bool begins(const uint8_t *p, size_t n, const char *with)
{
	return n >= strlen(with) && !memcmp(p, with, strlen(with));
}

/* Takes dot segments out of a path, in place, and returns its new length (RFC
 * 3986 section 5.2.4).  The output never overtakes the input: i is where the rest
 * of the input begins, o the end of the output. */
static size_t remove_dots(uint8_t *p, size_t n)
{
	size_t i = 0, o = 0;

	while (i < n) {
		const uint8_t *rest = p + i;
		size_t left = n - i;
		bool up = begins(rest, left, "/..") && (left == 3 || rest[3] == '/');
		bool stay = begins(rest, left, "/.") && (left == 2 || rest[2] == '/');

		if (begins(rest, left, "../")) {                        /* A */
			i += 3;
		} else if (begins(rest, left, "./")) {
			i += 2;
		} else if (stay || up) {                                /* B, C */
			while (up && o > 0 && p[--o] != '/')
				;
			i += up ? 3 : 2;
			if (i == n)
				p[--i] = '/';
		} else if ((left == 1 && *rest == '.') || (left == 2 && begins(rest, 2, ".."))) {
			i = n;                                          /* D */
		} else {                                                /* E */
			do
				p[o++] = p[i++];
			while (i < n && p[i] != '/');
		}
	}
	return o;
}

/* The directory of the base's path (RFC 3986 section 5.2.3). */
static struct span directory(const struct parts *base)
{
	size_t n = base->path.n;

	if (base->has_authority && !n)
		return span_str("/");
	while (n > 0 && base->path.p[n - 1] != '/')
		n--;
	return span_of(base->path.p, n);
}

/* Writes a path behind the directory it is relative to. */
static void write_path(struct writer *w, struct span before, struct span path)
{
	uint8_t *start = w->p;

	write_span(w, before);
	write_span(w, path);
	if (!w->full)
		w->p = start + remove_dots(start, (size_t)(w->p - start));
}

/* --- putting together (RFC 3986 sections 5.2.2 and 5.3) ---------------------- */

static void write_authority(struct writer *w, const struct parts *from)
{
	if (!from->has_authority)
		return;
	write_span(w, span_str("//"));
	write_span(w, from->authority);
}

static void write_tail(struct writer *w, bool has, char mark, struct span tail)
{
	if (!has)
		return;
	write_u8(w, (uint8_t)mark);
	write_span(w, tail);
}

/* Writes authority and path that r means relative to b.  False if that is a path
 * that would be taken for an authority (RFC 3986 section 3.3). */
static bool write_place(struct writer *w, const struct parts *b, const struct parts *r)
{
	bool own = r->has_scheme || r->has_authority;
	const struct parts *from = own ? r : b;
	uint8_t *start;

	write_authority(w, from);
	start = w->p;
	if (own || (r->path.n && r->path.p[0] == '/'))
		write_path(w, span_str(""), r->path);
	else if (r->path.n)
		write_path(w, directory(b), r->path);
	else
		write_span(w, b->path);
	return from->has_authority || !begins(start, (size_t)(w->p - start), "//");
}

int uri_resolve(struct writer *w, struct span base, struct span reference, struct err *e)
{
	struct parts b = split(base), r = split(reference);
	bool same_place = !r.has_scheme && !r.has_authority && !r.path.n;
	const struct parts *query = same_place && !r.has_query ? &b : &r;
	struct writer start = *w;
	bool good, full;

	if (!r.has_scheme && !b.has_scheme)
		return err_set(e, -EINVAL, "URI: a relative reference, and nothing absolute "
			       "to begin from");
	write_span(w, r.has_scheme ? r.scheme : b.scheme);
	write_u8(w, ':');
	good = write_place(w, &b, &r);
	write_tail(w, query->has_query, '?', query->query);
	write_tail(w, r.has_fragment, '#', r.fragment);
	full = w->full;
	if (good && !full)
		return 0;
	*w = start;
	return full ? err_set(e, -ENOSPC, "URI: it does not fit")
		    : err_set(e, -EINVAL, "URI: a path of two slashes and no host");
}
