/* condition.h - requests that say what must be so for them to be worked on: ETag,
 * If-Match, If-None-Match (RFC 7252 5.10.6.2, 5.10.8).
 *
 * Pure; run by the worker. */
#ifndef RESOURCE_CONDITION_H
#define RESOURCE_CONDITION_H

#include "coap/message.h"

enum condition {
	CONDITION_MET,          /* go on */
	CONDITION_VALID,        /* the client has it: 2.03 (Valid), no payload */
	CONDITION_FAILED        /* 4.12 (Precondition Failed) */
};

/* Judges a request for a resource that exists or not, and has this ETag (empty: none
 * that it tells). */
enum condition condition_of(const struct message *m, bool exists, struct span etag);

/* Whether it must not be worked on without being judged. */
static inline bool condition_asked(const struct message *m)
{
	struct span value;

	return message_option(m, OPT_IF_MATCH, 0, &value) ||
	       message_option(m, OPT_IF_NONE_MATCH, 0, &value);
}

#endif
