/* bench_report.h - what came of a benchmark, for a person or as a line of JSON. */
#ifndef CLIENT_BENCH_REPORT_H
#define CLIENT_BENCH_REPORT_H

#include "client/bench_crew.h"

struct bench_report {
	const char *uri;        /* as typed; all borrowed */
	const struct bench_plan *plan;
	const struct bench_result *result;
	bool metered;           /* the server's part counts */
};

/* Writes it to a descriptor.  0, or a negative errno. */
int bench_report_text(const struct bench_report *r, int fd);
int bench_report_json(const struct bench_report *r, int fd);

#endif
