/* pace.h - jobs in invented time: each is over exactly so long after it began.
 *
 * Their functions run on a thread, one after the other, never beside a hook: while the
 * guest waits and time stands still; what is told of them when does not depend on how fast that was.  Private
 * memory of a guest, so jobs die with it as they do with a worker. */
#ifndef KIT_PACE_H
#define KIT_PACE_H

#include "config/site.h"
#include "resource/jobs.h"

struct pace {
	struct jobs jobs;       /* what resources_jobs() wants */
	struct pace_job {
		uint64_t order; /* of the job, + 1 */
		uint64_t due;
	} *job;                 /* owned; as in jobs */
	uint64_t next;          /* when one more is over; UINT64_MAX never */
};

/* As many as the site allows.  False: no memory, and nothing is held. */
bool pace_open(struct pace *p, const struct site *site);
/* False: one of them does not end, and all is left as it is. */
bool pace_close(struct pace *p);

/* Whether pace_settle() is going to wait for any. */
bool pace_works(struct pace *p);

/* Runs those that have begun to their end; each is over takes ms from now, and no others
 * are told of than those that are over by now. */
void pace_settle(struct pace *p, uint64_t now, uint64_t takes);

#endif
