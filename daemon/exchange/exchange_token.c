#include "exchange/dealings.h"
#include "exchange/exchange.h"

static struct exchange *at(struct engine *e, uint32_t i)
{
	return slab_at(engine_slab(e, SLAB_EXCHANGE), i);
}

static bool named(const struct exchange *x)
{
	return x->flags & EXCHANGE_NAMED;
}

void exchange_token(struct engine *e, const struct exchange *x, uint8_t token[CLIENT_TOKEN])
{
	uint32_t i = slab_index(engine_slab(e, SLAB_EXCHANGE), x);

	memcpy(token, &i, 4);
	memcpy(token + 4, &x->secret, 4);
}

struct span exchange_message_token(struct engine *e, const struct exchange *x)
{
	struct span m = stored_get(e, &x->msg, x->inside);
	size_t n = m.p[0] & 15;

	return n <= CLIENT_TOKEN && m.n >= 4 + n ? span_of(m.p + 4, n) : span_of(NULL, 0);
}

/* The one that a token made by exchange_token() is of. */
static struct exchange *by_own_token(struct engine *e, struct span token)
{
	struct exchange *x;
	uint32_t i, secret;

	if (token.n != CLIENT_TOKEN)
		return NULL;
	memcpy(&i, token.p, 4);
	memcpy(&secret, token.p + 4, 4);
	if (i >= e->space.ctl->hwm[SLAB_EXCHANGE] || !slab_live(engine_slab(e, SLAB_EXCHANGE), i))
		return NULL;
	x = at(e, i);
	if (x->role != ROLE_CLIENT || x->secret != secret || named(x) || x->code == COAP_EMPTY)
		return NULL;
	return x;
}

/* The one in a chain with a token that a caller chose. */
static struct exchange *by_name(struct engine *e, const struct chain *c, struct span token)
{
	uint32_t i = c->head;

	while (i != SLAB_NIL && !(named(at(e, i)) &&
				  span_eq(exchange_message_token(e, at(e, i)), token)))
		i = at(e, i)->next;
	return i == SLAB_NIL ? NULL : at(e, i);
}

struct exchange *exchange_by_token(struct engine *e, struct endpoint *p, struct span token)
{
	const struct dealings *d = dealings_of(e, p);
	struct exchange *x = by_own_token(e, token);

	if (x && x->peer == endpoint_ref(e, p) && x->state != EXCHANGE_QUEUED)
		return x;
	return d->nnamed ? by_name(e, &d->sent, token) : NULL;
}

struct exchange *exchange_of_group(struct engine *e, uint16_t sock, struct span token)
{
	for (uint32_t i = e->groups.head; i != SLAB_NIL; i = at(e, i)->next) {
		struct exchange *x = at(e, i);

		if (endpoint_held(e, x->peer)->local.sock == sock &&
		    span_eq(exchange_message_token(e, x), token))
			return x;
	}
	return NULL;
}

bool exchange_has_token(struct engine *e, struct endpoint *p, struct span token)
{
	const struct dealings *d = dealings_of(e, p);
	struct exchange *x = by_own_token(e, token);

	return (x && x->peer == endpoint_ref(e, p)) ||
	       (d->nnamed && (by_name(e, &d->queue, token) || by_name(e, &d->sent, token))) ||
	       exchange_of_group(e, p->local.sock, token);
}
