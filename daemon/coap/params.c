#include "coap/params.h"

#include <assert.h>

/* ACK_TIMEOUT x (2^n - 1) x ACK_RANDOM_FACTOR */
static uint64_t backoff_sum(const struct params *p, uint32_t n)
{
	assert(p->max_retransmit <= PARAMS_MAX_RETRANSMIT);
	return (uint64_t)p->ack_timeout_ms * ((1ull << n) - 1) *
	       p->ack_random_permille / 1000;
}

uint64_t params_max_transmit_span(const struct params *p)
{
	return backoff_sum(p, p->max_retransmit);
}

uint64_t params_max_transmit_wait(const struct params *p)
{
	return backoff_sum(p, p->max_retransmit + 1);
}

uint64_t params_max_rtt(const struct params *p)
{
	return 2ull * p->max_latency_ms + p->processing_delay_ms;
}

uint64_t params_exchange_lifetime(const struct params *p)
{
	return params_max_transmit_span(p) + params_max_rtt(p);
}

uint64_t params_non_lifetime(const struct params *p)
{
	return params_max_transmit_span(p) + p->max_latency_ms;
}

uint64_t params_first_timeout(const struct params *p, uint32_t random)
{
	uint64_t least = p->ack_timeout_ms;
	uint64_t spread = least * (p->ack_random_permille - 1000) / 1000;

	assert(p->ack_random_permille >= 1000);
	return least + (spread * random >> 32);
}
