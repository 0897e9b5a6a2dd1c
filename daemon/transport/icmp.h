/* icmp.h - what the network says about datagrams of ours that did not arrive.
 *
 * The kernel keeps ICMP errors in a queue per socket, with the destination they
 * were sent to and the head of what was sent.  Anybody on the path can forge one,
 * so they are hints.  The queue must be emptied all the same: it keeps the socket
 * readable.  Run by the worker that holds the socket; nothing is kept. */
#ifndef TRANSPORT_ICMP_H
#define TRANSPORT_ICMP_H

#include "base/addr.h"
#include "base/bytes.h"

#define ICMP_QUOTE 64           /* bytes kept of the datagram: header and token */
#define ICMP_BATCH 16

struct icmp_error {
	struct addr to;         /* whom we had sent to */
	struct local from;      /* and from where; of a client socket all zero */
	bool unreachable;       /* destination unreachable of any kind; else something
				 * that ends nothing, like "packet too big" */
	size_t n;
	uint8_t quote[ICMP_QUOTE];
};

static inline struct span icmp_quote(const struct icmp_error *e)
{
	return span_of(e->quote, e->n);
}

/* Takes at most ICMP_BATCH errors from the queue of the socket; sock is its number
 * within the slot.  Returns how many; fewer than ICMP_BATCH: it is empty. */
unsigned icmp_read(int fd, unsigned sock, struct icmp_error out[ICMP_BATCH]);

#endif
