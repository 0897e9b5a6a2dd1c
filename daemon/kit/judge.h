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

/* Whether an answer is a notification that tells once more of the state that the one
 * before it told of: observers must put up with that (RFC 7641, 1.3). */
bool judge_repeats(const struct peer_answer *before, const struct peer_answer *a);

#endif
