/* Fuzz target: transfers and observations of the client role against servers that
 * answer and notify as they should, or nearly so (answers.h).  The input chooses who
 * begins what, which message is answered and how, what is lost or comes twice, time,
 * deaths, in the end damage of the memory.  After each event all that is derived is
 * worked out anew (audit.h); besides:
 *
 *  - every message carries the bytes of the body that its options say;
 *  - what is handed on of a response comes in order, each byte once;
 *  - each transfer and each observation ends once, and leaves nothing. */
#include "answers.h"
#include "audit.h"
#include "exchange/obs.h"
#include "rig.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SERVERS 3u
#define OWNERS 24u
#define KEPT 24u
#define STEPS 220u

/* --- the world around the engine ------------------------------------------------ */

struct kept {
	size_t n;
	unsigned server;
	uint8_t data[DGRAM_RX_MAX];
};

/* What whoever began a transfer or an observation knows of it. */
struct mine {
	bool out, observes;
	ref_t ref;
	uint64_t got;           /* bytes of the response's body */
	uint32_t body_n;
};

static struct rig *r;
static struct engine *e;
static struct kept said[KEPT], heard;   /* by the client, and the last answer */
static uint32_t said_n;
static struct mine mine[OWNERS + 1], mine_before[OWNERS + 1];
static bool damaged;
static uint32_t deaths;                 /* one in so many events */
static uint16_t mid;                    /* of the servers' own messages */
static uint32_t answer_n[SERVERS + 1];  /* length of each server's response bodies */
static uint32_t news;                   /* what Observe values are beyond */
static bool honest;                     /* for the time being */

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n)
{
	(void)arg;
	CHECK(damaged || (owner && owner <= OWNERS && offset + n <= mine[owner].body_n));
	for (size_t i = 0; i < n; i++)
		out[i] = answers_pattern(offset + i);
	return !one_in(200);
}

static const struct xfer_source source = { read_body, NULL };

/* A request of ours: its payload is what its options say it is. */
static void check_request(const struct message *m)
{
	struct block b = { .num = 0 };
	bool has1 = answers_block(m, OPT_BLOCK1, &b);
	uint64_t offset = has1 ? block_offset(&b) : 0, v;

	CHECK(!has1 || message_option_uint(m, OPT_REQUEST_TAG, &v));
	CHECK(!has1 || !b.more || m->payload.n == block_size(&b));
	CHECK(!has1 || (m->payload.n && m->payload.n <= block_size(&b)));
	CHECK(message_option_uint(m, OPT_SIZE1, &v) == (has1 && !b.num));
	for (size_t i = 0; i < m->payload.n; i++)
		CHECK(m->payload.p[i] == answers_pattern(offset + i));
	if (!answers_block(m, OPT_BLOCK2, &b) || !b.num)
		return;
	CHECK(!has1 && !b.more);
	CHECK(m->code == COAP_FETCH || !m->payload.n);
}

static void flush(void)
{
	struct batch *b = batch_of(&e->space);
	struct message m;

	for (unsigned i = 0; i < space_tx_n(&e->space); i++) {
		struct kept *k = &said[said_n % KEPT];

		if (frame_udp_parse(span_of(b->tx[i].data, b->tx[i].len), &m) != FRAME_OK) {
			CHECK(damaged);
			continue;
		}
		if (!code_is_request(m.code))
			continue;
		if (!damaged)
			check_request(&m);
		k->n = b->tx[i].len;
		k->server = b->tx[i].to.port - 1000u;
		memcpy(k->data, b->tx[i].data, k->n);
		said_n++;
	}
	engine_flushed(e, space_rx_next(&e->space));
}

static void begin(void)
{
	if (!batch_has_room(&e->space) || one_in(2))
		flush();
	memcpy(mine_before, mine, sizeof mine);
}

static void die(void)
{
	memcpy(mine, mine_before, sizeof mine);
	rig_adopt(r);
	if (one_in(4))
		rig_adopt(r);
	adopt_batch(e);
	adopt_survived(e);
	audit(e, damaged);
}

