/* durations.h - how often something took how long, in buckets that double.
 *
 * Plain words in slot memory: one worker adds, every process reads.  Bucket i counts what
 * took at most 2^i microseconds and more than half of that; the last one, all that took
 * longer than the one before.  Pure. */
#ifndef BASE_DURATIONS_H
#define BASE_DURATIONS_H

#include "base/kind.h"

#include <stdint.h>

#define DURATIONS 26            /* the last but one is up to 16.8 s */

struct durations {
	uint64_t bucket[DURATIONS];
	uint64_t sum_ns;
};

extern const struct mem_kind durations_kind;

/* Adds n that took ns each. */
void durations_add(struct durations *d, uint64_t ns, uint64_t n);

/* The most that bucket i counts, in ns; UINT64_MAX for the last. */
uint64_t durations_most(unsigned i);

#endif
