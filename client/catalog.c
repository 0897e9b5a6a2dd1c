#include "client/catalog.h"

#include "base/ascii.h"

#include <errno.h>
#include <stdlib.h>

/* --- where a target is ---------------------------------------------------------- */

static bool same_origin(const struct uri *a, const struct uri *b)
{
	if (a->scheme != b->scheme || a->port != b->port || a->literal != b->literal)
		return false;
	return a->literal ? memcmp(a->ip, b->ip, sizeof a->ip) == 0 : ascii_same(a->host, b->host);
}

/* Whether a reference begins with a scheme, or with an authority. */
static bool is_absolute(struct span href)
{
	const uint8_t *colon = href.n ? memchr(href.p, ':', href.n) : NULL;
	const uint8_t *slash = href.n ? memchr(href.p, '/', href.n) : NULL;

	return (colon && (!slash || colon < slash)) ||
	       (href.n > 1 && href.p[0] == '/' && href.p[1] == '/');
}

static struct span without_slash(struct span path)
{
	return path.n && path.p[0] == '/' ? span_of(path.p + 1, path.n - 1) : path;
}

static void place(struct catalog_entry *e, const struct uri *base)
{
	struct uri target;

	if (!is_absolute(e->href)) {
		e->here = true;
		e->path = without_slash(e->href);
	} else if (uri_parse(e->href, &target, NULL) == 0 && same_origin(&target, base)) {
		const uint8_t *end = e->href.p + e->href.n;
		const uint8_t *path = target.path.n ? target.path.p
						    : target.has_query ? target.query.p - 1 : end;

		e->here = true;
		e->path = without_slash(span_of(path, (size_t)(end - path)));
	}
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
		place(&e, base);
		if (keep(c, &room, &e))
			return -ENOMEM;
	}
	c->malformed = rc < 0;
	c->at = p.at;
	return 0;
}

void catalog_free(struct catalog *c)
{
	free(c->v);
	*c = (struct catalog){ 0 };
}

void catalog_link(const struct catalog_entry *e, struct link_parse *p, struct link *out)
{
	link_parse(p, e->text);
	if (link_parse_next(p, out, NULL) <= 0)         /* it could be read before */
		*out = (struct link){ .href = e->href };
}
