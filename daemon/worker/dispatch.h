/* dispatch.h - what happens in one slot: datagrams and deadlines in, datagrams
 * out, each event one transaction.
 *
 * Joins engine and resources.  No sockets and no clock in here: the caller fills
 * and empties the batch in slot memory and tells the time, so that a test can
 * drive a slot one instruction at a time.  Owned by the worker that holds the
 * slot; all that must outlive it is in the slot's memory. */
#ifndef WORKER_DISPATCH_H
#define WORKER_DISPATCH_H

#include "exchange/expire.h"
#include "exchange/kick.h"
#include "exchange/xfer.h"
#include "resource/fetch_run.h"
#include "resource/resource.h"

struct dispatch {
	struct engine engine;
	struct resources *resources;    /* borrowed */
	/* What comes for requests of ours, in place of the modules; NULL. */
	void (*response)(void *arg, struct engine *e, const struct response *r);
	void *arg;
	/* For those who test deaths: called with committing before (done is false) and after
	 * the commit of each event; NULL. */
	void (*commits)(void *committing, bool done);
	void *committing;
	const struct outside *outside;  /* for requests of modules; borrowed, may be NULL */
	struct xfer_source source;      /* of their bodies */
	bool adopted;                   /* no event since the adoption */
	bool unresolved;                /* what was executing is still to be settled */
	bool mail;                      /* there may be messages in the slot's mailbox; set
					 * by the caller */
	bool begun;                     /* the tasks of this slot's that are there once are */
};

/* Opens the slot's engine over its memory (engine_open() says the rest). */
int dispatch_open(struct dispatch *d, void *mem, const struct space_def *def,
		  uint8_t number, const struct hash_key *key,
		  const struct engine_conf *conf, struct resources *resources,
		  enum space_state *state);
void dispatch_close(struct dispatch *d);

/* Takes over what a dead worker left.  After it batch_of()->rx_n is true and the
 * transport can look at the batch; dispatch_batch() goes on with it.  False: too
 * many have died of that, so the slot has been wiped. */
bool dispatch_adopt(struct dispatch *d, uint64_t now);

/* To be called once the rest of the batch and what was due are settled: the
 * adoption itself is then no danger.  The first event does the same. */
void dispatch_survived(struct dispatch *d);

/* --- events; each returns false when the batch has no room for more answers: send
 *     it (dispatch_flushed()) and call again ------------------------------------ */

/* Works through what is left of the datagrams in the batch. */
bool dispatch_batch(struct dispatch *d, uint64_t now);

/* Settles what is due at now, or DISPATCH_DUE_MAX of it: dispatch_next() tells. */
#define DISPATCH_DUE_MAX 256
bool dispatch_due(struct dispatch *d, uint64_t now);

/* An ICMP error came for a datagram of ours (expire_unreachable()). */
bool dispatch_unreachable(struct dispatch *d, uint64_t now, const struct addr *to,
			  const struct local *from, struct span quoted);

/* What is kept for some peers ends (exchange/kick.h); k goes on where it stopped. */
bool dispatch_kick(struct dispatch *d, uint64_t now, struct kick *k);

/* The addresses of the host that a module's request is for, or none (n 0). */
bool dispatch_resolved(struct dispatch *d, uint64_t now, ref_t fetch, const struct addr *addr,
		       unsigned n);

/* A descriptor that a module has watched is ready (watches_run()). */
void dispatch_watched(struct dispatch *d, uint64_t now, unsigned i, int events);

/* A word of the table of changes is another one now (resource/notices.h); what follows
 * is due. */
void dispatch_changed(struct dispatch *d, uint64_t now, uint32_t word);

/* Once a second: what has outlived its lifetime. */
void dispatch_sweep(struct dispatch *d, uint64_t now);

/* --- between events ------------------------------------------------------------- */

/* The committed datagrams of the batch are all off. */
void dispatch_flushed(struct dispatch *d);

/* When dispatch_due() has something to do, UINT64_MAX for never. */
uint64_t dispatch_next(const struct dispatch *d);

/* dispatch_due() has something to do that came from elsewhere: a job
 * is over, there is mail. */
bool dispatch_pending(struct dispatch *d);

/* Nobody waits for us any more, nor we for anybody but servers that we observe. */
bool dispatch_idle(const struct dispatch *d);

/* Something is remembered that time alone ends. */
bool dispatch_remembers(const struct dispatch *d);

#endif
