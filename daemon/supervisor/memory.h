/* memory.h - the memory of all slots: one sealed memfd each, held by the
 * supervisor for its whole life, changed by workers only.
 *
 * The supervisor maps it for reading, to sum counters and to see where a worker
 * died; that mapping is not inherited by children. */
#ifndef SUPERVISOR_MEMORY_H
#define SUPERVISOR_MEMORY_H

#include "base/counter.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct memory {
	unsigned n;
	size_t size;            /* of each, its reserved part */
	int *fd;
	void **at;
};

struct memory_need {
	unsigned n;             /* memories */
	size_t size;            /* of each: reserved, so that no worker can run into a
				 * missing page */
	size_t late_at, late_n; /* where in it are so many bytes, both multiples of the page
				 * size, that come as they are used all the same; they
				 * count as asked for */
	uint64_t sparse;        /* of each, behind that: address space, a multiple of the
				 * page size; pages as they are used */
	uint64_t shared;        /* bytes of the sparse part that all may use together */
};

/* Makes them, zeroed and with their size sealed; available is what there is
 * (available.h), of which at most seven eighths are asked for.  0, or a negative
 * errno, err then says why and nothing is left. */
int memory_make(struct memory *m, const struct memory_need *need, size_t available,
		struct err *err);

/* The same of memories that are there already: n descriptors, ours from now on whatever comes of
 * it, of memory whose reserved part has size bytes. */
int memory_take_over(struct memory *m, unsigned n, const int *fd, size_t size, struct err *err);

/* Gives everything back; an empty one (zeroed) is fine. */
void memory_free(struct memory *m);

/* The sum of a counter over all slots. */
uint64_t memory_counter(const struct memory *m, enum counter c);

/* How many peers are known, and observers there are, in all slots. */
void memory_crowd(const struct memory *m, uint64_t *peers, uint64_t *observers);

#endif
