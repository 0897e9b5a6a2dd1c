/* reload.h - another site takes over from the one that is served, or nothing happens.
 *
 *	IDLE --> CHECKING --> PREPARING --> SWITCHING --> IDLE
 *	            |             |
 *	            +-- refused --+--> CLEARING --> IDLE
 *
 * The site is read, and a child looks at it and its modules as at a start (CHECKING).  What is
 * new of it is opened, and its workers are started, which open their modules and are held
 * (PREPARING): up to here the old ones serve as ever, and whatever is wrong is told and taken
 * back (CLEARING).  Then there is no way back: the crew has the old ones leave, and each new one
 * takes over the slots as they become nobody's (SWITCHING).  Nothing is ever waited for but in
 * the loop.
 *
 * An upgrade is a reload whose checking is done by the installed program, in a child, and whose
 * preparing by that program as well, which this process becomes in between (upgrade.h); there it
 * begins with ARRIVING.  Owned and run by the supervisor's thread. */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include "supervisor/generation.h"
#include "supervisor/supervisor.h"
#include "supervisor/waiters.h"

#include <ev.h>

#define RELOAD_TEXT WAITERS_TEXT        /* bytes of what is wrong */

enum reload_phase {
	RELOAD_IDLE,
	RELOAD_ARRIVING,        /* another program began it; workers and site are those it had */
	RELOAD_CHECKING,
	RELOAD_LEAVING,         /* this process becomes another program */
	RELOAD_PREPARING,
	RELOAD_SWITCHING,
	RELOAD_CLEARING,
	RELOAD_PHASES
};

struct reload {
	enum reload_phase phase;
	const struct supervisor_source *source; /* NULL: this daemon reads no site again */
	struct site *site;              /* the new one; owned until it is taken over */
	struct site *served;            /* one that took over and is served; owned */
	struct generation *next;        /* its workers, while they are held; owned */
	pid_t checker;                  /* the child that looks at it; 0 none */
	int report;                     /* memory where it writes what is wrong; -1 none */
	bool upgrades;                  /* it is one with another program */
	bool again;                     /* somebody asked meanwhile, */
	bool again_upgrades;            /* for that */
	uint64_t began;                 /* ms */
	unsigned taken_over;            /* so many sites have */
	unsigned refused;
	ev_timer late;
	ev_timer turn;                  /* of the loop, until it leaves */
	char *text;                     /* why it was refused; RELOAD_TEXT bytes, owned */
	struct waiters waiters;         /* told when this one is over, */
	struct waiters next_waiters;    /* when the next one is */
};

/* Sets it up; the loop is there. */
void reload_init(struct supervisor *sv, const struct supervisor_source *source);

/* Begins one, or another one after the one under way; upgrade: with the installed program. */
void reload_begin(struct supervisor *sv, bool upgrade);

/* Gives a site what a running daemon has for good. */
void reload_settle(const struct supervisor *sv, struct site *site);

/* In the program after: goes on with what the one before began, with the site that was read now
 * (ours from here on); in the one before, to which that went back: tells why (site is NULL). */
void reload_arrive(struct supervisor *sv, struct site *site);

/* The same, for somebody who wants to know how it ends: a descriptor, the caller's, on which one
 * message will come, whose first byte is '1' for a site that was taken over or '0', and the rest
 * a text; or a negative errno. */
int reload_ask(struct supervisor *sv, bool upgrade);

/* All workers serve for the first time. */
void reload_ready(struct supervisor *sv);

/* It has not become another program. */
void reload_stayed(struct supervisor *sv, int rc);

/* A child has ended; true: it was one of ours, and all is done. */
bool reload_child(struct supervisor *sv, pid_t pid, int status);

/* A worker that is held has said something. */
void reload_heard(struct supervisor *sv, struct process *p, const char *message, size_t n);

/* The crew has replaced all. */
void reload_replaced(struct supervisor *sv);

/* We stop: what is not served yet is ended. */
void reload_stop(struct supervisor *sv);

/* At the very end, when the generations are gone. */
void reload_free(struct supervisor *sv);

#endif
