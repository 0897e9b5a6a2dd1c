/* bench_job.h - what a process of a benchmark does, whichever way it measures: the
 * steps that its parent takes it through, and the memory that they share.
 *
 *	open --start--> begun --measure--> ... --stop--> done
 */
#ifndef CLIENT_BENCH_JOB_H
#define CLIENT_BENCH_JOB_H

#include "client/bench_plan.h"
#include "client/bench_tally.h"

#include <ev.h>

/* Of a fan-out, written by all processes. */
struct bench_board {
	_Alignas(64) uint32_t round;    /* which state is to come, from 1; set by the first */
	uint64_t round_ns;              /* CLOCK_MONOTONIC: when it was triggered */
	uint64_t observers;             /* that wait for it; set by the parent */
	_Alignas(64) uint64_t seen;     /* that have it; without a trigger: states that came */
	_Alignas(64) uint64_t gone;     /* observers that the server dropped */
};

/* Of one process, read by the parent when that is done. */
struct bench_slot {
	struct bench_tally tally;
	struct err err;
};

struct bench_job {
	struct ev_loop *loop;           /* all borrowed */
	const struct bench_plan *plan;  /* its share */
	struct bench_tally *tally;
	struct bench_board *board;
	int all_seen;                   /* eventfd: every observer has the state */
	bool first;                     /* of the processes */
	/* Each is called once, possibly within an event of the engine's. */
	void (*begun)(void *arg);       /* there is something to measure */
	void (*enough)(void *arg);      /* as many as planned: stop, everybody */
	void (*done)(void *arg);        /* after stop: nothing is under way any more */
	void *arg;
};

struct bench_job_ops {
	/* Opens the sockets.  0, or a negative errno with err. */
	int (*open)(void **out, const struct bench_job *job, struct err *err);
	void (*start)(void *self);
	void (*measure)(void *self);    /* what was counted so far is void */
	void (*stop)(void *self);       /* nothing new is begun; done follows */
	void (*abandon)(void *self);    /* what is under way is given up and counted so */
	void (*close)(void *self);
};

/* Requests from many endpoints (bench_load.c); observers of a resource (bench_fan.c). */
extern const struct bench_job_ops bench_load_ops, bench_fan_ops;

#endif
