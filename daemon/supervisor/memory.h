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
	size_t size;            /* of each */
	int *fd;
	void **at;
};

/* Makes n zeroed memories of size bytes, all of it reserved and the size sealed,
 * so that no worker can run into a missing page; available is what there is
 * (available.h), of which at most seven eighths are taken.  0, or a negative errno,
 * err then says why and nothing is left. */
int memory_make(struct memory *m, unsigned n, size_t size, size_t available,
		struct err *err);

/* Gives everything back; an empty one (zeroed) is fine. */
void memory_free(struct memory *m);

/* The sum of a counter over all slots. */
uint64_t memory_counter(const struct memory *m, enum counter c);

#endif
