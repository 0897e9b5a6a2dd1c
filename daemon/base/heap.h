/* heap.h - deadlines of numbered items, earliest first: derived data.
 *
 * A binary heap with the position of every item beside it, so that a deadline
 * is moved or removed in place.  Private memory for a fixed number of items,
 * allocated once.  It reads no clock: times are any 64-bit count. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_entry {
	uint64_t at;
	uint32_t item;
};

struct heap {
	struct heap_entry *entry;       /* owned */
	uint32_t *pos;                  /* owned; item -> place, HEAP_NONE if out */
	uint32_t n, cap;
};

#define HEAP_NONE 0xffffffffu

/* For items 0..cap-1; 0, or -ENOMEM. */
int heap_init(struct heap *h, uint32_t cap);
void heap_free(struct heap *h);
void heap_clear(struct heap *h);

/* Puts the item in, or moves it. */
void heap_set(struct heap *h, uint32_t item, uint64_t at);
/* Takes the item out, if it is in. */
void heap_remove(struct heap *h, uint32_t item);

/* The earliest entry, or NULL. */
static inline const struct heap_entry *heap_min(const struct heap *h)
{
	return h->n ? &h->entry[0] : 0;
}

static inline bool heap_has(const struct heap *h, uint32_t item)
{
	return h->pos[item] != HEAP_NONE;
}

#endif
