/* Fuzz target: the life of an engine.  The input chooses what happens: datagrams
 * of a few peers (valid, repeated, damaged, answers that fit or nearly fit what
 * was sent), requests of ours, waiting requests that end in any order, time,
 * ICMP errors, deaths in and between events, in the end damage of the memory.
 * After each event all that is derived is worked out anew and compared (audit.h),
 * and a model of what the engine promised is asked (model.h). */
#include "coap/frame_udp.h"
#include "model.h"
#include "ours.h"
#include "theirs.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEPT 32u                /* datagrams remembered in each direction */
#define STEPS 160u

/* --- the world around the engine ------------------------------------------------ */

struct kept {
	size_t n;
	unsigned peer;
	uint8_t data[DGRAM_RX_MAX];
};

static struct rig *r;
static struct engine *e;
static struct kept heard[KEPT], said[KEPT];
static uint32_t heard_n, said_n;
static uint8_t echo[12];                /* of the last challenge */
static uint16_t base_mid;               /* where the peers' message IDs lie */
static uint32_t deaths;                 /* one in so many events */

static void keep(struct kept *ring, uint32_t *n, unsigned peer, struct span s)
{
	struct kept *k = &ring[(*n)++ % KEPT];

	k->n = s.n < sizeof k->data ? s.n : sizeof k->data;
	k->peer = peer;
	if (k->n)
		memcpy(k->data, s.p, k->n);
}

/* All that is committed goes out; what was executing stays to be settled. */
static void flush(void)
{
	struct batch *b = batch_of(&e->space);
	struct message m;
	struct span value;

	for (unsigned i = 0; i < space_tx_n(&e->space); i++) {
		struct tx_dgram *t = &b->tx[i];
		struct span s = span_of(t->data, t->len);

		if (frame_udp_parse(s, &m) != FRAME_OK) {
			CHECK(model.damaged);
			continue;
		}
		CHECK(model.damaged || b->tx_hdr[i].msg_len == BATCH_UNTOUCHED);
		model_sent(r, t, &m);
		theirs_sent(r, t, &m);
		keep(said, &said_n, t->to.port - 1000u, s);
		if (message_option(&m, OPT_ECHO, 0, &value) && value.n == sizeof echo)
			memcpy(echo, value.p, value.n);
	}
	e->tx_n = 0;
	space_commit(&e->space, space_rx_next(&e->space), 0, space_exec(&e->space));
}

static void begin(void)
{
	if (!batch_has_room(&e->space) || one_in(3))
		flush();
	model_begin();
}

static void kill_task(uint64_t owner)
{
	struct slab *b = engine_slab(e, RIG_TASKS);
	void *task = slab_get(&e->space, b, owner);

	CHECK(task || model.damaged);
	if (task)
		slab_kill(&e->space, b, task);
}

/* Ends what was executing, as the worker layer does. */
static void resolve(void)
{
	unsigned rx = space_rx_next(&e->space);
	struct request q;
	ref_t waiting;

	if (!batch_has_room(&e->space))
		flush();
	if (!request_lost(e, &q, &waiting))
		return;
	if (waiting)
		kill_task(q.waiting->owner);
	request_refuse(e, &q, COAP_INTERNAL_ERROR, NULL);
	engine_commit(e, q.rx == REQUEST_RESUMED ? rx : rx + 1);
}

static void die(void)
{
	model_back();
	rig_adopt(r);
	for (unsigned n = 0; n < 3 && one_in(4); n++)
		rig_adopt(r);
	resolve();
	adopt_batch(e);
	adopt_survived(e);
	theirs_adopted(e);
	audit(e, model.damaged);
}

/* Ends the event, well or not. */
static void end(unsigned rx_next)
{
	CHECK(e->space.ctl->commit.s.undo_n <= UNDO_MAX);
	if (one_in(deaths)) {
		die();
		return;
	}
	engine_commit(e, rx_next);
	audit(e, model.damaged);
}

static void end_here(void)
{
	end(space_rx_next(&e->space));
}

/* --- requests of ours ------------------------------------------------------------- */

static void op_client(void)
{
	begin();
	ours_choose(e);
	end_here();
}

/* --- requests of theirs ------------------------------------------------------------- */

static void answer(struct request *q)
{
	long observe = theirs_enter(e, q);
	struct writer w = request_answer(e, q);
	struct option_writer ow = option_writer(&w);
	uint8_t text[1300];
	size_t n = one_in(5) ? draw(sizeof text) : draw(70);

	memset(text, 'a', n);
	if (observe >= 0)
		option_write_uint(&ow, OPT_OBSERVE, (uint64_t)observe);
	message_write_payload(&w, span_of(text, n));
	request_done(e, q, observe < 0 && one_in(6) ? COAP_NOT_FOUND : COAP_CONTENT, &w);
}

