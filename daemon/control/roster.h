/* roster.h - the answers to "peers" and "observers": a line for each one that there is in
 * the memory of the slots, of all or of one address.  Run by the supervisor. */
#ifndef CONTROL_ROSTER_H
#define CONTROL_ROSTER_H

#include "control/inquiry.h"

/* Places that one step looks at. */
#define ROSTER_PLACES 256u

bool roster_peers(struct inquiry *a, struct record *line);
bool roster_observers(struct inquiry *a, struct record *line);

#endif