static void end(unsigned rx_next)
{
	CHECK(e->space.ctl->commit.s.undo_n <= UNDO_MAX);
	if (one_in(deaths)) {
		die();
		return;
	}
	engine_commit(e, rx_next);
	audit(e, damaged);
}

static void end_here(void)
{
	end(space_rx_next(&e->space));
}

/* --- transfers --------------------------------------------------------------------- */

static void start(void)
{
	static const uint8_t codes[] = { COAP_GET, COAP_GET, COAP_PUT, COAP_POST, COAP_FETCH };
	static const uint8_t path[] = { 0xb2, 'x', 'y', 0x41, 'q' };
	static uint8_t query[253] = { 0xdd, 2, 250 - 13 };
	struct xfer_request q = { .to = rig_peer(draw(SERVERS) + 1), .from = rig_local(),
				  .non = one_in(4), .szx = (uint8_t)draw(7),
				  .code = codes[draw(sizeof codes)],
				  .timeout_ms = one_in(2) ? 1 + draw(60000) : 0 };
	unsigned id = 1;
	int err;

	while (id <= OWNERS && mine[id].out)
		id++;
	if (id > OWNERS)
		return;
	memset(query + 3, 'q', 250);
	q.options = one_in(6) ? span_of(query, sizeof query) : span_of(path, sizeof path);
	if (q.code != COAP_GET)
		q.body_n = one_in(3) ? draw(6000) : draw(200);
	if (q.body_n < 17 && one_in(10)) {
		q.from_block = 1 + draw(3);
		q.etag = span_str("e");
	}
	if (one_in(10))
		q.token = span_of(&"tokentok"[draw(4)], 1 + draw(4));
	q.owner = id;
	mine[id] = (struct mine){ .body_n = (uint32_t)q.body_n,
				  .got = (uint64_t)q.from_block << (q.szx + 4) };
	mine[id].observes = q.body_n < 100 && one_in(2);
	err = mine[id].observes ? obs_start(e, &q, &mine[id].ref) :
				  xfer_start(e, &q, &mine[id].ref);
	CHECK(!err || err == -EAGAIN || err == -EIO || (q.token.n && err == -EEXIST));
	mine[id].out = !err;
}

static bool lives(const struct mine *m)
{
	return m->observes ? obs_get(e, m->ref) != NULL : xfer_get(e, m->ref) != NULL;
}

static void cancel(void)
{
	struct mine *m = &mine[1 + draw(OWNERS)];

	CHECK(damaged || m->out == lives(m));
	if (m->observes && one_in(2)) {
		CHECK((obs_leave(e, m->ref) == 0) == lives(m));
		return;
	}
	xfer_cancel(e, m->observes ? 0 : m->ref);
	obs_cancel(e, m->observes ? m->ref : 0);
	CHECK(!lives(m));
	m->out = false;
}

static void op_client(void)
{
	begin();
	if (one_in(12))
		cancel();
	else
		start();
	end_here();
}

/* It is over, or goes on. */
static void settled(struct mine *m, bool over)
{
	m->out &= !over;
	if (over && one_in(2))
		start();
}

static void settle_obs(enum obs_verdict v, const struct obs_event *event)
{
	bool over = v == OBS_ENDED || v == OBS_FAILED;
	struct mine *m = &mine[event->owner % (OWNERS + 1)];

	CHECK(damaged || over == !obs_get(e, event->obs));
	if (damaged) {
		m->out &= !over;
		return;
	}
	CHECK(m->observes && m->out && m->ref == event->obs);
	CHECK((v == OBS_FAILED) == (event->status != 0));
	if (v == OBS_PART || v == OBS_STATE) {
		CHECK(event->offset == m->got || event->offset == 0);
		m->got = v == OBS_STATE ? 0 : event->offset + event->msg.payload.n;
	}
	settled(m, over);
}