static bool wait_for(struct request *q)
{
	struct slab *b = engine_slab(e, RIG_TASKS);
	struct rig_task *t = slab_take(&e->space, b);

	if (t && request_wait(e, q, slab_ref_next(&e->space, b, t))) {
		slab_publish(&e->space, b, t);
		return true;
	}
	if (t)
		slab_untake(&e->space, b, t);
	request_unavailable(e, q, 5);
	return false;
}

/* An effect begins that no rollback undoes.  False: and the worker died of it. */
static bool effect(struct request *q, unsigned rx)
{
	request_exec(e, q, rx);
	model_begin();
	if (!one_in(deaths))
		return true;
	die();
	return false;
}

/* Works on a fresh request; false when its worker died. */
static bool serve(struct request *q, unsigned peer, unsigned i, bool *waits)
{
	const struct rx_dgram *d = &batch_of(&e->space)->rx[i];

	if (!code_is_safe(q->msg.code)) {
		model_ran(r, peer, q->msg.mid, span_of(d->data, d->len));
		if (one_in(3) && !effect(q, i))
			return false;
	}
	*waits = one_in(3);
	if (!*waits)
		answer(q);
	else if (wait_for(q))
		model_waits(r, peer, &q->msg);
	else
		*waits = false;
	return true;
}

/* The newest of a peer's message IDs. */
static uint32_t newest(unsigned peer)
{
	struct addr a = rig_peer(peer);
	struct local l = rig_local();
	const struct endpoint *p = endpoint_find(e, &a, &l);

	return p ? dealings_of(e, p)->window.hi : 0;
}

static void datagram(unsigned i)
{
	const struct rx_dgram *d = &batch_of(&e->space)->rx[i];
	unsigned peer = ntohs(d->from.sin6_port) - 1000u, before;
	uint32_t hi = newest(peer);
	struct span bytes = span_of(d->data, d->len);
	enum input_verdict v;
	bool waits = false;

	begin();
	before = e->tx_n;
	if (d->len <= DGRAM_RX_MAX)
		model_heard(peer, bytes);
	v = input_datagram(e, i, &r->in);
	if (hi && (model_is_far((uint16_t)hi) || (int16_t)(newest(peer) - hi) < 0))
		model_restarted(peer);
	if (v == INPUT_REQUEST && !serve(&r->in.request, peer, i, &waits))
		return;
	if (d->len <= DGRAM_RX_MAX)
		model_reaction(r, peer, bytes, before, waits);
	if (v == INPUT_RESPONSE || v == INPUT_FAILED)
		ours_ended(e, &r->in.response);
	if (v == INPUT_WITHDRAWN)
		kill_task(r->in.response.owner);
	CHECK(e->tx_n - before <= BATCH_TX_SPARE);
	end(i + 1);
}

/* Each death brings the next datagram nearer to being skipped. */
static void work(void)
{
	while (space_rx_next(&e->space) < batch_of(&e->space)->rx_n)
		datagram(space_rx_next(&e->space));
}

static void op_finish(void)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);
	uint32_t hwm = e->space.ctl->hwm[SLAB_EXCHANGE], at = draw(hwm ? hwm : 1), n = 0;
	struct exchange *x = slab_at(b, at);
	struct request q;

	while (n < hwm && !((x->o.word & 1) && x->state == EXCHANGE_WAITING))
		x = slab_at(b, (at + ++n) % hwm);
	if (n >= hwm)
		return;
	begin();
	if (!request_resume(e, exchange_ref(e, x), &q)) {
		CHECK(model.damaged);
		kill_task(x->owner);
		engine_commit(e, space_rx_next(&e->space));
		return;
	}
	if (one_in(3) && !effect(&q, space_rx_next(&e->space)))
		return;
	kill_task(x->owner);
	if (one_in(8)) {
		model_forgotten(q.from.port - 1000u, q.msg.mid);
		request_forget(e, &q);
	} else {
		answer(&q);
	}
	end_here();
}

/* --- datagrams of peers --------------------------------------------------------------- */

