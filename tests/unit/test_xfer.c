/* Transfers of the client role against an invented server. */
#include <criterion/criterion.h>

#include "rig.h"
#include "coap/block.h"
#include "exchange/xfer.h"

#include <errno.h>
#include <stdio.h>

#define OWNER 4711
#define BODY_MAX 70000u

static struct rig *r;
static ref_t xfer;
static struct rig_sent out;             /* the last message of the client */
static uint8_t token[CLIENT_TOKEN];     /* its token */
static struct block block1, block2;     /* its options */
static bool has1, has2;
static struct xfer_event event;
static enum xfer_verdict verdict;
static bool gives;                      /* whether the source does */

static uint8_t pattern(uint64_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *to, size_t n)
{
	(void)arg;
	cr_assert_eq(owner, OWNER);
	for (size_t i = 0; i < n; i++)
		to[i] = pattern(offset + i);
	return gives;
}

static const struct xfer_source source = { read_body, NULL };

static void setup(void)
{
	r = rig_new(NULL);
	r->e.source = &source;
	gives = true;
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(xfer, .init = setup, .fini = teardown);

/* --- the client's side ----------------------------------------------------------- */

/* What the client sent last; false if it is silent. */
static bool client_said(void)
{
	struct span v;

	if (!rig_take(r, &out))
		return false;
	cr_assert_eq(out.m.token.n, sizeof token);
	memcpy(token, out.m.token.p, sizeof token);
	has1 = message_option(&out.m, OPT_BLOCK1, 0, &v);
	if (has1)
		cr_assert_eq(block_parse(v, &block1), BLOCK_OK);
	has2 = message_option(&out.m, OPT_BLOCK2, 0, &v);
	if (has2)
		cr_assert_eq(block_parse(v, &block2), BLOCK_OK);
	return true;
}

static int start(struct xfer_request q, const char *options)
{
	uint8_t buf[1400];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_GET, 0, NULL, options, NULL) - 4;
	int err;

	q.to = rig_peer(1);
	q.from = rig_local();
	q.owner = OWNER;
	q.options = span_of(buf + 4, n);
	err = xfer_start(&r->e, &q, &xfer);
	engine_commit(&r->e, space_rx_next(&r->e.space));
	return err;
}

static void begin(uint8_t code, uint8_t szx, uint64_t body_n)
{
	cr_assert_eq(start((struct xfer_request){ .code = code, .szx = szx, .body_n = body_n },
			   "11=r"), 0);
	cr_assert(client_said());
	cr_assert_eq(out.m.code, code);
}

/* No exchange and no deadline is left of it. */
static void expect_gone(void)
{
	cr_assert_null(xfer_get(&r->e, xfer));
	cr_assert_eq(r->e.outgoing_n, 0);
	cr_assert_eq(engine_next(&r->e), UINT64_MAX);
	for (unsigned i = SLAB_EXCHANGE; i < ENGINE_SLABS; i++)
		cr_assert_eq(r->e.space.ctl->live[i], 0);
}

/* --- the server's side ------------------------------------------------------------- */

/* An acknowledgement with code, options and n bytes of the response's body from
 * offset on; the client takes it up. */
static enum xfer_verdict answer_body(uint8_t code, const char *options, uint64_t offset,
				     size_t n)
{
	uint8_t buf[DGRAM_RX_MAX];
	size_t at = rig_build(buf, sizeof buf, COAP_ACK, code, out.m.mid, "12345678", options,
			      NULL);

	memcpy(buf + 4, token, sizeof token);
	if (n)
		buf[at++] = 0xff;
	for (size_t i = 0; i < n; i++)
		buf[at++] = pattern(offset + i);
	cr_assert_eq(rig_in(r, 1, buf, at), INPUT_RESPONSE);
	cr_assert(xfer_owns(r->in.response.owner));
	verdict = xfer_response(&r->e, &r->in.response, &event);
	rig_commit(r);
	cr_assert_eq(event.owner, OWNER);
	cr_assert_eq(event.xfer, xfer);
	cr_assert_eq(client_said(), verdict == XFER_NOTHING || verdict == XFER_PART);
	if (verdict == XFER_DONE || verdict == XFER_FAILED)
		expect_gone();
	return verdict;
}

