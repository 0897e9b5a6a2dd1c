#include "resource/condition.h"

/* One of the request's options of that number is this ETag. */
static bool names(const struct message *m, uint32_t number, struct span etag)
{
	struct message_walk walk = message_walk(m, number);
	struct span value;

	while (message_walk_next(&walk, &value))
		if (value.n && span_eq(value, etag))
			return true;
	return false;
}

/* An empty If-Match asks for no more than that it exists. */
static bool asks_for_any(const struct message *m)
{
	struct message_walk walk = message_walk(m, OPT_IF_MATCH);
	struct span value;

	while (message_walk_next(&walk, &value))
		if (!value.n)
			return true;
	return false;
}

static bool has(const struct message *m, uint32_t number)
{
	struct span value;

	return message_option(m, number, 0, &value);
}

enum condition condition_of(const struct message *m, bool exists, struct span etag)
{
	if (has(m, OPT_IF_MATCH) &&
	    !(exists && (asks_for_any(m) || names(m, OPT_IF_MATCH, etag))))
		return CONDITION_FAILED;
	if (exists && has(m, OPT_IF_NONE_MATCH))
		return CONDITION_FAILED;
	if (exists && code_is_safe(m->code) && names(m, OPT_ETAG, etag))
		return CONDITION_VALID;
	return CONDITION_MET;
}
