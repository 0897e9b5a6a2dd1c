/* above.h - what the resource layer keeps in a slot, audited: tasks, streams and the
 * requests of modules name each other, and none is without what will bring it back.
 * To be called between events, behind audit(). */
#ifndef TESTS_ABOVE_H
#define TESTS_ABOVE_H

#include "audit.h"

void above_audit(struct engine *e, bool damaged);

#endif
