/* route.h - whom the outcome of a request is for: a stage of the exchange layer, and
 * the hook that hears what the stage makes of it.
 *
 * Within an event of the engine's; run by the net (net.h). */
#ifndef CLIENT_ROUTE_H
#define CLIENT_ROUTE_H

#include "client/net.h"

/* By the owner of the request. */
void route_response(struct engine *e, const struct net_hooks *hooks, const struct response *r);

/* The time of an observation has come. */
void route_due(struct engine *e, const struct net_hooks *hooks, struct obs *o);

#endif
