/* bench_crew.h - the processes of a benchmark and the one that leads them.
 *
 * The leader forks them, takes them all through the steps of their job at the same
 * time, reads what the server uses meanwhile, and adds up what they have counted. */
#ifndef CLIENT_BENCH_CREW_H
#define CLIENT_BENCH_CREW_H

#include "client/bench_plan.h"
#include "client/bench_tally.h"
#include "client/meter.h"

#include <ev.h>

struct bench_result {
	struct bench_tally tally;
	struct meter_reading idle;      /* of the server: before anything is sent, */
	struct meter_reading begin, end;        /* and around the time measured */
};

struct bench_crew;

/* Forks the processes.  over is called from the loop when all are done, or one has
 * failed.  All but the meter's contents is borrowed.  0, or a negative errno with
 * err. */
int bench_crew_open(struct bench_crew **out, struct ev_loop *loop, const struct bench_plan *plan,
		    const struct meter *server, void (*over)(void *arg), void *arg,
		    struct err *err);

/* Ends the measurement before its time. */
void bench_crew_stop(struct bench_crew *c);

/* What came of it, after over.  0, or -EIO with err: what a process said, or that it
 * died. */
int bench_crew_result(const struct bench_crew *c, struct bench_result *out, struct err *err);

/* Ends what is left of them. */
void bench_crew_close(struct bench_crew *c);

#endif
