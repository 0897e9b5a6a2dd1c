#include "client/limits.h"

#define ANSWERS_KEPT 16u        /* confirmable responses of a peer that we acknowledged and
				 * remember, so that duplicates are acknowledged again */

/* A net with one end may talk to as many peers as it has requests; the ends of one
 * with many talk to one each, and a few that were renewed are remembered. */
struct engine_limits limits_of(const struct net_conf *c, unsigned room)
{
	uint32_t requests = c->requests ? c->requests : 1;
	uint32_t all = requests + c->xfers + c->observations;
	uint32_t endpoints = 16 + (room > 1 ? room : all);

	return (struct engine_limits){
		.endpoints = endpoints,
		.dedup = 64 + 2 * endpoints,
		.exchanges = all,
		.waiting = 2 * NET_PER_EVENT,
		.messages = c->short_requests ? 2 * NET_PER_EVENT : 2 * all + NET_PER_EVENT,
		.xfers = c->xfers,
		.observations = c->observations,
		.answers_per_endpoint = ANSWERS_KEPT,
		.exchanges_per_endpoint = c->per_endpoint ? c->per_endpoint : all,
		.token_length = 8,
	};
}
