/* sight.h - what this worker's observers see of the directory, and what of it changes, by
 * whomever.
 *
 * The directories on the way to what is observed are watched with inotify(7): names that
 * come, go, are written or closed in them.  It is bounded, and made once; what cannot be
 * watched (no more watches to be had, a link on the way, a second name of the file) is
 * looked at from time to time instead, by a task.  Told is where it changed, never how: the
 * state is read anew.
 *
 * Each path is told of once, and armed again when its state is read for observers
 * (sight_on()), which is before it is read.  So one that nobody observes any more is told of
 * once and then makes room. */
#ifndef FILES_SIGHT_H
#define FILES_SIGHT_H

#include "tree.h"

#define SIGHT_PATH 512          /* longer ones are not observed */

enum sight_state {
	SIGHT_FREE,
	SIGHT_ARMED,            /* a change is to be told */
	SIGHT_TOLD              /* observers know that there is one, nobody has read it yet */
};

struct seen {
	enum sight_state state;
	bool directory;         /* its list is observed */
	bool polled;
	bool unsure;            /* it may have changed and look the same: changed just now */
	bool open;              /* written to, and not closed since */
	unsigned since;         /* events since it was told */
	uint64_t order;         /* when it was told */
	uint64_t sum;           /* polled: what it looked like */
	char path[SIGHT_PATH];  /* "" is the root */
};

struct watched {
	int wd;                 /* 0: free */
	char path[SIGHT_PATH];
};

struct sight {
	coapd_mount *mount;
	int root;               /* borrowed */
	int fd;                 /* of inotify; -1: there is none */
	unsigned n;             /* of each of: */
	struct seen *seen;      /* owned */
	struct watched *watched;        /* owned; directories */
	uint32_t poll_ms;
	uint64_t order;
	uint64_t swept;         /* ms, when all was told because there was no room */
	coapd_id ticker;        /* the task that polls; 0: none that we know of */
	bool warned;
};

/* For n paths at most; 0, or -errno. */
int sight_open(struct sight *s, coapd_mount *mount, int root, unsigned n, uint32_t poll_ms);
void sight_close(struct sight *s);

/* Its state is about to be read for observers.  False: it cannot be observed.  fresh: it
 * was not observed so far, and sight_off() is to be called if it turns out that there
 * is nothing to be observed. */
bool sight_on(struct sight *s, const struct place *at, bool *fresh);
void sight_off(struct sight *s, const struct place *at);

/* The descriptor of inotify is ready. */
void sight_read(struct sight *s);

/* An event of the task that polls; true: again in poll_ms. */
bool sight_tick(struct sight *s, coapd_id task, bool first);

#endif
