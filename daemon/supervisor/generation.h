/* generation.h - what one site brings while its workers live: their processes, the slots
 * dealt to them, and what of it is the site's alone.
 *
 * A reload makes another one beside it (reload.h).  What outlives both - sockets, the
 * memory of slots, mailboxes - is the supervisor's (state.h).  Made, used and ended by the
 * supervisor's thread. */
#ifndef SUPERVISOR_GENERATION_H
#define SUPERVISOR_GENERATION_H

#include "base/counts.h"
#include "supervisor/crashes.h"
#include "supervisor/memory.h"
#include "worker/worker.h"

#include <ev.h>
#include <sys/types.h>

struct supervisor;
struct generation;

/* The process of a worker, if it has one. */
struct process {
	pid_t pid;              /* 0: none */
	int control;            /* our end of the control socket, -1: none */
	bool asked;             /* told to end, or killed by us */
	bool silent;            /* killed by us, as it hung */
	uint64_t used_ms;       /* of processors, when it was heard of last */
	bool held;              /* it waits to be told that the slots are free */
	bool prepared;          /* held, it has said that it could go on */
	pid_t dead;             /* the last one that ended, */
	int status;             /* and how */
	uint64_t starts;        /* so many there have been */
	ev_io readable;
	struct supervisor *sv;
	struct generation *of;
	unsigned number;
	const struct worker_slot *slots;
	unsigned nslots;
};

struct generation {
	struct site *site;      /* borrowed; NULL: there is nothing but memory, of a coapd that has
				 * ended */
	bool foreign;           /* another program began its workers: this one begins none */
	bool strange;           /* its memory is laid out otherwise: nothing is looked up in it */
	struct legend *legend;  /* of memory that others made, whose names def borrows; owned */
	struct space_def def;   /* of each slot */
	struct memory memory;   /* of the slots: that of the generation before, or its own */
	unsigned nworkers;
	int log_fd;             /* of the log's file; 0: there is none */
	int access_fd;          /* of the access log; 0: there is none */
	struct counts counts;   /* of modules */
	struct crashes crashes; /* of their mounts */
	struct process *process;        /* [worker] */
	struct worker_slot *slot;       /* [slot], those of a worker side by side */
	int *socks;             /* [slot][listener] */
	struct where *where;    /* [worker], the module that it opens or closes; in */
	struct shared where_memory;
};

/* Makes one of a site whose sockets are there, without any process; on_control is called
 * for what workers say.  It goes on with the memory of before (NULL: there is none), or has
 * memory of its own if its limits ask for another layout: its workers then take over what is
 * in the other.  NULL: err says why. */
struct generation *generation_make(struct supervisor *sv, struct site *site,
				   const struct generation *before,
				   void (*on_control)(struct ev_loop *, ev_io *, int),
				   struct err *err);

/* What another supervisor left of one; descriptors are taken over whatever comes of it, -1: there
 * is none. */
struct generation_left {
	const int *memory;      /* [slot] */
	int counts, gates, where;
};

/* Makes one again of what was left, its site borrowed and its sockets there; the processes are
 * up to the caller.  With site NULL it is the memory alone.  NULL: err says why. */
struct generation *generation_again(struct supervisor *sv, struct site *site,
				    const struct generation_left *left,
				    void (*on_control)(struct ev_loop *, ev_io *, int),
				    struct err *err);

/* Its processes are dead.  Its memory goes as well, unless it is also that of other.  NULL is
 * fine for both. */
void generation_free(struct generation *g, const struct generation *other);

/* All that was in the memory before is taken over by now. */
void generation_settle(struct generation *g);

/* What modules of another one have counted, and how they crashed, goes on in this one, where
 * mount and counter have the same name.  To be called when nobody of the other counts any more. */
void generation_inherit(struct generation *g, const struct generation *from);

/* Its process with that pid; NULL: none of its. */
struct process *generation_find(struct generation *g, pid_t pid);

/* How many of its processes there are. */
unsigned generation_alive(const struct generation *g);

#endif
