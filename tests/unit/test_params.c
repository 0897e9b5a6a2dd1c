#include <criterion/criterion.h>

#include "coap/params.h"

/* The figures that RFC 7252 section 4.8.2 prints for its defaults. */
Test(params, defaults_give_the_times_of_the_rfc)
{
	const struct params p = PARAMS_DEFAULT;

	cr_assert_eq(params_max_transmit_span(&p), 45000);
	cr_assert_eq(params_max_transmit_wait(&p), 93000);
	cr_assert_eq(params_max_rtt(&p), 202000);
	cr_assert_eq(params_exchange_lifetime(&p), 247000);
	cr_assert_eq(params_non_lifetime(&p), 145000);
	cr_assert_eq(p.nstart, 1);
	cr_assert_eq(p.default_leisure_ms, 5000);
	cr_assert_eq(p.probing_rate, 1);
}

Test(params, derived_times_follow)
{
	struct params p = PARAMS_DEFAULT;

	p.ack_timeout_ms = 1000;
	p.ack_random_permille = 1000;
	p.max_retransmit = 2;
	p.max_latency_ms = 10;
	p.processing_delay_ms = 5;
	cr_assert_eq(params_max_transmit_span(&p), 3000);
	cr_assert_eq(params_max_transmit_wait(&p), 7000);
	cr_assert_eq(params_max_rtt(&p), 25);
	cr_assert_eq(params_exchange_lifetime(&p), 3025);
	cr_assert_eq(params_non_lifetime(&p), 3010);
	p.max_retransmit = 0;
	cr_assert_eq(params_max_transmit_span(&p), 0);
}

Test(params, largest_values_do_not_overflow)
{
	struct params p = PARAMS_DEFAULT;

	p.ack_timeout_ms = 3600000;
	p.ack_random_permille = 10000;
	p.max_retransmit = PARAMS_MAX_RETRANSMIT;
	cr_assert_eq(params_max_transmit_span(&p), 3600000ull * ((1 << 20) - 1) * 10);
	cr_assert_leq(params_first_timeout(&p, UINT32_MAX), 36000000);
}

Test(params, E20_first_timeout_is_jittered_up_to_half_again)
{
	struct params p = PARAMS_DEFAULT;

	cr_assert_eq(params_first_timeout(&p, 0), 2000);
	cr_assert_eq(params_first_timeout(&p, 0x80000000), 2500);
	cr_assert_eq(params_first_timeout(&p, UINT32_MAX), 2999);
	p.ack_random_permille = 1000;
	cr_assert_eq(params_first_timeout(&p, UINT32_MAX), 2000);
}
