/* arena.h - a capped bump arena for what lives as long as one request.
 *
 * Memory is given once; running over sets a bit that the owner asks for at the
 * end, and every allocation after that gives NULL.  Owned by a worker. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *mem;           /* borrowed */
	size_t cap, used;
	bool full;
};

static inline struct arena arena_of(void *mem, size_t cap)
{
	return (struct arena){ mem, cap, 0, false };
}

static inline void arena_reset(struct arena *a)
{
	a->used = 0;
	a->full = false;
}

/* n bytes aligned for anything, not cleared; NULL and the bit if they do not fit. */
static inline void *arena_take(struct arena *a, size_t n)
{
	size_t at = a->used + (-((uintptr_t)a->mem + a->used) & 15);

	if (a->full || at > a->cap || n > a->cap - at) {
		a->full = true;
		return NULL;
	}
	a->used = at + n;
	return a->mem + at;
}

#endif
