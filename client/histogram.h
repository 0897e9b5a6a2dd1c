/* histogram.h - how often which duration occurred, for percentiles.
 *
 * Log-linear: each power of two is cut into HISTOGRAM_PARTS buckets of equal width,
 * so that a value is known to 1.6 % whatever its size, in fixed memory.  A plain
 * value: those of several processes are added up.  Owned by whoever measures. */
#ifndef CLIENT_HISTOGRAM_H
#define CLIENT_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 6u
#define HISTOGRAM_PARTS (1u << HISTOGRAM_BITS)
#define HISTOGRAM_TOP 44u       /* ns: from 2^44, five hours, on all are one */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_TOP - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

struct histogram {
	uint64_t n, sum, min, max;      /* of values in ns; min is right if n is not 0 */
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t ns);

/* Adds what other holds. */
void histogram_merge(struct histogram *h, const struct histogram *other);

/* The value that a share of share_ppm millionths is not above: 500000 is the median.
 * The middle of its bucket, within min and max; 0 if there are none. */
uint64_t histogram_at(const struct histogram *h, uint32_t share_ppm);

/* 0 if there are none. */
uint64_t histogram_mean(const struct histogram *h);

#endif
