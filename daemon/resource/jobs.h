/* jobs.h - what modules do beside the loop: a bounded number of jobs, on a few threads
 * of the worker.
 *
 * Private memory of a worker, made at boot, buffers and all.  A job dies with its worker;
 * what the slot has of it is that its task awaits it.  All but the job's function runs on
 * the worker's own thread. */
#ifndef RESOURCE_JOBS_H
#define RESOURCE_JOBS_H

#include "base/slab.h"
#include "coapd/module.h"

#include <pthread.h>

enum job_state {
	JOB_FREE,
	JOB_TAKEN,              /* asked for by the hook that runs */
	JOB_PREPARED,           /* begins with the commit */
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_DONE
};

struct job {
	enum job_state state;
	bool forgotten;         /* nobody waits for it */
	uint8_t tag;
	ref_t task;
	uint64_t order;         /* of the queue */
	coapd_jobfn *fn;
	size_t in, out;         /* bytes: given; room, behind them */
	int status;             /* bytes that were put out, or -errno */
	uint8_t *bytes;         /* owned */
};

struct jobs {
	struct job *job;        /* owned */
	unsigned n;
	uint8_t *bytes;         /* owned */
	unsigned threads;       /* at most */
	pthread_t *thread;      /* owned; those that were started */
	unsigned started;
	unsigned prepared;      /* not begun yet */
	uint64_t order;         /* of the next one */
	uint64_t until;         /* those before this one are told of: all, unless whoever
				 * invents time says less */
	void (*ready)(void *arg);       /* a job is done; called on its thread */
	void *arg;
	unsigned finished;      /* in JOB_DONE; changed under the lock, read without */
	/* Under the lock: states of jobs from JOB_QUEUED on, and these. */
	pthread_mutex_t lock;
	pthread_cond_t work, rest;
	unsigned queued, running;
	bool held;              /* none begins outside jobs_wait(); for those who invent time */
	bool ending;
};

/* At most n jobs at a time on that many threads, which start when they are needed.  0,
 * or -ENOMEM. */
int jobs_init(struct jobs *j, unsigned threads, unsigned n, void (*ready)(void *), void *arg);

/* Lets running ones end, drops the others, and gives all back.  False when one does not
 * end in time: nothing is given back then, and it still runs. */
bool jobs_end(struct jobs *j, unsigned ms);

/* A job for fn with its bytes; NULL when there are n. */
struct job *jobs_take(struct jobs *j, coapd_jobfn *fn, coapd_span in, size_t out);

/* It is to begin with jobs_go(), for this await of a task. */
void jobs_prepare(struct jobs *j, struct job *job, ref_t task, uint8_t tag);
void jobs_begin(struct jobs *j);
static inline void jobs_go(struct jobs *j)
{
	if (j->prepared)
		jobs_begin(j);
}

/* Nobody waits for those of this await any more. */
void jobs_forget(struct jobs *j, ref_t task, uint8_t tag);

/* One that is done, for a task of this space; NULL: none.  jobs_release() is to follow. */
struct job *jobs_done(struct jobs *j, uint8_t space);
coapd_span jobs_result(const struct job *job);
void jobs_release(struct jobs *j, struct job *job);

/* Whether any is to be run or runs, and waits until none is; for those who invent time. */
bool jobs_working(struct jobs *j);
void jobs_wait(struct jobs *j);

/* Any that is not free. */
bool jobs_busy(struct jobs *j);

#endif
