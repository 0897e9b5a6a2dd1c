/* report.h - the answer to "status": a line for the daemon, one for each worker, each
 * slot, and each resource whose module counts something: all that is counted.  Run by the supervisor. */
#ifndef CONTROL_REPORT_H
#define CONTROL_REPORT_H

#include "control/inquiry.h"

bool report_step(struct inquiry *a, struct record *line);

#endif
