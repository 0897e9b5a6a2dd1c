/* volume.h - the answer to "log": how much each part of coapd writes to the log, after it has
 * been changed if that is asked for.  Run by the supervisor. */
#ifndef CONTROL_VOLUME_H
#define CONTROL_VOLUME_H

#include "control/inquiry.h"

bool volume_step(struct inquiry *a, struct record *line);

#endif
