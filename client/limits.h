/* limits.h - how much the engine has to remember for what the owner of a net wants to
 * have under way. */
#ifndef CLIENT_LIMITS_H
#define CLIENT_LIMITS_H

#include "client/net.h"

/* room: numbers of sockets (ends.h). */
struct engine_limits limits_of(const struct net_conf *c, unsigned room);

#endif
