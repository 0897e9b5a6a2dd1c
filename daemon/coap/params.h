/* params.h - transmission parameters and the times derived from them.
 *
 * RFC 7252 section 4.8; all times are milliseconds, so that no rule of the
 * protocol needs a fraction.  Pure; used in every process. */
#ifndef COAP_PARAMS_H
#define COAP_PARAMS_H

#include <stdint.h>

struct params {
	uint32_t ack_timeout_ms;
	uint32_t ack_random_permille;   /* ACK_RANDOM_FACTOR x 1000 */
	uint32_t max_retransmit;        /* at most PARAMS_MAX_RETRANSMIT */
	uint32_t nstart;
	uint32_t default_leisure_ms;
	uint32_t probing_rate;          /* bytes a second */
	uint32_t max_latency_ms;
	uint32_t processing_delay_ms;
};

#define PARAMS_MAX_RETRANSMIT 20u        /* 2 s doubled 20 times are 24 days */

/* The defaults of RFC 7252 sections 4.8 and 4.8.2. */
#define PARAMS_DEFAULT { \
	.ack_timeout_ms = 2000, \
	.ack_random_permille = 1500, \
	.max_retransmit = 4, \
	.nstart = 1, \
	.default_leisure_ms = 5000, \
	.probing_rate = 1, \
	.max_latency_ms = 100000, \
	.processing_delay_ms = 2000, \
}

/* From the first to the last transmission of a CON. */
uint64_t params_max_transmit_span(const struct params *p);

/* From the first transmission of a CON until its sender gives up. */
uint64_t params_max_transmit_wait(const struct params *p);

/* The longest a request and its acknowledgement take together. */
uint64_t params_max_rtt(const struct params *p);

/* How long the message ID of a CON, and of a NON, is not used again. */
uint64_t params_exchange_lifetime(const struct params *p);
uint64_t params_non_lifetime(const struct params *p);

/* The first retransmission timeout; random is any 32-bit number, spread evenly
 * over ACK_TIMEOUT up to ACK_TIMEOUT x ACK_RANDOM_FACTOR (section 4.2). */
uint64_t params_first_timeout(const struct params *p, uint32_t random);

#endif
