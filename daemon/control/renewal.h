/* renewal.h - the answers to "reload" and "upgrade": how it ends, once it has.  Run by the
 * supervisor. */
#ifndef CONTROL_RENEWAL_H
#define CONTROL_RENEWAL_H

#include "control/inquiry.h"

bool renewal_step(struct inquiry *a, struct record *line);
bool renewal_upgrade(struct inquiry *a, struct record *line);

/* Whether it is one of these, and waits; and which. */
bool renewal_waits(const struct inquiry *a, bool *upgrade);

#endif
