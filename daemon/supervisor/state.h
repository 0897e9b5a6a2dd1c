/* state.h - what the supervisor knows: its resources and the generations of its workers.
 * Made, used and ended by the supervisor's one thread; the files of this folder that
 * include it see all of it, nobody else does. */
#ifndef SUPERVISOR_STATE_H
#define SUPERVISOR_STATE_H

#include "supervisor/crew.h"
#include "supervisor/generation.h"
#include "supervisor/mail.h"
#include "supervisor/pulse.h"
#include "supervisor/reload.h"
#include "supervisor/sockets.h"
#include "supervisor/store.h"
#include "supervisor/supervisor.h"
#include "worker/worker.h"

#include <ev.h>

/* The signals that the loop takes. */
enum { SIG_TERM, SIG_INT, SIG_USR1, SIG_USR2, SIG_HUP, SIGNALS };

struct estate;

struct supervisor {
	struct generation *now;         /* whose site is served */
	struct generation *old;         /* whose workers leave for those of now; NULL: none do */
	struct reload reload;           /* and of another one that may come */
	unsigned nslots;
	struct hash_key key;
	struct sockets sockets;
	struct wakes wakes;             /* for as many workers as there can be */
	struct mail mail;
	struct crew crew;
	struct ev_loop *loop;
	ev_signal signal[SIGNALS];
	ev_child child;
	ev_timer tick;
	ev_timer reopen;                /* a resource is */
	ev_timer beat;                  /* the service manager is told how we do */
	struct pulse pulse;
	bool unwell;                    /* has been logged */
	struct control *control;        /* NULL: there is no control socket */
	struct site *site;              /* the one to begin with; borrowed */
	struct store store;             /* what the service manager keeps */
	struct site *arriving;          /* that takes over from it, with this program; borrowed */
	struct estate *left;            /* what it goes on with (estate.h); NULL: it begins anew;
					 * borrowed */
	char *program;                  /* the file that this program was begun from; NULL: it is
					 * not known */
	int program_fd;                 /* and this program, whatever that file is now; -1 */
	void (*on_control)(struct ev_loop *, ev_io *, int);     /* a worker has said something */
	enum supervisor_exit code;
};

/* For the others of this folder (supervisor.c): has the crew replaced by the workers of now,
 * and tells the service manager that all is up. */
void supervisor_replace(struct supervisor *sv);
void supervisor_tell_ready(struct supervisor *sv);

/* The memory that has what was counted: that of a generation that leaves, as long as there is
 * one, and it can be looked at. */
static inline const struct memory *supervisor_memory(const struct supervisor *sv)
{
	static const struct memory none;
	const struct generation *g = sv->old && !sv->old->strange ? sv->old : sv->now;

	return g->strange ? &none : &g->memory;
}

#endif
