/* statistics.h - what has been counted, told to the log.
 *
 * Run by the supervisor: it reads the memory of slots (memory.h) and what modules count
 * (base/counts.h), and trusts neither. */
#ifndef SUPERVISOR_STATISTICS_H
#define SUPERVISOR_STATISTICS_H

#include "base/counts.h"
#include "config/site.h"
#include "supervisor/memory.h"

/* Logs every counter of the daemon, then those of the mounts that count something, one a
 * line, and at last that this was all. */
void statistics_log(const struct memory *m, const struct counts *c, const struct site *site);

#endif
