/* endpoint.h - a peer we remember, and the message IDs between it and us.
 *
 * RFC 7252 1.2: an endpoint is address, port and (later) security association; as
 * message IDs belong to a pair of endpoints (4.4), our own address and socket are
 * part of the key.  Endpoints live in the slot, made for peers whose messages
 * must be remembered; a peer that only sends confirmable safe requests has none.
 * One with nothing attached, of whom no answer was forgotten early, may itself be
 * forgotten when room is needed. */
#ifndef EXCHANGE_ENDPOINT_H
#define EXCHANGE_ENDPOINT_H

#include "exchange/engine.h"

#define WINDOW_BITS 256u

struct endpoint {
	struct object o;
	struct addr remote;
	struct local local;
	uint32_t seen_s;        /* last heard of; seconds of engine.now */
	uint32_t forgot_s;      /* last time an answer was forgotten early, 0 never */
	uint32_t forgot_n;      /* how often; wraps */
	uint32_t window_hi;     /* newest message ID of the peer's, MID_VALID; 0 none */
	uint32_t window_s;      /* since when marks go to window[0] */
	uint32_t window[2][WINDOW_BITS / 32];   /* seen, by message ID mod 256: from
				 * window_s on, and before */
	uint32_t next_mid;      /* of ours, MID_VALID; 0 before the first */
	uint32_t quarter_s[4];  /* when a quarter of our IDs was last left, 0 never */
	uint64_t last_non;      /* ms: when it was last told what it does not acknowledge */
	uint64_t next_non;      /* ms: when it can be again, at a time that is promised to
				 * none of its observers (share.h) */
	/* derived: */
	uint32_t nexchanges;    /* of any kind */
	uint32_t nassemblies;   /* requests whose bodies come in blocks */
	uint32_t observers;     /* the first of them (observer.h) */
	uint32_t nactive;       /* confirmable, not yet acknowledged: NSTART */
	uint32_t nobservers;
	uint32_t nnamed;        /* requests of ours with tokens that callers chose */
	struct chain queue;     /* exchanges that wait for their turn, in order */
	struct chain sent;      /* those that had it, in any */
	uint32_t ndedup;        /* entries of any state */
	uint32_t nkept, dedup_head, dedup_tail; /* settled ones, oldest first */
};

#define MID_VALID 0x10000u

static inline uint32_t engine_seconds(const struct engine *e)
{
	uint32_t s = (uint32_t)(e->now / 1000);

	return s ? s : 1;
}

/* Borrowed from the slab, NULL if the peer is not remembered. */
struct endpoint *endpoint_find(struct engine *e, const struct addr *remote,
			       const struct local *local);

/* Makes one, forgetting another that has nothing attached if need be; NULL when
 * the limit is reached (counted). */
struct endpoint *endpoint_add(struct engine *e, const struct addr *remote,
			      const struct local *local);

/* Whether endpoint_add() would succeed now; changes nothing. */
bool endpoint_room(struct engine *e);

/* Whether answers to this peer were forgotten before their time, so that no entry
 * does not mean no duplicate: the window decides. */
static inline bool endpoint_forgetful(const struct engine *e, const struct endpoint *p)
{
	return p->forgot_s && engine_seconds(e) - p->forgot_s <= e->lifetime_s;
}

/* ms: how far ahead times for telling a peer something are promised at most, one to each
 * of its observers. */
static inline uint64_t endpoint_pauses(const struct engine *e)
{
	return ((uint64_t)e->conf.limits.observers_per_endpoint + 2) * e->conf.observe_pause_ms;
}

/* By reference; NULL if stale. */
static inline struct endpoint *endpoint_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_ENDPOINT), ref);
}

static inline ref_t endpoint_ref(struct engine *e, const struct endpoint *p)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_ENDPOINT), p);
}

/* A message ID of ours, not used towards this peer within EXCHANGE_LIFETIME (4.4).
 * False if all of them were: a strict caller sends nothing then, others use mid all
 * the same. */
bool endpoint_mid(struct engine *e, struct endpoint *p, uint16_t *mid);
/* Confirms that the ID just given has been put to use. */
void endpoint_mid_used(struct engine *e, struct endpoint *p);

/* What the window of message IDs seen from the peer knows of one.  A mark is known
 * for EXCHANGE_LIFETIME at least and twice that at most: later the same number
 * stands for another message (4.4). */
enum window_state { WINDOW_FRESH, WINDOW_UNSEEN, WINDOW_SEEN, WINDOW_BEHIND };
enum window_state window_state(const struct engine *e, const struct endpoint *p, uint16_t mid);

/* Whether it follows the newest, as most do: FRESH, then. */
static inline bool window_is_next(const struct endpoint *p, uint16_t mid)
{
	return p->window_hi == (MID_VALID | (uint16_t)(mid - 1));
}

/* Marks it as seen; restart begins a new window with it. */
void window_mark(struct engine *e, struct endpoint *p, uint16_t mid, bool restart);

/* Adopt: puts a plausible endpoint back into the table, empties derived fields;
 * false if it is implausible. */
bool endpoint_adopt(struct engine *e, struct endpoint *p);

#endif
