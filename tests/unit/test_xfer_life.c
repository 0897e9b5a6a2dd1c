/* Transfers of the client role: their beginning and end, what is lost or comes
 * twice, challenges, limits, and deaths in between. */
#include <criterion/criterion.h>

#include "talk.h"

#include <errno.h>
#include <stdio.h>

TestSuite(xfer_life, .init = talk_setup, .fini = talk_teardown);

static const struct xfer_request get = { .code = COAP_GET, .szx = 6 };

/* Another engine, with other limits. */
static void with_limits(const struct engine_limits *limits)
{
	const struct xfer_source *source = talk.r->e.source;

	rig_free(talk.r);
	talk.r = rig_new(limits);
	talk.r->e.source = source;
}

/* So many bytes of options, once they are encoded. */
static const char *long_options(size_t n)
{
	static char text[1600];
	size_t at = 0;

	for (size_t k = 0; n; k++) {
		size_t head = k ? 2 : 3, part = n > 240 ? 200 : n;

		cr_assert(part - head >= 13 && part - head < 256, "%zu", part);
		memcpy(text + at, "15=", 3);
		memset(text + at + 3, 'q', part - head);
		at += 3 + part - head;
		text[at++] = ' ';
		n -= part;
	}
	text[at] = 0;
	return text;
}

/* --- beginning ---------------------------------------------------------------------- */

Test(xfer_life, what_cannot_be_sent_is_refused_and_leaves_nothing)
{
	static const struct { struct xfer_request q; int err; } bad[] = {
		{ { .code = COAP_GET, .szx = 7 }, -EINVAL },
		{ { .code = COAP_CONTENT, .szx = 6 }, -EINVAL },
		{ { .code = COAP_EMPTY, .szx = 6 }, -EINVAL },
		{ { .code = COAP_GET, .szx = 6, .etag = { (const uint8_t *)"123456789", 9 } },
		  -EINVAL },
		{ { .code = COAP_GET, .szx = 6, .token = { (const uint8_t *)"123456789", 9 } },
		  -EINVAL },
		{ { .code = COAP_PUT, .szx = 0, .body_n = (16u << 20) + 1 }, -EMSGSIZE },
		{ { .code = COAP_PUT, .szx = 6, .body_n = UINT64_MAX }, -EMSGSIZE },
		{ { .code = COAP_GET, .szx = 6, .from_block = BLOCK_NUM_MAX + 1 }, -EMSGSIZE },
	};

	struct xfer_request group = { .code = COAP_GET, .non = true, .from = rig_local(),
				      .to = { .ip = { 0xff, 2, [15] = 1 }, .port = 5683 } };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(talk_start(bad[i].q, "11=r"), bad[i].err, "%zu", i);
	cr_assert_eq(xfer_start(&talk.r->e, &group, &talk.xfer), -EINVAL, "to many at once");
	cr_assert_eq(talk.xfer, 0);
	talk_expect_gone();
	cr_assert_not(talk_said());
}

Test(xfer_life, options_must_be_options_and_leave_room_for_a_block)
{
	struct xfer_request q = { .to = rig_peer(1), .from = rig_local(), .code = COAP_PUT,
				  .szx = 6, .body_n = 5000, .options = span_of("\xb9x", 2) };

	cr_assert_eq(xfer_start(&talk.r->e, &q, &talk.xfer), -EINVAL);
	q.options = span_of("\xb1x\xff", 3);
	cr_assert_eq(xfer_start(&talk.r->e, &q, &talk.xfer), -EINVAL);
	cr_assert_eq(talk_start(q, long_options(420)), -EMSGSIZE);
	talk_expect_gone();
	cr_assert_eq(talk_start(q, long_options(390)), 0);
	cr_assert(talk_said());
	q.szx = 2;
	cr_assert_eq(talk_start(q, long_options(1300)), 0, "smaller blocks leave more");
}

