/* echo.h - Echo values that show a request to be fresh (RFC 9175 2.3).
 *
 * Nothing is kept: a value is the time it was given out, a count of the caller's, and
 * a keyed hash over both and the peer's address.
 *
 *	+---------------------+------------------+------------------------------+
 *	| seconds, 4 bytes    | count, 4 bytes   | keyed hash, 8 bytes          |
 *	+---------------------+------------------+------------------------------+
 */
#ifndef EXCHANGE_ECHO_H
#define EXCHANGE_ECHO_H

#include "exchange/engine.h"

#define ECHO_SIZE 16u
#define ECHO_FRESH_S 60u        /* how long a value is good */

void echo_make(const struct engine *e, const struct addr *peer, uint32_t count,
	       uint8_t value[ECHO_SIZE]);

/* Whether the value was given to this peer lately, at this count. */
bool echo_fresh(const struct engine *e, const struct addr *peer, uint32_t count,
		struct span value);

/* Whether the value was given to this peer lately, at any count: that it is known shows
 * that what is sent to the peer's address reaches it. */
bool echo_reached(const struct engine *e, const struct addr *peer, struct span value);

#endif
