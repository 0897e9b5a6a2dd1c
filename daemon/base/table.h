/* table.h - keyed hash table over slab objects: derived data.
 *
 * Buckets are private memory, allocated once when a space is opened; chains run
 * through the objects' link word.  Nothing of it survives a death: the adopter
 * clears it and inserts what is live.  The caller compares keys. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/slab.h"

struct table {
	uint32_t *bucket;       /* owned; first object of each chain */
	uint32_t mask;
};

/* Buckets for cap objects; 0, or -ENOMEM. */
int table_init(struct table *t, uint32_t cap);
void table_free(struct table *t);
void table_clear(struct table *t);

static inline uint32_t table_first(const struct table *t, uint64_t hash)
{
	return t->bucket[hash & t->mask];
}

/* self: the index of obj. */
static inline void table_insert_as(struct table *t, uint64_t hash, uint32_t self, void *obj)
{
	uint32_t *at = &t->bucket[hash & t->mask];

	((struct object *)obj)->link = *at;
	*at = self;
}

static inline void table_insert(struct table *t, struct slab *b, uint64_t hash, void *obj)
{
	table_insert_as(t, hash, slab_index(b, obj), obj);
}

/* Takes obj, inserted under the same hash, out of its chain. */
static inline void table_remove_as(struct table *t, struct slab *b, uint64_t hash, uint32_t self,
				   void *obj)
{
	uint32_t *at = &t->bucket[hash & t->mask];

	while (*at != self) {
		assert(*at != SLAB_NIL);
		at = &((struct object *)slab_at(b, *at))->link;
	}
	*at = ((struct object *)obj)->link;
}

static inline void table_remove(struct table *t, struct slab *b, uint64_t hash, void *obj)
{
	table_remove_as(t, b, hash, slab_index(b, obj), obj);
}

#endif
