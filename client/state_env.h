/* state_env.h - what the environment tells a command of the state that it gets.
 *
 *	COAP_URI                as typed
 *	COAP_PEER               who sent it: address and port
 *	COAP_STATE              its number, from 1
 *	COAP_CODE               as in 2.05
 *	COAP_OBSERVE            the number it came with
 *	COAP_CONTENT_FORMAT     a number; these three only where the answer has them
 *	COAP_MAX_AGE            seconds
 *	COAP_ETAG               hexadecimal
 *
 * Owned by the caller; pure. */
#ifndef CLIENT_STATE_ENV_H
#define CLIENT_STATE_ENV_H

#include "client/errand.h"

#define STATE_ENV 8u

struct state_env {
	char text[URI_MAX + 1024];
	const char *v[STATE_ENV];       /* NAME=VALUE each, in text */
	unsigned n;
};

void state_env_set(struct state_env *env, const char *uri, const struct answer *a,
		   uint64_t state);

#endif
