/* Stage msg as a peer sees it: types, deduplication, matching, options. */
#include <criterion/criterion.h>

#include "exchange/echo.h"
#include "rig.h"

#include <stdio.h>

#define GET COAP_GET
#define POST COAP_POST
#define expect(r, text) cr_assert_str_eq(rig_next(r), text)

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(input, .init = setup, .fini = teardown);

static void raw(unsigned peer, const char *hex)
{
	uint8_t buf[64];
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		buf[n++] = (uint8_t)byte;
	rig_serve_raw(r, peer, buf, n);
}

static void silent(const char *hex)
{
	raw(1, hex);
	expect(r, "nothing");
}

Test(input, con_get_is_answered_piggybacked)
{
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x");
	expect(r, "ACK 2.05 mid=7 tok=tk pay=1");
	expect(r, "nothing");
}

Test(input, E1_other_version_is_ignored)
{
	silent("80010001");
	silent("00010001");
	silent("c0010001");
	cr_assert_eq(rig_counter(r, COUNT_RX_IGNORED), 3);
}

Test(input, E2_token_length_15_is_reset_and_13_is_not)
{
	raw(1, "4f010001");
	expect(r, "RST 0.00 mid=1 tok= pay=");
	raw(1, "4d010002004142434445464748494a4b4c4d");
	expect(r, "ACK 2.05 mid=2 tok=ABCDEFGHIJKLM pay=1");
	expect(r, "nothing");
}

Test(input, E3_marker_without_payload_is_reset)
{
	raw(1, "40010001ff");
	expect(r, "RST 0.00 mid=1 tok= pay=");
}

Test(input, E4_empty_message_with_token_or_more_is_reset)
{
	raw(1, "4100000141");
	expect(r, "RST 0.00 mid=1 tok= pay=");
	raw(1, "4000000200");
	expect(r, "RST 0.00 mid=2 tok= pay=");
	cr_assert_eq(rig_counter(r, COUNT_RX_MALFORMED), 2);
	cr_assert_eq(rig_counter(r, COUNT_PINGS), 0);
}

Test(input, E5_malformed_con_is_reset_others_are_silent)
{
	raw(1, "40010001ff");
	expect(r, "RST 0.00 mid=1 tok= pay=");
	silent("50010001ff");
	silent("60450001ff");
	silent("70450001ff");
	cr_assert_eq(rig_counter(r, COUNT_RX_MALFORMED), 4);
}

Test(input, E6_ping_is_answered_with_reset)
{
	raw(1, "40001234");
	expect(r, "RST 0.00 mid=4660 tok= pay=");
	expect(r, "nothing");
}

Test(input, E7_reserved_classes_con_reset_non_ignored)
{
	raw(1, "40210001");
	expect(r, "RST 0.00 mid=1 tok= pay=");
	raw(1, "40c10002");
	expect(r, "RST 0.00 mid=2 tok= pay=");
	raw(1, "40e10003");
	expect(r, "RST 0.00 mid=3 tok= pay=");
	silent("50210001");
	silent("50c10002");
	silent("50e10003");
}

Test(input, E8_request_in_ack_or_rst_is_ignored)
{
	silent("60010001");
	silent("70010001");
	cr_assert_eq(r->runs, 0);
}

Test(input, E9_duplicate_post_runs_once_and_gets_the_same_answer)
{
	struct rig_sent a;
	uint8_t first[64];
	size_t n;

	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	cr_assert(rig_take(r, &a));
	n = a.bytes.n;
	memcpy(first, a.bytes.p, n);
	for (int i = 0; i < 3; i++) {
		rig_wait(r, 60000);
		expire_sweep(&r->e);
		rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
		cr_assert(rig_take(r, &a));
		cr_assert(span_eq(a.bytes, span_of(first, n)));
	}
	cr_assert_eq(r->runs, 1);
	/* After EXCHANGE_LIFETIME the message ID stands for a new message. */
	rig_wait(r, 247000);
	expire_sweep(&r->e);
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	cr_assert_eq(r->runs, 2);
}

Test(input, E9_after_exchange_lifetime_it_is_another_message)
{
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	r->e.now += 248000;     /* and nothing has swept */
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tk pay=2");
}

