#include "exchange/send.h"

#include "coap/frame_udp.h"

struct writer send_begin(struct engine *e, const struct addr *to, const struct local *from)
{
	struct batch *b = batch_of(&e->space);
	struct tx_dgram *t;

	assert(e->tx_n < BATCH_TX);
	t = &b->tx[e->tx_n];
	t->to = *to;
	t->from = *from;
	return writer_of(t->data, sizeof t->data);
}

struct span send_end(struct engine *e, const struct writer *w)
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

void send_empty(struct engine *e, const struct addr *to, const struct local *from,
		uint8_t type, uint16_t mid)
{
	struct writer w = send_begin(e, to, from);

	frame_udp_empty(&w, type, mid);
	send_end(e, &w);
}
