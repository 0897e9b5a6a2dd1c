/* ctl_match.h - which datagrams belong to requests for a path.
 *
 * A request has its path in it; what answers it has its token or its message ID, so those of
 * the last CTL_MATCHES requests are remembered.  Owned by the verb. */
#ifndef CLIENT_CTL_MATCH_H
#define CLIENT_CTL_MATCH_H

#include "base/addr.h"
#include "base/bytes.h"

#define CTL_MATCHES 4096u       /* requests remembered; a power of 2 */

struct ctl_match {
	const char *path;       /* borrowed; and what is below it */
	unsigned next;
	struct ctl_matched {
		struct addr peer;
		uint16_t mid;
		uint8_t ntoken;         /* 255: longer than what fits */
		bool used, ours;        /* ours: we sent the request */
		uint8_t token[8];
	} made[CTL_MATCHES];
};

/* Whether it is of such a request; sent: by the daemon. */
bool ctl_match(struct ctl_match *m, const struct addr *peer, bool sent, struct span datagram);

#endif
