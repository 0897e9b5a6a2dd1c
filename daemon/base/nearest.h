/* nearest.h - which of the right names a wrong one was probably meant to be.
 *
 * Pure; used in every process. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* How many letters must be put in, left out, changed or swapped with their
 * neighbour to make one of the other; names of more than 63 bytes are as far
 * apart as they are long. */
unsigned nearest_distance(const char *a, const char *b);

/* Keeps the candidate that is closest so far, if it is close enough to be worth
 * telling: a third of the word may be wrong, one letter always. */
struct nearest {
	const char *wanted, *best;      /* best is NULL while there is none */
	unsigned distance;
	bool any_case;                  /* big and small letters are the same */
};
void nearest_offer(struct nearest *n, const char *candidate);

#endif
