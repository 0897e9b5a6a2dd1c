/* router.h - which mount a path belongs to: the longest one that begins it.
 *
 * Paths are compared segment by segment, never as text: a "/" inside a segment
 * is no separator, and an empty segment is one (/a/ is not /a).  A table of the
 * numbers of all mounts' paths (path_hash.h).  Most requests are for a mount's own path,
 * and have its number ready; others are looked up segment by segment.  Each host has paths of its own.  Made once per worker, constant from then on. */
#ifndef RESOURCE_ROUTER_H
#define RESOURCE_ROUTER_H

#include "coap/message.h"

#define ROUTER_DEPTH 64u        /* segments a mount may have */
#define ROUTER_NONE 0xffffffffu

/* One mount's path and host, borrowed. */
struct route {
	const char *const *segments;
	size_t nsegments;
	const char *host;       /* NULL: the default one */
};

struct router_place {
	uint64_t hash;
	uint32_t route;         /* ROUTER_NONE: free */
};

struct router {
	const struct route *routes;     /* borrowed */
	struct router_place *place;     /* owned */
	struct span *segment;           /* owned; of all routes, one after the other */
	uint32_t *first;                /* owned; of each route's */
	struct span *encoded;           /* owned; of each, its options as in a message where no
					 * other comes before them, but for the first delta: 0 */
	uint8_t *bytes;                 /* owned; of these */
	uint32_t *shorter;              /* owned; the next shorter route, ROUTER_NONE */
	size_t mask, depth;
};

/* 0; -ENOMEM; -E2BIG for a path deeper than ROUTER_DEPTH; -EEXIST for two that
 * are the same.  which (not NULL) is the route to blame. */
int router_init(struct router *r, const struct route *routes, uint32_t n, uint32_t *which);
void router_free(struct router *r);

/* The longest route of that host that begins the path of a message; ROUTER_NONE if
 * there is none.  segments is how many the path has. */
uint32_t router_search(const struct router *r, const char *host, struct span options,
		       size_t *segments);

/* Whether a path as a message has it is this one: the first delta is what it may be. */
static inline bool router_is_path(struct span own, struct span path)
{
	return own.n == path.n && own.p[0] == (path.p[0] & 15) &&
	       bytes_equal(own.p + 1, path.p + 1, own.n - 1);
}

/* The route whose own path a message has, be it of another host; ROUTER_NONE: it has another
 * path, or is not to be looked up so. */
static inline uint32_t router_own(const struct router *r, const struct message *m)
{
	const struct router_place *p = &r->place[m->path_hash & r->mask];

	return m->path.n && p->hash == m->path_hash && p->route != ROUTER_NONE &&
	       router_is_path(r->encoded[p->route], m->path) &&
	       message_lacks(m, OPT_URI_PATH_ABBREV) ? p->route : ROUTER_NONE;
}

static inline uint32_t router_find(const struct router *r, const char *host,
				   const struct message *m, size_t *segments)
{
	uint32_t i = host ? ROUTER_NONE : router_own(r, m);

	if (i == ROUTER_NONE || r->routes[i].host)
		return router_search(r, host, m->options, segments);
	*segments = r->routes[i].nsegments;
	return i;
}

/* The next one that also begins it. */
static inline uint32_t router_shorter(const struct router *r, uint32_t route)
{
	return r->shorter[route];
}

/* A number for a path of a host that is the same in every worker and after every reload. */
uint64_t router_hash(const struct route *route);

#endif
