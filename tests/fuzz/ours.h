/* ours.h - the client role in the life of an engine that is fuzzed: what we ask, and
 * what comes of it.  Each call is part of the caller's event. */
#ifndef TESTS_OURS_H
#define TESTS_OURS_H

#include "choice.h"
#include "model.h"

/* Asks, asks again or cancels. */
void ours_choose(struct engine *e);

/* A response came, or the end without one. */
void ours_ended(struct engine *e, const struct response *in);

/* What is kept goes on for ever unless somebody ends it: ends one of those, false if
 * there is none. */
bool ours_cancel_kept(struct engine *e);

#endif
