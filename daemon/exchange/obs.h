/* obs.h - stage obs, client role: an observation of a resource (RFC 7641).
 *
 * It keeps one exchange (client.h) for as long as it lives, puts notifications in
 * their order (3.4), registers again when the last representation is stale
 * (Max-Age, 3.3.1), and fetches the rest of one that comes in blocks by a transfer
 * (RFC 7959 2.6 and 3.4).  An object in the slot: a successor goes on with it.
 *
 *	REGISTERING <--Max-Age passed-- REGISTERED --obs_leave()--> LEAVING --> gone
 *	     |         --Observe-->
 *	     `--no Observe--> gone; LAST, if the body of that answer comes in blocks
 *
 * Registering again and leaving are confirmable, however it began: who does not
 * even acknowledge that is gone, which ends the observation.  A challenge is answered
 * once for each registration (RFC 9175 2.3). */
#ifndef EXCHANGE_OBS_H
#define EXCHANGE_OBS_H

#include "exchange/xfer.h"

/* Registers: q as for a transfer without a body (FETCH with one that fits a single
 * message may have one), options without Observe, which is added.  0, or as
 * xfer_start(); -EINVAL for a group as well. */
int obs_start(struct engine *e, const struct xfer_request *q, ref_t *obs);

enum obs_verdict {
	OBS_NOTHING,            /* old news, or nothing to tell */
	OBS_PART,               /* bytes of a representation; more will come */
	OBS_STATE,              /* a representation, or the last part of it */
	OBS_ENDED,              /* the response ends the observation, or it was none:
				 * an error, or no Observe option (4.2) */
	OBS_FAILED
};

struct obs_event {
	ref_t obs;              /* stale after OBS_ENDED and OBS_FAILED */
	uint64_t owner;
	struct message msg;     /* PART, STATE, ENDED: the response in hand */
	struct addr peer;
	uint64_t offset;        /* of msg.payload within the body; 0 begins another
				 * representation, what came of the one before is void */
	uint64_t total;         /* as in xfer.h */
	uint32_t value;         /* the Observe value it came with, 24 bits */
	int status;             /* FAILED, as in xfer.h; the change of a representation
				 * while its rest is fetched is no failure */
};

/* Whether the owner of a response, or of a transfer's event, is an observation. */
static inline bool obs_owns(uint64_t owner)
{
	return REF_SLAB(owner) == SLAB_OBS;
}

/* Takes a response of the kept exchange. */
enum obs_verdict obs_response(struct engine *e, const struct response *r,
			      struct obs_event *out);

/* Takes an event of the transfer that fetches the rest of a body. */
enum obs_verdict obs_rest(struct engine *e, enum xfer_verdict verdict,
			  const struct xfer_event *x, struct obs_event *out);

enum obs_state {
	OBS_REGISTERING = 1,    /* a registration is under way, the first or again */
	OBS_REGISTERED,         /* it stands; something is due */
	OBS_TO_LEAVE,           /* a registration is under way, to be undone then */
	OBS_LEAVING,            /* that is under way, or due */
	OBS_LAST,               /* it is over, the rest of the last body is under way */
	OBS_STATES
};

struct obs {
	struct object o;
	uint64_t owner;
	ref_t exchange;         /* the kept one */
	ref_t rest;             /* the transfer that fetches the rest of a body, 0 none */
	uint64_t heard;         /* ms: when the freshest notification came */
	uint64_t due;           /* ms; 0 while a message of the exchange is under way */
	struct addr to;
	struct local from;
	uint32_t state;
	uint32_t known;         /* 1: value is of a notification that came */
	uint32_t value;         /* its Observe value */
	uint32_t non, szx;      /* of the request */
	uint32_t body_n;
	uint32_t timeout_ms;
	uint32_t challenged;    /* the registration under way answers a challenge */
	uint32_t tries;         /* LEAVING: messages sent; LAST: transfers begun */
	uint32_t zero;
};

static inline struct obs *obs_get(struct engine *e, ref_t ref)
{
	return slab_get(&e->space, engine_slab(e, SLAB_OBS), ref);
}

static inline ref_t obs_ref(struct engine *e, const struct obs *o)
{
	return slab_ref(&e->space, engine_slab(e, SLAB_OBS), o);
}

/* Its time has come (EXPIRE_OTHER with SLAB_OBS): registers again, or leaves.  Always
 * OBS_NOTHING; what comes of it comes as a response. */
enum obs_verdict obs_due(struct engine *e, struct obs *o, struct obs_event *out);

/* Ends it and tells the server: the request with Observe 1 and the same token (3.6).
 * Its answer, or the end without one, comes as OBS_ENDED or OBS_FAILED; other
 * notifications are nothing until then.  0; -ENOENT. */
int obs_leave(struct engine *e, ref_t obs);

/* Forgets it at once; the server learns by the Reset of its next notification. */
void obs_cancel(struct engine *e, ref_t obs);

/* Adopt: whether a live observation is plausible; sets its deadline again. */
bool obs_adopt(struct engine *e, struct obs *o);

/* Then: whether a transfer that an observation owns is still fetching for it. */
bool obs_has_rest(struct engine *e, const struct xfer *x);

#endif