static void settle_xfer(enum xfer_verdict v, const struct xfer_event *event)
{
	bool over = v == XFER_DONE || v == XFER_FAILED;
	struct mine *m = &mine[event->owner % (OWNERS + 1)];
	struct obs_event of;
	enum obs_verdict o;

	CHECK(damaged || over == !xfer_get(e, event->xfer));
	if (obs_owns(event->owner)) {
		o = obs_rest(e, v, event, &of);
		settle_obs(o, &of);
		return;
	}
	if (damaged) {
		m->out &= !over;
		return;
	}
	CHECK(!m->observes && m->out && m->ref == event->xfer);
	CHECK((v == XFER_FAILED) == (event->status != 0));
	CHECK(event->sent <= m->body_n);
	if (v == XFER_PART || (v == XFER_DONE && code_class(event->msg.code) == 2)) {
		CHECK(event->offset == m->got);
		m->got += event->msg.payload.n;
	}
	settled(m, over);
}

static void ended(const struct response *in)
{
	struct xfer_event of_xfer;
	struct obs_event of_obs;
	enum xfer_verdict x;
	enum obs_verdict o;

	if (xfer_owns(in->owner)) {
		x = xfer_response(e, in, &of_xfer);
		settle_xfer(x, &of_xfer);
	} else if (obs_owns(in->owner)) {
		o = obs_response(e, in, &of_obs);
		settle_obs(o, &of_obs);
	} else {
		CHECK(damaged);
	}
}

/* --- servers ------------------------------------------------------------------------ */

/* One of the client's messages; the newest most of the time. */
static const struct kept *choose_said(bool observes)
{
	uint32_t back = one_in(4) || observes ? draw(KEPT) : draw(3);

	return &said[(said_n - 1 - back) % KEPT];
}

static size_t make_answer(uint8_t *out, unsigned *server)
{
	bool notifies = one_in(4);
	const struct kept *k = choose_said(notifies);
	uint8_t type = notifies || one_in(3) ? (uint8_t)draw(2) : COAP_ACK;
	struct writer w = writer_of(out, 4);
	struct answer a;
	struct message m;

	if (!k->n || frame_udp_parse(span_of(k->data, k->n), &m) != FRAME_OK)
		return 0;
	*server = k->server;
	if (one_in(honest ? 100 : 20)) {
		frame_udp_empty(&w, one_in(2) ? COAP_RST : COAP_ACK, m.mid);
		return 4;
	}
	a = answer_honestly(&m, answer_n[k->server % (SERVERS + 1)]);
	a.observe += news;
	if (!honest && one_in(3))
		answer_falsely(&a);
	return answer_write(out, type, type == COAP_ACK ? m.mid : mid++, m.token, &a);
}

static void op_answer(void)
{
	struct batch *b = batch_of(&e->space);
	unsigned server = 1 + draw(SERVERS);
	struct addr from;
	enum input_verdict v;
	unsigned before;

	flush();
	if (one_in(12) && heard.n) {
		memcpy(b->rx[0].data, heard.data, heard.n);     /* once more */
		server = heard.server;
		b->rx[0].len = (uint32_t)heard.n;
	} else {
		b->rx[0].len = (uint32_t)make_answer(b->rx[0].data, &server);
		heard.n = b->rx[0].len;
		heard.server = server;
		memcpy(heard.data, b->rx[0].data, heard.n);
	}
	for (unsigned k = honest ? 0 : draw(20); k > 16 && b->rx[0].len; k--)
		b->rx[0].data[draw(b->rx[0].len)] = (uint8_t)draw(256);
	from = rig_peer(server);
	b->rx[0].from = addr_to_sin6(&from);
	b->rx[0].to = rig_local();
	b->rx[0].tries = 0;
	engine_flushed(e, 0);
	b->rx_n = 1;
	/* A worker that dies leaves the datagram to its successor. */
	while (space_rx_next(&e->space) < b->rx_n) {
		begin();
		before = e->tx_n;
		v = input_datagram(e, 0, &r->in);
		if (v == INPUT_REQUEST)
			request_refuse(e, &r->in.request, COAP_NOT_FOUND, NULL);
		else if (v == INPUT_RESPONSE || v == INPUT_FAILED)
			ended(&r->in.response);
		CHECK(e->tx_n - before <= BATCH_TX_SPARE);
		end(1);
	}
}

