#include "client/bench_tally.h"

#include <stddef.h>

void bench_tally_merge(struct bench_tally *t, const struct bench_tally *other)
{
#define X(field, text) t->field += other->field;
	BENCH_TALLIES(X)
#undef X
	for (unsigned i = 0; i < 256; i++)
		t->code[i] += other->code[i];
	if (other->wall_ns > t->wall_ns)
		t->wall_ns = other->wall_ns;
	t->cpu_ns += other->cpu_ns;
	histogram_merge(&t->latency, &other->latency);
	histogram_merge(&t->round, &other->round);
}

bool bench_tally_clean(const struct bench_tally *t)
{
	return !(t->lost | t->reset | t->refused | t->rejected | t->unanswered | t->wrong |
		 t->malformed | t->failed | t->declined | t->incomplete);
}

bool bench_tally_count(const struct bench_tally *t, unsigned i, struct bench_count *out)
{
	static const struct {
		const char *name, *text;
		size_t at;
	} row[] = {
#define X(field, text) { #field, text, offsetof(struct bench_tally, field) },
		BENCH_TALLIES(X)
#undef X
	};

	if (i >= sizeof row / sizeof *row)
		return false;
	*out = (struct bench_count){
		row[i].name, row[i].text,
		*(const uint64_t *)(const void *)((const char *)t + row[i].at) };
	return true;
}