static size_t make_request(uint8_t *out)
{
	static const uint8_t codes[] = { COAP_GET, COAP_POST, COAP_POST, COAP_PUT,
					 COAP_DELETE, COAP_FETCH, 0x15 };
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);
	uint8_t bytes[DGRAM_RX_MAX];
	size_t n = one_in(5) ? draw(1400) : draw(60);

	memset(bytes, (int)draw(256), sizeof bytes);
	frame_udp_head(&w, (uint8_t)draw(2), codes[draw(sizeof codes)],
		       (uint16_t)(base_mid + draw(one_in(3) ? 900 : 40)),
		       span_of(bytes, one_in(6) ? draw(40) : draw(5)));
	if (one_in(8))
		option_write_uint(&ow, OPT_OBSERVE, 0);
	if (!one_in(4))
		option_write(&ow, OPT_URI_PATH, span_str("x"));
	if (one_in(3))
		option_write(&ow, OPT_ECHO, span_of(echo, sizeof echo));
	if (one_in(4))
		option_write_uint(&ow, OPT_NO_RESPONSE, draw(32));
	if (one_in(12))
		option_write(&ow, 2049, span_str("?"));
	message_write_payload(&w, span_of(bytes, n));
	return (size_t)(w.p - out);
}

/* An answer to something we sent, or nearly one. */
static size_t make_reply(uint8_t *out, const struct kept *k)
{
	static const uint8_t codes[] = { COAP_CONTENT, COAP_CONTENT, COAP_CHANGED,
					 COAP_NOT_FOUND, 0xe1, COAP_GET };
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);
	struct message m;
	uint8_t type = (uint8_t)draw(4);
	uint16_t mid;

	if (frame_udp_parse(span_of(k->data, k->n), &m) != FRAME_OK)
		return 0;
	mid = one_in(8) ? (uint16_t)(m.mid + draw(3) - 1) : m.mid;
	if (type == COAP_RST || one_in(3)) {
		frame_udp_empty(&w, type | COAP_ACK, mid);
		return 4;
	}
	if (type < COAP_ACK)
		mid = (uint16_t)(base_mid + draw(60));
	frame_udp_head(&w, type, codes[draw(sizeof codes)], mid, m.token);
	if (one_in(8))
		option_write_uint(&ow, OPT_OBSERVE, draw(9));
	if (one_in(12))
		option_write(&ow, 2049, span_str("?"));
	message_write_payload(&w, span_str("reply"));
	return (size_t)(w.p - out);
}

static size_t damage(uint8_t *out, size_t n)
{
	for (unsigned k = draw(3) + 1; k && n; k--)
		out[draw(one_in(2) && n > 8 ? 8 : (uint32_t)n)] = (uint8_t)draw(256);
	return one_in(3) ? draw((uint32_t)n + 1) : n;
}

/* Begins to observe, or ends it; few of them differ. */
static size_t make_registration(uint8_t *out)
{
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);
	uint8_t token[40] = { (uint8_t)draw(2) };

	frame_udp_head(&w, (uint8_t)draw(2), COAP_GET, (uint16_t)(base_mid + draw(40)),
		       span_of(token, one_in(8) ? sizeof token : draw(2)));
	option_write_uint(&ow, OPT_OBSERVE, one_in(6));
	if (one_in(8))
		option_write(&ow, OPT_URI_PATH, span_str("x"));
	return (size_t)(w.p - out);
}

static size_t make_datagram(uint8_t *out, unsigned *peer)
{
	const struct kept *k = &heard[draw(KEPT)], *s = &said[draw(KEPT)];
	size_t n;

	switch (draw(4)) {
	case 0:
		n = one_in(3) ? make_registration(out) : make_request(out);
		break;
	case 1:
		n = k->n;       /* once more */
		memcpy(out, k->data, n);
		*peer = one_in(9) || !k->n ? *peer : k->peer;
		break;
	case 2:
		n = make_reply(out, s);
		*peer = one_in(9) || !s->n ? *peer : s->peer;
		break;
	default:
		n = make_request(out);
		return one_in(3) ? damage(out, n) : n;
	}
	return one_in(20) ? damage(out, n) : n;
}

static void op_receive(void)
{
	struct batch *b = batch_of(&e->space);

	flush();
	engine_flushed(e, 0);
	b->rx_n = 0;
	for (unsigned i = 0, n = draw(4) + 1; i < n; i++) {
		unsigned peer = draw(PEERS) + 1;
		size_t len = make_datagram(b->rx[i].data, &peer);
		struct addr from = rig_peer(peer);

		keep(heard, &heard_n, peer, span_of(b->rx[i].data, len));
		b->rx[i].from = addr_to_sin6(&from);
		b->rx[i].to = rig_local();
		b->rx[i].tries = 0;
		b->rx[i].len = one_in(40) ? DGRAM_RX_MAX + draw(100) : (uint32_t)len;
		b->rx_n++;
	}
	work();
}

