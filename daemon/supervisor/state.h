/* state.h - what the supervisor knows: its resources and the processes of its workers.
 * Made, used and ended by the supervisor's one thread; the files of this folder that
 * include it see all of it, nobody else does. */
#ifndef SUPERVISOR_STATE_H
#define SUPERVISOR_STATE_H

#include "supervisor/crashes.h"
#include "supervisor/crew.h"
#include "supervisor/mail.h"
#include "supervisor/memory.h"
#include "supervisor/pulse.h"
#include "supervisor/sockets.h"
#include "supervisor/supervisor.h"
#include "worker/worker.h"

#include <ev.h>
#include <sys/types.h>

/* The process of a worker, if it has one. */
struct process {
	pid_t pid;              /* 0: none */
	int control;            /* our end of the control socket, -1: none */
	bool asked;             /* told to end, or killed by us */
	bool silent;            /* killed by us, as it hung */
	uint64_t used_ms;       /* of processors, when it was heard of last */
	pid_t dead;             /* the last one that ended, */
	int status;             /* and how */
	uint64_t starts;        /* so many there have been */
	ev_io readable;
	struct supervisor *sv;
	unsigned number;
	const struct worker_slot *slots;
	unsigned nslots;
};

/* The signals that the loop takes. */
enum { SIG_TERM, SIG_INT, SIG_USR1, SIG_USR2, SIG_HUP, SIGNALS };

struct supervisor {
	const struct site *site;
	unsigned nworkers, nslots;
	struct hash_key key;
	struct sockets sockets;
	struct memory memory;
	struct wakes wakes;
	struct counts counts;           /* of modules */
	struct crashes crashes;         /* of their mounts */
	struct mail mail;
	int access_fd;                  /* of the access log; 0: there is none */
	struct crew crew;
	struct process *process;        /* [worker] */
	struct worker_slot *slot;       /* [slot], those of a worker side by side */
	struct ev_loop *loop;
	ev_signal signal[SIGNALS];
	ev_child child;
	ev_timer tick;
	ev_timer reopen;                /* a resource is */
	ev_timer beat;                  /* the service manager is told how we do */
	struct pulse pulse;
	bool unwell;                    /* has been logged */
	struct control *control;        /* NULL: there is no control socket */
	enum supervisor_exit code;
};

#endif
