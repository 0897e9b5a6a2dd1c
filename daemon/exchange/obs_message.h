/* obs_message.h - the messages of an observation, made of one another.
 *
 * All of them have the caller's options, which are kept in the message of the
 * exchange and nowhere else: the first registration, the same again, the one that
 * undoes it, and the requests for the rest of a body. */
#ifndef EXCHANGE_OBS_MESSAGE_H
#define EXCHANGE_OBS_MESSAGE_H

#include "coap/message.h"

/* What a message has besides. */
struct obs_own {
	bool observe;           /* false: for the rest of a body */
	uint32_t value;         /* OBSERVE_REGISTER or OBSERVE_DEREGISTER */
	uint8_t szx;            /* of the blocks that are wanted */
	struct span echo;       /* the server's challenge; empty: none */
};

/* Writes options and payload: those given, without what may stand in struct obs_own,
 * and what it says in its place.  The writer's full bit tells of overflow. */
void obs_write(struct writer *w, struct span options, struct span payload,
	       const struct obs_own *own);

#endif
