#include "base/durations.h"

static const struct mem_field rows[] = {
	FIELD_ARRAY(struct durations, bucket),
	FIELD(struct durations, sum_ns),
};

const struct mem_kind durations_kind = KIND("durations", struct durations, rows);

static unsigned bucket_of(uint64_t ns)
{
	uint64_t us = (ns + 999) / 1000;
	unsigned i;

	if (us <= 1)
		return 0;
	i = 64 - (unsigned)__builtin_clzll(us - 1);
	return i < DURATIONS ? i : DURATIONS - 1;
}

void durations_add(struct durations *d, uint64_t ns, uint64_t n)
{
	d->bucket[bucket_of(ns)] += n;
	d->sum_ns += ns * n;
}

uint64_t durations_most(unsigned i)
{
	return i < DURATIONS - 1 ? ((uint64_t)1 << i) * 1000 : UINT64_MAX;
}
