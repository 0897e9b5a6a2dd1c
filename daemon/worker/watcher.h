/* watcher.h - the descriptors that modules have watched, in the loop of their worker.
 *
 * resource/watches.h says which they are, by number; this has a watcher of libev for each
 * number, made at boot.  Owned by the worker. */
#ifndef WORKER_WATCHER_H
#define WORKER_WATCHER_H

#include "base/err.h"
#include "resource/watches.h"

#include <ev.h>

struct watcher {
	struct watching watching;       /* for resources_watching() */
	struct ev_loop *loop;           /* borrowed */
	ev_io *io;                      /* owned */
	unsigned n;
	/* Number i is ready for events (COAPD_READABLE ...). */
	void (*ready)(void *arg, unsigned i, int events);
	void *arg;
};

/* For n numbers; ready and arg are there already.  0, or a negative errno with err.  It must
 * not move in memory afterwards. */
int watcher_open(struct watcher *w, struct ev_loop *loop, unsigned n, struct err *err);
void watcher_close(struct watcher *w);

#endif
