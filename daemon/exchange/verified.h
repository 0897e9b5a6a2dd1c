/* verified.h - which addresses are their senders' own: what an answer that is much longer
 * than its request may go to (RFC 7252 11.3, RFC 9175 2.4).
 *
 * Whoever repeats a request with the Echo value that went to its address can be reached
 * there.  That is believed of the address, whatever the port: behind one that many share, one
 * of them asks for all.  A table of fixed size in private memory of the worker, each
 * entry a keyed hash and a time; the older of two that collide is forgotten, and a
 * successor begins with none, which costs a round trip each and nothing else. */
#ifndef EXCHANGE_VERIFIED_H
#define EXCHANGE_VERIFIED_H

#include "exchange/request.h"

#define VERIFIED_S 86400u       /* how long an address is believed */

/* Room for about n addresses; nothing is done for 0.  0, -ENOMEM. */
int verified_init(struct verified *v, uint32_t n);
void verified_free(struct verified *v);

/* Bytes that an answer to the request may have if its sender is not believed, with the
 * headers below CoAP counted on both sides. */
size_t verified_most(struct engine *e, const struct request *r);

/* Whether the sender's address is its own: it is known to be, or the request proves it,
 * which is remembered. */
bool verified_sender(struct engine *e, const struct request *r);

#endif
