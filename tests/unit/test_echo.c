/* Echo values: bound to peer, time and count. */
#include <criterion/criterion.h>

#include "exchange/echo.h"
#include "rig.h"

Test(echo, fresh_for_a_minute_one_peer_and_one_count)
{
	struct rig *r = rig_new(NULL);
	struct addr a = rig_peer(1), b = rig_peer(2);
	uint8_t value[ECHO_SIZE];

	echo_make(&r->e, &a, 7, value);
	cr_assert(echo_fresh(&r->e, &a, 7, span_of(value, sizeof value)));
	cr_assert_not(echo_fresh(&r->e, &b, 7, span_of(value, sizeof value)));
	cr_assert_not(echo_fresh(&r->e, &a, 7, span_of(value, sizeof value - 1)));
	cr_assert_not(echo_fresh(&r->e, &a, 8, span_of(value, sizeof value)));
	cr_assert(echo_reached(&r->e, &a, span_of(value, sizeof value)), "whatever the count");
	cr_assert_not(echo_reached(&r->e, &b, span_of(value, sizeof value)));
	cr_assert_not(echo_reached(&r->e, &a, span_of(value, sizeof value - 1)));
	r->e.now += 60000;
	cr_assert(echo_fresh(&r->e, &a, 7, span_of(value, sizeof value)));
	r->e.now += 1000;
	cr_assert_not(echo_fresh(&r->e, &a, 7, span_of(value, sizeof value)));
	r->e.now -= 61000;
	for (unsigned i = 0; i < ECHO_SIZE * 8; i++) {
		value[i / 8] ^= (uint8_t)(1 << i % 8);
		cr_assert_not(echo_fresh(&r->e, &a, 7, span_of(value, sizeof value)));
		cr_assert_not(echo_reached(&r->e, &a, span_of(value, sizeof value)));
		value[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	rig_free(r);
}
