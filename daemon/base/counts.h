/* counts.h - what modules count (coapd_count()), where every process can read it.
 *
 * One block of memory for the whole daemon, made by the supervisor before it forks and
 * kept as long as coapd runs.  It has a row for each worker number and mount:
 *
 *	           mount 0     mount 1     ...
 *	worker 0   | row |     | row |
 *	worker 1   | row |     | row |
 *
 * Names are in the rows, as the supervisor loads no module and cannot know them.  Only the
 * worker of a row's number writes it: its names when it opens the mount (counts_begin()),
 * its values while its hooks run.  A worker that dies leaves its row, and the next one of
 * that number goes on counting in it.  A site that takes over has rows of its own, which are
 * given what those before them had (counts_give()).  Anybody reads (counts_read()), at any time and
 * trusting nothing in the rows; a counter of a mount is the sum over all workers, found by
 * its name. */
#ifndef BASE_COUNTS_H
#define BASE_COUNTS_H

#include "base/err.h"
#include "base/shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTS_MAX 16u          /* counters of one mount */
#define COUNTS_NAME 32u         /* bytes of a name, its zero byte included */

struct counts_row {
	_Alignas(64) uint64_t value[COUNTS_MAX];        /* no other worker writes these lines */
	uint32_t n;             /* counters; 0 none */
	char name[COUNTS_MAX][COUNTS_NAME];
};

/* Where it is; each process has its own copy of this, by fork. */
struct counts {
	struct counts_row *row; /* [worker * mounts + mount], in memory */
	struct shared memory;
	unsigned workers;
	size_t mounts;
};

/* Whether it can be the name of a counter: 1 to 31 small letters, digits and "-". */
bool counts_name_good(const char *name);

/* In the supervisor, all at 0: 0, or a negative errno with err. */
int counts_make(struct counts *c, unsigned workers, size_t mounts, struct err *err);

/* The same with memory that another program made, a descriptor that is ours from now on.
 * -EINVAL: it is not as we would have made it. */
int counts_take_over(struct counts *c, int fd, unsigned workers, size_t mounts, struct err *err);
void counts_free(struct counts *c);

/* In a worker: the row of a mount, with n good names (COUNTS_MAX at most).  Values of names
 * that it had before are kept.  NULL when there is nothing to count or nowhere to. */
struct counts_row *counts_begin(const struct counts *c, unsigned worker, size_t mount,
				const char *const *names, size_t n);

/* Counts; i is below the number of names. */
static inline void counts_add(struct counts_row *row, unsigned i, uint64_t n)
{
	/* One adds at a time, but two generations of a worker may overlap. */
	__atomic_fetch_add(&row->value[i], n, __ATOMIC_RELAXED);
}

/* In the supervisor: adds value to the counter of that name of a mount, if a worker has begun
 * one. */
void counts_give(const struct counts *c, size_t mount, const char *name, uint64_t value);

/* A counter as it is read. */
struct count {
	char name[COUNTS_NAME];
	uint64_t value;         /* sum over all workers */
};

/* The nth counter of a mount, from 0, in the order of its module; false: there are no
 * more. */
bool counts_read(const struct counts *c, size_t mount, unsigned nth, struct count *out);

#endif