Test(xfer_life, the_source_must_have_the_body)
{
	talk.mute = true;
	cr_assert_eq(talk_start((struct xfer_request){ .code = COAP_PUT, .szx = 6, .body_n = 9 },
				"11=r"), -EIO);
	talk_expect_gone();
	talk.mute = false;
	talk_begin(COAP_PUT, 2, 500);
	talk.mute = true;
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	talk_expect_failed(-EIO);
}

static void expect_live(uint32_t xfers, uint32_t blobs)
{
	cr_assert_eq(talk.r->e.space.ctl->live[SLAB_XFER], xfers);
	cr_assert_eq(talk.r->e.space.ctl->live[SLAB_BLOB], blobs);
}

Test(xfer_life, at_a_limit_nothing_happens)
{
	struct engine_limits limits = rig_limits();
	ref_t first;

	limits.exchanges = 2;
	limits.messages = 3;
	with_limits(&limits);
	/* Options and message need a blob each: there is one for the second's options. */
	cr_assert_eq(talk_start(get, long_options(300)), 0);
	first = talk.xfer;
	for (unsigned i = 0; i < 20; i++)
		cr_assert_eq(talk_start(get, long_options(300)), -EAGAIN);
	cr_assert_eq(rig_counter(talk.r, COUNT_FULL_MESSAGES), 20);
	expect_live(1, 2);
	talk.r->e.conf.limits.messages = 2;     /* and none */
	for (unsigned i = 0; i < 20; i++)
		cr_assert_eq(talk_start(get, long_options(300)), -EAGAIN);
	expect_live(1, 2);
	xfer_cancel(&talk.r->e, first);
	engine_commit(&talk.r->e, 0);
	talk_expect_gone();
	cr_assert_eq(talk_start(get, "11=r"), 0);
	cr_assert_eq(talk_start(get, "11=r"), 0);
	cr_assert_eq(talk_start(get, "11=r"), -EAGAIN);
	cr_assert_eq(rig_counter(talk.r, COUNT_FULL_EXCHANGES), 1);
	expect_live(2, 0);
}

Test(xfer_life, there_are_so_many_transfers_at_a_time)
{
	for (unsigned i = 0; i < rig_limits().xfers; i++)
		cr_assert_eq(talk_start(get, "11=r"), 0);
	cr_assert_eq(talk_start(get, "11=r"), -EAGAIN);
	cr_assert_eq(rig_counter(talk.r, COUNT_FULL_XFERS), 1);
	cr_assert_eq(talk.r->e.space.ctl->live[SLAB_XFER], rig_limits().xfers);
	xfer_cancel(&talk.r->e, talk.xfer);
	engine_commit(&talk.r->e, 0);
	cr_assert_eq(talk_start(get, "11=r"), 0);
}

Test(xfer_life, what_is_under_way_goes_on_at_every_limit)
{
	struct engine_limits limits = rig_limits();

	limits.exchanges = limits.messages = limits.exchanges_per_endpoint = 1;
	limits.endpoints = limits.xfers = 1;
	limits.waiting = 0;
	with_limits(&limits);
	talk_begin(COAP_POST, 6, 5000);
	talk_take(5000, 6);
	talk_serve(COAP_CHANGED, 5000, 6);
	for (unsigned i = SLAB_EXCHANGE; i < ENGINE_SLABS; i++)
		cr_assert_eq(rig_counter(talk.r, COUNT_FULL_EXCHANGES) +
			     rig_counter(talk.r, COUNT_FULL_MESSAGES), 0);
}

