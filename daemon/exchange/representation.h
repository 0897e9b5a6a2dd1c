/* representation.h - stage obs, server role: what a group of observers sees alike
 * (RFC 7641 1.2), one object in the slot for all of them.
 *
 * Observers of one resource whose requests are the same but for what tells clients
 * apart share it: it is made once and sent to each.  Changes are told by words that
 * others count up (base/changes.h): a representation names its word and has the value
 * it saw last, so a successor that compares misses nothing.  It lives as long as it
 * has observers.  Run by the worker that holds the slot. */
#ifndef EXCHANGE_REPRESENTATION_H
#define EXCHANGE_REPRESENTATION_H

#include "exchange/engine.h"

struct representation {
	struct object o;
	uint64_t key;           /* keyed hash of the resource and what is asked of it */
	uint64_t mount;         /* of the layer above: which resource */
	uint64_t seen;          /* value of its word that observers are told of */
	uint32_t word;
	uint32_t format;        /* Content-Format of the first answer + 1; 0 it had none */
	uint32_t private;       /* 1: made for each observer by itself */
	uint32_t attempts;      /* times it was begun to be made and not ended */
	/* derived: */
	uint32_t nobservers;
	struct chain idle;      /* observers that can be told something, stale ones first */
	uint32_t word_prev, word_next;  /* others of the same word */
	uint32_t held_prev, held_next;  /* others that wait */
	uint32_t held;          /* it waits for notifications to be acknowledged */
};

static inline struct representation *representation_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_REPRESENTATION), ref);
}

static inline ref_t representation_ref(struct engine *e, const struct representation *p)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_REPRESENTATION), p);
}

/* What names one, besides the message that asks for it. */
struct representation_of {
	uint64_t mount;
	uint32_t word;          /* below CHANGES_WORDS */
	uint64_t seen;          /* its value before the state was read */
	uint32_t format;        /* as above */
	bool private;
};

/* Hash of what is asked for: all but what differs between clients or blocks. */
uint64_t representation_key(const struct engine *e, uint64_t mount, const struct message *m);

/* The one with this key, made if need be; NULL at the limit (counted).  One without
 * observers is to be ended by representation_left(). */
struct representation *representation_for(struct engine *e, uint64_t key,
					  const struct representation_of *of);

/* Its word has this value now, which observers are to be told of. */
void representation_saw(struct engine *e, struct representation *p, uint64_t value);

/* It is due to be looked at, ms from now (EXPIRE_OTHER with SLAB_REPRESENTATION). */
void representation_wake(struct engine *e, struct representation *p, uint32_t ms);

/* No more of it can be told before notifications have been acknowledged (flight.h): it is due then,
 * or after a while.  And it is due, so it waits no more. */
void representation_hold(struct engine *e, struct representation *p);
void representation_go(struct engine *e, struct representation *p);

/* A notification that was sent at that time has been acknowledged, or is given up. */
void representation_landed(struct engine *e, uint64_t at);

/* Nothing of it is to be told now. */
void representation_rest(struct engine *e, struct representation *p);

/* Ends it if it has no observers left. */
void representation_left(struct engine *e, struct representation *p);

/* The first one of a word, and those after it; NULL at the end. */
struct representation *representation_of_word(struct engine *e, uint32_t word);
struct representation *representation_next(struct engine *e, const struct representation *p);

/* Adopt: puts a plausible one back, without observers; false if it is implausible.
 * Once those are back, one that has none is nobody's. */
bool representation_adopt(struct engine *e, struct representation *p);
bool representation_wanted(struct engine *e, struct representation *p);

#endif
