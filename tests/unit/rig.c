#include "rig.h"

#include "coap/block.h"
#include "coap/code.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct engine_limits rig_limits(void)
{
	return (struct engine_limits){ .endpoints = 16, .dedup = 32, .exchanges = 16,
				       .waiting = 16, .messages = 8, .xfers = 4, .observations = 4,
				       .answers_per_endpoint = 4, .exchanges_per_endpoint = 16, .token_length = 64 };
}

static const struct hash_key rig_key = { { 0x1234567890abcdefu, 0xfedcba0987654321u } };

static void open_engine(struct rig *r, enum space_state *state)
{
	int err = engine_open(&r->e, r->mem, &r->def, 3, &rig_key, &r->conf, state);

	assert(!err);
}

struct rig *rig_new(const struct engine_limits *limits)
{
	static const struct slab_def tasks[] = {
		{ .name = "tasks", .magic = 0x7a5c, .size = sizeof(struct rig_task), .cap = 16 },
		{ .size = 0 } };

	return rig_new_above(limits, tasks, NULL);
}

struct rig *rig_new_above(const struct engine_limits *limits, const struct slab_def *tasks,
			  void (*adopt)(struct engine *))
{
	struct rig *r = calloc(1, sizeof *r);
	enum space_state state;
	static const uint16_t known[] = { OPT_IF_MATCH, OPT_URI_HOST, OPT_IF_NONE_MATCH,
					  OPT_URI_PORT, OPT_URI_PATH, OPT_URI_PATH_ABBREV,
					  OPT_URI_QUERY, OPT_ACCEPT, OPT_BLOCK1, OPT_BLOCK2 };

	r->conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .ack_delay_ms = 200, .szx = BLOCK_SZX_MAX,
					.limits = limits ? *limits : rig_limits() };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		option_set_add(&r->conf.options, known[i]);
	engine_layout(&r->def, &r->conf.limits);
	for (; tasks->size; tasks++)
		r->def.slab[r->def.nslabs++] = *tasks;
	r->adopt = adopt;
	r->mem = aligned_alloc(4096, space_size(&r->def));
	memset(r->mem, 0, space_size(&r->def));
	open_engine(r, &state);
	assert(state == SPACE_NEW);
	r->e.now = 1000000;
	return r;
}

void rig_free(struct rig *r)
{
	unpoison(r->mem, space_size(&r->def));
	engine_close(&r->e);
	free(r->mem);
	free(r);
}

void rig_adopt(struct rig *r)
{
	const struct xfer_source *source = r->e.source;
	uint64_t now = r->e.now;
	enum space_state state;

	engine_close(&r->e);
	unpoison(r->mem, space_size(&r->def));
	open_engine(r, &state);
	r->e.now = now;
	r->e.source = source;
	adopt_begin(&r->e);
	if (r->adopt)
		r->adopt(&r->e);
	adopt_end(&r->e);
}

unsigned rig_crash(struct rig *r)
{
	rig_adopt(r);
	return adopt_batch(&r->e);
}

/* What was sent and not taken is forgotten. */
static void flush(struct rig *r)
{
	r->taken = 0;
	engine_flushed(&r->e, space_rx_next(&r->e.space));
}

struct addr rig_peer(unsigned n)
{
	struct addr a = { .port = (uint16_t)(1000 + n) };

	a.ip[15] = (uint8_t)n;
	return a;
}

struct local rig_local(void)
{
	struct local l = { .sock = 0 };

	l.ip[15] = 200;
	return l;
}

static size_t value_of(const char **text, uint8_t *out)
{
	size_t n = 0;
	bool hex = **text == '#';
	unsigned byte;

	if (hex)
		++*text;
	while (**text && **text != ' ') {
		if (hex && sscanf(*text, "%2x", &byte) == 1) {
			out[n++] = (uint8_t)byte;
			*text += 2;
		} else {
			out[n++] = (uint8_t)*(*text)++;
		}
	}
	return n;
}

size_t rig_build(uint8_t *out, size_t cap, uint8_t type, uint8_t code, uint16_t mid,
		 const char *token, const char *options, const char *payload)
{
	struct writer w = writer_of(out, cap);
	struct option_writer ow = option_writer(&w);
	uint8_t value[256];

	frame_udp_head(&w, type, code, mid, token ? span_str(token) : span_of(NULL, 0));
	while (options && *options) {
		char *end;
		unsigned long number = strtoul(options, &end, 10);
		size_t n;

		assert(*end == '=');
		options = end + 1;
		n = value_of(&options, value);
		option_write(&ow, (uint32_t)number, span_of(value, n));
		while (*options == ' ')
			options++;
	}
	if (payload)
		message_write_payload(&w, span_str(payload));
	assert(!w.full);
	return (size_t)(w.p - out);
}

enum input_verdict rig_in(struct rig *r, unsigned peer, const void *data, size_t n)
{
	struct batch *b = batch_of(&r->e.space);
	struct addr from = rig_peer(peer);

