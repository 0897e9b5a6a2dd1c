/* supervisor.h - the process that holds what must outlive workers: sockets, slot
 * memory, and the workers' states.  It never loads a module, never looks at what a
 * peer sent and never blocks once it runs. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "config/site.h"

enum supervisor_exit {
	SUPERVISOR_STOPPED = 0, /* as asked, by SIGTERM or SIGINT */
	SUPERVISOR_FAILED = 1   /* could not start; the log says why */
};

/* Where a site is read from again; constant. */
struct supervisor_source {
	/* As site_read(): the caller's to free. */
	struct site *(*load)(void *arg, struct config_errors *errors);
	/* In a child: looks at what the site takes for granted and at its modules, adds to
	 * errors, which has those of reading it.  False: there are some. */
	bool (*look)(void *arg, const struct site *site, struct config_errors *errors);
	void *arg;
};

/* Serves the site, whose modules have been checked (borrow), until it is told to
 * stop; on SIGHUP and when it is told to another one of the source (borrow).  Returns when
 * every child is dead and reaped and every socket closed. */
enum supervisor_exit supervisor_run(struct site *site, const struct supervisor_source *source);

/* The same in this process alone: one worker, which holds all slots, modules and all.
 * For whoever looks for a fault with a debugger; SIGINT or SIGTERM ends it at once.  The
 * modules need not have been checked. */
enum supervisor_exit supervisor_debug(struct site *site);

#endif
