#include "client/progress.h"

#include <stdio.h>

#define FIRST 0.5               /* s before anything is shown */
#define EACH 0.1                /* s between two lines */

bool progress_due(struct progress *p, double now)
{
	if (p->began == 0)
		p->began = now;
	if (now - p->began < FIRST || now - p->shown < EACH)
		return false;
	p->shown = now;
	return true;
}

const char *progress_size(char out[PROGRESS_SIZE], double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned i = 0;

	while (bytes >= 1000 && i < 4) {
		bytes /= 1024;
		i++;
	}
	snprintf(out, PROGRESS_SIZE, i && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[i]);
	return out;
}

const char *progress_line(char out[PROGRESS_LINE], uint64_t have, uint64_t total,
			  double seconds)
{
	char is[PROGRESS_SIZE], of[PROGRESS_SIZE], rate[PROGRESS_SIZE];

	progress_size(is, (double)have);
	progress_size(of, (double)total);
	progress_size(rate, seconds > 0 ? (double)have / seconds : 0);
	/* The total is what the server estimates; it may be wrong. */
	if (total >= have && total)
		snprintf(out, PROGRESS_LINE, "%s of %s, %.0f %%, %s/s", is, of,
			 (double)have / (double)total * 100, rate);
	else
		snprintf(out, PROGRESS_LINE, "%s, %s/s", is, rate);
	return out;
}
