/* no_response.h - which responses a client does not want (RFC 7967).
 *
 * Pure; used in the worker. */
#ifndef COAP_NO_RESPONSE_H
#define COAP_NO_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "coap/code.h"

/* Whether a No-Response option of this value asks to leave out a response of
 * this code: bit n-1 stands for class n (section 2.1), 0 wants them all. */
static inline bool no_response_suppresses(uint64_t value, uint8_t code)
{
	return code_is_response(code) && value >> (code_class(code) - 1) & 1;
}

#endif
