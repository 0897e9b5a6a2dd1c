/* service.h - one slot in service: its memory mapped, its sockets watched, its
 * events brought to the dispatch and the answers to the wire.
 *
 * Owned by the worker that holds the slot.  Watchers follow the state: a slot
 * whose socket is full reads nothing until its answers are off, so that the
 * kernel's receive buffer is the only queue. */
#ifndef WORKER_SERVICE_H
#define WORKER_SERVICE_H

#include "base/log.h"
#include "exchange/body.h"
#include "transport/udp.h"
#include "worker/accesslog.h"
#include "worker/dispatch.h"
#include "worker/names.h"
#include "worker/trace.h"
#include "worker/worker.h"

#include <ev.h>

enum service_state {
	SERVICE_STOPPED,        /* no watcher runs */
	SERVICE_READING,        /* the batch is empty, all sockets are watched */
	SERVICE_BLOCKED         /* a socket is full: only it is watched */
};

/* "reading" and so on, for the log. */
const char *service_state_name(enum service_state state);

struct service {
	struct dispatch dispatch;
	int fd[WORKER_SOCKS];           /* those of socks */
	uint16_t port[WORKER_SOCKS];    /* that they are bound to */
	struct udp_socks socks;
	enum service_state state;
	unsigned blocked;               /* number of the socket that is full */
	unsigned slot;
	bool used;                      /* its memory was, before this worker */
	struct ev_loop *loop;           /* borrowed */
	ev_io read[WORKER_SOCKS];
	ev_io write;
	ev_io mail;                     /* without a descriptor: there is none */
	ev_timer due;
	unsigned batches;               /* with requests in them, to take the time of some */
	bool behind;                    /* there is what no deadline tells of */
	uint64_t due_at;                /* ms; what the timer is set to, UINT64_MAX off */
	ev_timer sweep;                 /* runs while something is remembered */
	uint64_t icmp_second;           /* which second icmp_n counts */
	unsigned icmp_n;
	void *mem;                      /* mapped: the slot's memory, then the windows */
	size_t size;
	struct space_def own;           /* what follows from the site */
	const struct space_def *def;    /* borrowed, or own */
	struct bodies bodies;
	struct names *names;            /* borrowed; NULL: none are looked up */
	struct trace *trace;            /* borrowed; NULL: nobody can look on */
	unsigned traced;                /* datagrams to be sent that were shown already */
	struct outside outside;
	struct accesslog *accesslog;    /* borrowed; NULL: none is kept */
};

/* What all services of a worker have in common; borrowed. */
struct service_env {
	const struct site *site;
	struct ev_loop *loop;
	struct resources *resources;
	struct names *names;                    /* hosts of modules' requests; NULL: none */
	struct accesslog *accesslog;            /* NULL: none is kept */
	const struct body_budget *budget;       /* for bodies; NULL: none are kept */
	struct trace *trace;                    /* NULL: nobody can look on */
	const struct space_def *def;            /* of all slots; NULL: what follows from the site */
	const struct import_socks *socks;       /* of memory to be taken over; NULL */
	struct hash_key key;
};

/* Maps the slot's memory, takes over what is in it, finishes what a dead worker
 * left, and begins to read.  The service must not move in memory afterwards.  0, or
 * a negative errno with err. */
int service_open(struct service *v, const struct worker_slot *slot,
		 const struct service_env *env, struct err *err);

/* A word of the table of changes is another one now: service_look() tells observers. */
void service_changed(struct service *v, uint32_t word);

/* A descriptor that a module has watched is ready; false: not now, and nothing was done. */
bool service_watched(struct service *v, unsigned i, int events);

/* Something in the slot that has this word is observed. */
bool service_observes(struct service *v, uint32_t word);

/* Counts an event that is of no slot in this one. */
void service_count(struct service *v, enum counter c);

/* Stops between two events; whatever is left is in the slot. */
void service_close(struct service *v);

/* What n services keep for the peers of an order ends (exchange/kick.h); of a slot whose socket
 * is full, the rest is left.  What it was is written to fd (struct kick_counts, of this worker),
 * -1: nowhere. */
void services_kick(struct service *v, unsigned n, unsigned worker, const struct order *o, int fd);

/* Something is there for the slot that no socket of its brought. */
void service_look(struct service *v);

/* The names_done of struct service_env's names. */
bool service_resolved(void *service, ref_t fetch, const struct addr *addr, unsigned n);

/* Nobody waits for an answer of the slot, nor the slot for one. */
bool service_idle(const struct service *v);

#endif
