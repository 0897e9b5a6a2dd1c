/* Echo values: bound to peer and time. */
#include <criterion/criterion.h>

#include "exchange/echo.h"
#include "rig.h"

Test(echo, fresh_for_a_minute_and_for_one_peer)
{
	struct rig *r = rig_new(NULL);
	struct addr a = rig_peer(1), b = rig_peer(2);
	uint8_t value[ECHO_SIZE];

	echo_make(&r->e, &a, value);
	cr_assert(echo_fresh(&r->e, &a, span_of(value, sizeof value), 0));
	cr_assert_not(echo_fresh(&r->e, &b, span_of(value, sizeof value), 0));
	cr_assert_not(echo_fresh(&r->e, &a, span_of(value, sizeof value - 1), 0));
	cr_assert(echo_fresh(&r->e, &a, span_of(value, sizeof value), engine_seconds(&r->e) - 1));
	cr_assert_not(echo_fresh(&r->e, &a, span_of(value, sizeof value), engine_seconds(&r->e)));
	r->e.now += 60000;
	cr_assert(echo_fresh(&r->e, &a, span_of(value, sizeof value), 0));
	r->e.now += 1000;
	cr_assert_not(echo_fresh(&r->e, &a, span_of(value, sizeof value), 0));
	r->e.now -= 61000;
	for (unsigned i = 0; i < ECHO_SIZE * 8; i++) {
		value[i / 8] ^= (uint8_t)(1 << i % 8);
		cr_assert_not(echo_fresh(&r->e, &a, span_of(value, sizeof value), 0));
		value[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	rig_free(r);
}
