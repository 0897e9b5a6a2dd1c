/* ejection.h - the answer to "kick": all workers are told to forget what they keep for a peer,
 * and what they ended is added up.  One that hangs is not waited for longer than half of
 * control.timeout: then what the others ended is told, and who is missing.  Run by the
 * supervisor. */
#ifndef CONTROL_EJECTION_H
#define CONTROL_EJECTION_H

#include "control/inquiry.h"

bool ejection_step(struct inquiry *a, struct record *line);

#endif
