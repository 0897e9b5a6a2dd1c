#include "exchange/flight.h"

/* Of the shortest datagram, with what the kernel counts beside its bytes: drivers receive into
 * halves of a page. */
#define BYTES 2304u

uint32_t flight_room(uint64_t bytes)
{
	uint64_t n = bytes / 2 / BYTES;

	if (!bytes)
		return 0;
	if (n < FLIGHT_LEAST)
		return FLIGHT_LEAST;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

uint32_t flight_n(const struct flights *f, uint64_t now)
{
	uint64_t step = now / FLIGHT_STEP_MS;
	uint32_t n = 0;

	for (unsigned i = 0; i < FLIGHT_STEPS; i++)
		if (f->step[i].at <= step && step - f->step[i].at < FLIGHT_STEPS)
			n += f->step[i].n;
	return n;
}

bool flight_is_low(const struct flights *f, uint64_t now)
{
	return flight_n(f, now) <= f->room / 2;
}
