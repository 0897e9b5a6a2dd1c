/* passed.h - sockets that a service manager opened and passed in (sd_listen_fds(3)).
 *
 * Each is a slot: the kernel lets only sockets of one user share a port, so none of ours
 * can stand beside them.  Several of one listener are several slots (ReusePort=yes); of
 * the listeners that are passed each has as many, and those that are not are opened with
 * as many.  Supervisor only. */
#ifndef SUPERVISOR_PASSED_H
#define SUPERVISOR_PASSED_H

#include "base/err.h"
#include "config/site.h"

/* How many sockets were passed of each listener: the slots of the site; 0 when there are
 * none.  A negative errno: one belongs to no listener, a listener that is to be passed
 * was not, or they are not equally many; err says which. */
int passed_slots(const struct site *site, struct err *err);

/* Takes those of listener l, ready to be read: up to n into fds, their address into
 * bound.  How many; 0 when none was passed for it; a negative errno with err. */
int passed_take(const struct site *site, unsigned l, unsigned n, int *fds,
		struct addr *bound, struct err *err);

#endif
