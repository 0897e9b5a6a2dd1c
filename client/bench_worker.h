/* bench_worker.h - one process of a benchmark: does what its parent says, byte by
 * byte.
 *
 * Forked by the crew (bench_crew.h), never exec'ed.  It opens its job, then waits for
 * each word; its end of file means that the parent is gone. */
#ifndef CLIENT_BENCH_WORKER_H
#define CLIENT_BENCH_WORKER_H

#include "client/bench_job.h"

enum bench_word {
	/* from the parent */
	BENCH_START = 'G',
	BENCH_MEASURE = 'M',
	BENCH_STOP = 'S',
	BENCH_ABANDON = 'A',
	/* from the worker */
	BENCH_OPEN = 'R',       /* the sockets are open */
	BENCH_BEGUN = 'B',
	BENCH_ENOUGH = 'E',
	BENCH_DONE = 'D',       /* its slot is filled */
	BENCH_FAILED = 'X'      /* its slot has an error */
};

struct bench_duty {
	const struct bench_plan *plan;  /* its share; all borrowed */
	struct bench_slot *slot;
	struct bench_board *board;
	int all_seen;           /* eventfd of the board */
	int words;              /* a stream socket */
	bool first;
};

/* Returns when all is done: the status for _exit(). */
int bench_worker_run(const struct bench_duty *duty);

#endif
