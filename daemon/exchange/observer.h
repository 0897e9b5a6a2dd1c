/* observer.h - stage obs, server role: a client that observes a resource of ours
 * (RFC 7641 4), an object in the slot.
 *
 * It is keyed by endpoint and token (4.1) and keeps the request that registered it.
 * There is no queue of notifications: an observer knows which value of its
 * representation's word it was told, and is stale when that is another by now.
 *
 *	IDLE --told, confirmable--> a notification is under way (o->exchange)
 *	  |                             | acknowledged --> IDLE
 *	  |                             | not in time, and stale --> IDLE, to be told with
 *	  |                             |       what is left of the retransmissions (4.5.2)
 *	  |                             | not in time for the last time, or reset: gone
 *	  |--told, non-confirmable--> IDLE
 *	  `--its client has its share--> a pause (4.5.1) --> IDLE
 *
 * What a client can be told at a time does not depend on how much it observes (share.h).
 *
 * Observe values go up with each notification made, within the transaction that makes
 * it: no death sends one twice or a smaller one.  Run by the worker that holds the
 * slot. */
#ifndef EXCHANGE_OBSERVER_H
#define EXCHANGE_OBSERVER_H

#include "exchange/endpoint.h"
#include "exchange/representation.h"
#include "exchange/request.h"
#include "exchange/stored.h"

#define OBSERVER_INSIDE 120u            /* header, 8 bytes of token, a path of 20 fit */
#define OBSERVER_CON_MS 86400000u       /* a confirmable one at least so often (4.5) */

struct observer {
	struct object o;
	ref_t peer;
	ref_t representation;
	ref_t exchange;         /* the notification under way; 0 none */
	uint64_t sequence;      /* Observe value it was told last, with all its bits */
	uint64_t told;          /* value of the word that it was told of last */
	uint64_t con_by;        /* ms: confirmable from then on, whatever else */
	uint64_t pause;         /* ms: nothing is sent before; 0 no pause */
	uint32_t again;         /* 1: to be told once more, though nothing changed */
	uint32_t non;           /* 1: it registered non-confirmably */
	uint32_t mid;           /* of the last non-confirmable one, MID_VALID; 0 none */
	uint32_t since_con;     /* non-confirmable ones since the last confirmable one */
	uint32_t aged;          /* 1: what it was told last has a Max-Age */
	uint32_t retries, timeout_ms;   /* of what the next one takes the place of; 0 */
	uint32_t turn;          /* 1: the pause is over, and the time is its own */
	struct stored request;  /* without what was for its answer alone */
	/* derived: */
	uint32_t next, prev;    /* in its representation's idle chain */
	uint32_t peer_next, peer_prev;
	uint32_t chained;       /* it is in that */
	uint32_t zero;
	uint8_t inside[OBSERVER_INSIDE];
};

static inline struct observer *observer_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_OBSERVER), ref);
}

static inline ref_t observer_ref(struct engine *e, const struct observer *o)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_OBSERVER), o);
}

/* --- the list ---------------------------------------------------------------------- */

/* Whether a request asks to be entered: Observe 0, GET or FETCH, and for the
 * beginning of the representation (RFC 7959 2.6). */
bool observer_asks(const struct message *m);

/* Enters the peer for what it was just answered with, in place of the entry with its
 * token if there is one.  value: what the response says in Observe.  False: it does
 * not become an observer, and is none (4.1); a limit was reached, which is counted, or
 * its request does not fit a stored message. */
bool observer_register(struct engine *e, struct request *r,
		       const struct representation_of *of, uint32_t *value);

/* Takes out the entry of a request's endpoint and token, if there is one; counted as
 * given. */
void observer_forget(struct engine *e, const struct request *r, enum counter why);

/* Ends one, the notification under way too. */
void observer_end(struct engine *e, struct observer *o, enum counter why);

/* --- notifications ------------------------------------------------------------------ */

/* One of the representation's that can be told something now and has to; NULL: none. */
struct observer *observer_stale(struct engine *e, const struct representation *p);

/* Its registration as a request, borrowing; false: it is damaged. */
bool observer_request(struct engine *e, const struct observer *o, struct request *r);

/* The Observe value of the next notification. */
uint32_t observer_value(const struct engine *e, const struct observer *o);

/* Begins a notification: a writer for options and payload, right where the datagram is
 * to be sent from. */
struct writer observer_begin(struct engine *e, const struct observer *o);

/* How it is sent; 4.5 leaves that to the server, for each. */
enum observer_type {
	OBSERVER_AS_ASKED,      /* as the request that registered came */
	OBSERVER_CON,
	OBSERVER_NON            /* but for those that are to be confirmable */
};

/* Puts it off when its client cannot be told more now, in this way (4.5.1); false: it can. */
bool observer_put_off(struct engine *e, struct observer *o, enum observer_type type);

/* Sends it, or queues it behind others to the peer, confirmable or not as is due (4.5).
 * A code that is not of class 2 ends the observer (4.2).  aged: it has a Max-Age.
 * False: no room now (counted), nothing happened. */
bool observer_told(struct engine *e, struct observer *o, uint8_t code,
		   const struct writer *w, bool aged, enum observer_type type);

/* --- what becomes of them ------------------------------------------------------------- */

struct exchange;

/* A notification's exchange was acknowledged; was reset, timed out or could not be
 * delivered.  The caller ends the exchange. */
void observer_acked(struct engine *e, const struct exchange *x);
void observer_lost(struct engine *e, const struct exchange *x, enum counter why);

/* A notification that was queued is sent now: its Observe value becomes what it is to be
 * at this time (4.4). */
void observer_sends(struct engine *e, struct exchange *x);

/* No acknowledgement came in time.  True: the exchange has been ended and something
 * newer takes its place. */
bool observer_supersede(struct engine *e, struct exchange *x);

/* The peer's observer whose last non-confirmable notification had this message ID; NULL. */
struct observer *observer_by_mid(struct engine *e, const struct endpoint *p, uint16_t mid);

/* Its time has come: a pause is over, or a confirmable one is due. */
void observer_due(struct engine *e, struct observer *o);

/* Adopt, after exchanges and representations: puts a plausible one back; false if it is
 * implausible. */
bool observer_adopt(struct engine *e, struct observer *o);

#endif
