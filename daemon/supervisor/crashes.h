/* crashes.h - resources in whose hooks workers keep dying, and for how long they are closed.
 *
 * So many deaths within CRASHES_WITHIN_MS in the hooks of one mount shut its gate
 * (base/gates.h) for a while; then it is open again, and what was is forgotten.  Time is an
 * argument, no process is touched here.  Owned and run by the supervisor. */
#ifndef SUPERVISOR_CRASHES_H
#define SUPERVISOR_CRASHES_H

#include "base/gates.h"

#define CRASHES_WITHIN_MS 60000
#define CRASHES_NEVER UINT64_MAX

struct crashes_mount {
	uint64_t deaths;        /* in all */
	uint64_t closings;
	uint64_t opens;         /* when, if it is closed; 0: it is open */
	unsigned next;          /* of its times, the oldest one */
};

struct crashes {
	struct gates gates;
	size_t n;               /* mounts */
	unsigned limit;         /* 0: none is ever closed */
	uint64_t pause_ms;
	struct crashes_mount *mount;
	uint64_t *at;           /* [mount * limit + ...]: when the last ones were */
};

/* 0, or a negative errno with err. */
int crashes_make(struct crashes *c, size_t mounts, unsigned limit, uint64_t pause_ms,
		 struct err *err);
void crashes_free(struct crashes *c);

/* What another program noted of a mount before this one went on: it is closed for left_ms
 * more, 0: it is open. */
void crashes_resume(struct crashes *c, size_t mount, uint64_t deaths, uint64_t closings,
		    uint64_t left_ms, uint64_t now);

/* A worker died in a hook of this mount; true: it is closed now, and was not before. */
bool crashes_note(struct crashes *c, size_t mount, uint64_t now);

/* When the next one is to be opened; CRASHES_NEVER: none is closed. */
uint64_t crashes_due(const struct crashes *c);

/* Opens one whose time is over and returns its number; c->n: there is none. */
size_t crashes_open(struct crashes *c, uint64_t now);

/* How long it is closed yet, in ms; 0: it is open. */
uint64_t crashes_left(const struct crashes *c, size_t mount, uint64_t now);

#endif
