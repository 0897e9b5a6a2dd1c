#include "client/histogram.h"

/* Values below two times HISTOGRAM_PARTS have a bucket each; of larger ones the
 * leading bits count:
 *
 *	2^e + part * 2^(e - BITS) + rest  ->  (e - BITS + 1) * PARTS + part
 */
static unsigned bucket_of(uint64_t ns)
{
	unsigned e;

	if (ns < HISTOGRAM_PARTS)
		return (unsigned)ns;
	e = 63 - (unsigned)__builtin_clzll(ns);
	if (e >= HISTOGRAM_TOP)
		return HISTOGRAM_BUCKETS - 1;
	return ((e - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS) +
	       (unsigned)(ns >> (e - HISTOGRAM_BITS) & (HISTOGRAM_PARTS - 1));
}

static uint64_t middle(unsigned bucket)
{
	unsigned shift = bucket >> HISTOGRAM_BITS;
	uint64_t low = HISTOGRAM_PARTS + (bucket & (HISTOGRAM_PARTS - 1));

	if (shift == 0)
		return bucket;
	shift--;
	return (low << shift) + ((uint64_t)1 << shift >> 1);
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->bucket[bucket_of(ns)]++;
	h->sum += ns;
	if (h->n == 0 || ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	h->n++;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
	if (other->n == 0)
		return;
	if (h->n == 0 || other->min < h->min)
		h->min = other->min;
	if (other->max > h->max)
		h->max = other->max;
	h->n += other->n;
	h->sum += other->sum;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->bucket[i] += other->bucket[i];
}

uint64_t histogram_at(const struct histogram *h, uint32_t share_ppm)
{
	uint64_t want = (h->n / 1000000) * share_ppm + (h->n % 1000000) * share_ppm / 1000000;
	uint64_t seen = 0, v;
	unsigned i = 0;

	if (h->n == 0)
		return 0;
	if (want >= h->n)
		want = h->n - 1;
	while ((seen += h->bucket[i]) <= want)
		i++;
	v = middle(i);
	return v < h->min ? h->min : v > h->max ? h->max : v;
}

uint64_t histogram_mean(const struct histogram *h)
{
	return h->n ? h->sum / h->n : 0;
}
