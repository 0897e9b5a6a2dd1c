/* supervisor.h - the process that holds what must outlive workers: sockets, slot
 * memory, and the workers' states.  It never loads a module, never looks at what a
 * peer sent and never blocks once it runs. */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "config/site.h"

struct estate;

enum supervisor_exit {
	SUPERVISOR_STOPPED = 0, /* as asked, by SIGTERM or SIGINT */
	SUPERVISOR_FAILED = 1   /* could not start; the log says why */
};

/* Where a site is read from again; constant. */
struct supervisor_source {
	/* As site_read(): the caller's to free. */
	struct site *(*load)(void *arg, struct config_errors *errors);
	/* In a child: looks at what the site takes for granted and at its modules, adds to
	 * errors, which has those of reading it and more.  False: there are some. */
	bool (*look)(void *arg, const struct site *site, struct config_errors *errors);
	void *arg;
	char *const *argv;      /* the command line, for a program that takes over */
};


/* Serves the site, whose modules have been checked (borrow), until it is told to
 * stop; on SIGHUP and when it is told to another one of the source (borrow).  Returns when
 * every child is dead and reaped and every socket closed. */
enum supervisor_exit supervisor_run(struct site *site, const struct supervisor_source *source);

/* The same in place of another program, which left that (borrow); site is the one of the source
 * now, and ours; NULL: this is the program that was before, and goes on. */
enum supervisor_exit supervisor_take_over(struct estate *left, struct site *site,
					  const struct supervisor_source *source);

/* In a child: whether this program could take over what another one has left, which goes on to
 * be served meanwhile; adds to errors what is wrong.  Ends by _exit(), as nothing of it may be
 * given back. */
bool supervisor_rehearse(struct estate *left, struct site *site,
			 const struct supervisor_source *source, struct config_errors *errors);

/* The same in this process alone: one worker, which holds all slots, modules and all.
 * For whoever looks for a fault with a debugger; SIGINT or SIGTERM ends it at once.  The
 * modules need not have been checked. */
enum supervisor_exit supervisor_debug(struct site *site);

#endif
