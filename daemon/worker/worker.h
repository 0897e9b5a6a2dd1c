/* worker.h - one worker process: the wiring of sockets, slots, modules and loop.
 *
 * Forked by the supervisor and never exec'ed, so what it needs is handed over as
 * a plain struct.  It maps the memory of its slots itself (the supervisor's own
 * mapping is best kept out of the child, MADV_DONTFORK), closes every descriptor
 * it was not given, drops privileges, loads the modules, adopts its slots and
 * only then begins to read. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/hash.h"
#include "base/import.h"
#include "config/site.h"
#include "base/counts.h"
#include "base/gates.h"
#include "base/wake.h"
#include "worker/where.h"

/* One message each on the control socket, of one byte where nothing else is said. */
enum worker_message {
	WORKER_READY = 'R',     /* worker to supervisor: slots adopted, modules open, serving */
	WORKER_ALIVE = 'A',     /* worker to supervisor: before it opens a module or takes over a
				 * slot, and WORKER_BEATS times within the site's watchdog: back in
				 * its loop */
	WORKER_PREPARED = 'P',  /* worker to supervisor: one that is held has its modules open */
	WORKER_FAILED = 'E',    /* worker to supervisor: one that is held cannot start; the rest of
				 * the message says why */
	WORKER_GO = 'G',        /* to one that is held: its slots are nobody's, take them over */
	WORKER_DRAIN = 'D',     /* to the worker: finish what waits, at most drain_ms, then exit 0;
				 * requests that would wait are refused with 5.03 meanwhile */
	WORKER_TURN = 'F',      /* to the worker, as an order with a file: the access log goes on
				 * there */
	WORKER_LOG_FILE = 'J',  /* to the worker, as an order with a file: the log goes on there */
	WORKER_QUIT = 'Q',      /* to the worker: exit 0 now, after the event in hand */
	WORKER_KICK = 'K',      /* to the worker, as an order (order.h) with a socket: what is kept
				 * for its peers ends, and struct kick_counts go there */
	WORKER_LOG = 'L',       /* to the worker, as an order: how much a part of it logs */
	WORKER_TRACE = 'T'      /* to the worker, as an order (order.h) with a socket: copies of
				 * datagrams go there (trace.h) */
};

#define WORKER_BEATS 4u

/* Exit statuses of a worker; anything else is a death. */
enum worker_exit {
	WORKER_EXIT_OK = 0,
	WORKER_EXIT_BOOT = 3,   /* a boot stage failed and has been logged: module, memory... */
	WORKER_EXIT_ORPHAN = 4  /* the supervisor is gone */
};

/* Sockets of a slot by their numbers: those of listeners (site_sock()), then the one for
 * requests of ours. */
#define WORKER_SOCKS (SITE_LISTENERS_MAX + 1)
#define WORKER_CLIENT SITE_LISTENERS_MAX

struct worker_slot {
	unsigned slot;          /* number of the slot, below 256 */
	int memfd;              /* slot_def_size() bytes, then the windows of the definition */
	int old_memfd;          /* of another layout, to be taken over into memfd unless that
				 * has happened already; 0: none.  Only read; closed then */
	const int *socks;       /* one per listener of the site, in its order */
	int mail;               /* where its mailbox is read; 0: it has none */
	int client_sock;        /* outside the group (udp_open_client()) */
};

/* All borrowed for the life of the worker. */
struct worker_boot {
	const struct site *site;
	const struct space_def *def;    /* of all slots; NULL: what follows from the site */
	const struct import_socks *socks;       /* of old_memfd's slots: where each socket is
					 * now, the client socket too; NULL: as they were */
	unsigned number;                /* of the worker, for the log */
	const struct site *before;      /* the one that is served until then; NULL: none is */
	bool held;                      /* its slots are still another's: it opens its modules,
					 * says WORKER_PREPARED, and waits for WORKER_GO */
	struct where *where;                /* which module opens or closes (where.h); NULL */
	const struct worker_slot *slots;
	unsigned nslots;                /* 0 is allowed: the worker idles */
	const int *memfds;              /* of all slots of the daemon: what their bodies
					 * hold counts against one budget */
	unsigned nmemfds;
	struct wakes wakes;             /* of all workers (wake.h); borrowed */
	const int *mail;                /* where the mailbox of each slot of the daemon is
					 * written, nmemfds of them; NULL: none has one */
	int log_fd;                     /* of the log's file; 0: there is none */
	int access_fd;                  /* of the access log's file; 0: there is none */
	const struct counts *counts;    /* where modules count; NULL: nowhere */
	const struct gates *gates;      /* which mounts are closed; NULL: none */
	int control_fd;                 /* seqpacket; end of file: the supervisor died */
	struct hash_key key;            /* secret and random, for slots that are new */
	/* Of one that is no process of its own (control_fd is -1), else NULL: called when it
	 * serves.  SIGINT or SIGTERM ends it. */
	void (*ready)(void *arg);
	void *arg;
};

/* Runs a worker in a child that was just forked, or (control_fd is -1) within its
 * maker; signals are as the caller left them (the worker sets its own).  Returns an enum worker_exit for _exit(). */
int worker_run(const struct worker_boot *boot);

/* Loads every module that the site mounts, applies its rows and runs its check(),
 * in a short-lived child.  Adds to errors what is wrong, with the place in the
 * file; true when nothing was. */
bool worker_check(const struct site *site, struct config_errors *errors);

#endif
