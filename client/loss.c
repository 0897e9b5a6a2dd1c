#include "client/loss.h"

/* splitmix64: good enough for chance, not for secrets. */
static uint64_t next(struct loss *l)
{
	uint64_t v = l->dice += 0x9e3779b97f4a7c15u;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

bool loss_strikes(struct loss *l)
{
	return l->permille && (next(l) >> 32) % 1000 < l->permille;
}
