/* renewal.h - the answer to "reload": how it ends, once it has.  Run by the supervisor. */
#ifndef CONTROL_RENEWAL_H
#define CONTROL_RENEWAL_H

#include "control/inquiry.h"

bool renewal_step(struct inquiry *a, struct record *line);

#endif
