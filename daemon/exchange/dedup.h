/* dedup.h - one message of a peer's that must not be worked on twice, and what it
 * was answered (RFC 7252 4.5).
 *
 * Kept for requests that change something, for non-confirmable ones of that kind,
 * for requests that wait, and for confirmable responses we acknowledged.  Safe
 * requests need none: working on them again does no harm (4.5 allows it).  Each
 * peer has answers_per_endpoint entries beside those that are waiting, and more as long
 * as few are taken in all (answers_lent); then a fast peer pushes out its own oldest ones
 * only, whose places the new ones take, and gives back what it has been lent. */
#ifndef EXCHANGE_DEDUP_H
#define EXCHANGE_DEDUP_H

#include "exchange/dealings.h"
#include "exchange/stored.h"

enum dedup_state {
	DEDUP_EXEC = 1,         /* being worked on */
	DEDUP_WAITING,          /* its exchange waits for a module */
	DEDUP_DONE,             /* answered; the answer is stored (may be empty) */
	DEDUP_SEPARATE,         /* acknowledged, answered by a message of its own */
	DEDUP_GONE,             /* answered; there was no room to store it */
	DEDUP_STATES
};

/* What is neither is a confirmable request that must not run twice. */
enum dedup_kind {
	DEDUP_NON = 1,          /* it was not confirmable */
	DEDUP_APART = 2         /* no such request: the window of message IDs does not know it */
};

#define DEDUP_INSIDE 64u
#define DEDUP_LENT_MOST 16384u  /* one peer can have: a quarter of its message IDs */
#define DEDUP_SAME_ID 16u       /* answered messages of one ID of a peer's */

struct dedup {
	struct object o;
	ref_t peer;
	ref_t exchange;         /* while WAITING; 0: it never was */
	uint32_t mid;
	uint32_t state;
	uint32_t print;         /* fingerprint of the datagram */
	uint32_t at_s;          /* when it came */
	uint32_t order;         /* of being settled; 0 until then */
	uint32_t kind;          /* enum dedup_kind */
	struct stored answer;   /* valid in DONE */
	/* derived: */
	uint32_t next, prev;    /* settled ones of the same peer, oldest first */
	uint8_t inside[DEDUP_INSIDE];
};

/* An entry for a message ID of the peer's that has not outlived its lifetime, or NULL.  There are
 * several where the peer has used the ID again for other messages. */
struct dedup *dedup_find(struct engine *e, const struct endpoint *p, uint16_t mid);

/* The one for the same message, with the same fingerprint. */
struct dedup *dedup_same(struct engine *e, const struct endpoint *p, uint16_t mid, uint32_t print);

/* Whether it is still to be answered. */
static inline bool dedup_busy(const struct dedup *d)
{
	return d->state == DEDUP_EXEC || d->state == DEDUP_WAITING;
}

/* Makes one in state EXEC; NULL when the limit is reached (counted). */
struct dedup *dedup_add(struct engine *e, struct endpoint *p, uint16_t mid,
			uint32_t print, uint32_t kind);

/* Before another message of this ID is remembered: whether there are so many of it that the
 * first has to give its place, so that nobody has to be looked for among thousands.  That one
 * counts as the peer's oldest then; dedup_instead() must follow. */
bool dedup_bound(struct engine *e, struct endpoint *p, uint16_t mid);

/* dedup_add() in the place of the peer's oldest that is settled. */
struct dedup *dedup_instead(struct engine *e, struct endpoint *p, uint16_t mid,
			    uint32_t print, uint32_t kind);

/* Whether nothing is remembered of the peer's that may come again yet. */
bool dedup_none(struct engine *e, const struct endpoint *p);

/* Marks those that may come again in a window without any. */
void dedup_marks(struct engine *e, const struct endpoint *p, struct window *w);

/* Whether dedup_add() would succeed. */
static inline bool dedup_room(struct engine *e)
{
	return slab_room(&e->space, engine_slab(e, SLAB_DEDUP)) > 0;
}

/* The same for an entry of this peer's, NULL being a new one: who has its share gives the
 * place of its oldest. */
static inline bool dedup_room_of(struct engine *e, const struct endpoint *p)
{
	return (p && p->nkept >= e->conf.limits.answers_per_endpoint) || dedup_room(e);
}

/* The request waits for a module in this exchange. */
void dedup_wait(struct engine *e, struct dedup *d, ref_t exchange);

/* It is settled: with an answer that duplicates get again, or with a state that
 * says what they get.  Pushes out the peer's oldest if it has its share. */
void dedup_answered(struct engine *e, struct dedup *d, struct span answer);
void dedup_set(struct engine *e, struct dedup *d, enum dedup_state state);

void dedup_kill(struct engine *e, struct dedup *d);

/* A few of the entries that have outlived EXCHANGE_LIFETIME are forgotten. */
void dedup_sweep(struct engine *e, unsigned probes);

struct span dedup_answer(const struct engine *e, const struct dedup *d);

static inline struct dedup *dedup_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_DEDUP), ref);
}

static inline ref_t dedup_ref(struct engine *e, const struct dedup *d)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_DEDUP), d);
}

/* Adopt, after the exchanges: puts a plausible one back; false if it is
 * implausible.  lost: the exchange it waited in had to be dropped. */
void dedup_lost(struct engine *e, struct dedup *d);
bool dedup_adopt(struct engine *e, struct dedup *d);

/* Once all are back: in the order in which they were settled.  A peer may have as many as there
 * are, so not by insertion.  True: there is nothing to be dropped. */
bool dedup_sorted(struct engine *e, struct endpoint *p);

#endif
