/* Fuzz target: transfers of the client role against servers that answer block by
 * block, some as they should, some nearly so.  The input chooses who begins what,
 * which message is answered and how, what is lost or comes twice, time, deaths, in
 * the end damage of the memory.  After each event all that is derived is worked out
 * anew (audit.h); besides:
 *
 *  - every message carries the bytes of the body that its options say;
 *  - what is handed on of a response comes in order, each byte once;
 *  - each transfer ends once, and leaves nothing. */
#include "audit.h"
#include "coap/block.h"
#include "exchange/xfer.h"
#include "rig.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SERVERS 3u
#define OWNERS 24u
#define KEPT 24u
#define STEPS 220u

/* --- choices: the input's bytes, then what a generator makes of them ----------- */

static const uint8_t *input, *input_end;
static uint64_t generator;

static uint32_t draw32(void)
{
	generator ^= generator >> 12;
	generator ^= generator << 25;
	generator ^= generator >> 27;
	return (uint32_t)(generator * 0x2545f4914f6cdd1du >> 32);
}

static uint32_t draw(uint32_t below)
{
	uint32_t v = input < input_end ? *input++ : draw32();

	if (below > 256 && input < input_end)
		v = v << 8 | *input++;
	return v % below;
}

static bool one_in(uint32_t n)
{
	return draw(n) == 0;
}

/* --- the world around the engine ------------------------------------------------ */

struct kept {
	size_t n;
	unsigned server;
	uint8_t data[DGRAM_RX_MAX];
};

/* What whoever began a transfer knows of it. */
struct mine {
	bool out;
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
static bool honest;                     /* for the time being */

static uint8_t pattern(uint64_t i)
{
	return (uint8_t)(i * 5 + i / 253);
}

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n)
{
	(void)arg;
	CHECK(damaged || (owner && owner <= OWNERS && offset + n <= mine[owner].body_n));
	for (size_t i = 0; i < n; i++)
		out[i] = pattern(offset + i);
	return !one_in(200);
}

static const struct xfer_source source = { read_body, NULL };

static bool block_of(const struct message *m, uint16_t number, struct block *b)
{
	struct span v;

	return message_option(m, number, 0, &v) && block_parse(v, b) == BLOCK_OK;
}

/* A request of ours: its payload is what its options say it is. */
static void check_request(const struct message *m)
{
	struct block b = { .num = 0 };
	bool has1 = block_of(m, OPT_BLOCK1, &b);
	uint64_t offset = has1 ? block_offset(&b) : 0, v;

	CHECK(!has1 || message_option_uint(m, OPT_REQUEST_TAG, &v));
	CHECK(!has1 || !b.more || m->payload.n == block_size(&b));
	CHECK(!has1 || (m->payload.n && m->payload.n <= block_size(&b)));
	CHECK(message_option_uint(m, OPT_SIZE1, &v) == (has1 && !b.num));
	for (size_t i = 0; i < m->payload.n; i++)
		CHECK(m->payload.p[i] == pattern(offset + i));
	if (!block_of(m, OPT_BLOCK2, &b) || !b.num)
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
	if (q.body_n < 100 && one_in(10)) {
		q.from_block = 1 + draw(3);
		q.etag = span_str("e");
	}
	if (one_in(10))
		q.token = span_of("tokentok" + draw(4), 1 + draw(4));
	q.owner = id;
	mine[id] = (struct mine){ .body_n = (uint32_t)q.body_n,
				  .got = (uint64_t)q.from_block << (q.szx + 4) };
	err = xfer_start(e, &q, &mine[id].ref);
	CHECK(!err || err == -EAGAIN || err == -EIO || (q.token.n && err == -EEXIST));
	mine[id].out = !err;
}