static enum xfer_verdict answer(uint8_t code, const char *options)
{
	return answer_body(code, options, 0, 0);
}

/* "27=#0e" and the like. */
static const char *block_option(unsigned number, uint32_t num, bool more, uint32_t szx)
{
	static char text[4][32];
	static unsigned turn;
	char *t = text[turn++ % 4];
	uint32_t v = num << 4 | (more ? 8 : 0) | szx;

	snprintf(t, sizeof text[0], v > 0xffff ? "%u=#%06x" : v > 0xff ? "%u=#%04x" :
		 "%u=#%02x", number, v);
	return t;
}

static void expect_failed(int status)
{
	cr_assert_eq(verdict, XFER_FAILED);
	cr_assert_eq(event.status, status, "%d", event.status);
}

/* The whole response's body of n bytes in blocks of szx at most, with an entity tag;
 * what the client hands on is what there is.  Returns the number of messages. */
static unsigned serve_body(uint8_t code, uint64_t n, uint32_t szx)
{
	uint64_t got = 0;
	unsigned messages = 0;

	do {
		uint32_t s = has2 && block2.szx < szx ? block2.szx : szx;
		uint64_t offset = has2 ? (uint64_t)block2.num << (block2.szx + 4) : 0;
		uint64_t rest = n - offset, size = 16u << s;
		char options[128];

		cr_assert_lt(offset, n);
		snprintf(options, sizeof options, "4=e 12=#2a %s 28=#%06x",
			 block_option(23, (uint32_t)(offset >> (s + 4)), rest > size, s),
			 (unsigned)n);
		answer_body(code, options, offset, rest > size ? size : rest);
		cr_assert_eq(event.offset, got);
		cr_assert_eq(event.msg.code, code);
		cr_assert_eq(event.total, n);
		for (size_t i = 0; i < event.msg.payload.n; i++)
			cr_assert_eq(event.msg.payload.p[i], pattern(got + i));
		got += event.msg.payload.n;
		messages++;
	} while (verdict == XFER_PART);
	cr_assert_eq(verdict, XFER_DONE);
	cr_assert_eq(got, n);
	return messages;
}

/* Takes blocks of an upload of n bytes, of szx at most, up to the last one, which is
 * left to be answered.  Returns the number of messages. */
static unsigned take_body(uint64_t n, uint32_t szx)
{
	uint64_t got = 0;
	unsigned messages = 0;

	for (;;) {
		cr_assert(has1);
		cr_assert_eq((uint64_t)block1.num << (block1.szx + 4), got);
		for (size_t i = 0; i < out.m.payload.n; i++)
			cr_assert_eq(out.m.payload.p[i], pattern(got + i));
		got += out.m.payload.n;
		messages++;
		if (!block1.more)
			break;
		cr_assert_eq(out.m.payload.n, block_size(&block1));
		answer(COAP_CONTINUE, block_option(27, block1.num, true,
						   block1.szx < szx ? block1.szx : szx));
		cr_assert_eq(verdict, XFER_NOTHING);
		cr_assert_eq(event.sent, got);
	}
	cr_assert_eq(got, n);
	return messages;
}

/* --- one message each way -------------------------------------------------------------- */

Test(xfer, a_request_and_a_response_without_blocks)
{
	begin(COAP_GET, 6, 0);
	cr_assert_not(has1 || has2);
	cr_assert_eq(answer_body(COAP_CONTENT, "4=e", 0, 5), XFER_DONE);
	cr_assert_eq(event.msg.payload.n, 5);
	cr_assert_eq(event.offset, 0);
	begin(COAP_PUT, 6, 1024);
	cr_assert_not(has1);
	cr_assert_eq(out.m.payload.n, 1024);
	cr_assert_eq(answer(COAP_CHANGED, ""), XFER_DONE);
	cr_assert_eq(event.sent, 1024);
}

