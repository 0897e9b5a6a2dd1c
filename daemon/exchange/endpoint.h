/* endpoint.h - a peer we remember.
 *
 * RFC 7252 1.2: an endpoint is address, port and (later) security association; as
 * message IDs belong to a pair of endpoints (4.4), our own address and socket are
 * part of the key.  Endpoints live in the slot, made for peers whose messages
 * must be remembered; a peer that only sends confirmable safe requests has none.
 * Most have asked for something once or twice, so this is all that they take; what
 * some need beside it is made when it is needed (dealings.h).
 * One with nothing attached, of whom no answer was forgotten early, may itself be
 * forgotten when room is needed. */
#ifndef EXCHANGE_ENDPOINT_H
#define EXCHANGE_ENDPOINT_H

#include "exchange/engine.h"

struct endpoint {
	struct object o;
	struct addr remote;
	struct local local;
	uint32_t seen_s;        /* last heard of; seconds of engine.now */
	/* derived: */
	uint32_t dealings;      /* index of its dealings, SLAB_NIL: there are none */
	uint32_t ndedup;        /* entries of any state */
	uint32_t nkept, dedup_head, dedup_tail; /* settled ones, oldest first */
};

/* Borrowed from the slab, NULL if the peer is not remembered. */
struct endpoint *endpoint_find(struct engine *e, const struct addr *remote,
			       const struct local *local);

/* Makes one, forgetting another that has nothing attached if need be; NULL when
 * the limit is reached (counted). */
struct endpoint *endpoint_add(struct engine *e, const struct addr *remote,
			      const struct local *local);

/* A keyed hash of both addresses: where a table has what belongs to a peer. */
uint64_t endpoint_make_hash(const struct engine *e, const struct endpoint *p);
static inline uint64_t endpoint_hash(const struct engine *e, const struct endpoint *p)
{
	return e->found.peer == p ? e->found.hash : endpoint_make_hash(e, p);
}

/* Whether endpoint_add() would succeed now; changes nothing. */
bool endpoint_room(struct engine *e);

/* By reference; NULL if stale. */
static inline struct endpoint *endpoint_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_ENDPOINT), ref);
}

/* The same for one that something is attached to, which names it: such a one is not forgotten,
 * so there is nothing to be asked of the reference. */
static inline struct endpoint *endpoint_held(struct engine *e, ref_t ref)
{
	return slab_at(engine_slab(e, SLAB_ENDPOINT), REF_INDEX(ref));
}

static inline ref_t endpoint_ref(struct engine *e, const struct endpoint *p)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_ENDPOINT), p);
}

/* Adopt: puts a plausible endpoint back into the table, empties derived fields;
 * false if it is implausible. */
bool endpoint_adopt(struct engine *e, struct endpoint *p);

#endif
