/* upstream.h - what peers answer when a module asks them something.
 *
 * The script says so in advance; of several that fit the last counts.  What nothing is
 * said of is not found. */
#ifndef KIT_UPSTREAM_H
#define KIT_UPSTREAM_H

#include "kit/peers.h"

/* From here on requests are answered as this command says. */
void upstream_add(struct peers *p, const struct command *c);

/* Answers a request that came to a peer in a datagram; blocks of bodies too. */
void upstream_answer(struct peers *p, const struct guest_dgram *d, const struct message *m);

#endif