/* --- time --------------------------------------------------------------------------------- */

static void expire(void)
{
	struct expired x;
	enum expire_verdict v;

	do {
		begin();
		v = expire_next(e, &x);
		if (v == EXPIRE_OTHER)
			theirs_due(e, x.obj);
		if (v == EXPIRE_FAILED)
			ours_ended(e, &x.response);
		end_here();
	} while (v != EXPIRE_NOTHING);
	flush();
	model_settled(r);
}

static void op_time(void)
{
	static const uint32_t most[] = { 10, 300, 3000, 60000, 250000, 7200000 };

	e->now += draw(most[draw(6)]);
	expire();
}

static void op_change(void)
{
	begin();
	theirs_change(e);
	end_here();
	expire();
}

static void op_sweep(void)
{
	expire_sweep(e);
	audit(e, model.damaged);
}

static void op_die(void)
{
	model_begin();
	die();
}

static void op_unreachable(void)
{
	const struct kept *k = &said[draw(KEPT)];
	struct addr to = rig_peer(one_in(6) ? draw(PEERS) + 1 : k->peer);
	struct local from = rig_local();
	enum expire_verdict v;
	struct expired x;
	bool more;

	do {
		begin();
		more = expire_unreachable(e, &to, &from, span_of(k->data, k->n), &x, &v);
		if (v == EXPIRE_FAILED)
			ours_ended(e, &x.response);
		if (v == EXPIRE_WITHDRAWN)
			kill_task(x.response.owner);
		end_here();
	} while (more);
}

/* --- a life -------------------------------------------------------------------------------- */

static void choose_limits(struct engine_limits *l, struct params *p, uint32_t *ack_delay)
{
	*l = (struct engine_limits){
		.endpoints = 2 + draw(12), .dedup = 2 + draw(40), .exchanges = 1 + draw(20),
		.waiting = 1 + draw(16), .messages = 1 + draw(8),
		.answers_per_endpoint = 1 + draw(6),
		.answers_lent = one_in(2) ? draw(12) : 0, .exchanges_per_endpoint = 1 + draw(20),
		.token_length = 8 + draw(60),
		.observers = one_in(3) ? 0 : 1 + draw(8),
		.observers_per_endpoint = 1 + draw(4),
		.representations = 1 + draw(5),
	};
	p->nstart = 1 + draw(3);
	p->max_retransmit = draw(5);
	*ack_delay = one_in(4) ? 0 : 200;
}

static void live(unsigned steps)
{
	static void (*const op[])(void) = {
		op_receive, op_receive, op_receive, op_receive, op_receive, op_finish,
		op_finish, op_client, op_client, op_change, op_change, op_time, op_time, op_sweep, op_unreachable,
		op_die,
	};

	for (unsigned i = 0; i < steps; i++)
		op[draw(sizeof op / sizeof *op)]();
}

/* Bits turn over while a worker is dead. */
static void damage_memory(void)
{
	model.damaged = true;
	engine_commit(e, space_rx_next(&e->space));
	audit_harm(&e->space, draw);
	model_begin();
	die();
	work();
}

/* Every wait is ended and every time passes. */
static void finish(void)
{
	choice_end();
	deaths = 1u << 31;
	begin();
	while (ours_cancel_kept(e)) {
		end_here();
		begin();
	}
	for (unsigned i = 0; i < 20000 && (e->waiting_n || e->deadlines.n); i++) {
		op_finish();
		if (e->deadlines.n && e->now < engine_next(e))
			e->now = engine_next(e);
		expire();
	}
	e->now += 7200000;
	op_sweep();
	audit_empty(e, model.damaged);
	model_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine_limits limits;
	struct params params = PARAMS_DEFAULT;
	uint32_t ack_delay;

	choice_begin(data, size);
	heard_n = said_n = 0;
	memset(heard, 0, sizeof heard);
	memset(said, 0, sizeof said);
	choose_limits(&limits, &params, &ack_delay);
	r = rig_new(&limits);
	r->conf.params = r->e.conf.params = params;
	r->conf.ack_delay_ms = r->e.conf.ack_delay_ms = ack_delay;
	e = &r->e;
	theirs_begin(r);
	base_mid = (uint16_t)draw(0x10000);
	deaths = 3 + draw(60);
	model_clear(base_mid);
	live(STEPS);
	if (one_in(3)) {
		damage_memory();
		live(STEPS / 4);
	}
	finish();
	rig_free(r);
	return 0;
}
