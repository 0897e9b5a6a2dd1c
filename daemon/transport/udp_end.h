/* udp_end.h - sockets for requests alone, as a client has them by the thousand.
 *
 * In no group, so that responses come back to them.  They are read and written as
 * those of udp.h.  One that is connected to a peer is of the peer's own family: the
 * kernel keeps its route then, which it does not for a v4-mapped one. */
#ifndef TRANSPORT_UDP_END_H
#define TRANSPORT_UDP_END_H

#include "base/addr.h"
#include "base/err.h"

/* Opens one, non-blocking and close-on-exec, bound to address at (NULL: any) with its
 * port, 0 lets the kernel pick one, and connected to peer (NULL: it is not).  bound
 * (may be NULL) gets address and port.  0, or a negative errno; -EADDRINUSE also when
 * no port is left. */
int udp_end_open(const struct addr *at, const struct addr *peer, int *fd, struct addr *bound,
		 struct err *err);

/* How many hops a datagram to a group may make, of either family; 1 is the system's
 * default.  For one that is not connected.  0, or a negative errno. */
int udp_end_hops(int fd, unsigned hops, struct err *err);

#endif
