/* obey.h - a worker does what its supervisor says, and tells it that it lives.
 *
 * Without a supervisor (--debug) signals take its place.  Run by the worker's thread. */
#ifndef WORKER_OBEY_H
#define WORKER_OBEY_H

#include "worker/state.h"

/* The last stage of its boot: says that it is ready, and listens.  0, or a negative errno. */
int obey_begin(struct worker *w, struct err *err);
void obey_end(struct worker *w);

/* Says that it lives, if anybody wants to know. */
void obey_alive(void *worker);

#endif
