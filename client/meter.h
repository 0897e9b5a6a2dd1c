/* meter.h - what processes use: CPU time and memory, as /proc tells it.
 *
 * The processes are named by their IDs; their children count too, so that a
 * supervisor stands for its workers. */
#ifndef CLIENT_METER_H
#define CLIENT_METER_H

#include "base/err.h"

#include <stdint.h>

#define METER_PIDS 16u          /* that can be named */

struct meter {
	unsigned n;
	int pid[METER_PIDS];
};

struct meter_reading {
	uint64_t cpu_ns;        /* of all their threads since they began */
	uint64_t rss_kib;       /* memory that is in use now */
};

/* Reads "PID,PID".  0, or -EINVAL with err: not that, or there is no such process. */
int meter_parse(struct meter *m, const char *text, struct err *err);

/* Those that have ended meanwhile count nothing. */
struct meter_reading meter_read(const struct meter *m);

#endif