Test(xfer, an_error_response_is_a_response)
{
	begin(COAP_GET, 6, 0);
	cr_assert_eq(answer(COAP_NOT_FOUND, ""), XFER_DONE);
	cr_assert_eq(event.msg.code, COAP_NOT_FOUND);
	begin(COAP_PUT, 4, 1000);
	cr_assert_eq(answer(COAP_CONTINUE, block_option(27, 0, true, 4)), XFER_NOTHING);
	cr_assert_eq(answer(COAP_INCOMPLETE, block_option(27, 1, true, 4)), XFER_DONE);
	cr_assert_eq(event.msg.code, COAP_INCOMPLETE);
	cr_assert_eq(event.sent, 256);
	begin(COAP_GET, 2, 0);
	cr_assert_eq(answer_body(COAP_CONTENT, block_option(23, 0, true, 2), 0, 64), XFER_PART);
	cr_assert_eq(answer_body(COAP_NOT_FOUND, "", 0, 3), XFER_DONE);
	cr_assert_eq(event.offset, 0);
}

/* --- downloads ------------------------------------------------------------------------- */

Test(xfer, a_download_of_any_length_in_blocks_of_any_size)
{
	static const uint64_t lengths[] = { 1, 15, 16, 17, 1023, 1024, 1025, 4096, 5000 };

	for (uint8_t asked = 0; asked <= 6; asked++)
		for (uint32_t served = 0; served <= 6; served++)
			for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
				uint32_t szx = served < asked ? served : asked;
				uint64_t size = 16u << szx;

				begin(COAP_GET, asked, 0);
				cr_assert_eq(has2, asked < 6);
				cr_assert_eq(serve_body(COAP_CONTENT, lengths[i], served),
					     (lengths[i] + size - 1) / size);
			}
}

Test(xfer, later_messages_have_the_same_options_without_observe)
{
	struct span v;

	cr_assert_eq(start((struct xfer_request){ .code = COAP_GET, .szx = 6 },
			   "6= 11=a 11=b 15=q 17=#32"), 0);
	client_said();
	answer_body(COAP_CONTENT, block_option(23, 0, true, 6), 0, 1024);
	cr_assert_eq(verdict, XFER_PART);
	cr_assert(message_option(&out.m, OPT_URI_PATH, 1, &v) && span_eq(v, span_str("b")));
	cr_assert(message_option(&out.m, OPT_URI_QUERY, 0, &v));
	cr_assert(message_option(&out.m, OPT_ACCEPT, 0, &v));
	cr_assert_not(message_option(&out.m, OPT_OBSERVE, 0, &v));
	cr_assert_eq(block2.num, 1);
	cr_assert_not(block2.more);
}

Test(xfer, every_message_has_a_token_of_its_own)
{
	uint8_t first[CLIENT_TOKEN];

	begin(COAP_GET, 6, 0);
	memcpy(first, token, sizeof first);
	answer_body(COAP_CONTENT, block_option(23, 0, true, 6), 0, 1024);
	cr_assert_neq(memcmp(first, token, sizeof first), 0);
}

Test(xfer, what_was_begun_elsewhere_goes_on_from_its_block)
{
	cr_assert_eq(start((struct xfer_request){ .code = COAP_GET, .szx = 2, .from_block = 3,
						  .etag = span_str("e") }, "11=r"), 0);
	client_said();
	cr_assert(has2 && block2.num == 3 && block2.szx == 2);
	answer_body(COAP_CONTENT, "4=e 23=#3a", 192, 64);
	cr_assert_eq(verdict, XFER_PART);
	cr_assert_eq(event.offset, 192);
	answer_body(COAP_CONTENT, "4=f 23=#42", 256, 1);
	expect_failed(-ESTALE);
}

Test(xfer, E52_a_representation_that_changes_midway_is_no_representation)
{
	static const char *const other[] = { "4=f 23=#12", "23=#12", "4=ee 23=#12" };

	for (size_t i = 0; i < 3; i++) {
		begin(COAP_GET, 2, 0);
		answer_body(COAP_CONTENT, "4=e 23=#0a", 0, 64);
		answer_body(COAP_CONTENT, other[i], 64, 5);
		expect_failed(-ESTALE);
	}
	begin(COAP_GET, 2, 0);
	answer_body(COAP_CONTENT, "23=#0a", 0, 64);
	answer_body(COAP_CONTENT, "4=e 23=#12", 64, 5);
	expect_failed(-ESTALE);
}

