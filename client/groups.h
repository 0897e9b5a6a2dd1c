/* groups.h - where all CoAP servers around can be asked: the groups All CoAP Nodes
 * (RFC 7252 section 12.8) on the interfaces of this machine. */
#ifndef CLIENT_GROUPS_H
#define CLIENT_GROUPS_H

#include "base/err.h"

#include <net/if.h>
#include <stdint.h>

#define GROUPS_MAX 64u

struct group {
	char uri[64];           /* of the group, without a path */
	uint32_t ifindex;       /* where to ask it */
};

struct groups {
	unsigned n;
	struct group v[GROUPS_MAX];
};

/* One for each family that an interface speaks; of each interface that is up and no
 * loopback, or of the one with this name, whatever it is.  0, or a negative errno with
 * err: no such interface, or none that would do. */
int groups_find(struct groups *g, const char *interface, struct err *err);

#endif
