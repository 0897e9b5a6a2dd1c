/* where.h - where it is noted which module opens or closes in a worker, so that the
 * obituary of one that dies there can name it.
 *
 * In memory that the supervisor shares with the workers of one number: while their modules
 * open, the memory of their slots may still be another's. */
#ifndef WORKER_WHERE_H
#define WORKER_WHERE_H

#include <stddef.h>
#include <stdint.h>

struct where {
	uint32_t mount;         /* its number + 1, 0 none */
	uint32_t lost;          /* workers that died while one opened or closed, until they are
				 * counted */
};

/* Begins with what the worker before left; NULL is fine. */
void where_begin(struct where *p);

/* How many are to be counted, once; NULL is fine. */
uint32_t where_lost(struct where *p);

/* Of a slot that is to be taken over: forgets in which hook the worker before died.  Its
 * obituary is written by now, and whoever looks would take it for where this one is. */
void where_forget(int memfd);

/* For whoever reads it, and trusts nothing: the number of a mount, below nmounts; -1 none. */
static inline int where_mount(const struct where *p, size_t nmounts)
{
	uint32_t mount = __atomic_load_n(&p->mount, __ATOMIC_RELAXED);

	return mount > 0 && mount <= nmounts ? (int)(mount - 1) : -1;
}

#endif