Test(input, E12_after_non_lifetime_it_is_another_message)
{
	rig_serve(r, 1, COAP_NON, POST, 7, "tk", "11=x");
	r->e.now += 144000;
	rig_serve(r, 1, COAP_NON, POST, 7, "tk", "11=x");
	cr_assert_eq(r->runs, 1);
	r->e.now += 2000;
	rig_serve(r, 1, COAP_NON, POST, 7, "tk", "11=x");
	cr_assert_eq(r->runs, 2);
}

Test(input, E12_marks_of_long_ago_do_not_silence_a_device_that_began_anew)
{
	for (uint16_t mid = 1; mid <= 200; mid++) {
		rig_serve(r, 1, COAP_NON, GET, mid, "tk", "11=x");
		r->e.now += 60000;
	}
	for (uint16_t mid = 1; mid <= 100; mid++) {
		rig_serve(r, 1, mid % 2 ? COAP_NON : COAP_CON, GET, mid, "tk", "11=x");
		r->e.now += 60000;
	}
	cr_assert_eq(r->runs, 300);
}

Test(input, E9_same_message_id_with_other_bytes_is_a_new_message)
{
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	rig_serve(r, 1, COAP_CON, POST, 7, "tl", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tl pay=2");
}

Test(input, E9_what_uses_the_message_id_of_a_post_again_does_not_make_it_run_again)
{
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tk pay=1");
	rig_serve(r, 1, COAP_CON, GET, 7, "tg", "11=x");
	rig_serve(r, 1, COAP_CON, POST, 7, "tl", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tl pay=3");
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tk pay=1");
	rig_serve(r, 1, COAP_CON, POST, 7, "tl", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tl pay=3");
	cr_assert_eq(r->runs, 3);
}

Test(input, E9_long_answers_are_kept_too)
{
	char text[300];
	struct rig_sent s;
	struct writer w;

	memset(text, 'a', sizeof text);
	cr_assert_eq(rig_msg(r, 1, COAP_CON, POST, 7, "tk", "11=x"), INPUT_REQUEST);
	w = request_answer(&r->e, &r->in.request);
	message_write_payload(&w, span_of(text, sizeof text));
	request_done(&r->e, &r->in.request, COAP_CHANGED, &w);
	rig_commit(r);
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.payload.n, sizeof text);
	cr_assert_eq(r->runs, 0);
}

Test(input, E10_duplicate_of_a_waiting_request_gets_an_empty_ack_at_most)
{
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=w");
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	cr_assert_eq(r->runs, 1);
}

Test(input, E11_same_message_id_from_another_port_is_no_duplicate)
{
	unsigned other = 256 + 1;       /* the address of 1 */

	cr_assert(memcmp(rig_peer(1).ip, rig_peer(other).ip, 16) == 0);
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x");
	rig_serve(r, other, COAP_CON, POST, 7, "tk", "11=x");
	expect(r, "ACK 2.04 mid=7 tok=tk pay=2");
}

Test(input, E12_duplicate_non_is_ignored)
{
	rig_serve(r, 1, COAP_NON, POST, 7, "tk", "11=x");
	cr_assert_eq(rig_sent_n(r), 1);
	rig_serve(r, 1, COAP_NON, POST, 7, "tk", "11=x");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_NON, GET, 8, "tk", "11=x");
	cr_assert_eq(rig_sent_n(r), 1);
	rig_serve(r, 1, COAP_NON, GET, 8, "tk", "11=x");
	expect(r, "nothing");
	cr_assert_eq(r->runs, 2);
	cr_assert_eq(rig_counter(r, COUNT_DUPLICATES), 2);
}

Test(input, E17_empty_token_is_a_token)
{
	rig_serve(r, 1, COAP_CON, GET, 7, NULL, "11=x");
	expect(r, "ACK 2.05 mid=7 tok= pay=1");
}

Test(input, E18_reply_leaves_from_the_address_that_was_asked)
{
	struct rig_sent s;
	struct local l = rig_local();
	struct addr p = rig_peer(1);

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x");
	cr_assert(rig_take(r, &s));
	cr_assert(local_eq(&s.from, &l));
	cr_assert(addr_eq(&s.to, &p));
}

Test(input, E26_unknown_critical_option_is_4_02_in_con_and_non)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x 2049=#0102");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.type, COAP_ACK);
	cr_assert_eq(s.m.code, COAP_BAD_OPTION);
	rig_serve(r, 1, COAP_NON, GET, 8, "tk", "11=x 65001=a");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.type, COAP_NON);
	cr_assert_eq(s.m.code, COAP_BAD_OPTION);
	rig_serve(r, 1, COAP_CON, GET, 9, "tk", "11=x 65000=a");
	expect(r, "ACK 2.05 mid=9 tok=tk pay=1");
	cr_assert_eq(r->runs, 1);
	cr_assert_eq(rig_counter(r, COUNT_BAD_OPTION), 2);
}

