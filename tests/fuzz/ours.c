#include "ours.h"

#include <errno.h>

static struct client_request request(void)
{
	static uint8_t body[1401];
	size_t n = one_in(4) ? draw(1400) : draw(40);
	struct client_request c = { .to = rig_peer(draw(PEERS) + 1), .from = rig_local(),
				    .non = one_in(3), .keep = one_in(3), .code = COAP_GET,
				    .timeout_ms = one_in(2) ? 1 + draw(60000) : 0 };

	body[0] = 0xff;
	memset(body + 1, 'b', n);
	c.body = span_of(body, n ? n + 1 : 0);
	return c;
}

static void ask(struct engine *e)
{
	struct client_request c = request();
	int id = model_owner(), err;

	if (id < 0)
		return;
	if (one_in(12)) {
		c.code = COAP_EMPTY;
		c.keep = false;
	} else if (one_in(8)) {
		c.to.ip[0] = 0xff;
		c.keep = true;
	}
	if (one_in(5))
		c.token = span_of(&"abcabcab"[draw(4)], 1 + draw(5));
	c.owner = (uint64_t)id;
	err = client_send(e, &c, &model.owner[id].ref);
	CHECK(!err || err == -EAGAIN || (c.token.n && err == -EEXIST));
	model.owner[id].out = !err;
	model.owner[id].keep = c.keep;
}

/* Something kept asks once more, for the last time perhaps. */
static void ask_again(struct engine *e)
{
	struct client_request c = request();
	unsigned id = draw(MODEL_OWNERS);
	struct exchange *x = exchange_get(e, model.owner[id].ref);
	bool may = x && x->state == EXCHANGE_KEPT;
	int err = client_again(e, model.owner[id].ref, &c);

	CHECK((err == -ENOENT) == !may);
	if (!err && model.owner[id].out)
		model.owner[id].keep = c.keep;
}

void ours_ended(struct engine *e, const struct response *in)
{
	bool goes_on = exchange_get(e, in->exchange);

	if (!model.damaged) {
		CHECK(in->owner < MODEL_OWNERS && model.owner[in->owner].out);
		CHECK(in->exchange == model.owner[in->owner].ref);
		CHECK(goes_on == (model.owner[in->owner].keep && !in->status));
	}
	model.owner[in->owner % MODEL_OWNERS].out = goes_on;
	for (unsigned n = draw(5); n > 2; n--)
		ask(e);
}

static void cancel(struct engine *e)
{
	unsigned id = draw(MODEL_OWNERS);

	if (exchange_get(e, model.owner[id].ref))
		model.owner[id].out = false;
	client_cancel(e, model.owner[id].ref);
}

void ours_choose(struct engine *e)
{
	if (one_in(4))
		cancel(e);
	else if (one_in(3))
		ask_again(e);
	else
		ask(e);
}

bool ours_cancel_kept(struct engine *e)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);

	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++) {
		struct exchange *x = slab_at(b, i);

		if (!(x->o.word & 1) || x->state != EXCHANGE_KEPT)
			continue;
		model.owner[x->owner % MODEL_OWNERS].out = false;
		client_cancel(e, exchange_ref(e, x));
		return true;
	}
	return false;
}
