/* inherited.h - the descriptors that a worker has from its supervisor: those that it was
 * given stay, all others are closed.  Run by the worker, once. */
#ifndef WORKER_INHERITED_H
#define WORKER_INHERITED_H

#include "base/err.h"
#include "worker/worker.h"

/* Keeps what boot names, the standard streams and what the log needs, which goes on in the
 * file of boot from here on.  0, or -ENOMEM with err, and nothing is closed. */
int inherited_keep(const struct worker_boot *boot, struct err *err);

#endif