Test(input, E27_repeated_critical_is_4_02_repeated_elective_is_not)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x 17=#00 17=#28");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_BAD_OPTION);
	rig_serve(r, 1, COAP_CON, GET, 8, "tk", "11=x 12=#00 12=#28");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_CONTENT);
}

Test(input, E28_wrong_length_counts_as_unrecognised)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x 17=#000001");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_BAD_OPTION);
}

Test(input, E30_reserved_option_numbers_are_unknown)
{
	struct rig_sent s;

	/* 128, 132, 136 and 140 are elective by their number. */
	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "11=x 128=a 132=b 136=c 140=d");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_CONTENT);
}

Test(input, proxy_uri_is_5_05)
{
	struct rig_sent s;

	rig_serve(r, 1, COAP_CON, GET, 7, "tk", "35=coap://h/");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_PROXYING_NOT_SUPPORTED);
}

Test(input, E40_no_response_suppresses_but_con_is_acknowledged)
{
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x 258=#02");
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_CON, POST, 7, "tk", "11=x 258=#02");
	expect(r, "ACK 0.00 mid=7 tok= pay=");
	cr_assert_eq(r->runs, 1);
	rig_serve(r, 1, COAP_NON, POST, 8, "tk", "11=x 258=#02");
	expect(r, "nothing");
	cr_assert_eq(r->runs, 2);
	/* Only the classes asked for: 4.xx of a NON is wanted with 2. */
	rig_serve(r, 1, COAP_NON, POST, 9, "tk", "11=x 258=#08");
	cr_assert_eq(rig_sent_n(r), 1);
	cr_assert_eq(rig_counter(r, COUNT_SUPPRESSED), 2);
}

/* --- answers that were forgotten ------------------------------------------- */

static void post(uint16_t mid)
{
	rig_serve(r, 1, COAP_CON, POST, mid, "tk", "11=x");
}

Test(input, duplicate_whose_answer_is_gone_gets_5_03_not_a_second_run)
{
	struct rig_sent s;
	uint64_t age;

	for (uint16_t mid = 1; mid <= 6; mid++)
		post(mid);
	cr_assert_eq(r->runs, 6);
	post(1);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAVAILABLE);
	cr_assert(message_option_uint(&s.m, OPT_MAX_AGE, &age) && age > 0);
	cr_assert_eq(r->runs, 6);
	cr_assert_eq(rig_counter(r, COUNT_DUPLICATE_LOST), 1);
	post(6);
	expect(r, "ACK 2.04 mid=6 tok=tk pay=6");
}

Test(input, far_behind_the_window_needs_an_echo)
{
	struct rig_sent s;
	struct span echo;
	char text[64] = "11=x 252=#";

	for (uint16_t mid = 2001; mid <= 2008; mid++)
		post(mid);
	/* All within one instant: a client may come at once to the port of another. */
	post(1000);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAUTHORIZED);
	cr_assert(message_option(&s.m, OPT_ECHO, 0, &echo));
	for (size_t i = 0; i < echo.n; i++)
		sprintf(text + strlen(text), "%02x", echo.p[i]);
	cr_assert_eq(r->runs, 8);
	rig_serve(r, 1, COAP_CON, POST, 1001, "tk", text);
	expect(r, "ACK 2.04 mid=1001 tok=tk pay=9");
	/* The window stands at the new place. */
	post(1002);
	expect(r, "ACK 2.04 mid=1002 tok=tk pay=10");
	/* Forgotten and far behind by now, it does not run on the same Echo again. */
	for (uint16_t mid = 1300; mid <= 1308; mid++)
		post(mid);
	rig_serve(r, 1, COAP_CON, POST, 1001, "tk", text);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAUTHORIZED);
	cr_assert_eq(r->runs, 19);
}

