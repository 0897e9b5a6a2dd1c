#include "model.h"

#include "base/hash.h"

struct model model;
static struct model saved;

static uint64_t print_of(struct span s)
{
	static const struct hash_key key = { { 3, 5 } };

	return hash_bytes(&key, s.p, s.n);
}

static uint64_t lifetime(const struct rig *r, uint8_t type)
{
	const struct params *p = &r->conf.params;

	return (type == COAP_NON ? params_non_lifetime(p) : params_exchange_lifetime(p)) /
	       1000 * 1000;
}

void model_clear(uint16_t base)
{
	memset(&model, 0, sizeof model);
	model.base = base;
}

void model_begin(void)
{
	saved = model;
}

void model_back(void)
{
	model = saved;
}

int model_owner(void)
{
	for (unsigned i = 0; i < MODEL_OWNERS; i++)
		if (!model.owner[i].out)
			return (int)i;
	return -1;
}

/* --- requests of theirs ------------------------------------------------------- */

/* Too short, or of another version: as good as not there. */
static bool is_noise(struct span s)
{
	return s.n < 4 || s.p[0] >> 6 != 1;
}

static uint8_t type_of(struct span s)
{
	return s.p[0] >> 4 & 3;
}

static uint16_t mid_of(struct span s)
{
	return (uint16_t)(s.p[2] << 8 | s.p[3]);
}

bool model_is_far(uint16_t mid)
{
	return (uint16_t)(mid - model.base + 0x1000) > 0x3000;
}

void model_heard(unsigned peer, struct span bytes)
{
	if (is_noise(bytes) || type_of(bytes) > COAP_NON)
		return;
	if (model_is_far(mid_of(bytes)))
		model_restarted(peer);
	for (unsigned i = 0; i < MODEL_RUNS; i++)
		if (model.run[i].peer == peer && model.run[i].mid == mid_of(bytes) &&
		    model.run[i].print != print_of(bytes))
			model.run[i].peer = 0;
}

void model_restarted(unsigned peer)
{
	for (unsigned i = 0; i < MODEL_RUNS; i++)
		if (model.run[i].peer == peer)
			model.run[i].peer = 0;
}

void model_ran(const struct rig *r, unsigned peer, uint16_t mid, struct span bytes)
{
	unsigned at = model.run_n++ % MODEL_RUNS;

	if (model_is_far(mid))
		return;
	for (unsigned i = 0; i < MODEL_RUNS; i++)
		if (model.run[i].peer == peer && model.run[i].mid == mid &&
		    model.run[i].print == print_of(bytes))
			CHECK(model.damaged || r->e.now - model.run[i].at > lifetime(r, type_of(bytes)));
	model.run[at].peer = peer;
	model.run[at].mid = mid;
	model.run[at].print = print_of(bytes);
	model.run[at].at = r->e.now;
}

void model_waits(const struct rig *r, unsigned peer, const struct message *m)
{
	unsigned at = model.wait_n++ % MODEL_WAITS;

	if (m->type != COAP_CON)
		return;
	model.wait[at].peer = peer;
	model.wait[at].mid = m->mid;
	model.wait[at].by = r->e.now + r->conf.ack_delay_ms;
}

void model_forgotten(unsigned peer, uint16_t mid)
{
	for (unsigned i = 0; i < MODEL_WAITS; i++)
		if (model.wait[i].peer == peer && model.wait[i].mid == mid)
			model.wait[i].peer = 0;
}

static bool same_peer(unsigned peer, const struct tx_dgram *t)
{
	struct addr a = rig_peer(peer);

	return addr_eq(&a, &t->to);
}

void model_reaction(struct rig *r, unsigned peer, struct span bytes, unsigned before,
		    bool waits)
{
	unsigned answers = 0;

	CHECK(r->e.tx_n - before <= BATCH_TX_SPARE);
	if (model.damaged)
		return;
	for (unsigned i = before; i < r->e.tx_n; i++) {
		const struct tx_dgram *t = &batch_of(&r->e.space)->tx[i];

		if (t->len < 4 || type_of(span_of(t->data, t->len)) < COAP_ACK)
			continue;
		CHECK(!is_noise(bytes) && same_peer(peer, t));
		CHECK(mid_of(span_of(t->data, t->len)) == mid_of(bytes));
		CHECK(type_of(bytes) <= COAP_NON);
		CHECK(type_of(bytes) == COAP_CON ||
		      type_of(span_of(t->data, t->len)) == COAP_RST);
		answers++;
	}
	CHECK(answers <= 1);
	if (!is_noise(bytes) && type_of(bytes) == COAP_CON)
		CHECK(answers == 1 || (waits && r->conf.ack_delay_ms));
}

/* --- what leaves ---------------------------------------------------------------- */

static void sent_con(struct rig *r, const struct endpoint *p, const struct message *m,
		     struct span bytes)
{
	ref_t peer = endpoint_ref(&r->e, p);
	unsigned at = model.con_n % MODEL_CONS;

	for (unsigned i = 0; i < MODEL_CONS; i++) {
		if (model.con[i].peer != peer || model.con[i].mid != m->mid)
			continue;
		if (r->e.now - model.con[i].at <= lifetime(r, COAP_CON)) {
			CHECK(model.damaged || model.con[i].print == print_of(bytes));
			return;
		}
		model.con[i].peer = 0;
	}
	model.con_n++;
	model.con[at].peer = peer;
	model.con[at].mid = m->mid;
	model.con[at].print = print_of(bytes);
	model.con[at].at = r->e.now;
}

void model_sent(struct rig *r, const struct tx_dgram *t, const struct message *m)
{
	const struct endpoint *p = endpoint_find(&r->e, &t->to, &t->from);

	if (p && m->type == COAP_CON)
		sent_con(r, p, m, span_of(t->data, t->len));
	if (m->type < COAP_ACK)
		return;
	for (unsigned i = 0; i < MODEL_WAITS; i++)
		if (model.wait[i].peer && model.wait[i].mid == m->mid &&
		    same_peer(model.wait[i].peer, t))
			model.wait[i].peer = 0;
}

void model_settled(const struct rig *r)
{
	for (unsigned i = 0; i < MODEL_WAITS; i++)
		CHECK(model.damaged || !model.wait[i].peer || model.wait[i].by > r->e.now);
}

void model_end(void)
{
	for (unsigned i = 0; i < MODEL_OWNERS; i++)
		CHECK(model.damaged || !model.owner[i].out);
}
