/* sandbox.h - what a worker gives up before it looks at foreign code or bytes.
 *
 * Run by a child of the supervisor right after the fork: workers, and the child
 * that checks a site.  None of it can be taken back. */
#ifndef WORKER_SANDBOX_H
#define WORKER_SANDBOX_H

#include "base/err.h"

/* Leaves signals to the supervisor: those of a terminal or a service manager are
 * sent to the whole group, and only the supervisor knows what to make of them.
 * A file that becomes too long is an error of the call that made it so.  Unblocks all
 * others and gives them their default. */
void sandbox_signals(void);

/* Closes every descriptor but 0, 1, 2 and the n given ones. */
void sandbox_keep(const int *fds, unsigned n);

/* Becomes user if the process is root, else stays; no process of it gains
 * privileges any more.  Dies with its parent from here on.  0, or a negative errno
 * with err: nothing foreign may run then. */
int sandbox_drop(const char *user, struct err *err);

#endif
