#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#define LONGEST 63

static uint8_t least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* Three rows of the usual table are enough: this one, the last one, and the one
 * before that for swapped neighbours. */
unsigned nearest_distance(const char *a, const char *b)
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
			uint8_t cost = a[i - 1] != b[j - 1];

			row[j] = least((uint8_t)(last[j - 1] + cost),
				       least((uint8_t)(last[j] + 1),
					     (uint8_t)(row[j - 1] + 1)));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], (uint8_t)(before[j - 2] + 1));
		}
	}
	return row[nb];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	unsigned allowed = (unsigned)strlen(n->wanted) / 3;
	unsigned d = nearest_distance(n->wanted, candidate);

	if (d > (allowed ? allowed : 1))
		return;
	if (n->best && n->distance <= d)
		return;
	n->best = candidate;
	n->distance = d;
}
