/* echo.h - Echo values that show a request to be fresh (RFC 9175 2.3).
 *
 * Nothing is kept: a value is the time it was given out and a keyed hash over
 * that time and the peer's address.
 *
 *	+---------------------+------------------------------+
 *	| seconds, 4 bytes    | keyed hash, 8 bytes          |
 *	+---------------------+------------------------------+
 */
#ifndef EXCHANGE_ECHO_H
#define EXCHANGE_ECHO_H

#include "exchange/engine.h"

#define ECHO_SIZE 12u
#define ECHO_FRESH_S 60u        /* how long a value is good */

void echo_make(const struct engine *e, const struct addr *peer, uint8_t value[ECHO_SIZE]);

/* Whether the value was given to this peer lately, and later than second after
 * (engine_seconds(), 0 any). */
bool echo_fresh(const struct engine *e, const struct addr *peer, struct span value,
		uint32_t after);

#endif
