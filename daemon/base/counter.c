#include "base/counter.h"

#include "base/space.h"

static const struct {
	const char *name, *text;
} row[COUNTERS_N] = {
#define COUNTER_ROW(id, name, text) [COUNT_##id] = { name, text },
	COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
};

_Static_assert(COUNTERS_N <= SPACE_COUNTERS, "more counters than the control block holds");

const char *counter_name(enum counter c)
{
	return row[c].name;
}

const char *counter_text(enum counter c)
{
	return row[c].text;
}
