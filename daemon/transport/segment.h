/* segment.h - several datagrams in one piece (UDP_SEGMENT): runs of equal length
 * from one address to one peer pass the kernel as one and are cut up at the end.
 *
 * For who has many alike to send, as a load generator.  Run by the process that
 * holds the socket, as udp.h. */
#ifndef TRANSPORT_SEGMENT_H
#define TRANSPORT_SEGMENT_H

#include "base/batch.h"

/* As sendmmsg() of the filled headers i up to end of the batch, by one socket:
 * returns how many datagrams are off, which are marked so, or -1 with errno. */
int segment_send(int fd, struct batch *b, unsigned i, unsigned end);

#endif
