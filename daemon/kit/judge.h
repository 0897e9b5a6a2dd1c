/* judge.h - whether what came is what was expected, and in words what is not.  Pure. */
#ifndef KIT_JUDGE_H
#define KIT_JUDGE_H

#include "kit/peers.h"

/* Whether text as a whole is as the pattern says: "*" stands for any bytes, "?" for
 * any one, and a backslash before these or itself takes that from them. */
bool judge_like(struct span pattern, struct span text);

/* Judges an answer to a request.  True; or false, and why tells. */
bool judge_answer(const struct command *expected, const struct peer_request *r,
		  const struct peer_answer *a, struct writer *why);

#endif
