/* slab.h - fixed-size objects in a space, named by references.
 *
 * The first word of an object is (magic, generation, live): storing it is birth
 * and death.  A new object is filled while it is not live, then published
 * inside the transaction; a killed one is dead at once and its memory is free
 * only after the commit, so that an undone death finds its contents whole.
 * The second word is derived: the free list here while dead, a chain of the
 * owner's while live.  Run by the worker that owns the space. */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/kind.h"
#include "base/poison.h"
#include "base/space.h"

#define SLAB_NIL 0xffffffffu

struct object {
	uint32_t word;
	uint32_t link;
};

extern const struct mem_kind object_kind;

/* (space, slab, generation, index); 0 is none.  A stale one finds nothing. */
typedef uint64_t ref_t;

#define SLAB_NAME(space, slab) ((ref_t)(space) << 56 | (ref_t)(slab) << 48)
#define REF_INDEX(r) ((uint32_t)(r))
#define REF_GEN(r) ((uint32_t)((r) >> 32) & 0x7fff)
#define REF_SLAB(r) ((unsigned)((r) >> 48) & 0xff)
#define REF_SPACE(r) ((unsigned)((r) >> 56))
#define REF_SPARE ((ref_t)1 << 47)      /* never set: what equals, is equal bit by bit */

static inline uint32_t slab_word(uint16_t magic, uint32_t gen, unsigned live)
{
	return (uint32_t)magic << 16 | (gen & 0x7fff) << 1 | live;
}

static inline uint32_t slab_gen(uint32_t word)
{
	return word >> 1 & 0x7fff;
}

static inline void *slab_at(const struct slab *b, uint32_t index)
{
	return b->at + (size_t)index * b->size;
}

static inline bool slab_live(const struct slab *b, uint32_t index)
{
	return ((struct object *)slab_at(b, index))->word & 1;
}

/* Objects ever used: those an adopter has looked at.  Whatever damaged memory
 * says, never more than there are. */
static inline uint32_t slab_used(const struct space *s, const struct slab *b)
{
	uint32_t hwm = s->ctl->hwm[b->number];

	return hwm < b->cap ? hwm : b->cap;
}

/* Of an object, not of a place within one.  Division takes long; a multiple of an odd number
 * is divided by it by one multiplication. */
static inline uint32_t slab_index(const struct slab *b, const void *obj)
{
	return (uint32_t)(((uint64_t)((const uint8_t *)obj - b->at) >> b->shift) * b->inverse);
}

/* Sets what slab_index() needs to know of the size. */
static inline void slab_divisor(struct slab *b)
{
	uint64_t odd;

	b->shift = (uint8_t)__builtin_ctz(b->size);
	odd = b->size >> b->shift;
	b->inverse = odd;               /* right in its lowest 3 bits; each step doubles them */
	for (unsigned bits = 3; bits < 64; bits *= 2)
		b->inverse *= 2 - odd * b->inverse;
}

/* The reference of a live object; generation 0 never occurs in one, so a
 * reference is never 0. */
static inline ref_t slab_ref(const struct space *s, const struct slab *b, const void *obj)
{
	(void)s;
	return b->name | (uint64_t)slab_gen(((const struct object *)obj)->word) << 32 |
	       slab_index(b, obj);
}

/* The reference that an object which slab_take() gave will have once it is
 * published: what is to name it can be filled before. */
ref_t slab_ref_next(const struct space *s, const struct slab *b, const void *obj);

/* The object, or NULL if the reference is stale, foreign or nonsense. */
static inline void *slab_get(const struct space *s, const struct slab *b, ref_t ref)
{
	uint32_t i = REF_INDEX(ref);
	struct object *o;

	if (i >= slab_used(s, b) || (ref ^ b->name) >> 48)
		return NULL;
	o = slab_at(b, i);
	return o->word == slab_word(b->magic, REF_GEN(ref), 1) && !(ref & REF_SPARE) ? o : NULL;
}

/* Objects that are not free: live, or taken or killed by the transaction under way. */
static inline uint32_t slab_taken(const struct space *s, const struct slab *b)
{
	return slab_used(s, b) - b->free_n;
}

/* Objects that slab_take() can still give.  More than the limit may be there, taken over
 * from a space that had another. */
static inline uint32_t slab_room(const struct space *s, const struct slab *b)
{
	uint32_t taken = slab_taken(s, b);

	return taken < b->limit ? b->limit - taken : 0;
}

/* A free object, contents undefined behind the two header words; NULL when the
 * slab is at its limit.  Not live yet: slab_publish() or slab_untake() must follow
 * within the same transaction. */
void *slab_take(struct space *s, struct slab *b);
void slab_untake(struct space *s, struct slab *b, void *obj);

/* The same for one whose slab_ref_next() somebody has been told: no other will have it, once
 * the transaction is committed. */
void slab_spend(struct space *s, struct slab *b, void *obj);

static inline uint32_t slab_next_gen(uint32_t word)
{
	uint32_t gen = (slab_gen(word) + 1) & 0x7fff;

	return gen ? gen : 1;
}

/* The first word of a live object that becomes another one in its place. */
static inline uint32_t slab_word_next(const struct slab *b, const void *obj)
{
	return slab_word(b->magic, slab_next_gen(((const struct object *)obj)->word), 1);
}

/* Birth: the object is live with its next generation. */
static inline void slab_publish(struct space *s, struct slab *b, void *obj)
{
	struct object *o = obj;

	assert(!(o->word & 1));
	undo_set(s, &o->word, slab_word(b->magic, slab_next_gen(o->word), 1));
	s->ctl->live[b->number]++;
}

/* Death, now for everybody who looks, free after the commit. */
static inline void slab_kill(struct space *s, struct slab *b, void *obj)
{
	struct object *o = obj;

	assert((o->word & 1) && s->nfrees < SPACE_FREES);
	undo_set(s, &o->word, o->word & ~1u);
	s->frees[s->nfrees].slab = b->number;
	s->frees[s->nfrees++].index = slab_index(b, obj);
	s->ctl->live[b->number]--;
}

/* Part of an adoption, after the rollback: clamps what is out of range and empties
 * the free list.  Each live object is then to be dropped unless it is sane: of our
 * magic, with a generation.  slab_sweep() does both and returns how many it
 * dropped; who looks at each object anyway asks by itself, for reading a large
 * slab is what an adoption takes its time for.  drop() is the adopter's way to kill one that is implausible: one
 * store, no log (a second death comes to the same verdict). */
void slab_reopen(struct space *s, struct slab *b);
uint32_t slab_sweep(struct space *s, struct slab *b);
static inline bool slab_sane(const struct slab *b, const void *obj)
{
	uint32_t word = ((const struct object *)obj)->word;

	return word >> 16 == b->magic && slab_gen(word);
}
void slab_drop(struct space *s, struct slab *b, void *obj);
/* Last step: the free list over everything dead by now. */
void slab_rebuild_free(struct space *s, struct slab *b);

#endif
