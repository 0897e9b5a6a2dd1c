/* kick.h - an operator's wish: what is kept for a peer is forgotten, before its time.
 *
 * Observers, messages that it has not acknowledged, requests of ours to it, its requests that
 * wait, and bodies on their way that no module has in hand end.  What it was answered stays
 * known: a request that comes again must not run again.  Run by the worker that holds the
 * slot. */
#ifndef EXCHANGE_KICK_H
#define EXCHANGE_KICK_H

#include "exchange/expire.h"

struct kick {
	bool (*wanted)(const void *arg, const struct addr *peer);
	const void *arg;
	unsigned part;          /* where it stopped: of slabs, */
	uint32_t place;         /* of objects; zero at first */
	struct kick_counts {
		uint32_t observers, exchanges, requests, bodies;
		uint32_t worker;        /* of whoever adds it up: who says so */
	} counts;
};

/* Ends the next thing, one event each: settle the verdict, commit, call again.  False: there
 * is nothing more. */
bool kick_next(struct engine *e, struct kick *k, struct expired *out,
	       enum expire_verdict *verdict);

#endif
