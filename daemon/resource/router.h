/* router.h - which mount a path belongs to: the longest one that begins it.
 *
 * Paths are compared segment by segment, never as text: a "/" inside a segment
 * is no separator, and an empty segment is one (/a/ is not /a).  A table of the
 * hashes of all mounts' paths; looking up costs one hash per segment of the
 * request.  Each host has paths of its own.  Made once per worker, constant from then on. */
#ifndef RESOURCE_ROUTER_H
#define RESOURCE_ROUTER_H

#include "base/bytes.h"

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
	uint32_t *shorter;              /* owned; the next shorter route, ROUTER_NONE */
	size_t mask, depth;
};

/* 0; -ENOMEM; -E2BIG for a path deeper than ROUTER_DEPTH; -EEXIST for two that
 * are the same.  which (not NULL) is the route to blame. */
int router_init(struct router *r, const struct route *routes, uint32_t n, uint32_t *which);
void router_free(struct router *r);

/* The longest route of that host that begins the path in these options; ROUTER_NONE if
 * there is none.  segments is how many the path has. */
uint32_t router_find(const struct router *r, const char *host, struct span options,
		     size_t *segments);

/* The next one that also begins it. */
static inline uint32_t router_shorter(const struct router *r, uint32_t route)
{
	return r->shorter[route];
}

/* A number for a path of a host that is the same in every worker and after every reload. */
uint64_t router_hash(const struct route *route);

#endif
