/* stages.h - what has to be there before the first worker starts: a table of stages, gone
 * through in order and unwound in reverse.  A further resource that outlives workers is a
 * row of it. */
#ifndef SUPERVISOR_STAGES_H
#define SUPERVISOR_STAGES_H

#include "supervisor/state.h"

/* Fills sv, of which site, nslots, left and on_control are set and the rest is zero: limits,
 * sockets, memory, and a generation whose processes have no pid.  0, or -errno with the
 * reason, and nothing is left. */
int stages_up(struct supervisor *sv, struct err *err);

/* Raises the limit of open files to what a site with so many slots may take, while it is
 * served and while another takes over from it or it does from another of no more listeners.
 * 0, or -EMFILE with the reason, which names no place. */
int stages_files(const struct site *site, unsigned nslots, struct err *err);

/* Ends all of it. */
void stages_down(struct supervisor *sv);

#endif
