/* send.h - appending a datagram to the batch.
 *
 * Nothing of it counts before the event is committed.  Room for BATCH_TX_SPARE
 * datagrams is certain at the start of an event (batch_has_room). */
#ifndef EXCHANGE_SEND_H
#define EXCHANGE_SEND_H

#include "exchange/engine.h"

/* A writer into the next datagram; nothing is appended before send_end(). */
struct writer send_begin(struct engine *e, const struct addr *to, const struct local *from);

/* Appends what was written; the datagram as a span.  The writer is not full. */
struct span send_end(struct engine *e, const struct writer *w);

/* An Empty message: ACK or RST. */
void send_empty(struct engine *e, const struct addr *to, const struct local *from,
		uint8_t type, uint16_t mid);

#endif
