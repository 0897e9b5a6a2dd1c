/* watches.h - descriptors of foreign libraries that modules have watched
 * (coapd_watch_fd()): whose they are, and what runs when one is ready.
 *
 * Private memory of a worker, made at boot, a fixed number for each mount.  Whoever has a
 * loop watches them in it; until there is one they are only noted.  Nothing of it
 * outlives the worker.  All of it runs on the worker's own thread. */
#ifndef RESOURCE_WATCHES_H
#define RESOURCE_WATCHES_H

#include "coapd/module.h"

#include <pthread.h>

struct engine;
struct resources;

struct watch {
	struct coapd_mount *mount;      /* NULL: free */
	coapd_watchfn *fn;
	int fd, events;
};

/* What this folder asks of a loop. */
struct watching {
	/* Number i is this descriptor now, which is ready when it can be read or written, as
	 * events say, for as long as it can be; 0: it is none any more. */
	void (*set)(void *arg, unsigned i, int fd, int events);
	void *arg;
};

struct watches {
	struct watch *watch;            /* owned */
	unsigned n;
	const struct watching *loop;    /* borrowed; NULL: not yet */
	pthread_t thread;               /* that may call */
};

/* How many numbers there are for so many mounts of modules. */
unsigned watches_max(size_t mounts);

/* For n numbers; 0, -ENOMEM. */
int watches_init(struct watches *w, unsigned n);
void watches_free(struct watches *w);

/* There is a loop, for those noted so far and all to come. */
void watches_begin(struct watches *w, const struct watching *loop);

/* As coapd_watch_fd() says. */
int watches_set(struct watches *w, struct coapd_mount *m, int fd, int events,
		coapd_watchfn *fn);

/* All of a mount are over. */
void watches_drop(struct watches *w, const struct coapd_mount *m);

/* Number i is ready for events: its function runs.  Part of an event of the slot of e,
 * which the caller commits; with e NULL nothing of a slot can be done in it. */
void watches_run(struct resources *R, struct engine *e, unsigned i, int events);

#endif
