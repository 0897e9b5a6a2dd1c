/* send.h - appending a datagram to the batch.
 *
 * Nothing of it counts before the event is committed.  Room for BATCH_TX_SPARE
 * datagrams is certain at the start of an event (batch_has_room). */
#ifndef EXCHANGE_SEND_H
#define EXCHANGE_SEND_H

#include "exchange/engine.h"

/* A writer into the next datagram; nothing is appended before send_end(). */
static inline struct writer send_begin(struct engine *e, const struct addr *to,
				       const struct local *from)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];

	assert(e->tx_n < BATCH_TX);
	t->to = *to;
	t->from = *from;
	return writer_of(t->data, sizeof t->data);
}

/* Appends what was written; the datagram as a span.  The writer is not full. */
static inline struct span send_end(struct engine *e, const struct writer *w)
{
	struct batch *b = batch_of(&e->space);
	struct tx_dgram *t = &b->tx[e->tx_n];

	assert(!w->full);
	t->len = (uint32_t)(w->p - t->data);
	/* Whoever takes over must not take an old mark for this one's. */
	b->tx_hdr[e->tx_n].msg_len = BATCH_UNTOUCHED;
	e->tx_n++;
	return span_of(t->data, t->len);
}

/* An Empty message: ACK or RST. */
void send_empty(struct engine *e, const struct addr *to, const struct local *from,
		uint8_t type, uint16_t mid);

#endif
