#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"

#define LONGEST 63

static uint8_t least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b, bool any_case)
{
	return a == b ||
	       (any_case && ascii_lower((uint8_t)a) == ascii_lower((uint8_t)b));
}

/* Three rows of the usual table are enough: this one, the last one, and the one
 * before that for swapped neighbours. */
static unsigned distance(const char *a, const char *b, bool any_case)
{
	uint8_t table[3][LONGEST + 1];
	uint8_t *before = table[0], *last = table[1], *row = table[2];
	size_t na = strlen(a), nb = strlen(b);

	if (na > LONGEST || nb > LONGEST)
		return (unsigned)(na > nb ? na : nb);
	for (size_t j = 0; j <= nb; j++)
		row[j] = (uint8_t)j;
	for (size_t i = 1; i <= na; i++) {
		uint8_t *spare = before;

		before = last;
		last = row;
		row = spare;
		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= nb; j++) {
			uint8_t cost = !same(a[i - 1], b[j - 1], any_case);

			row[j] = least((uint8_t)(last[j - 1] + cost),
				       least((uint8_t)(last[j] + 1),
					     (uint8_t)(row[j - 1] + 1)));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2], any_case) &&
			    same(a[i - 2], b[j - 1], any_case))
				row[j] = least(row[j], (uint8_t)(before[j - 2] + 1));
		}
	}
	return row[nb];
}

unsigned nearest_distance(const char *a, const char *b)
{
	return distance(a, b, false);
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	unsigned allowed = (unsigned)strlen(n->wanted) / 3;
	unsigned d = distance(n->wanted, candidate, n->any_case);

	if (d > (allowed ? allowed : 1))
		return;
	if (n->best && n->distance <= d)
		return;
	n->best = candidate;
	n->distance = d;
}