Test(xfer_life, the_end_of_one_makes_room_for_another_in_the_same_event)
{
	struct engine_limits limits = rig_limits();
	struct xfer_event event;
	uint8_t buf[64];
	size_t n;

	limits.exchanges = limits.xfers = 1;
	with_limits(&limits);
	talk_begin(COAP_GET, 6, 0);
	n = talk_build(buf, sizeof buf, COAP_ACK, COAP_CONTENT, talk.out.m.mid, "", 0, 5);
	cr_assert_eq(rig_in(talk.r, 1, buf, n), INPUT_RESPONSE);
	cr_assert_eq(xfer_response(&talk.r->e, &talk.r->in.response, &event), XFER_DONE);
	cr_assert_eq(talk_start(get, "11=r"), 0);
	cr_assert(talk_said());
}

/* --- loss and repetition -------------------------------------------------------------- */

Test(xfer_life, a_lost_message_is_sent_again_as_it_was)
{
	uint8_t first[1500];
	size_t n;

	talk_begin(COAP_PUT, 2, 500);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	n = talk.out.bytes.n;
	memcpy(first, talk.out.bytes.p, n);
	talk.mute = true;               /* it is not read again */
	rig_wait(talk.r, 3000);
	cr_assert(talk_said());
	cr_assert(span_eq(talk.out.bytes, span_of(first, n)));
	talk.mute = false;
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 1, true, 2)), XFER_NOTHING);
	cr_assert_eq(talk.block1.num, 2);
}

Test(xfer_life, an_answer_that_comes_twice_moves_it_once)
{
	uint8_t first[128], second[128];
	size_t n, m;

	talk_begin(COAP_PUT, 2, 500);
	n = talk_build(first, sizeof first, COAP_ACK, COAP_CONTINUE, talk.out.m.mid,
		       talk_block(27, 0, true, 2), 0, 0);
	m = talk_build(second, sizeof second, COAP_CON, COAP_CONTINUE, 77,
		       talk_block(27, 0, true, 2), 0, 0);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	cr_assert_eq(rig_in(talk.r, 1, first, n), INPUT_DONE);
	rig_commit(talk.r);
	cr_assert_not(talk_said());
	/* Nor does the same in a message of its own: the token is still in use, but it
	 * is of the block before. */
	cr_assert_eq(rig_in(talk.r, 1, second, m), INPUT_DONE);
	rig_commit(talk.r);
	cr_assert_str_eq(rig_next(talk.r), "ACK 0.00 mid=77 tok= pay=");
	cr_assert_str_eq(rig_next(talk.r), "nothing");
	cr_assert_eq(xfer_get(&talk.r->e, talk.xfer)->s.offset, 64);
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 1, true, 2)), XFER_NOTHING);
}

Test(xfer_life, a_non_confirmable_answer_that_comes_twice_moves_it_once)
{
	struct xfer_request q = { .code = COAP_PUT, .szx = 2, .non = true, .body_n = 200 };
	struct response *in = &talk.r->in.response;
	uint8_t buf[3][128];
	size_t n[3];

	cr_assert_eq(talk_start(q, "11=r"), 0);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert(talk_said());
		cr_assert_eq(talk.block1.num, i);
		n[i] = talk_build(buf[i], sizeof buf[i], COAP_NON, COAP_CONTINUE,
				  (uint16_t)(70 + i), talk_block(27, i, true, 2), 0, 0);
		for (unsigned k = 0; k < i; k++) {
			cr_assert_eq(rig_in(talk.r, 1, buf[k], n[k]), INPUT_DONE);
			rig_commit(talk.r);
			cr_assert_str_eq(rig_next(talk.r), "nothing");
		}
		cr_assert_eq(rig_in(talk.r, 1, buf[i], n[i]), INPUT_RESPONSE);
		cr_assert_eq(xfer_response(&talk.r->e, in, &talk.event), XFER_NOTHING);
		rig_commit(talk.r);
	}
	cr_assert(talk_said());
	cr_assert_not(talk.block1.more);
	for (unsigned k = 0; k < 3; k++) {
		cr_assert_eq(rig_in(talk.r, 1, buf[k], n[k]), INPUT_DONE);
		rig_commit(talk.r);
	}
	cr_assert_eq(rig_counter(talk.r, COUNT_UNMATCHED), 6);
	cr_assert_eq(talk_answer(COAP_CHANGED, talk_block(27, 3, false, 2)), XFER_DONE);
}