	r->taken = 0;
	engine_flushed(&r->e, 0);
	b->rx[0].from = addr_to_sin6(&from);
	b->rx[0].to = rig_local();
	b->rx[0].tries = 0;
	b->rx[0].len = (uint32_t)n;
	memcpy(b->rx[0].data, data, n < sizeof b->rx[0].data ? n : sizeof b->rx[0].data);
	b->rx_n = 1;
	return input_datagram(&r->e, 0, &r->in);
}

enum input_verdict rig_msg(struct rig *r, unsigned peer, uint8_t type, uint8_t code,
			   uint16_t mid, const char *token, const char *options)
{
	uint8_t buf[DGRAM_RX_MAX];

	return rig_in(r, peer, buf, rig_build(buf, sizeof buf, type, code, mid, token,
					      options, NULL));
}

void rig_commit(struct rig *r)
{
	engine_commit(&r->e, batch_of(&r->e.space)->rx_n);
}

static void wait_for(struct rig *r, struct request *q)
{
	struct slab *b = engine_slab(&r->e, RIG_TASKS);
	struct rig_task *t = slab_take(&r->e.space, b);

	if (!t) {
		request_unavailable(&r->e, q, 5);
		return;
	}
	slab_publish(&r->e.space, b, t);
	if (!request_wait(&r->e, q, slab_ref(&r->e.space, b, t))) {
		slab_kill(&r->e.space, b, t);
		request_unavailable(&r->e, q, 5);
		return;
	}
	r->task = t;
	r->waiting = request_ref(&r->e, q);
}

static void serve(struct rig *r, struct request *q)
{
	char text[16];
	struct span path;
	struct writer w;

	r->runs++;
	if (message_option(&q->msg, OPT_URI_PATH, 0, &path) && span_eq(path, span_str("w"))) {
		wait_for(r, q);
		return;
	}
	w = request_answer(&r->e, q);
	snprintf(text, sizeof text, "%u", r->runs);
	message_write_payload(&w, span_str(text));
	request_done(&r->e, q, code_is_safe(q->msg.code) ? COAP_CONTENT : COAP_CHANGED, &w);
}

void rig_serve_raw(struct rig *r, unsigned peer, const void *data, size_t n)
{
	if (rig_in(r, peer, data, n) == INPUT_REQUEST)
		serve(r, &r->in.request);
	rig_commit(r);
}

void rig_serve(struct rig *r, unsigned peer, uint8_t type, uint8_t code, uint16_t mid,
	       const char *token, const char *options)
{
	uint8_t buf[DGRAM_RX_MAX];

	rig_serve_raw(r, peer, buf, rig_build(buf, sizeof buf, type, code, mid, token,
					      options, NULL));
}

void rig_finish(struct rig *r, const char *payload)
{
	struct request q;
	struct writer w;
	bool there = request_resume(&r->e, r->waiting, &q);

	assert(there);
	flush(r);
	w = request_answer(&r->e, &q);
	message_write_payload(&w, span_str(payload));
	request_done(&r->e, &q, COAP_CONTENT, &w);
	if (r->task->o.word & 1)
		slab_kill(&r->e.space, engine_slab(&r->e, RIG_TASKS), r->task);
	rig_commit(r);
}

unsigned rig_wait(struct rig *r, uint64_t ms)
{
	struct expired x;
	unsigned n = 0;

	r->e.now += ms;
	flush(r);
	while (n < 1000 && (r->expired = expire_next(&r->e, &x)) != EXPIRE_NOTHING) {
		rig_commit(r);
		if (!batch_has_room(&r->e.space))
			flush(r);
		if (r->expired == EXPIRE_FAILED)
			r->failed = x.response;
		n++;
	}
	return n;
}

unsigned rig_sent_n(const struct rig *r)
{
	return space_tx_n(&r->e.space);
}

bool rig_take(struct rig *r, struct rig_sent *out)
{
	struct batch *b = batch_of(&r->e.space);
	struct tx_dgram *t = &b->tx[r->taken];

	if (r->taken >= rig_sent_n(r)) {
		flush(r);
		return false;
	}
	r->taken++;
	*out = (struct rig_sent){ .bytes = span_of(t->data, t->len), .to = t->to,
				  .from = t->from };
	if (frame_udp_parse(out->bytes, &out->m) != FRAME_OK)
		abort();
	return true;
}

const char *rig_next(struct rig *r)
{
	static char text[256];
	char code[CODE_TEXT];
	struct rig_sent s;

	if (!rig_take(r, &s))
		return "nothing";
	snprintf(text, sizeof text, "%s %s mid=%u tok=%.*s pay=%.*s",
		 message_type_name(s.m.type), code_print(s.m.code, code), s.m.mid,
		 (int)s.m.token.n, (const char *)s.m.token.p,
		 (int)s.m.payload.n, (const char *)s.m.payload.p);
	return text;
}

uint64_t rig_counter(const struct rig *r, enum counter c)
{
	return r->e.space.ctl->counter[c];
}

bool rig_payload_is(const struct rig_sent *s, const char *text)
{
	return span_eq(s->m.payload, span_str(text));
}
