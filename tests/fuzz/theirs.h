/* theirs.h - observers in the life of an engine that is fuzzed: entered, told of changes,
 * and what must be so of what they are told.  Each call is part of the caller's event. */
#ifndef TESTS_THEIRS_H
#define TESTS_THEIRS_H

#include "exchange/observer.h"
#include "model.h"

/* Begins a life. */
void theirs_begin(struct rig *r);

/* A request is about to be answered with 2.05: enters its peer, if it asks and the input
 * says so; the Observe value, or -1. */
long theirs_enter(struct engine *e, struct request *q);

/* Something changes. */
void theirs_change(struct engine *e);

/* A representation is due. */
void theirs_due(struct engine *e, struct representation *p);

/* After an adoption. */
void theirs_adopted(struct engine *e);

/* A datagram leaves: Observe values go up. */
void theirs_sent(const struct rig *r, const struct tx_dgram *t, const struct message *m);

#endif