Test(xfer_life, a_separate_answer_that_comes_twice_is_acknowledged_twice)
{
	struct response *in = &talk.r->in.response;
	uint8_t buf[256];
	size_t n;

	talk_begin(COAP_GET, 2, 0);
	rig_serve(talk.r, 1, COAP_ACK, COAP_EMPTY, talk.out.m.mid, NULL, NULL);
	n = talk_build(buf, sizeof buf, COAP_CON, COAP_CONTENT, 77, "23=#0a", 0, 64);
	cr_assert_eq(rig_in(talk.r, 1, buf, n), INPUT_RESPONSE);
	cr_assert_eq(xfer_response(&talk.r->e, in, &talk.event), XFER_PART);
	rig_commit(talk.r);
	cr_assert_str_eq(rig_next(talk.r), "ACK 0.00 mid=77 tok= pay=");
	cr_assert(talk_said());
	cr_assert_eq(rig_in(talk.r, 1, buf, n), INPUT_DONE);
	rig_commit(talk.r);
	cr_assert_str_eq(rig_next(talk.r), "ACK 0.00 mid=77 tok= pay=");
	cr_assert_str_eq(rig_next(talk.r), "nothing");
	cr_assert_eq(talk_answer_body(COAP_CONTENT, "23=#12", 64, 5), XFER_DONE);
	cr_assert_eq(talk.event.offset, 64);
}

Test(xfer_life, non_confirmable_all_the_way)
{
	struct xfer_request q = get;

	q.non = true;
	q.timeout_ms = 500;
	cr_assert_eq(talk_start(q, "11=r"), 0);
	cr_assert(talk_said());
	cr_assert_eq(talk.out.m.type, COAP_NON);
	talk_answer_body(COAP_CONTENT, talk_block(23, 0, true, 6), 0, 1024);
	cr_assert_eq(talk.out.m.type, COAP_NON);
	rig_wait(talk.r, 500);
	cr_assert_eq(talk.r->failed.status, -ETIMEDOUT, "as long as was said, for each");
}

/* --- the end without a response --------------------------------------------------------- */

Test(xfer_life, a_reset_ends_it)
{
	talk_begin(COAP_PUT, 2, 500);
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	cr_assert_eq(rig_msg(talk.r, 1, COAP_RST, COAP_EMPTY, talk.out.m.mid, NULL, NULL),
		     INPUT_FAILED);
	talk.verdict = xfer_response(&talk.r->e, &talk.r->in.response, &talk.event);
	rig_commit(talk.r);
	talk_expect_failed(-ECONNRESET);
	cr_assert_eq(talk.event.owner, TALK_OWNER);
	cr_assert_eq(talk.event.sent, 64);
	talk_expect_gone();
}

Test(xfer_life, a_time_out_ends_it)
{
	struct expired x;

	talk_begin(COAP_GET, 6, 0);
	for (unsigned i = 0; i < 4; i++)
		rig_wait(talk.r, engine_next(&talk.r->e) - talk.r->e.now);
	talk.r->e.now = engine_next(&talk.r->e);
	cr_assert_eq(expire_next(&talk.r->e, &x), EXPIRE_FAILED);
	talk.verdict = xfer_response(&talk.r->e, &x.response, &talk.event);
	rig_commit(talk.r);
	talk_expect_failed(-ETIMEDOUT);
	talk_expect_gone();
}

Test(xfer_life, cancelling_forgets_it_and_its_exchange)
{
	talk_begin(COAP_PUT, 2, 500);
	xfer_cancel(&talk.r->e, talk.xfer);
	engine_commit(&talk.r->e, 0);
	talk_expect_gone();
	xfer_cancel(&talk.r->e, talk.xfer);
	xfer_cancel(&talk.r->e, 0);
	engine_commit(&talk.r->e, 0);
}