Test(xfer, blocks_out_of_place_end_a_download)
{
	static const struct { const char *options; size_t n; } second[] = {
		{ "12=0 23=#2a", 64 },          /* one too far */
		{ "12=0 23=#0a", 64 },          /* the first again */
		{ "12=0", 5 },                  /* no block at all */
		{ "12=0 23=#1a", 63 },          /* not the size it says */
		{ "12=0 23=#1a", 0 },
		{ "12=0 23=#0b", 128 },         /* larger than asked for */
		{ "12=0 23=#1f", 64 },          /* reserved size */
		{ "12=1 23=#12", 5 },           /* another Content-Format */
		{ "23=#12", 5 },
	};

	for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
		begin(COAP_GET, 2, 0);
		cr_assert_eq(answer_body(COAP_CONTENT, "12=0 23=#0a", 0, 64), XFER_PART);
		answer_body(COAP_CONTENT, second[i].options, 64, second[i].n);
		expect_failed(-EPROTO);
	}
	begin(COAP_GET, 2, 0);
	answer_body(COAP_CONTENT, "12=0 23=#0a", 0, 64);
	answer_body(COAP_CHANGED, "12=0 23=#12", 64, 5);
	expect_failed(-EPROTO);
}

Test(xfer, a_first_block_that_is_none_ends_a_download)
{
	begin(COAP_GET, 6, 0);
	answer_body(COAP_CONTENT, "23=#1e", 0, 1024);
	expect_failed(-EPROTO);
	begin(COAP_GET, 6, 0);
	answer_body(COAP_CONTENT, "23=#0e", 0, 1023);
	expect_failed(-EPROTO);
	begin(COAP_GET, 2, 0);
	answer_body(COAP_CONTENT, "23=#0b", 0, 128);
	expect_failed(-EPROTO);
	begin(COAP_GET, 2, 0);
	cr_assert_eq(answer_body(COAP_CONTENT, "23=#03", 0, 100), XFER_DONE,
		     "nothing is left to ask for");
}

Test(xfer, no_more_than_there_are_block_numbers)
{
	cr_assert_eq(start((struct xfer_request){ .code = COAP_GET, .szx = 0,
						  .from_block = BLOCK_NUM_MAX }, "11=r"), 0);
	client_said();
	answer_body(COAP_CONTENT, block_option(23, BLOCK_NUM_MAX, true, 0), 0, 16);
	expect_failed(-EPROTO);
}

Test(xfer, a_smaller_size_in_the_middle_keeps_the_offset)
{
	begin(COAP_GET, 3, 0);
	answer_body(COAP_CONTENT, block_option(23, 0, true, 3), 0, 128);
	cr_assert_eq(answer_body(COAP_CONTENT, block_option(23, 4, true, 1), 128, 32), XFER_PART);
	cr_assert_eq(event.offset, 128);
	cr_assert(block2.szx == 1 && block2.num == 5);
}

/* --- uploads --------------------------------------------------------------------------- */

Test(xfer, an_upload_of_any_length_in_blocks_of_any_size)
{
	static const uint64_t lengths[] = { 17, 32, 1023, 1025, 4096, 5000, 66000 };

	for (uint8_t szx = 0; szx <= 6; szx++)
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			uint64_t size = 16u << szx, n = lengths[i];

			begin(COAP_PUT, szx, n);
			cr_assert_eq(has1, n > size);
			if (n > size)
				cr_assert_eq(take_body(n, 6), (n + size - 1) / size);
			cr_assert_eq(answer(COAP_CREATED, ""), XFER_DONE);
			cr_assert_eq(event.sent, n);
		}
}

