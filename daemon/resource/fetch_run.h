/* fetch_run.h - what happens to the requests that modules make: they are sent, from
 * address to address, and what comes is brought to their tasks.
 *
 * Each call is part of one event: the caller commits after it (engine.h).  Run by the
 * worker that holds the slot. */
#ifndef RESOURCE_FETCH_RUN_H
#define RESOURCE_FETCH_RUN_H

#include "exchange/input.h"
#include "resource/fetch.h"
#include "resource/resource.h"

/* What they need of the world, which this layer does not touch; borrowed. */
struct outside {
	/* Asks for the addresses of a host (zone: its interface, or ""); they are told to
	 * fetch_resolved() in an event of their own.  0; -EAGAIN: at a limit; -ENOMEM. */
	int (*lookup)(void *arg, ref_t fetch, const char *host, const char *zone,
		      uint16_t port);
	/* 0 if a way leads to that address, else -ENETUNREACH and the like. */
	int (*way)(void *arg, const struct addr *to);
	void *arg;
	uint16_t client_sock;           /* number of the slot's client socket */
};

/* It is due (EXPIRE_OTHER in FETCH_SLAB). */
void fetch_due(struct resources *R, struct engine *e, const struct outside *out,
	       struct fetch *f);

/* The addresses of its host, in the order to try them in, or none. */
void fetch_resolved(struct resources *R, struct engine *e, const struct outside *out,
		    ref_t fetch, const struct addr *addr, unsigned n);

/* Something came for a request of ours, or it failed. */
void fetch_respond(struct resources *R, struct engine *e, const struct outside *out,
		   const struct response *r);

#endif