Test(input, echo_of_another_peer_or_time_is_not_taken)
{
	uint8_t value[ECHO_SIZE];
	struct rig_sent s;
	char text[64] = "11=x 252=#";
	struct rig_sent first;
	struct span echo;

	for (uint16_t mid = 2001; mid <= 2008; mid++)
		post(mid);
	post(1000);
	cr_assert(rig_take(r, &first));
	cr_assert(message_option(&first.m, OPT_ECHO, 0, &echo));
	memcpy(value, echo.p, sizeof value);
	for (size_t i = 0; i < sizeof value; i++)
		sprintf(text + strlen(text), "%02x", value[i]);
	rig_wait(r, 61000);
	rig_serve(r, 1, COAP_CON, POST, 1001, "tk", text);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAUTHORIZED);
}

Test(input, a_rebooted_device_with_few_requests_is_served_at_once)
{
	for (uint16_t mid = 2001; mid <= 2003; mid++)
		post(mid);
	post(1000);
	expect(r, "ACK 2.04 mid=1000 tok=tk pay=4");
}

Test(input, after_silence_any_message_id_is_new)
{
	for (uint16_t mid = 2001; mid <= 2008; mid++)
		post(mid);
	rig_wait(r, 248000);
	post(1000);
	expect(r, "ACK 2.04 mid=1000 tok=tk pay=9");
}

/* Its predecessor's message IDs are no longer of interest: nothing of them can come again. */
Test(input, after_silence_a_device_that_begins_behind_is_served_as_long_as_it_asks)
{
	for (uint16_t mid = 2001; mid <= 2003; mid++)
		post(mid);
	rig_wait(r, 249000);
	for (uint16_t mid = 1000; mid <= 1029; mid++)
		post(mid);
	expect(r, "ACK 2.04 mid=1029 tok=tk pay=33");
	cr_assert_eq(rig_counter(r, COUNT_AMBIGUOUS), 0);
}

Test(input, whoever_knows_no_echo_is_served_for_good_when_it_has_been_silent)
{
	uint64_t asked;

	for (uint16_t mid = 2001; mid <= 2003; mid++)
		post(mid);
	for (uint16_t mid = 1000; mid <= 1009; mid++)
		post(mid);
	asked = rig_counter(r, COUNT_AMBIGUOUS);
	cr_assert_gt(asked, 0);
	rig_wait(r, 249000);
	for (uint16_t mid = 1010; mid <= 1029; mid++)
		post(mid);
	cr_assert_eq(rig_counter(r, COUNT_AMBIGUOUS), asked);
	cr_assert_eq(rig_counter(r, COUNT_REQUESTS), 33 - asked);
}

Test(input, what_was_pushed_out_by_lower_message_ids_is_not_run_again)
{
	uint64_t runs;

	rig_serve(r, 1, COAP_NON, GET, 2000, "tk", "11=x");     /* there is a window */
	for (uint16_t mid = 2001; mid <= 2003; mid++)
		post(mid);
	for (uint16_t mid = 1000; mid <= 1009; mid++)
		post(mid);
	runs = r->runs;
	post(2001);
	expect(r, "ACK 5.03 mid=2001 tok=tk pay=");
	cr_assert_eq(r->runs, runs);
}

/* --- limits ----------------------------------------------------------------- */

Test(input, at_the_endpoint_limit_the_newest_asker_is_refused)
{
	struct rig_sent s;
	uint64_t age;

	for (unsigned peer = 1; peer <= 16; peer++)
		rig_serve(r, peer, COAP_CON, POST, 7, "tk", "11=x");
	cr_assert_eq(r->runs, 16);
	rig_serve(r, 17, COAP_CON, POST, 7, "tk", "11=x");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAVAILABLE);
	cr_assert(message_option_uint(&s.m, OPT_MAX_AGE, &age));
	cr_assert_eq(rig_counter(r, COUNT_FULL_ENDPOINTS), 1);
	/* Those being served go on, and so do safe requests of anybody. */
	rig_serve(r, 3, COAP_CON, POST, 8, "tk", "11=x");
	expect(r, "ACK 2.04 mid=8 tok=tk pay=17");
	rig_serve(r, 17, COAP_CON, GET, 8, "tk", "11=x");
	expect(r, "ACK 2.05 mid=8 tok=tk pay=18");
}

