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

/* Ends all of it. */
void stages_down(struct supervisor *sv);

#endif
