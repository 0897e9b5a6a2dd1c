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

/* --- filters -------------------------------------------------------------------- */

/* Attributes as link_matches() takes them: plain holds their values. */
struct attributes {
	struct link_attr *v;
	size_t n;
	uint8_t *plain;
};

static int attributes_of(struct attributes *a, struct span params)
{
	struct links_param p;
	struct writer w;

	/* Each takes two bytes of the text at least, and its value no more than it has there. */
	a->n = 0;
	a->v = calloc(params.n / 2 + 1, sizeof *a->v);
	a->plain = malloc(params.n + 1);
	if (!a->v || !a->plain)
		return -ENOMEM;
	w = writer_of(a->plain, params.n + 1);
	while (links_param(&params, &p)) {
		uint8_t *start = w.p;

		links_write_value(&w, &p);
		a->v[a->n++] = (struct link_attr){ p.name, span_of(start, (size_t)(w.p - start)),
						   p.form };
	}
	return 0;
}

static void attributes_free(struct attributes *a)
{
	free(a->v);
	free(a->plain);
}

/* 1: it passes every filter; 0; -ENOMEM. */
static int passes(const struct catalog_entry *e, const char *const *filters, unsigned n)
{
	struct attributes a;
	int rc = attributes_of(&a, e->params);
	struct link link = { e->href, a.v, a.n };

	for (unsigned i = 0; rc >= 0 && i < n; i++)
		if (!link_matches(&link, span_str(filters[i]))) {
			attributes_free(&a);
			return 0;
		}
	attributes_free(&a);
	return rc < 0 ? rc : 1;
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
	struct links_reader r = links_reader(document);
	struct links_link link;
	size_t room = 0;

	*c = (struct catalog){ 0 };
	while (links_next(&r, &link)) {
		struct catalog_entry e = { .href = link.href, .params = link.params };
		struct links_param anchor;
		int rc = nfilters ? passes(&e, filters, nfilters) : 1;

		place(&e, base);
		e.relation = catalog_param(&e, "anchor", &anchor);
		if (rc > 0)
			rc = keep(c, &room, &e);
		else
			c->passed_over++;
		if (rc < 0)
			return rc;
	}
	c->wrong = r.wrong;
	c->at = r.at;
	return 0;
}

void catalog_free(struct catalog *c)
{
	free(c->v);
	*c = (struct catalog){ 0 };
}

bool catalog_param(const struct catalog_entry *e, const char *name, struct links_param *out)
{
	struct span params = e->params;

	while (links_param(&params, out))
		if (span_eq(out->name, span_str(name)))
			return true;
	return false;
}
