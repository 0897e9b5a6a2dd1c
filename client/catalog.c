#include "client/catalog.h"

#include "base/ascii.h"
#include "coap/uri_resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* --- where a target is ---------------------------------------------------------- */

static bool same_origin(const struct uri *a, const struct uri *b)
{
	if (a->scheme != b->scheme || a->port != b->port || a->literal != b->literal)
		return false;
	return a->literal ? memcmp(a->ip, b->ip, sizeof a->ip) == 0 : ascii_same(a->host, b->host);
}

/* "scheme://host:port", which is what references are relative to (RFC 6690 section 2.1). */
static void write_origin(struct writer *w, const struct uri *u)
{
	bool brackets = u->host.n && memchr(u->host.p, ':', u->host.n);
	char port[16];

	snprintf(port, sizeof port, "%s:%u", brackets ? "]" : "", u->port);
	write_span(w, span_str(uri_scheme_name(u->scheme)));
	write_span(w, span_str(brackets ? "://[" : "://"));
	write_span(w, u->host);
	write_span(w, span_str(port));
}

/* Where the path of a URI begins that is on the same server; NULL: it is not. */
static const uint8_t *path_here(struct span target, struct span origin, const struct uri *base)
{
	const uint8_t *end = target.p + target.n;
	struct uri u;

	/* What was relative need be no good URI to be shown. */
	if (target.n >= origin.n && !memcmp(target.p, origin.p, origin.n) &&
	    (target.n == origin.n || strchr("/?", target.p[origin.n])))
		return target.p + origin.n;
	if (uri_parse(target, &u, NULL) || !same_origin(&u, base))
		return NULL;
	return u.path.n ? u.path.p : u.has_query ? u.query.p - 1 : end;
}

/* 0, or -ENOMEM. */
static int place(struct catalog_entry *e, const struct uri *base)
{
	size_t room = 2 * (base->host.n + e->href.n) + 64;
	struct writer w;
	struct span origin, target, href = e->href;
	const uint8_t *hash = href.n ? memchr(href.p, '#', href.n) : NULL, *path;

	e->target = malloc(room);
	if (!e->target)
		return -ENOMEM;
	if (hash)               /* a part of what is there, not another place */
		href.n = (size_t)(hash - href.p);
	w = writer_of(e->target, room);
	write_origin(&w, base);
	origin = span_of(e->target, (size_t)(w.p - e->target));
	target.p = w.p;
	if (uri_resolve(&w, origin, href, NULL))
		return 0;
	target.n = (size_t)(w.p - target.p);
	path = path_here(target, origin, base);
	if (!path)
		return 0;
	e->here = true;
	path += path < w.p && *path == '/';
	e->path = span_of(path, (size_t)(w.p - path));
	return 0;
}

static bool passes(const struct link *link, const char *const *filters, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!link_matches(link, span_str(filters[i])))
			return false;
	return true;
}

/* --- the document --------------------------------------------------------------- */

static int keep(struct catalog *c, size_t *room, const struct catalog_entry *e)
{
	if (c->n == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct catalog_entry *v = reallocarray(c->v, more, sizeof *v);

		if (!v)
			return -ENOMEM;
		c->v = v;
		*room = more;
	}
	c->v[c->n++] = *e;
	return 0;
}

int catalog_read(struct catalog *c, struct span document, const struct uri *base,
		 const char *const *filters, unsigned nfilters)
{
	struct link_parse p;
	struct link link;
	size_t room = 0;
	int rc;

	*c = (struct catalog){ 0 };
	link_parse(&p, document);
	while ((rc = link_parse_next(&p, &link, &c->wrong)) > 0) {
		const uint8_t *start = link.href.p - 1, *end = p.text.p + p.at;
		struct catalog_entry e = { .text = span_of(start, (size_t)(end - start)),
					   .href = link.href,
					   .relation = link_find(&link, "anchor") != NULL };

		if (!passes(&link, filters, nfilters)) {
			c->passed_over++;
			continue;
		}
		if (place(&e, base) || keep(c, &room, &e)) {
			free(e.target);
			return -ENOMEM;
		}
	}
	c->malformed = rc < 0;
	c->at = p.at;
	return 0;
}

void catalog_free(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].target);
	free(c->v);
	*c = (struct catalog){ 0 };
}

void catalog_link(const struct catalog_entry *e, struct link_parse *p, struct link *out)
{
	link_parse(p, e->text);
	if (link_parse_next(p, out, NULL) <= 0)         /* it could be read before */
		*out = (struct link){ .href = e->href };
}
