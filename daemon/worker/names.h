/* names.h - the hosts that modules' requests go to: their addresses, for all slots of
 * a worker.
 *
 * A question lives in the worker alone.  When that dies, its successor asks again, for
 * the slot remembers what for (resource/fetch.h). */
#ifndef WORKER_NAMES_H
#define WORKER_NAMES_H

#include "base/slab.h"
#include "transport/resolve.h"

#define NAMES_MAX 128u          /* questions at a time */

/* Addresses of what was asked for, n of them, 0 if there are none.  False: cannot be
 * told now, names_again() will tell. */
typedef bool names_done(void *arg, ref_t fetch, const struct addr *addr, unsigned n);

struct names;

struct names_question {
	struct names *names;
	void *arg;              /* NULL: free */
	ref_t fetch;
	bool answered;
	unsigned n;
	struct addr addr[RESOLVE_MAX];
};

struct names {
	struct resolver *resolver;
	names_done *done;
	unsigned untold;        /* answered questions that could not be told */
	struct names_question question[NAMES_MAX];
};

/* servers: instead of the system's, or "".  Must not move afterwards.  0, or a negative
 * errno with err. */
int names_open(struct names *n, struct ev_loop *loop, const char *servers, names_done *done,
	       struct err *err);
void names_close(struct names *n);

/* Asks; done is told from the loop.  0; -EAGAIN: too many questions; -ENOMEM. */
int names_ask(struct names *n, void *arg, ref_t fetch, const char *host, const char *zone,
	      uint16_t port);

/* Tells this arg what it could not be told. */
void names_again(struct names *n, const void *arg);

/* Drops the questions of this arg. */
void names_drop(struct names *n, const void *arg);

/* 0 if a way leads to the address, as far as this host knows; a negative errno. */
int names_way(const struct addr *to);

#endif
