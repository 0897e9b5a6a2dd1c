#include "times.h"

/* The first 128 are exact; then 64 for each power of two. */
static unsigned bucket(uint64_t ns)
{
	unsigned power = ns < 128 ? 0 : 57u - (unsigned)__builtin_clzll(ns);

	return power * 64u + (unsigned)(ns >> power);
}

static uint64_t end_of(unsigned b)
{
	unsigned power = b < 128 ? 0 : b / 64u - 1;

	return (((uint64_t)(b - power * 64u) + 1) << power) - 1;
}

void times_add(struct times *t, uint64_t ns)
{
	t->n++;
	t->count[bucket(ns)]++;
	if (ns > t->most_ns)
		t->most_ns = ns;
}

uint64_t times_at(const struct times *t, unsigned permille)
{
	uint64_t wanted = (t->n * permille + 999) / 1000, seen = 0;

	for (unsigned b = 0; b < TIMES_BUCKETS && t->n; b++) {
		seen += t->count[b];
		if (seen >= wanted)
			return end_of(b) < t->most_ns ? end_of(b) : t->most_ns;
	}
	return 0;
}
