#include "resource/router.h"

#include "base/hash.h"
#include "coap/option.h"
#include "coap/path_abbrev.h"

#include <errno.h>
#include <stdlib.h>

/* No secret: only the operator puts anything into the table, and what a peer
 * asks for is compared in full. */
static const struct hash_key key = { { 0x51a7d0c3f2b86e95u, 0x2f8e4b97c61d30abu } };
static const uint64_t root_hash = 0x6c62272e07bb0142u;

static uint64_t extend(uint64_t h, struct span segment)
{
	return hash_words(&key, h, hash_bytes(&key, segment.p, segment.n));
}

static uint64_t root_of(const char *host)
{
	return host ? extend(~root_hash, span_str(host)) : root_hash;
}

static bool same_host(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static uint64_t prefix_hash(const struct route *route, size_t n)
{
	uint64_t h = root_of(route->host);

	for (size_t i = 0; i < n; i++)
		h = extend(h, span_str(route->segments[i]));
	return h;
}

uint64_t router_hash(const struct route *route)
{
	return prefix_hash(route, route->nsegments);
}

/* A path in hand: the first n segments of a request's, or of a route's. */
struct path {
	const char *host;
	size_t n;
	struct span segment[ROUTER_DEPTH];
};

static bool is_path_of(const struct router *r, uint32_t number, const struct path *path)
{
	const struct route *route = &r->routes[number];
	const struct span *segment = &r->segment[r->first[number]];

	if (route->nsegments != path->n || !same_host(route->host, path->host))
		return false;
	for (size_t i = 0; i < path->n; i++)
		if (!span_eq(segment[i], path->segment[i]))
			return false;
	return true;
}

/* The place of the route that is exactly this path, or the free one where it
 * would go. */
static struct router_place *find_place(const struct router *r, uint64_t hash,
				       const struct path *path)
{
	size_t i = hash & r->mask;

	while (r->place[i].route != ROUTER_NONE) {
		if (r->place[i].hash == hash && is_path_of(r, r->place[i].route, path))
			break;
		i = (i + 1) & r->mask;
	}
	return &r->place[i];
}

static void path_of(const struct route *route, struct path *path)
{
	path->host = route->host;
	path->n = route->nsegments;
	for (size_t i = 0; i < path->n; i++)
		path->segment[i] = span_str(route->segments[i]);
}

static int add(struct router *r, uint32_t number)
{
	const struct route *route = &r->routes[number];
	struct router_place *p;
	struct path path;

	if (route->nsegments > ROUTER_DEPTH)
		return -E2BIG;
	path_of(route, &path);
	p = find_place(r, router_hash(route), &path);
	if (p->route != ROUTER_NONE)
		return -EEXIST;
	*p = (struct router_place){ router_hash(route), number };
	if (path.n > r->depth)
		r->depth = path.n;
	return 0;
}

static uint32_t find_shorter(const struct router *r, const struct route *route)
{
	uint32_t found = ROUTER_NONE;
	struct path path;

	path_of(route, &path);
	while (path.n && found == ROUTER_NONE) {
		path.n--;
		found = find_place(r, prefix_hash(route, path.n), &path)->route;
	}
	return found;
}

static int make_segments(struct router *r, uint32_t n)
{
	size_t all = 0;

	for (uint32_t i = 0; i < n; i++)
		all += r->routes[i].nsegments;
	r->segment = malloc((all + 1) * sizeof *r->segment);
	r->first = malloc((n + 1) * sizeof *r->first);
	if (!r->segment || !r->first)
		return -ENOMEM;
	all = 0;
	for (uint32_t i = 0; i < n; i++) {
		r->first[i] = (uint32_t)all;
		for (size_t k = 0; k < r->routes[i].nsegments; k++)
			r->segment[all++] = span_str(r->routes[i].segments[k]);
	}
	return 0;
}

static int make_tables(struct router *r, uint32_t n)
{
	size_t cap = 4;

	while (cap < 2 * (size_t)n)
		cap *= 2;
	r->mask = cap - 1;
	r->place = malloc(cap * sizeof *r->place);
	r->shorter = malloc((n + 1) * sizeof *r->shorter);
	if (!r->place || !r->shorter)
		return -ENOMEM;
	for (size_t i = 0; i < cap; i++)
		r->place[i].route = ROUTER_NONE;
	return make_segments(r, n);
}

int router_init(struct router *r, const struct route *routes, uint32_t n, uint32_t *which)
{
	int status;

	*r = (struct router){ .routes = routes };
	*which = 0;
	status = make_tables(r, n);
	for (uint32_t i = 0; i < n && status == 0; i++) {
		*which = i;
		status = add(r, i);
	}
	if (status) {
		router_free(r);
		return status;
	}
	for (uint32_t i = 0; i < n; i++)
		r->shorter[i] = find_shorter(r, &routes[i]);
	return 0;
}

void router_free(struct router *r)
{
	free(r->place);
	free(r->shorter);
	free(r->segment);
	free(r->first);
	*r = (struct router){ 0 };
}

/* A look-up under way: the path as far as it was read. */
struct search {
	const struct router *r;
	uint64_t hash;
	struct path path;
	size_t segments;
	uint32_t best;
};

static void go_on(struct search *s, struct span segment)
{
	uint32_t found;

	if (s->segments++ >= s->r->depth)
		return;
	s->path.segment[s->path.n++] = segment;
	s->hash = extend(s->hash, segment);
	found = find_place(s->r, s->hash, &s->path)->route;
	if (found != ROUTER_NONE)
		s->best = found;
}

static void go_on_abbreviated(struct search *s, struct span value)
{
	const struct path_abbrev *a = path_abbrev(value);

	for (unsigned i = 0; a && i < a->n; i++)
		go_on(s, span_str(a->segment[i]));
}

uint32_t router_find(const struct router *r, const char *host, struct span options,
		     size_t *segments)
{
	struct option_iter it = option_iter(options);
	struct search s;
	struct option o;

	s.r = r;
	s.hash = root_of(host);
	s.path.host = host;
	s.path.n = s.segments = 0;
	s.best = ROUTER_NONE;
	while (option_next(&it, &o) && o.number <= OPT_URI_PATH_ABBREV)
		if (o.number == OPT_URI_PATH)
			go_on(&s, o.value);
		else if (o.number == OPT_URI_PATH_ABBREV)
			go_on_abbreviated(&s, o.value);
	*segments = s.segments;
	if (s.best != ROUTER_NONE)
		return s.best;
	s.path.n = 0;
	return find_place(r, root_of(host), &s.path)->route;
}
