#include "exchange/client.h"

#include "coap/frame_udp.h"
#include "exchange/exchange.h"

#include <errno.h>

/* Makes the message in the next datagram of the batch, which is free until
 * something is sent; the message ID is put in at each transmission. */
static struct span write_message(struct engine *e, const struct client_request *c,
				 const struct exchange *x)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];
	struct writer w = writer_of(t->data, sizeof t->data);
	uint8_t token[CLIENT_TOKEN];

	exchange_token(e, x, token);
	frame_udp_head(&w, c->non ? COAP_NON : COAP_CON, c->code, 0,
		       span_of(token, sizeof token));
	write_span(&w, c->body);
	return span_of(t->data, (size_t)(w.p - t->data));
}

int client_send(struct engine *e, const struct client_request *c, ref_t *exchange)
{
	struct endpoint *p = endpoint_find(e, &c->to, &c->from);
	size_t n = frame_udp_head_size(CLIENT_TOKEN) + c->body.n;
	struct exchange *x;

	if (n > DGRAM_TX_MAX)
		return -EMSGSIZE;
	if (!stored_room(e, n, EXCHANGE_INSIDE) || (!p && !endpoint_room(e)))
		return -EAGAIN;
	if (!p)
		p = endpoint_add(e, &c->to, &c->from);
	x = exchange_new(e, p, c->non);
	if (!x)
		return -EAGAIN;
	x->owner = c->owner;
	x->code = c->code;
	x->wait_ms = c->timeout_ms ? c->timeout_ms :
		     (uint32_t)params_max_transmit_wait(&e->conf.params);
	stored_put(e, &x->msg, x->inside, EXCHANGE_INSIDE, write_message(e, c, x),
		   exchange_ref(e, x), true);
	*exchange = exchange_ref(e, x);
	engine_count(e, COUNT_CLIENT_SENT);
	exchange_start(e, p);
	return 0;
}

void client_cancel(struct engine *e, ref_t exchange)
{
	struct exchange *x = exchange_get(e, exchange);
	struct endpoint *p;

	if (!x || x->role != ROLE_CLIENT)
		return;
	p = endpoint_get(e, x->peer);
	exchange_kill(e, x);
	exchange_start(e, p);
}
