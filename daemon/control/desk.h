/* desk.h - what there is to be told and to be done in the daemon, for those who ask at the
 * control socket.
 *
 * Filled in by the supervisor, borrowed by whoever answers.  Memory is that of the slots,
 * read only; the rest are the supervisor's own functions, none of which waits. */
#ifndef CONTROL_DESK_H
#define CONTROL_DESK_H

#include "base/counts.h"
#include "config/site.h"
#include "worker/order.h"
#include "worker/view.h"

#include <sys/types.h>

/* A worker as its supervisor knows it. */
struct desk_worker {
	pid_t pid;              /* 0: it has no process now */
	const char *state;      /* "running" and so on */
	uint64_t age_ms;        /* of the process */
	uint64_t starts;        /* processes that it has had */
};

/* How a resource did. */
struct desk_trouble {
	uint64_t deaths;        /* of workers, in its hooks, by what those did */
	uint64_t closings;      /* times that it was closed for that */
	uint64_t closed_ms;     /* how long it is so yet; 0: it is open */
};

/* What the control socket itself counts. */
struct desk_counts {
	uint64_t connections;   /* taken */
	uint64_t requests;      /* lines read */
	uint64_t bad;           /* lines that were no request */
	uint64_t strangers;     /* refused, being neither root nor of our user */
	uint64_t crowded;       /* ended to make room, or refused for want of it */
	uint64_t slow;          /* ended because they did not go on */
};

struct desk {
	const struct site *site;
	const struct view *slot;        /* [nslots] */
	unsigned nslots, nworkers;
	const struct counts *modules;           /* what modules count */
	struct desk_counts counts;
	const char *(*phase)(void *arg);        /* "serving" and so on */
	void (*worker)(void *arg, unsigned number, struct desk_worker *out);
	void (*trouble)(void *arg, unsigned mount, struct desk_trouble *out);
	void (*stop)(void *arg);                /* as SIGTERM does */
	/* As SIGHUP does, or with the program that is installed now: a descriptor on which one
	 * message says how it ends (reload.h of the supervisor), or a negative errno;
	 * -ESHUTDOWN: no site can be taken over now, -EBUSY: too many wait for that. */
	int (*reload)(void *arg, bool upgrade);
	/* The least important records of a part that are written from now on, by all processes;
	 * LOG_PARTS_N: of all parts. */
	void (*set_log)(void *arg, unsigned part, enum log_level level);
	/* Has datagrams of the workers shown, of a peer's or of all (o->all): a descriptor
	 * to read them from (worker/trace.h), for trace_end(), or a negative errno; -EBUSY:
	 * as many look on as can. */
	int (*trace_begin)(void *arg, const struct order *o);
	void (*trace_end)(void *arg, int fd);
	/* Gives an order to all workers that serve: a descriptor to read their answers from, a
	 * message of each, its end when all have answered; or a negative errno. */
	int (*ask)(void *arg, const struct order *o);
	uint64_t (*now_ms)(void);               /* CLOCK_MONOTONIC */
	uint64_t started_ms;
	void *arg;
};

#endif
