#include "base/counter.h"

#include "base/space.h"

static const struct {
	const char *name, *text;
} row[COUNTERS_N] = {
#define COUNTER_ROW(id, name, text) [COUNT_##id] = { name, text },
	COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
};

_Static_assert(COUNTERS_N < SPACE_COUNTERS, "more counters than the control block holds");

static const struct mem_field rows[] = {
#define COUNTER_FIELD(id, name, text) { name, COUNT_##id * 8, 8, 8, FIELD_PLAIN, NULL },
	COUNTERS(COUNTER_FIELD)
#undef COUNTER_FIELD
	{ "spare", COUNTERS_N * 8, (SPACE_COUNTERS - COUNTERS_N) * 8, 8, FIELD_OWN, NULL },
};

const struct mem_kind counters_kind = { "counters", SPACE_COUNTERS * 8, rows, COUNTERS_N + 1 };

const char *counter_name(enum counter c)
{
	return row[c].name;
}

const char *counter_text(enum counter c)
{
	return row[c].text;
}
