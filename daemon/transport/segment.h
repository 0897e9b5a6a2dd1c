/* segment.h - several datagrams in one piece (UDP_SEGMENT): runs of equal length
 * from one address to one peer pass the kernel as one and are cut up at the end.
 *
 * For who has many alike to send: a load generator, or a server asked for much at a time by one
 * peer (decision 0046).  Run by the process that holds the socket, as udp.h. */
#ifndef TRANSPORT_SEGMENT_H
#define TRANSPORT_SEGMENT_H

#include "base/batch.h"

/* Whether two that are to be sent are of one run. */
static inline bool segment_alike(const struct tx_dgram *a, const struct tx_dgram *b)
{
	uint64_t x[6], y[6];    /* to and from, word by word */

	_Static_assert(offsetof(struct tx_dgram, len) == sizeof x, "two addresses");
	memcpy(x, a, sizeof x);
	memcpy(y, b, sizeof y);
	return a->len == b->len &&
	       !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) |
		 (x[4] ^ y[4]) | (x[5] ^ y[5]));
}

#define SEGMENT_BYTES 65000u    /* of one piece: what an IP packet holds, less headers */

/* Whether k goes in the same piece as first, as all between them do. */
static inline bool segment_goes_on(const struct batch *b, unsigned first, unsigned k)
{
	return segment_alike(&b->tx[k - 1], &b->tx[k]) &&
	       (k - first + 1) * b->tx[k].len <= SEGMENT_BYTES;
}

/* As sendmmsg() of the headers i up to end of the batch, by one socket; a bit of goes_on stands for
 * a datagram that goes in the same piece as the one before it, and of whose header only the length
 * is asked.  Returns how many datagrams are off, which are marked so, or -1 with errno. */
int segment_send(int fd, struct batch *b, uint64_t goes_on, unsigned i, unsigned end);

#endif
