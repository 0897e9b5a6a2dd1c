#include "resource/router.h"

#include "coap/path_abbrev.h"
#include "coap/path_hash.h"

#include <errno.h>
#include <stdlib.h>

/* What the host adds to the number of a path: nothing for the default one. */
static uint64_t host_hash(const char *host)
{
	return host ? path_hash_add(~PATH_HASH, span_str(host)) : 0;
}

static bool same_host(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static uint64_t prefix_hash(const struct route *route, size_t n)
{
	uint64_t h = PATH_HASH;

	for (size_t i = 0; i < n; i++)
		h = path_hash_add(h, span_str(route->segments[i]));
	return h ^ host_hash(route->host);
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

/* Bytes of a segment as an option, at most. */
static size_t most_of(struct span segment)
{
	return 3 + segment.n;
}

static int make_encoded(struct router *r, uint32_t n)
{
	size_t all = 1;
	struct writer w;

	for (uint32_t i = 0; i < n; i++)
		for (size_t k = 0; k < r->routes[i].nsegments; k++)
			all += most_of(r->segment[r->first[i] + k]);
	r->encoded = malloc((n + 1) * sizeof *r->encoded);
	r->bytes = malloc(all);
	if (!r->encoded || !r->bytes)
		return -ENOMEM;
	w = writer_of(r->bytes, all);
	for (uint32_t i = 0; i < n; i++) {
		struct option_writer ow = { &w, OPT_URI_PATH };
		const uint8_t *at = w.p;

		for (size_t k = 0; k < r->routes[i].nsegments; k++)
			option_write(&ow, OPT_URI_PATH, r->segment[r->first[i] + k]);
		r->encoded[i] = span_of(at, (size_t)(w.p - at));
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
		r->place[i] = (struct router_place){ 0, ROUTER_NONE };
	if (make_segments(r, n))
		return -ENOMEM;
	return make_encoded(r, n);
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
	free(r->encoded);
	free(r->bytes);
	*r = (struct router){ 0 };
}

/* A look-up under way: the path as far as it was read. */
struct search {
	const struct router *r;
	uint64_t host, hash;
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
	s->hash = path_hash_add(s->hash, segment);
	found = find_place(s->r, s->hash ^ s->host, &s->path)->route;
	if (found != ROUTER_NONE)
		s->best = found;
}

static void go_on_abbreviated(struct search *s, struct span value)
{
	const struct path_abbrev *a = path_abbrev(value);

	for (unsigned i = 0; a && i < a->n; i++)
		go_on(s, span_str(a->segment[i]));
}

uint32_t router_search(const struct router *r, const char *host, struct span options,
		       size_t *segments)
{
	struct option_iter it = option_iter(options);
	struct search s;
	struct option o;

	s.r = r;
	s.host = host_hash(host);
	s.hash = PATH_HASH;
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
	return find_place(r, PATH_HASH ^ s.host, &s.path)->route;
}
