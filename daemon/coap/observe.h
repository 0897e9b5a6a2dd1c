/* observe.h - the order of notifications by their sequence numbers (RFC 7641).
 *
 * Pure; used in every process. */
#ifndef COAP_OBSERVE_H
#define COAP_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#define OBSERVE_REGISTER 0u
#define OBSERVE_DEREGISTER 1u
#define OBSERVE_MASK 0xffffffu           /* sequence numbers have 24 bits */
#define OBSERVE_REORDER_MS 128000u       /* nothing is delayed for longer */

/* Whether the notification with number v2 that came at t2 is newer than the one
 * with v1 that came at t1 (section 3.4); times are milliseconds. */
static inline bool observe_is_newer(uint32_t v1, uint64_t t1_ms,
				    uint32_t v2, uint64_t t2_ms)
{
	uint32_t ahead = (v2 - v1) & OBSERVE_MASK;

	/* Half the circle apart is no order: 2^23 is newer in neither way. */
	return (ahead > 0 && ahead < 1u << 23) ||
	       t2_ms > t1_ms + OBSERVE_REORDER_MS;
}

#endif
