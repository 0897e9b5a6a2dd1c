/* A small space for tests: two slabs, a hand-made generator of choices. */
#ifndef RIG_SPACE_H
#define RIG_SPACE_H

#include "base/slab.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define THING_CAP 24
#define OTHER_CAP 5

struct thing {
	struct object o;
	uint32_t word[6];
};

struct other {
	struct object o;
	uint64_t a, b;
};

enum { SLAB_THING, SLAB_OTHER, RIG_SLABS };

static const struct space_def rig_def = {
	.slab = {
		[SLAB_THING] = { .name = "things", .magic = 0x7113, .size = sizeof(struct thing), .cap = THING_CAP },
		[SLAB_OTHER] = { .name = "others", .magic = 0x07e4, .size = sizeof(struct other), .cap = OTHER_CAP },
	},
	.nslabs = RIG_SLABS,
	.extra = 640,
};

static const struct hash_key rig_key = { { 0x0123456789abcdef, 0xfedcba9876543210 } };

/* xorshift64*: the same run every time, so that a failure can be looked at. */
static inline uint32_t rig_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 0x2545f4914f6cdd1du >> 32);
}

static inline void *rig_memory(void)
{
	void *mem = aligned_alloc(4096, space_size(&rig_def));

	cr_assert_not_null(mem);
	memset(mem, 0, space_size(&rig_def));
	return mem;
}

static inline enum space_state rig_open(struct space *s, void *mem)
{
	return space_open(s, mem, &rig_def, 7, &rig_key);
}

/* What an adopter does below its own plausibility checks. */
static inline unsigned rig_adopt(struct space *s)
{
	unsigned dropped = 0;

	space_rollback(s);
	for (unsigned i = 0; i < s->nslabs; i++)
		dropped += slab_sweep(s, &s->slab[i]);
	for (unsigned i = 0; i < s->nslabs; i++)
		slab_rebuild_free(s, &s->slab[i]);
	return dropped;
}

static inline struct thing *rig_thing(struct space *s, uint32_t value)
{
	struct thing *t = slab_take(s, &s->slab[SLAB_THING]);

	cr_assert_not_null(t);
	for (unsigned i = 0; i < 6; i++)
		t->word[i] = value;
	slab_publish(s, &s->slab[SLAB_THING], t);
	return t;
}

/* Every dead object below the mark exactly once on the free list, no live one,
 * and the derived counts right. */
static inline void rig_check_slab(const struct space *s, const struct slab *b)
{
	uint32_t seen[THING_CAP] = { 0 }, n = 0, live = 0, used = s->ctl->hwm[b->number];

	cr_assert_leq(used, b->cap);
	for (uint32_t i = b->free_head; i != SLAB_NIL;
	     i = ((struct object *)slab_at(b, i))->link) {
		cr_assert_lt(i, used);
		cr_assert(!slab_live(b, i), "live object %u on the free list", i);
		cr_assert_eq(seen[i]++, 0, "object %u twice on the free list", i);
		n++;
	}
	for (uint32_t i = 0; i < used; i++)
		live += slab_live(b, i);
	cr_assert_eq(n, b->free_n);
	cr_assert_eq(n + live, used);
	cr_assert_eq(s->ctl->live[b->number], live);
	cr_assert_eq(slab_room(s, b), b->cap - live);
}

static inline void rig_check(const struct space *s)
{
	for (unsigned i = 0; i < s->nslabs; i++)
		rig_check_slab(s, &s->slab[i]);
}

#endif
