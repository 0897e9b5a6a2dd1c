/* segment.h - several datagrams in one piece (UDP_SEGMENT): runs of equal length
 * from one address to one peer pass the kernel as one and are cut up at the end.
 *
 * For who has many alike to send: a load generator, or a server asked for much at a time by one
 * peer (decision 0046).  Run by the process that holds the socket, as udp.h. */
#ifndef TRANSPORT_SEGMENT_H
#define TRANSPORT_SEGMENT_H

#include "base/batch.h"
#include "base/bytes.h"

/* Whether two that are to be sent are of one run. */
static inline bool segment_alike(const struct tx_dgram *a, const struct tx_dgram *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
	uint64_t differ = a->len ^ b->len;

	_Static_assert(offsetof(struct tx_dgram, len) == 48, "two addresses");
#pragma GCC unroll 6
	for (unsigned i = 0; i < 48; i += 8)    /* to and from, word by word */
		differ |= bytes_8(x + i) ^ bytes_8(y + i);
	return !differ;
}

#define SEGMENT_MOST (65000u / DGRAM_TX_MAX)    /* in one piece: what an IP packet holds, less
						 * headers */

/* Whether k goes in the same piece as first, as all between them do. */
static inline bool segment_goes_on(const struct batch *b, unsigned first, unsigned k)
{
	const struct tx_dgram *d = &b->tx[k];

	return k - first < SEGMENT_MOST && segment_alike(d - 1, d);
}

/* As sendmmsg() of the headers i up to end of the batch, by one socket; a bit of goes_on stands for
 * a datagram that goes in the same piece as the one before it, and of whose header only the length
 * is asked.  Returns how many datagrams are off, which are marked so, or -1 with errno. */
int segment_send(int fd, struct batch *b, uint64_t goes_on, unsigned i, unsigned end);

#endif
