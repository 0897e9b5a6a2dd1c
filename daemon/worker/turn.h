/* turn.h - a worker of a site that is to take over waits for its turn.
 *
 * Its modules are open; its slots are still another's.  It is told once, by WORKER_GO, that
 * they are nobody's now.  Run by the worker, whose loop does not run yet. */
#ifndef WORKER_TURN_H
#define WORKER_TURN_H

#include "base/err.h"
#include "worker/worker.h"

/* Says WORKER_PREPARED and waits.  0: it is our turn.  Else a negative errno: it never will be,
 * and exit is how to end if that is no failure of ours. */
int turn_wait(int control, enum worker_exit *exit, struct err *err);

/* Says WORKER_FAILED, and why. */
void turn_failed(int control, const char *stage, const struct err *err);

#endif
