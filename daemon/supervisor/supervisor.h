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

/* Serves the site, whose modules have been checked (borrow), until it is told to
 * stop.  Returns when every child is dead and reaped and every socket closed. */
enum supervisor_exit supervisor_run(const struct site *site);

/* The same in this process alone: one worker, which holds all slots, modules and all.
 * For whoever looks for a fault with a debugger; SIGINT or SIGTERM ends it at once.  The
 * modules need not have been checked. */
enum supervisor_exit supervisor_debug(const struct site *site);

#endif
