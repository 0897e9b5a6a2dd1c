/* share.h - what a client can be told at a time, however much it observes (RFC 7641
 * 4.5.1): no more than NSTART messages are outstanding, and what it does not acknowledge
 * comes a pause apart.
 *
 * A confirmable message is outstanding until it is acknowledged or given up
 * (dealings.nactive), another for a pause.  An observer that has to wait is promised a
 * time: one after the other, so none is left out.  Kept in the dealings, changed within the
 * event. */
#ifndef EXCHANGE_SHARE_H
#define EXCHANGE_SHARE_H

#include "exchange/dealings.h"

/* Whether it cannot be told anything now, acknowledged or not (non); promised: this time
 * was promised. */
bool share_is_spent(const struct engine *e, const struct dealings *d, bool non, bool promised);

/* ms: a time for whoever found the share spent, which is no other's. */
uint64_t share_promise(struct engine *e, struct dealings *d, bool promised);

/* It is told something that it does not acknowledge. */
void share_use(struct engine *e, struct dealings *d);

#endif
