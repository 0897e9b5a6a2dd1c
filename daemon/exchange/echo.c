#include "exchange/echo.h"

#include "base/siphash.h"
#include "exchange/endpoint.h"

static void make(const struct engine *e, const struct addr *peer, uint32_t seconds,
		 uint32_t count, uint8_t value[ECHO_SIZE])
{
	struct {
		struct addr peer;
		uint32_t seconds, count;
		char what[4];           /* no other use hashes the same bytes */
	} in = { *peer, seconds, count, "echo" };
	uint64_t h = siphash(&e->space.ctl->key, &in, sizeof in);

	memcpy(value, &seconds, 4);
	memcpy(value + 4, &count, 4);
	memcpy(value + 8, &h, 8);
}

void echo_make(const struct engine *e, const struct addr *peer, uint32_t count,
	       uint8_t value[ECHO_SIZE])
{
	make(e, peer, engine_seconds(e), count, value);
}

bool echo_fresh(const struct engine *e, const struct addr *peer, uint32_t count,
		struct span value)
{
	uint32_t given;

	if (value.n != ECHO_SIZE)
		return false;
	memcpy(&given, value.p + 4, 4);
	return given == count && echo_reached(e, peer, value);
}

bool echo_reached(const struct engine *e, const struct addr *peer, struct span value)
{
	uint8_t expect[ECHO_SIZE];
	uint32_t seconds, count;

	if (value.n != ECHO_SIZE)
		return false;
	memcpy(&seconds, value.p, 4);
	memcpy(&count, value.p + 4, 4);
	if (engine_seconds(e) - seconds > ECHO_FRESH_S)
		return false;
	make(e, peer, seconds, count, expect);
	return memcmp(expect, value.p, ECHO_SIZE) == 0;
}
