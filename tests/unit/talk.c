#include "talk.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct talk talk;

uint8_t talk_pattern(uint64_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *to, size_t n)
{
	(void)arg;
	cr_assert_eq(owner, TALK_OWNER);
	for (size_t i = 0; i < n; i++)
		to[i] = talk_pattern(offset + i);
	return !talk.mute;
}

static const struct xfer_source source = { read_body, NULL };

void talk_setup(void)
{
	talk = (struct talk){ .r = rig_new(NULL) };
	talk.r->e.source = &source;
}

void talk_teardown(void)
{
	rig_free(talk.r);
}

/* --- the client's side ----------------------------------------------------------- */

static bool block_of(uint16_t number, struct block *b)
{
	struct span v;

	if (!message_option(&talk.out.m, number, 0, &v))
		return false;
	cr_assert_eq(block_parse(v, b), BLOCK_OK);
	return true;
}

bool talk_said(void)
{
	if (!rig_take(talk.r, &talk.out))
		return false;
	talk.token_n = talk.out.m.token.n;
	cr_assert_leq(talk.token_n, sizeof talk.token);
	memcpy(talk.token, talk.out.m.token.p, talk.token_n);
	talk.has1 = block_of(OPT_BLOCK1, &talk.block1);
	talk.has2 = block_of(OPT_BLOCK2, &talk.block2);
	return true;
}

int talk_start(struct xfer_request q, const char *options)
{
	uint8_t buf[1500];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_GET, 0, NULL, options, NULL) - 4;
	int err;

	q.to = rig_peer(1);
	q.from = rig_local();
	q.owner = TALK_OWNER;
	q.options = span_of(buf + 4, n);
	err = xfer_start(&talk.r->e, &q, &talk.xfer);
	engine_commit(&talk.r->e, space_rx_next(&talk.r->e.space));
	return err;
}

void talk_begin(uint8_t code, uint8_t szx, uint64_t body_n)
{
	struct xfer_request q = { .code = code, .szx = szx, .body_n = body_n };

	cr_assert_eq(talk_start(q, "11=r"), 0);
	cr_assert(talk_said());
	cr_assert_eq(talk.out.m.code, code);
}

uint64_t talk_uint(uint16_t number)
{
	uint64_t v = UINT64_MAX;

	message_option_uint(&talk.out.m, number, &v);
	return v;
}

void talk_expect_failed(int status)
{
	cr_assert_eq(talk.verdict, XFER_FAILED);
	cr_assert_eq(talk.event.status, status, "%d", talk.event.status);
}

void talk_expect_gone(void)
{
	const struct engine *e = &talk.r->e;

	cr_assert_null(xfer_get(&talk.r->e, talk.xfer));
	cr_assert_eq(e->outgoing_n, 0);
	cr_assert_eq(engine_next(e), UINT64_MAX);
	for (unsigned i = SLAB_EXCHANGE; i < ENGINE_SLABS; i++)
		cr_assert_eq(e->space.ctl->live[i], 0);
}

/* --- the server's side ------------------------------------------------------------- */

const char *talk_block(unsigned number, uint32_t num, bool more, uint32_t szx)
{
	static char text[4][32];
	static unsigned turn;
	char *t = text[turn++ % 4];
	uint32_t v = num << 4 | (more ? 8 : 0) | szx;

	snprintf(t, sizeof text[0], v > 0xffff ? "%u=#%06x" : v > 0xff ? "%u=#%04x" :
		 "%u=#%02x", number, v);
	return t;
}

size_t talk_build(uint8_t *buf, size_t cap, uint8_t type, uint8_t code, uint16_t mid,
		  const char *options, uint64_t offset, size_t n)
{
	size_t at = rig_build(buf, cap, type, code, mid, &"12345678"[8 - talk.token_n], options,
			      NULL);

	cr_assert_lt(at + n, cap);
	memcpy(buf + 4, talk.token, talk.token_n);
	if (n)
		buf[at++] = 0xff;
	for (size_t i = 0; i < n; i++)
		buf[at++] = talk_pattern(offset + i);
	return at;
}

enum xfer_verdict talk_answer_body(uint8_t code, const char *options, uint64_t offset, size_t n)
{
	struct response *in = &talk.r->in.response;
	uint8_t buf[DGRAM_RX_MAX];

	n = talk_build(buf, sizeof buf, COAP_ACK, code, talk.out.m.mid, options, offset, n);
	cr_assert_eq(rig_in(talk.r, 1, buf, n), INPUT_RESPONSE);
	cr_assert(xfer_owns(in->owner));
	talk.verdict = xfer_response(&talk.r->e, in, &talk.event);
	rig_commit(talk.r);
	cr_assert_eq(talk.event.owner, TALK_OWNER);
	cr_assert_eq(talk.event.xfer, talk.xfer);
	if (talk.verdict == XFER_DONE || talk.verdict == XFER_FAILED)
		talk_expect_gone();
	else
		cr_assert(talk_said());
	return talk.verdict;
}

enum xfer_verdict talk_answer(uint8_t code, const char *options)
{
	return talk_answer_body(code, options, 0, 0);
}

static void expect_part(uint8_t code, uint64_t offset, uint64_t total)
{
	const struct xfer_event *e = &talk.event;

	cr_assert_eq(e->offset, offset);
	cr_assert_eq(e->msg.code, code);
	cr_assert_eq(e->total, total);
	for (size_t i = 0; i < e->msg.payload.n; i++)
		cr_assert_eq(e->msg.payload.p[i], talk_pattern(offset + i));
}

unsigned talk_serve(uint8_t code, uint64_t n, uint32_t szx)
{
	uint64_t got = 0;
	unsigned messages = 0;

	do {
		uint32_t s = talk.has2 && talk.block2.szx < szx ? talk.block2.szx : szx;
		uint64_t at = talk.has2 ? block_offset(&talk.block2) : 0;
		uint64_t rest = n - at, size = 16u << s;
		char options[128];

		cr_assert_lt(at, n);
		snprintf(options, sizeof options, "4=e 12=#2a %s 28=#%06x",
			 talk_block(23, (uint32_t)(at >> (s + 4)), rest > size, s),
			 (unsigned)n);
		talk_answer_body(code, options, at, rest > size ? size : rest);
		expect_part(code, got, n);
		got += talk.event.msg.payload.n;
		messages++;
	} while (talk.verdict == XFER_PART);
	cr_assert_eq(talk.verdict, XFER_DONE);
	cr_assert_eq(got, n);
	return messages;
}

unsigned talk_take(uint64_t n, uint32_t szx)
{
	uint64_t got = 0;
	unsigned messages = 1;

	for (;; messages++) {
		struct block b = talk.block1;

		cr_assert(talk.has1);
		cr_assert_eq(block_offset(&b), got);
		for (size_t i = 0; i < talk.out.m.payload.n; i++)
			cr_assert_eq(talk.out.m.payload.p[i], talk_pattern(got + i));
		got += talk.out.m.payload.n;
		if (!b.more)
			break;
		cr_assert_eq(talk.out.m.payload.n, block_size(&b));
		talk_answer(COAP_CONTINUE, talk_block(27, b.num, true, b.szx < szx ? b.szx : szx));
		cr_assert_eq(talk.verdict, XFER_NOTHING);
		cr_assert_eq(talk.event.sent, got);
	}
	cr_assert_eq(got, n);
	return messages;
}