Test(xfer, E48_a_smaller_size_from_the_server_keeps_the_offset)
{
	begin(COAP_PUT, 6, 3000);
	cr_assert_eq(answer(COAP_CONTINUE, block_option(27, 0, true, 4)), XFER_NOTHING);
	cr_assert(block1.szx == 4 && block1.num == 4 && block1.more);
	cr_assert_eq(out.m.payload.n, 256);
	cr_assert_eq(out.m.payload.p[0], pattern(1024));
	cr_assert_eq(event.sent, 1024);
	/* Counted in the smaller size already, and in the middle. */
	cr_assert_eq(answer(COAP_CONTINUE, block_option(27, 8, true, 3)), XFER_NOTHING);
	cr_assert(block1.szx == 3 && block1.num == 10);
	cr_assert_eq(out.m.payload.p[0], pattern(1280));
	/* It does not grow again. */
	cr_assert_eq(answer(COAP_CONTINUE, block_option(27, 10, true, 6)), XFER_NOTHING);
	cr_assert(block1.szx == 3 && block1.num == 11);
}

Test(xfer, E48_all_of_the_body_arrives_in_the_smaller_size)
{
	for (uint32_t szx = 0; szx < 6; szx++) {
		begin(COAP_PUT, 6, 5001);
		answer(COAP_CONTINUE, block_option(27, 0, true, szx));
		cr_assert_eq(verdict, XFER_NOTHING);
		for (uint64_t at = 1024; block1.more; at += 16u << szx) {
			cr_assert_eq((uint64_t)block1.num << (block1.szx + 4), at);
			cr_assert_eq(out.m.payload.p[0], pattern(at));
			answer(COAP_CONTINUE, block_option(27, block1.num, true, szx));
		}
		cr_assert_eq(answer(COAP_CHANGED, block_option(27, block1.num, false, szx)),
			     XFER_DONE);
		cr_assert_eq(event.sent, 5001);
	}
}

Test(xfer, E48_a_size_too_small_to_number_the_body_is_not_taken_up)
{
	begin(COAP_PUT, 6, 16u << 20 | 1);
	answer(COAP_CONTINUE, block_option(27, 0, true, 0));
	cr_assert(block1.szx == 6 && block1.num == 1);
	answer(COAP_CONTINUE, block_option(27, 1, true, 1));
	cr_assert(block1.szx == 1 && block1.num == 64);
}

Test(xfer, a_server_that_works_on_each_block_gets_them_all)
{
	begin(COAP_PUT, 2, 150);
	cr_assert_eq(answer(COAP_CHANGED, block_option(27, 0, false, 2)), XFER_NOTHING);
	cr_assert_eq(answer(COAP_CREATED, block_option(27, 1, true, 2)), XFER_NOTHING);
	cr_assert_eq(answer(COAP_CHANGED, block_option(27, 2, false, 2)), XFER_DONE);
	cr_assert_eq(event.sent, 150);
}

Test(xfer, a_final_answer_to_a_block_without_block1_is_the_response)
{
	begin(COAP_PUT, 2, 500);
	cr_assert_eq(answer(COAP_CONTINUE, block_option(27, 0, true, 2)), XFER_NOTHING);
	cr_assert_eq(answer(COAP_CHANGED, ""), XFER_DONE);
	cr_assert_eq(event.sent, 128);
}

Test(xfer, answers_out_of_place_end_an_upload)
{
	begin(COAP_PUT, 2, 500);
	answer(COAP_CONTINUE, block_option(27, 1, true, 2));
	expect_failed(-EPROTO);
	begin(COAP_PUT, 2, 500);
	answer(COAP_CONTINUE, block_option(27, 0, true, 7));
	expect_failed(-EPROTO);
	begin(COAP_PUT, 2, 100);
	answer(COAP_CONTINUE, block_option(27, 0, true, 2));
	answer(COAP_CHANGED, block_option(27, 0, false, 2));
	expect_failed(-EPROTO);
	begin(COAP_PUT, 2, 100);
	answer(COAP_CONTINUE, block_option(27, 0, true, 2));
	cr_assert_not(block1.more);
	answer(COAP_CONTINUE, block_option(27, 1, true, 2));
	expect_failed(-EPROTO);
	begin(COAP_PUT, 6, 100);
	answer(COAP_CONTINUE, "");
	expect_failed(-EPROTO);
}

