/* rotation.h - new files in place of those that somebody has taken away: log and access log.
 * Run by the supervisor's thread. */
#ifndef SUPERVISOR_ROTATION_H
#define SUPERVISOR_ROTATION_H

#include "supervisor/state.h"

/* Opens both anew, as far as the site that is served names them, and hands them to its workers;
 * one that cannot be opened is told, and the old one stays.  That is a few calls of the kernel;
 * a file system that hangs hangs us as well. */
void rotation_turn(struct supervisor *sv);

#endif
