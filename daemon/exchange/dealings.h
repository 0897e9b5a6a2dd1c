/* dealings.h - what there is between a peer and us beyond requests that were answered.
 *
 * Its message IDs that were seen, where the entries of dedup.h do not tell; those of ours
 * that it was sent (RFC 7252 4.4); when it may be told something; and what is attached to
 * it: exchanges, observers, bodies that come in blocks.
 *
 * An endpoint's are made when the first of these is needed, and last as long as it does;
 * one that becomes another's is kept for that one.  So there is always room: there are
 * never more than endpoints.  A peer that has none has all the unsafe requests that may
 * come again in entries; what is made for it later begins with those (window of message
 * IDs). */
#ifndef EXCHANGE_DEALINGS_H
#define EXCHANGE_DEALINGS_H

#include "exchange/endpoint.h"
#include "exchange/window.h"

struct dealings {
	struct object o;
	ref_t peer;
	uint64_t last_non;      /* ms: when it was last told what it does not acknowledge */
	uint64_t next_non;      /* ms: when it can be again, at a time that is promised to
				 * none of its observers (share.h) */
	uint32_t forgot_s;      /* last time an answer was forgotten early, 0 never */
	uint32_t forgot_n;      /* how often; wraps */
	struct window window;   /* message IDs of the peer's */
	uint32_t next_mid;      /* of ours, MID_VALID; 0 before the first */
	uint32_t quarter_s[4];  /* when a quarter of our IDs was last left, 0 never */
	uint32_t zero;
	/* derived: */
	uint32_t nexchanges;    /* of any kind */
	uint32_t nassemblies;   /* requests whose bodies come in blocks */
	uint32_t observers;     /* the first of them (observer.h) */
	uint32_t nobservers;
	uint32_t nactive;       /* confirmable, not yet acknowledged: NSTART */
	uint32_t nnamed;        /* requests of ours with tokens that callers chose */
	struct chain queue;     /* exchanges that wait for their turn, in order */
	struct chain sent;      /* those that had it, in any */
};

/* Those of one that has none. */
extern const struct dealings dealings_none;

static inline bool dealings_are(const struct endpoint *p)
{
	return p->dealings != SLAB_NIL;
}

/* To be looked at, whether there are any or not. */
static inline const struct dealings *dealings_of(const struct engine *e,
						 const struct endpoint *p)
{
	return dealings_are(p) ? slab_at(&e->space.slab[SLAB_DEALINGS], p->dealings) :
				 &dealings_none;
}

/* To be changed: made, within the event, if there are none. */
struct dealings *dealings_make(struct engine *e, struct endpoint *p);

static inline struct dealings *dealings_with(struct engine *e, struct endpoint *p)
{
	return dealings_are(p) ? slab_at(engine_slab(e, SLAB_DEALINGS), p->dealings) :
				 dealings_make(e, p);
}

/* Those of an endpoint that exchanges, observers or bodies in blocks are attached to, one of
 * which names it: there are some. */
static inline struct dealings *dealings_held(struct engine *e, ref_t peer)
{
	return slab_at(engine_slab(e, SLAB_DEALINGS), endpoint_held(e, peer)->dealings);
}

/* The endpoint is forgotten and another one, which is to have this reference, takes its
 * place: what was between us is over, its memory stays. */
void dealings_inherit(struct engine *e, const struct endpoint *p, ref_t next);

/* Whether something is attached that does not let it be forgotten. */
static inline bool dealings_hold(const struct dealings *d)
{
	return d->nexchanges || d->nassemblies || d->nobservers;
}

/* Whether answers to this peer were forgotten before their time, so that no entry
 * does not mean no duplicate: the window decides. */
static inline bool dealings_forgetful(const struct engine *e, const struct dealings *d)
{
	return d->forgot_s && engine_seconds(e) - d->forgot_s <= e->lifetime_s;
}

/* An answer is forgotten before its time; to be called while its entry is there. */
static inline void dealings_forgot(struct engine *e, struct endpoint *p)
{
	struct dealings *d = dealings_with(e, p);

	if (d->forgot_s != engine_seconds(e))
		undo_set(&e->space, &d->forgot_s, engine_seconds(e));
	undo_set(&e->space, &d->forgot_n, d->forgot_n + 1);
}

/* --- message IDs of the peer's ----------------------------------------------------- */

/* What is known of one beside the entries. */
static inline enum window_state dealings_saw(const struct engine *e, const struct endpoint *p,
					     uint16_t mid)
{
	const struct dealings *d = dealings_of(e, p);

	if (window_is_next(&d->window, mid))
		return WINDOW_FRESH;
	return window_state(&d->window, engine_seconds(e), e->lifetime_s, mid);
}

/* Marks it as seen, if it is not; restart begins a new window with it. */
void dealings_mark_any(struct engine *e, struct dealings *d, uint16_t mid, bool restart);
static inline void dealings_mark(struct engine *e, struct dealings *d, uint16_t mid, bool restart)
{
	struct window *w = &d->window;
	uint32_t *word = &w->half[0][mid % WINDOW_BITS / 32], bit = 1u << mid % 32;

	/* Most message IDs are the next. */
	if (restart || !window_is_next(w, mid) ||
	    window_age(w, engine_seconds(e), e->lifetime_s) > 0)
		dealings_mark_any(e, d, mid, restart);
	else if (*word & bit)   /* of one long ago */
		undo_set(&e->space, &w->hi, MID_VALID | mid);
	else
		undo_set_both(&e->space, &w->hi, MID_VALID | mid, word, *word | bit);
}

/* --- message IDs of ours ----------------------------------------------------------- */

/* One not used towards this peer within EXCHANGE_LIFETIME (4.4).  False if all of them
 * were: a strict caller sends nothing then, others use mid all the same. */
bool dealings_mid(struct engine *e, struct dealings *d, uint16_t *mid);
/* Confirms that the ID just given has been put to use. */
void dealings_mid_used(struct engine *e, struct dealings *d);

/* --- */

/* ms: how far ahead times for telling a peer something are promised at most, one to each
 * of its observers. */
static inline uint64_t dealings_pauses(const struct engine *e)
{
	return ((uint64_t)e->conf.limits.observers_per_endpoint + 2) * e->conf.observe_pause_ms;
}

/* Adopt, after the endpoints: tells a live one's that it has them and empties derived
 * fields; false if there is no such one.  What is attached later asks whether there are
 * any: none is made while memory is taken over. */
bool dealings_adopt(struct engine *e, struct dealings *d);

#endif
