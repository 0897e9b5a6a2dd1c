/* expire.h - what time does: retransmissions, delayed acknowledgements, the end
 * of what was remembered. */
#ifndef EXCHANGE_EXPIRE_H
#define EXCHANGE_EXPIRE_H

#include "exchange/input.h"

enum expire_verdict {
	EXPIRE_NOTHING,         /* nothing is due any more */
	EXPIRE_DONE,            /* something was due and is settled: commit, ask again */
	EXPIRE_FAILED,          /* a request of ours timed out */
	EXPIRE_WITHDRAWN,       /* as INPUT_WITHDRAWN: its peer is gone */
	EXPIRE_OTHER            /* an observation (SLAB_OBS), a representation
				 * (SLAB_REPRESENTATION) or an object of a slab from
				 * ENGINE_SLABS on is due; its
				 * deadline has been taken out */
};

struct expired {
	struct response response;
	unsigned slab;
	void *obj;
};

/* Handles the earliest thing that is due at engine.now; one event each. */
enum expire_verdict expire_next(struct engine *e, struct expired *out);

struct exchange;

/* Ends one that is sent or queued, for a reason as a response has it (EXPIRE_FAILED if it is
 * a request of ours). */
enum expire_verdict expire_end(struct engine *e, struct exchange *x, int status,
			       struct response *out);

/* Once a second or so: a bounded sweep over what has outlived its lifetime. */
void expire_sweep(struct engine *e);

/* An ICMP error came back for a datagram of ours from local to this peer, whose
 * first bytes are quoted.  Believed only if an exchange with that message ID is
 * under way, or what we acknowledged with it came for one that is kept or waits.  Each call
 * ends one exchange of that peer, the one named last; true while there are more:
 * commit and call again. */
bool expire_unreachable(struct engine *e, const struct addr *to, const struct local *from,
			struct span quoted, struct expired *out, enum expire_verdict *verdict);

#endif
