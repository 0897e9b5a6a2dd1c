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

/* Appends n bytes that were written into datagram i, the next; the datagram as a span. */
static inline struct span send_written(struct engine *e, unsigned i, size_t n)
{
	struct batch *b = batch_of(&e->space);

	b->tx[i].len = (uint32_t)n;
	/* Whoever takes over must not take an old mark for this one's. */
	b->tx_hdr[i].msg_len = BATCH_UNTOUCHED;
	e->tx_n = i + 1;
	return span_of(b->tx[i].data, n);
}

/* The same for a writer, which is not full. */
static inline struct span send_end(struct engine *e, const struct writer *w)
{
	assert(!w->full);
	return send_written(e, e->tx_n, (size_t)(w->p - batch_of(&e->space)->tx[e->tx_n].data));
}

/* An Empty message: ACK or RST. */
void send_empty(struct engine *e, const struct addr *to, const struct local *from,
		uint8_t type, uint16_t mid);

#endif
