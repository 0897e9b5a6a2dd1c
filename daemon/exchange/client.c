#include "exchange/client.h"

#include "coap/frame_udp.h"
#include "exchange/exchange.h"

#include <errno.h>

static bool to_group(const struct client_request *c)
{
	return addr_is_multicast(c->to.ip);
}

/* Nobody in a group acknowledges (8.1), and a ping is to be answered (4.3). */
static bool is_non(const struct client_request *c)
{
	return c->code != COAP_EMPTY && (c->non || to_group(c));
}

/* Makes the message in the next datagram of the batch, which is free until
 * something is sent; the message ID is put in at each transmission. */
static struct span write_message(struct engine *e, const struct client_request *c,
				 struct span token)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];
	struct writer w = writer_of(t->data, sizeof t->data);

	if (c->code == COAP_EMPTY) {
		frame_udp_empty(&w, COAP_CON, 0);
	} else {
		frame_udp_head(&w, is_non(c) ? COAP_NON : COAP_CON, c->code, 0, token);
		write_span(&w, c->body);
	}
	return span_of(t->data, (size_t)(w.p - t->data));
}

static uint32_t flags_of(const struct client_request *c)
{
	return (c->keep ? EXCHANGE_KEEP : 0) |
	       (c->token.n && c->code != COAP_EMPTY ? EXCHANGE_NAMED : 0) |
	       (to_group(c) ? EXCHANGE_GROUP | EXCHANGE_KEEP : 0);
}

static uint32_t wait_of(const struct engine *e, const struct client_request *c)
{
	return c->timeout_ms ? c->timeout_ms : (uint32_t)params_max_transmit_wait(&e->conf.params);
}

static void fill(struct engine *e, struct exchange *x, const struct client_request *c)
{
	uint8_t own[CLIENT_TOKEN];
	struct span token = c->token;

	x->owner = c->owner;
	x->code = c->code;
	x->wait_ms = wait_of(e, c);
	exchange_token(e, x, own);
	if (!token.n)
		token = span_of(own, sizeof own);
	stored_put(e, &x->msg, x->inside, EXCHANGE_INSIDE, write_message(e, c, token),
		   exchange_ref(e, x), true);
}

int client_send(struct engine *e, const struct client_request *c, ref_t *exchange)
{
	struct endpoint *p = endpoint_find(e, &c->to, &c->from);
	size_t n = frame_udp_head_size(CLIENT_TOKEN) + c->body.n;
	struct exchange *x;

	assert(c->token.n <= CLIENT_TOKEN);
	if (n > DGRAM_TX_MAX)
		return -EMSGSIZE;
	if (p && c->token.n && exchange_has_token(e, p, c->token))
		return -EEXIST;
	if (!stored_room(e, n, EXCHANGE_INSIDE) || (!p && !endpoint_room(e)))
		return -EAGAIN;
	if (!p)
		p = endpoint_add(e, &c->to, &c->from);
	x = exchange_new(e, p, is_non(c), flags_of(c));
	if (!x)
		return -EAGAIN;
	fill(e, x, c);
	*exchange = exchange_ref(e, x);
	engine_count(e, COUNT_CLIENT_SENT);
	exchange_start(e, p);
	return 0;
}

int client_again(struct engine *e, ref_t exchange, const struct client_request *c)
{
	struct exchange *x = exchange_get(e, exchange);
	uint8_t type = is_non(c) ? COAP_NON : COAP_CON;
	struct span token;

	if (!x || x->state != EXCHANGE_KEPT)
		return -ENOENT;
	token = exchange_message_token(e, x);
	if (frame_udp_head_size(token.n) + c->body.n > DGRAM_TX_MAX)
		return -EMSGSIZE;
	if (!exchange_requeue(e, x, write_message(e, c, token), type))
		return -EAGAIN;
	undo_set(&e->space, &x->code, c->code);
	undo_set(&e->space, &x->wait_ms, wait_of(e, c));
	undo_set(&e->space, &x->flags, c->keep ? x->flags | EXCHANGE_KEEP :
						 x->flags & ~(uint32_t)EXCHANGE_KEEP);
	engine_count(e, COUNT_CLIENT_SENT);
	exchange_start(e, endpoint_get(e, x->peer));
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