static void cancel(void)
{
	unsigned id = 1 + draw(OWNERS);

	CHECK(damaged || mine[id].out == (xfer_get(e, mine[id].ref) != NULL));
	xfer_cancel(e, mine[id].ref);
	CHECK(!xfer_get(e, mine[id].ref));
	mine[id].out = false;
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

/* What a response of a transfer's has come to. */
static void settle(const struct response *in)
{
	struct xfer_event event;
	enum xfer_verdict v = xfer_response(e, in, &event);
	bool over = v == XFER_DONE || v == XFER_FAILED;
	struct mine *m = &mine[event.owner % (OWNERS + 1)];

	CHECK(over == !xfer_get(e, in->owner) || damaged);
	if (damaged) {
		m->out &= !over;
		return;
	}
	CHECK(event.owner && event.owner <= OWNERS && m->out && m->ref == event.xfer);
	CHECK((v == XFER_FAILED) == (event.status != 0));
	CHECK(event.sent <= m->body_n);
	if (v == XFER_PART || (v == XFER_DONE && code_class(event.msg.code) == 2)) {
		CHECK(event.offset == m->got);
		m->got += event.msg.payload.n;
	}
	m->out = !over;
	if (over && one_in(2))
		start();
}

static void ended(const struct response *in)
{
	if (xfer_owns(in->owner))
		settle(in);
	else
		CHECK(damaged);
}

/* --- servers ------------------------------------------------------------------------ */

struct answer {
	uint8_t code;
	struct block block1, block2;
	bool has1, has2, echo;
	const char *etag;
	uint32_t format, size1;
	size_t n;               /* of payload */
	uint64_t at;            /* it is this part of the body */
};

/* As a server does it that has a body for each request and likes small blocks. */
static void answer_honestly(struct answer *a, const struct message *m, uint32_t total)
{
	uint32_t szx = draw(7), rest;
	bool has1 = block_of(m, OPT_BLOCK1, &a->block1);

	*a = (struct answer){ .code = m->code == COAP_GET ? COAP_CONTENT : COAP_CHANGED,
			      .block1 = a->block1, .has1 = has1, .etag = "e", .format = 42 };
	if (has1 && a->block1.szx > szx && one_in(3))
		a->block1.szx = (uint8_t)szx;
	if (has1 && a->block1.more) {
		a->code = COAP_CONTINUE;
		a->etag = NULL;
		return;
	}
	if (block_of(m, OPT_BLOCK2, &a->block2))
		a->at = block_offset(&a->block2);
	else
		a->block2 = (struct block){ .szx = (uint8_t)szx };
	if (a->at >= total)
		total = (uint32_t)a->at + 1;
	rest = total - (uint32_t)a->at;
	a->has2 = a->at || rest > block_size(&a->block2);
	a->block2.more = rest > block_size(&a->block2);
	a->n = a->block2.more ? block_size(&a->block2) : rest;
}

static void answer_falsely(struct answer *a)
{
	static const uint8_t codes[] = { COAP_CONTENT, COAP_CONTINUE, COAP_CHANGED, COAP_VALID,
					 COAP_TOO_LARGE, COAP_INCOMPLETE, COAP_NOT_FOUND,
					 COAP_UNAUTHORIZED, 0x5e, 0xbf };

	for (unsigned k = draw(3) + 1; k; k--)
		switch (draw(10)) {
		case 0: a->code = codes[draw(sizeof codes)]; break;
		case 1: a->has1 = !a->has1; break;
		case 2: a->has2 = !a->has2; break;
		case 3: a->block1.num += draw(3) - 1; break;
		case 4: a->block2.num += draw(3) - 1; break;
		case 5: a->block1.szx = (uint8_t)draw(8); break;
		case 6: a->block2.szx = (uint8_t)draw(8); break;
		case 7: a->block2.more = !a->block2.more; break;
		case 8: a->etag = one_in(2) ? "f" : NULL; break;
		case 9: a->n = draw(1100); break;
		}
	if (one_in(6))
		a->format = draw(3);
	if (one_in(6))
		a->block2.num = draw(2) ? BLOCK_NUM_MAX : draw(1u << 20);
	if (one_in(4)) {
		a->echo = true;
		a->code = COAP_UNAUTHORIZED;
	}
	if (one_in(4)) {
		a->code = COAP_TOO_LARGE;
		a->size1 = draw(7000);
	}
}

static uint64_t raw(const struct block *b)
{
	return ((uint64_t)(b->num & BLOCK_NUM_MAX) << 4) | (b->more ? 8 : 0) | b->szx;
}

static size_t write_answer(uint8_t *out, uint8_t type, uint16_t id, struct span token,
			   const struct answer *a)
{
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);
	uint8_t payload[1100];

	frame_udp_head(&w, type, a->code, id, token);
	if (a->etag)
		option_write(&ow, OPT_ETAG, span_str(a->etag));
	if (a->format)
		option_write_uint(&ow, OPT_CONTENT_FORMAT, a->format);
	if (a->has2)
		option_write_uint(&ow, OPT_BLOCK2, raw(&a->block2));
	if (a->has1)
		option_write_uint(&ow, OPT_BLOCK1, raw(&a->block1));
	if (one_in(3))
		option_write_uint(&ow, OPT_SIZE2, draw(5000));
	if (a->size1)
		option_write_uint(&ow, OPT_SIZE1, a->size1);
	if (a->echo)
		option_write(&ow, OPT_ECHO, span_of("echoechoecho", 1 + draw(12)));
	for (size_t i = 0; i < a->n; i++)
		payload[i] = pattern(a->at + i);
	message_write_payload(&w, span_of(payload, a->n));
	return (size_t)(w.p - out);
}

/* To what the client said; the newest most of the time. */
static size_t make_answer(uint8_t *out, unsigned *server)
{
	const struct kept *k = &said[(said_n - 1 - (one_in(4) ? draw(KEPT) : draw(3))) % KEPT];
	uint8_t type = one_in(3) ? (uint8_t)draw(2) : COAP_ACK;
	struct answer a = { .n = 0 };
	struct message m;

	if (!k->n || frame_udp_parse(span_of(k->data, k->n), &m) != FRAME_OK)
		return 0;
	*server = k->server;
	if (one_in(honest ? 100 : 20)) {
		struct writer w = writer_of(out, 4);

		frame_udp_empty(&w, one_in(2) ? COAP_RST : COAP_ACK, m.mid);
		return 4;
	}
	answer_honestly(&a, &m, answer_n[k->server % (SERVERS + 1)]);
	if (!honest && one_in(3))
		answer_falsely(&a);
	return write_answer(out, type, type == COAP_ACK ? m.mid : mid++, m.token, &a);
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
	struct expired x;

	do {
		begin();
		v = expire_next(e, &x);
		CHECK(v != EXPIRE_OTHER || damaged);
		if (v == EXPIRE_FAILED)
			ended(&x.response);
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

/* Nobody answers any more: all that is out comes to an end. */
static void finish(void)
{
	input = input_end;
	deaths = 1u << 31;
	for (unsigned i = 0; i < 1000 && e->deadlines.n; i++) {
		if (e->now < engine_next(e))
			e->now = engine_next(e);
		expire();
	}
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

	input = data;
	input_end = data + size;
	generator = 0x9e3779b97f4a7c15u ^ size;
	for (size_t i = 0; i < size; i++)
		generator = generator * 31 + data[i] + 1;
	said_n = 0;
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