Test(input, endpoints_with_nothing_attached_make_room)
{
	for (unsigned peer = 1; peer <= 40; peer++)
		rig_serve(r, peer, COAP_NON, GET, 7, "tk", "11=x");
	cr_assert_eq(r->runs, 40);
	cr_assert_eq(rig_counter(r, COUNT_FULL_ENDPOINTS), 0);
}

Test(input, at_the_dedup_limit_the_newest_asker_is_refused)
{
	struct rig_sent s;

	for (unsigned peer = 1; peer <= 8; peer++)
		for (uint16_t mid = 1; mid <= 4; mid++)
			rig_serve(r, peer, COAP_CON, POST, mid, "tk", "11=x");
	cr_assert_eq(r->runs, 32);
	rig_serve(r, 9, COAP_CON, POST, 1, "tk", "11=x");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAVAILABLE);
	cr_assert_eq(rig_counter(r, COUNT_FULL_DEDUP), 1);
	cr_assert_eq(rig_counter(r, COUNT_EVICTED_EARLY), 0);
	rig_serve(r, 2, COAP_CON, POST, 3, "tk", "11=x");
	expect(r, "ACK 2.04 mid=3 tok=tk pay=7");
}

Test(input, at_the_waiting_limit_the_newest_asker_is_refused)
{
	struct rig_sent s;

	for (uint16_t mid = 1; mid <= 16; mid++)
		rig_serve(r, 1, COAP_CON, GET, mid, "tk", "11=w");
	expect(r, "nothing");
	rig_serve(r, 2, COAP_CON, GET, 1, "tk", "11=w");
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.code, COAP_UNAVAILABLE);
	rig_finish(r, "done");
	expect(r, "ACK 2.05 mid=16 tok=tk pay=done");
}

Test(input, one_peer_cannot_take_every_waiting_place)
{
	struct engine_limits l = rig_limits();
	struct rig *few;
	struct rig_sent s;

	l.exchanges_per_endpoint = 3;
	few = rig_new(&l);
	for (uint16_t mid = 1; mid <= 4; mid++)
		rig_serve(few, 1, COAP_CON, GET, mid, "tk", "11=w");
	cr_assert(rig_take(few, &s));
	cr_assert_eq(s.m.code, COAP_UNAVAILABLE);
	cr_assert_eq(rig_counter(few, COUNT_FULL_WAITING), 1);
	rig_serve(few, 2, COAP_CON, GET, 1, "tk", "11=w");
	cr_assert_eq(few->e.waiting_n, 4);
	rig_free(few);
}

Test(input, a_forgetful_peer_that_uses_a_message_id_again_with_other_bytes)
{
	for (uint16_t mid = 1; mid <= 8; mid++)
		post(mid);
	rig_serve(r, 1, COAP_CON, POST, 8, "other", "11=x");
	expect(r, "ACK 2.04 mid=8 tok=other pay=9");
}

Test(input, too_long_a_token_is_a_format_error)
{
	char token[80];

	memset(token, 't', 65);
	token[65] = 0;
	rig_serve(r, 1, COAP_CON, GET, 7, token, "11=x");
	expect(r, "RST 0.00 mid=7 tok= pay=");
	token[64] = 0;
	rig_serve(r, 1, COAP_CON, GET, 8, token, "11=x");
	cr_assert_eq(rig_sent_n(r), 1);
	cr_assert_eq(r->runs, 1);
}

Test(input, multicast_and_port_zero_are_not_answered)
{
	uint8_t buf[64];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, GET, 7, "tk", "11=x", NULL);
	struct batch *b = batch_of(&r->e.space);

	rig_in(r, 1, buf, n);
	b->rx[0].to.ip[0] = 0xff;
	engine_flushed(&r->e, 0);
	cr_assert_eq(input_datagram(&r->e, 0, &r->in), INPUT_DONE);
	b->rx[0].to = rig_local();
	b->rx[0].from.sin6_port = 0;
	cr_assert_eq(input_datagram(&r->e, 0, &r->in), INPUT_DONE);
	cr_assert_eq(r->e.tx_n, 0);
}
