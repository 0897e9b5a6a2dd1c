/* inspection.h - a child looks at what is to take over: at the new site and its modules, or, as
 * the installed program, at all there is.  What it says is what is wrong.  Owned and run by the
 * supervisor's thread. */
#ifndef SUPERVISOR_INSPECTION_H
#define SUPERVISOR_INSPECTION_H

#include "supervisor/state.h"

/* Begins it, of reload.site, errors being those of reading that (reload.upgrades: NULL).  0, or a
 * negative errno.  It is the leader of a group of processes of its own; what it leaves when it
 * dies is ours to wait for. */
int inspection_start(struct supervisor *sv, struct config_errors *errors);

/* In such a child: adds what the one that serves cannot change, and more files than it may open.
 * wanted may have mistakes, which errors has. */
void inspection_refuse(const struct site *served, const struct site *wanted, unsigned nslots,
		       struct config_errors *errors);

/* It has ended: what it said becomes reload.text, unless there is one. */
void inspection_read(struct reload *r);

#endif
