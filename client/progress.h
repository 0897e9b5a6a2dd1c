/* progress.h - how far bodies have come, for a terminal. */
#ifndef CLIENT_PROGRESS_H
#define CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	double began, shown;    /* seconds; 0: not yet */
};

/* Whether it is time to show a line: not for what is over in a moment, and not more
 * than a person can read. */
bool progress_due(struct progress *p, double now);

/* "1.5 MiB of 3.0 MiB, 50 %, 310 KiB/s" after so many seconds; total is 0 if nobody
 * knows. */
#define PROGRESS_LINE 80
const char *progress_line(char out[PROGRESS_LINE], uint64_t have, uint64_t total,
			  double seconds);

/* "1.5 MiB". */
#define PROGRESS_SIZE 16
const char *progress_size(char out[PROGRESS_SIZE], double bytes);

#endif