Test(xfer, E51_each_upload_in_blocks_has_a_tag_of_its_own)
{
	uint64_t tag[2] = { 0, 0 }, again = 0;
	ref_t first;

	begin(COAP_PUT, 2, 500);
	cr_assert(message_option_uint(&out.m, OPT_REQUEST_TAG, &tag[0]));
	first = xfer;
	answer(COAP_CONTINUE, block_option(27, 0, true, 2));
	cr_assert(message_option_uint(&out.m, OPT_REQUEST_TAG, &again));
	cr_assert_eq(again, tag[0]);
	r->e.conf.params.nstart = 2;
	begin(COAP_PUT, 2, 500);
	cr_assert(message_option_uint(&out.m, OPT_REQUEST_TAG, &tag[1]));
	cr_assert_neq(tag[0], tag[1]);
	xfer_cancel(&r->e, first);
	xfer_cancel(&r->e, xfer);
	engine_commit(&r->e, 0);
	expect_gone();
}

Test(xfer, E47_too_large_is_tried_again_in_smaller_blocks_where_that_helps)
{
	uint64_t tag;

	/* No Block1 yet: a hint to try it (2.9.3). */
	begin(COAP_PUT, 6, 1000);
	cr_assert_eq(answer(COAP_TOO_LARGE, ""), XFER_NOTHING);
	cr_assert(has1 && block1.szx == 5 && block1.num == 0 && block1.more);
	cr_assert(message_option_uint(&out.m, OPT_REQUEST_TAG, &tag));
	/* A smaller size. */
	cr_assert_eq(answer(COAP_TOO_LARGE, block_option(27, 0, true, 2)), XFER_NOTHING);
	cr_assert(block1.szx == 2 && block1.num == 0 && block1.more);
	cr_assert_eq(event.sent, 0);
	/* The same size says that it is about the body. */
	cr_assert_eq(answer(COAP_TOO_LARGE, block_option(27, 0, true, 2)), XFER_DONE);
	cr_assert_eq(event.msg.code, COAP_TOO_LARGE);
}

Test(xfer, E47_too_large_is_the_response_where_nothing_helps)
{
	begin(COAP_PUT, 6, 1000);
	cr_assert_eq(answer(COAP_TOO_LARGE, "60=#64"), XFER_DONE, "more than 100 bytes");
	begin(COAP_PUT, 6, 16);
	cr_assert_eq(answer(COAP_TOO_LARGE, ""), XFER_DONE, "no block is smaller");
	begin(COAP_GET, 6, 0);
	cr_assert_eq(answer(COAP_TOO_LARGE, ""), XFER_DONE);
	begin(COAP_PUT, 4, 1000);
	cr_assert_eq(answer(COAP_CONTINUE, block_option(27, 0, true, 4)), XFER_NOTHING);
	cr_assert_eq(answer(COAP_TOO_LARGE, block_option(27, 1, true, 2)), XFER_DONE, "midway");
	cr_assert_eq(event.sent, 256);
}

/* --- both ------------------------------------------------------------------------------ */

Test(xfer, E54_an_upload_goes_on_as_a_download)
{
	struct span v;

	begin(COAP_POST, 3, 300);
	take_body(300, 6);
	cr_assert(has2 && block2.szx == 3 && block2.num == 0, "early negotiation");
	answer_body(COAP_CHANGED, "4=e 23=#0b 27=#23", 0, 128);
	cr_assert_eq(verdict, XFER_PART);
	cr_assert_eq(event.sent, 300);
	cr_assert_eq(out.m.code, COAP_POST);
	cr_assert_not(has1, "not in the Block2 phase");
	cr_assert_eq(out.m.payload.n, 0);
	cr_assert(block2.num == 1 && block2.szx == 3);
	cr_assert(message_option(&out.m, OPT_REQUEST_TAG, 0, &v), "RFC 9175 3.4");
	cr_assert_eq(answer_body(COAP_CHANGED, "4=e 23=#13", 128, 7), XFER_DONE);
	cr_assert_eq(event.offset, 128);
	cr_assert_eq(event.sent, 300);
}

Test(xfer, E54_of_any_lengths_and_sizes)
{
	for (uint8_t szx = 0; szx <= 6; szx++)
		for (uint32_t served = 0; served <= 6; served++) {
			begin(COAP_POST, szx, 3000);
			take_body(3000, served);
			serve_body(COAP_CHANGED, 3333, served);
		}
}
