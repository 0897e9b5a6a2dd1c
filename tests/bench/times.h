/* times.h - how long things took, in buckets of 1 in 64, so that percentiles cost no memory
 * for each.  Owned by the generator that counts; all zero at first. */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include <stdint.h>

#define TIMES_BUCKETS (59u * 64u)

struct times {
	uint64_t n, most_ns;
	uint64_t count[TIMES_BUCKETS];
};

void times_add(struct times *t, uint64_t ns);

/* What so many of a thousand took at most, in ns: never less than it was, and by a
 * sixty-fourth more at most.  0 when nothing was counted. */
uint64_t times_at(const struct times *t, unsigned permille);

#endif