/* --- time --------------------------------------------------------------------------- */

static void expire(void)
{
	enum expire_verdict v;
	struct obs_event event;
	struct expired x;

	do {
		begin();
		v = expire_next(e, &x);
		CHECK(v != EXPIRE_OTHER || x.slab == SLAB_OBS);
		if (v == EXPIRE_FAILED)
			ended(&x.response);
		else if (v == EXPIRE_OTHER)
			CHECK(obs_due(e, x.obj, &event) == OBS_NOTHING);
		end_here();
	} while (v != EXPIRE_NOTHING);
	flush();
}

static void op_time(void)
{
	static const uint32_t most[] = { 10, 3000, 60000, 300000 };

	e->now += draw(most[draw(4)]);
	expire();
	expire_sweep(e);
}

static void op_die(void)
{
	memcpy(mine_before, mine, sizeof mine);
	die();
}

static void op_mood(void)
{
	honest = !one_in(3);
	news = (news + (one_in(9) ? draw(1u << 23) : 100)) & 0xffffff;
	for (unsigned i = 1; i <= SERVERS; i++)
		answer_n[i] = one_in(3) ? draw(9000) : draw(300);
}

/* --- a life -------------------------------------------------------------------------- */

static void live(unsigned steps)
{
	static void (*const op[])(void) = {
		op_answer, op_answer, op_answer, op_answer, op_answer, op_answer, op_answer,
		op_answer, op_answer, op_answer, op_answer, op_answer, op_client, op_client,
		op_time, op_mood, op_die,
	};

	for (unsigned i = 0; i < steps; i++)
		op[draw(sizeof op / sizeof *op)]();
}

static void damage_memory(void)
{
	damaged = true;
	audit_harm(&e->space, draw);
	memcpy(mine_before, mine, sizeof mine);
	die();
}

/* Damage can make a kept request nobody's: whoever asks by client_send() looks after
 * his own, and here nobody does. */
static void cancel_strays(void)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);

	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++) {
		struct exchange *x = slab_at(b, i);

		if (!(x->o.word & 1) || x->state != EXCHANGE_KEPT || obs_owns(x->owner))
			continue;
		CHECK(damaged);
		begin();
		client_cancel(e, exchange_ref(e, x));
		end_here();
	}
}

/* Nobody answers any more: all that is out comes to an end. */
static void finish(void)
{
	choice_end();
	deaths = 1u << 31;
	for (unsigned i = 0; i < 1000 && e->deadlines.n; i++) {
		/* A damaged time-out may be weeks. */
		e->now += damaged ? 7200000 : 0;
		if (e->now < engine_next(e))
			e->now = engine_next(e);
		expire();
	}
	cancel_strays();
	e->now += 7200000;
	expire_sweep(e);
	audit_empty(e, damaged);
	for (unsigned i = 1; i <= OWNERS; i++)
		CHECK(damaged || !mine[i].out);
}

static void choose(struct engine_limits *l, struct params *p)
{
	*l = (struct engine_limits){
		.endpoints = 1 + draw(6), .dedup = 2 + draw(20), .exchanges = 1 + draw(12),
		.waiting = draw(2), .messages = 1 + draw(12), .xfers = 1 + draw(10),
		.observations = 1 + draw(10),
		.answers_per_endpoint = 1 + draw(6), .exchanges_per_endpoint = 1 + draw(12),
		.token_length = 8,
	};
	p->nstart = 1 + draw(3);
	p->max_retransmit = draw(4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine_limits limits;
	struct params params = PARAMS_DEFAULT;

	choice_begin(data, size);
	said_n = news = 0;
	heard.n = 0;
	damaged = false;
	memset(said, 0, sizeof said);
	memset(mine, 0, sizeof mine);
	choose(&limits, &params);
	r = rig_new(&limits);
	r->conf.params = r->e.conf.params = params;
	e = &r->e;
	e->source = &source;
	deaths = 3 + draw(60);
	op_mood();
	live(STEPS);
	if (one_in(3)) {
		damage_memory();
		live(STEPS / 4);
	}
	finish();
	rig_free(r);
	return 0;
}
