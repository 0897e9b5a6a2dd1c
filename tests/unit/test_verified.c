/* Which addresses are believed to be their senders' own, and what others are answered. */
#include <criterion/criterion.h>

#include "exchange/echo.h"
#include "exchange/observer.h"
#include "exchange/verified.h"
#include "rig.h"

#include <stdio.h>

#define FACTOR 3u

static struct rig *r;
static uint8_t echo[ECHO_SIZE];

static void setup(void)
{
	struct engine_limits limits = rig_limits();

	limits.observers = limits.observers_per_endpoint = limits.representations = 4;
	r = rig_new(&limits);
	r->e.conf.amplification = r->conf.amplification = FACTOR;
	r->e.conf.verified = r->conf.verified = 16;
	cr_assert_eq(verified_init(&r->e.verified, 16), 0);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(verified, .init = setup, .fini = teardown);

/* A request of a peer's, with Echo if there is one. */
static enum input_verdict request(unsigned peer, uint8_t type, uint8_t code, uint16_t mid,
				  const char *options, bool with_echo)
{
	char text[120];
	int n = snprintf(text, sizeof text, "%s", options);

	for (unsigned i = 0; with_echo && i < sizeof echo; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%02x", i ? "" : " 252=#", echo[i]);
	return rig_msg(r, peer, type, code, mid, "tk", text);
}

static void answer(uint8_t code, size_t n)
{
	struct request *q = &r->in.request;
	static uint8_t bytes[DGRAM_TX_MAX];
	struct writer w = request_answer(&r->e, q);

	memset(bytes, 'p', sizeof bytes);
	message_write_payload(&w, span_of(bytes, n));
	request_done(&r->e, q, code, &w);
	rig_commit(r);
}

/* What was answered, without the payload; keeps the Echo value. */
static const char *told(void)
{
	static char text[40];
	struct rig_sent s;
	struct span value;
	char code[CODE_TEXT];

	if (!rig_take(r, &s))
		return "nothing";
	snprintf(text, sizeof text, "%s %s", message_type_name(s.m.type), code_print(s.m.code, code));
	if (s.m.code == COAP_UNAUTHORIZED) {
		cr_assert(message_option(&s.m, OPT_ECHO, 0, &value) && value.n == sizeof echo);
		cr_assert_eq(s.m.payload.n, 0);
		memcpy(echo, value.p, value.n);
	}
	return text;
}

static const char *get(unsigned peer, size_t n, bool with_echo)
{
	static uint16_t mid = 100;

	cr_assert_eq(request(peer, COAP_CON, COAP_GET, ++mid, "11=a", with_echo), INPUT_REQUEST);
	answer(COAP_CONTENT, n);
	return told();
}

#define expect_told(text) cr_assert_str_eq(told(), text)
#define expect_get(peer, n, with_echo, text) cr_assert_str_eq(get(peer, n, with_echo), text)

Test(verified, E119_no_more_than_three_times_the_request)
{
	/* 4 of head, 2 of token, 2 of path: 62 more below each message. */
	size_t most = FACTOR * (8 + 62) - 62;

	expect_get(1, most - 7, false, "ACK 2.05");
	expect_get(1, most - 6, false, "ACK 4.01");
	cr_assert_eq(rig_counter(r, COUNT_ECHO_ASKED), 1);
	cr_assert_eq(rig_counter(r, COUNT_VERIFIED), 0);
}

Test(verified, E119_who_repeats_the_echo_is_answered_and_believed_for_a_day)
{
	expect_get(1, 1000, false, "ACK 4.01");
	expect_get(1, 1000, true, "ACK 2.05");
	expect_get(1, 1000, false, "ACK 2.05");
	cr_assert_eq(rig_counter(r, COUNT_VERIFIED), 1);
	rig_wait(r, VERIFIED_S * 1000);
	expect_get(1, 1000, false, "ACK 2.05");
	rig_wait(r, 1000);
	expect_get(1, 1000, false, "ACK 4.01");
}

Test(verified, the_address_counts_and_not_the_port)
{
	struct addr a = rig_peer(1);
	struct request q = { .from = a };

	expect_get(1, 1000, false, "ACK 4.01");
	expect_get(2, 1000, true, "ACK 4.01");
	expect_get(1, 1000, false, "ACK 4.01");
	expect_get(1, 1000, true, "ACK 2.05");
	q.from.port = 9;
	cr_assert(verified_sender(&r->e, &q));
	q.from.ip[3] = 9;
	cr_assert(!verified_sender(&r->e, &q));
}

Test(verified, a_value_is_good_for_its_endpoint_and_its_time)
{
	expect_get(1, 1000, false, "ACK 4.01");
	echo[15] ^= 1;
	expect_get(1, 1000, true, "ACK 4.01");
	rig_wait(r, (ECHO_FRESH_S + 1) * 1000);
	expect_get(1, 1000, true, "ACK 4.01");
	cr_assert_eq(rig_counter(r, COUNT_VERIFIED), 0);
	expect_get(1, 1000, true, "ACK 2.05");
}

Test(verified, who_changed_something_is_answered)
{
	cr_assert_eq(request(1, COAP_CON, COAP_POST, 7, "11=a", false), INPUT_REQUEST);
	answer(COAP_CHANGED, 1000);
	expect_told("ACK 2.04");
}

Test(verified, a_successor_asks_anew)
{
	expect_get(1, 1000, false, "ACK 4.01");
	expect_get(1, 1000, true, "ACK 2.05");
	rig_crash(r);
	expect_get(1, 1000, true, "ACK 2.05");
	rig_crash(r);
	expect_get(1, 1000, false, "ACK 4.01");
}

Test(verified, it_is_never_asked_in_a_confirmable_message)
{
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	rig_wait(r, 200);
	expect_told("ACK 0.00");
	cr_assert(request_resume(&r->e, r->waiting, &r->in.request));
	answer(COAP_CONTENT, 1000);
	expect_told("NON 4.01");
	cr_assert_eq(r->e.outgoing_n, 0);
	cr_assert_eq(r->e.waiting_n, 0);
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	expect_told("ACK 0.00");
	cr_assert_eq(request(1, COAP_NON, COAP_GET, 8, "11=a", false), INPUT_REQUEST);
	answer(COAP_CONTENT, 1000);
	expect_told("NON 4.01");
}

Test(verified, nobody_observes_who_may_be_somebody_else)
{
	struct representation_of of = { .mount = 5, .word = 7, .seen = 1 };
	uint32_t value;

	for (unsigned i = 0; i < 2; i++) {
		request(1, COAP_CON, COAP_GET, (uint16_t)(7 + i), "6= 11=a", i);
		cr_assert(observer_register(&r->e, &r->in.request, &of, &value));
		answer(COAP_CONTENT, 1);
		expect_told(i ? "ACK 2.05" : "ACK 4.01");
		cr_assert_eq(r->e.space.ctl->live[SLAB_OBSERVER], i);
	}
}

Test(verified, what_is_not_sent_is_not_too_long)
{
	cr_assert_eq(request(1, COAP_CON, COAP_GET, 7, "11=a 258=#02", false), INPUT_REQUEST);
	answer(COAP_CONTENT, 1000);
	expect_told("ACK 0.00");
	cr_assert_eq(rig_counter(r, COUNT_ECHO_ASKED), 0);
}

Test(verified, without_a_limit_nobody_is_asked)
{
	r->e.conf.amplification = 0;
	expect_get(1, 1000, false, "ACK 2.05");
}

Test(verified, the_table_is_of_fixed_size_and_the_oldest_goes)
{
	struct request q = { .from = rig_peer(1) };
	unsigned known = 0;

	for (unsigned i = 0; i < 200; i++) {
		struct message m;
		uint8_t bytes[64];
		struct writer w = writer_of(bytes, sizeof bytes);
		struct option_writer ow = option_writer(&w);

		r->e.now += 1000;
		q.from.ip[7] = (uint8_t)i;
		echo_make(&r->e, &q.from, i, echo);
		frame_udp_head(&w, COAP_CON, COAP_GET, 1, span_of(NULL, 0));
		option_write(&ow, OPT_ECHO, span_of(echo, sizeof echo));
		cr_assert_eq(frame_udp_parse(span_of(bytes, (size_t)(w.p - bytes)), &m), FRAME_OK);
		q.msg = m;
		cr_assert(verified_sender(&r->e, &q));
		q.msg = (struct message){ 0 };
		cr_assert(verified_sender(&r->e, &q), "the newest is known: %u", i);
	}
	for (unsigned i = 0; i < 200; i++) {
		q.from.ip[7] = (uint8_t)i;
		known += verified_sender(&r->e, &q);
	}
	cr_assert_leq(known, 16);
	cr_assert_geq(known, 8);
	cr_assert_eq(rig_counter(r, COUNT_VERIFIED), 200);
}