Test(xfer_life, a_response_of_one_that_is_gone_is_nothing)
{
	struct response in = { .status = -ETIMEDOUT };

	talk_begin(COAP_GET, 6, 0);
	in.owner = talk.xfer;
	in.exchange = xfer_get(&talk.r->e, talk.xfer)->exchange + 1;
	cr_assert_eq(xfer_response(&talk.r->e, &in, &talk.event), XFER_NOTHING,
		     "not the one under way");
	cr_assert_not_null(xfer_get(&talk.r->e, talk.xfer));
	xfer_cancel(&talk.r->e, talk.xfer);
	engine_commit(&talk.r->e, 0);
	cr_assert_eq(xfer_response(&talk.r->e, &in, &talk.event), XFER_NOTHING);
	cr_assert_not(xfer_owns(4711));
}

/* --- challenges --------------------------------------------------------------------------- */

static void expect_echo(const char *text)
{
	struct span v = { NULL, 0 };

	message_option(&talk.out.m, OPT_ECHO, 0, &v);
	cr_assert(span_eq(v, span_str(text)), "%.*s", (int)v.n, (const char *)v.p);
}

Test(xfer_life, a_challenge_is_answered_once_with_the_same_request)
{
	talk_begin(COAP_GET, 2, 0);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=abc"), XFER_NOTHING);
	expect_echo("abc");
	cr_assert(talk.has2 && talk.block2.num == 0);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=def"), XFER_DONE);
	cr_assert_eq(talk.event.msg.code, COAP_UNAUTHORIZED);
	talk_begin(COAP_GET, 2, 0);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, ""), XFER_DONE, "no challenge");
}

Test(xfer_life, a_challenge_of_a_request_with_a_body)
{
	talk_begin(COAP_PUT, 6, 100);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=abc"), XFER_NOTHING);
	expect_echo("abc");
	cr_assert_eq(talk.out.m.payload.n, 100);
	cr_assert_eq(talk_answer(COAP_CHANGED, ""), XFER_DONE);
	talk_begin(COAP_PUT, 2, 200);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=abc"), XFER_NOTHING);
	cr_assert(talk.has1 && talk.block1.num == 0);
	cr_assert_eq(talk.event.sent, 0);
	/* Shown once, it is shown on; each message may be challenged once. */
	talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
	expect_echo("abc");
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=def"), XFER_NOTHING);
	expect_echo("def");
	cr_assert_eq(talk.block1.num, 1);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=ghi"), XFER_DONE);
	cr_assert_eq(talk.event.sent, 64);
}

Test(xfer_life, every_message_may_be_challenged)
{
	talk_begin(COAP_POST, 6, 1000);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=a"), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_TOO_LARGE, ""), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=b"), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 5)), XFER_NOTHING);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=c"), XFER_NOTHING);
	expect_echo("c");
	cr_assert(talk.has1 && !talk.block1.more);
	cr_assert_eq(talk_answer_body(COAP_CHANGED, "23=#0a", 0, 64), XFER_PART);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=d"), XFER_NOTHING);
	cr_assert(talk.has2 && talk.block2.num == 1);
	cr_assert_eq(talk_answer_body(COAP_CHANGED, "23=#1a", 64, 64), XFER_PART);
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, "252=e"), XFER_NOTHING);
	expect_echo("e");
	cr_assert_eq(talk_answer_body(COAP_CHANGED, "23=#22", 128, 1), XFER_DONE);
}

