/* tail.h - the answer to "trace": datagrams of the workers as they come and go, a line
 * each, until whoever asked leaves.  What a peer sent is handed on as bytes, unread.  Run
 * by the supervisor. */
#ifndef CONTROL_TAIL_H
#define CONTROL_TAIL_H

#include "control/inquiry.h"

bool tail_step(struct inquiry *a, struct record *line);

#endif