Test(xfer_life, a_challenge_that_no_message_has_room_for_is_a_refusal)
{
	struct xfer_request q = { .code = COAP_PUT, .szx = 6, .body_n = 5000 };
	char options[64] = "252=";

	memset(options + 4, 'e', 40);
	cr_assert_eq(talk_start(q, long_options(395)), 0);
	cr_assert(talk_said());
	cr_assert_eq(talk_answer(COAP_UNAUTHORIZED, options), XFER_DONE);
	/* What is only polite is left out. */
	cr_assert_eq(talk_start(q, long_options(395)), 0);
	cr_assert(talk_said());
	strcat(options, " ");
	snprintf(options, sizeof options, "%s 252=%.40s", talk_block(27, 0, true, 6),
		 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	cr_assert_eq(talk_answer(COAP_CONTINUE, options), XFER_NOTHING);
	expect_echo("");
	cr_assert_eq(talk.block1.num, 1);
}

/* --- deaths -------------------------------------------------------------------------------- */

/* The worker dies with the answer in hand, and its successor takes it up: once
 * before the commit and once behind it. */
static enum xfer_verdict answer_and_die(uint8_t code, const char *options, uint64_t offset,
					size_t n)
{
	struct response *in = &talk.r->in.response;
	uint8_t buf[DGRAM_RX_MAX];

	n = talk_build(buf, sizeof buf, COAP_ACK, code, talk.out.m.mid, options, offset, n);
	cr_assert_eq(rig_in(talk.r, 1, buf, n), INPUT_RESPONSE);
	xfer_response(&talk.r->e, in, &talk.event);
	cr_assert_eq(rig_crash(talk.r), 1);
	cr_assert_eq(input_datagram(&talk.r->e, 0, &talk.r->in), INPUT_RESPONSE);
	talk.verdict = xfer_response(&talk.r->e, in, &talk.event);
	rig_commit(talk.r);
	rig_crash(talk.r);
	adopt_survived(&talk.r->e);
	talk_said();
	return talk.verdict;
}

Test(xfer_life, a_successor_goes_on_at_any_point)
{
	unsigned i = 0, dropped;

	talk_begin(COAP_POST, 3, 1000);
	for (; talk.block1.more; i++) {
		cr_assert_eq(talk.block1.num, i);
		cr_assert_eq(talk.out.m.payload.p[0], talk_pattern(i * 128));
		cr_assert_eq(answer_and_die(COAP_CONTINUE, talk_block(27, i, true, 3), 0, 0),
			     XFER_NOTHING);
	}
	for (i = 0; i < 5; i++) {
		char options[64];

		snprintf(options, sizeof options, "4=e %s", talk_block(23, i, i < 4, 3));
		cr_assert_eq(answer_and_die(COAP_CHANGED, options, i * 128, 128),
			     i < 4 ? XFER_PART : XFER_DONE);
		cr_assert_eq(talk.event.offset, i * 128);
		cr_assert_eq(talk.event.sent, 1000);
	}
	dropped = (unsigned)rig_counter(talk.r, COUNT_ADOPT_DROPPED);
	cr_assert_eq(dropped, 0);
	talk_expect_gone();
}

Test(xfer_life, long_options_survive_too)
{
	cr_assert_eq(talk_start((struct xfer_request){ .code = COAP_GET, .szx = 2 },
				long_options(300)), 0);
	talk_said();
	rig_crash(talk.r);
	cr_assert_eq(rig_counter(talk.r, COUNT_ADOPT_DROPPED), 0);
	talk_answer_body(COAP_CONTENT, "23=#0a", 0, 64);
	cr_assert_eq(talk.out.m.options.n, 302, "and Block2");
}

Test(xfer_life, neither_transfer_nor_exchange_survives_the_other)
{
	talk_begin(COAP_PUT, 2, 500);
	xfer_get(&talk.r->e, talk.xfer)->o.word &= ~1u;
	rig_crash(talk.r);
	cr_assert_eq(rig_counter(talk.r, COUNT_ADOPT_DROPPED), 1);
	talk_expect_gone();
	talk_begin(COAP_PUT, 2, 500);
	exchange_get(&talk.r->e, xfer_get(&talk.r->e, talk.xfer)->exchange)->state = 77;
	rig_crash(talk.r);
	cr_assert_eq(rig_counter(talk.r, COUNT_ADOPT_DROPPED), 3);
	talk_expect_gone();
}

Test(xfer_life, each_has_the_exchange_that_it_names_and_no_other)
{
	struct client_request c = { .to = rig_peer(2), .from = rig_local(), .code = COAP_GET };
	ref_t other, first;

	talk_begin(COAP_PUT, 2, 500);
	c.owner = first = talk.xfer;
	cr_assert_eq(client_send(&talk.r->e, &c, &other), 0);
	engine_commit(&talk.r->e, 0);
	cr_assert(rig_take(talk.r, &talk.out));
	rig_crash(talk.r);
	adopt_survived(&talk.r->e);
	cr_assert_eq(rig_counter(talk.r, COUNT_ADOPT_DROPPED), 1);
	cr_assert_null(exchange_get(&talk.r->e, other));
	talk.r->e.conf.params.nstart = 2;
	talk_begin(COAP_PUT, 2, 500);
	xfer_get(&talk.r->e, talk.xfer)->exchange = xfer_get(&talk.r->e, first)->exchange;
	rig_crash(talk.r);
	cr_assert_null(xfer_get(&talk.r->e, talk.xfer));
	cr_assert_not_null(xfer_get(&talk.r->e, first));
	cr_assert_eq(talk.r->e.outgoing_n, 1);
}

Test(xfer_life, implausible_ones_are_dropped_by_an_adopter)
{
	for (unsigned i = 0; i < 20; i++) {
		struct xfer *x;

		talk_begin(COAP_PUT, 2, 500);
		talk_answer(COAP_CONTINUE, talk_block(27, 0, true, 2));
		x = xfer_get(&talk.r->e, talk.xfer);
		switch (i) {
		case 0: x->s.phase = 0; break;
		case 1: x->s.phase = XFER_PHASES; break;
		case 2: x->s.phase = XFER_WHOLE; break;
		case 3: x->s.phase = XFER_LAST; break;
		case 4: x->s.szx = 7; break;
		case 5: x->szx = 7; break;
		case 6: x->s.szx = 3; break;
		case 7: x->s.offset++; break;
		case 8: x->s.offset = 500 + 12; break;
		case 9: x->body_n = 64 + 64; break;
		case 10: x->s.etag_n = 9; break;
		case 11: x->s.echo_n = 41; break;
		case 12: x->code = COAP_CONTENT; break;
		case 13: x->code |= 0x100; break;
		case 14: x->to.port++; break;
		case 15: x->from.sock++; break;
		case 16: x->exchange = 0; break;
		case 17: x->body_n = 65u << 20; break;
		case 18: x->options.len = XFER_INSIDE + 1; break;
		case 19:
			x->s.phase = XFER_DOWNLOAD;
			x->s.offset = 1u << 30;
			break;
		}
		rig_crash(talk.r);
		adopt_survived(&talk.r->e);
		cr_assert_null(xfer_get(&talk.r->e, talk.xfer), "%u", i);
		talk_expect_gone();
	}
}

Test(xfer_life, what_was_sent_again_is_summed_up)
{
	talk_begin(COAP_GET, 0, 0);
	cr_assert_eq(rig_wait(talk.r, 3000), 1);
	cr_assert_eq(talk_answer_body(COAP_CONTENT, talk_block(OPT_BLOCK2, 0, true, 0), 0, 16),
		     XFER_PART);
	cr_assert_eq(talk.event.again, 1);
	cr_assert_eq(rig_wait(talk.r, 3000), 1);
	cr_assert_eq(rig_wait(talk.r, 6000), 1);
	cr_assert_eq(talk_answer_body(COAP_CONTENT, talk_block(OPT_BLOCK2, 1, false, 0), 16, 4),
		     XFER_DONE);
	cr_assert_eq(talk.event.again, 3);
}
