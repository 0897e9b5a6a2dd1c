/* The client role: requests of ours, their retransmission and their end. */
#include "asking.h"

TestSuite(client, .init = setup, .fini = teardown);

Test(client, piggybacked_response)
{
	send_one(false);
	cr_assert_eq(out.m.type, COAP_CON);
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_RESPONSE);
	cr_assert_eq(r->in.response.owner, 4711);
	cr_assert_eq(r->in.response.exchange, sent);
	cr_assert_eq(r->in.response.status, 0);
	cr_assert(span_eq(r->in.response.msg.payload, span_str("hi")));
	cr_assert_eq(engine_next(&r->e), UINT64_MAX);
	cr_assert_null(exchange_get(&r->e, sent));
}

Test(client, separate_response)
{
	send_one(false);
	cr_assert_eq(answer(1, COAP_ACK, COAP_EMPTY, out.m.mid, NULL), INPUT_DONE);
	/* malformed: an Empty message with more; so do it right */
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, out.m.mid, NULL, NULL);
	cr_assert_eq(rig_wait(r, 60000), 0, "no retransmission after the ACK");
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, ""), INPUT_RESPONSE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
}

Test(client, E13_duplicate_separate_response_is_acknowledged_again)
{
	send_one(false);
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, ""), INPUT_RESPONSE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, ""), INPUT_DONE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
}

Test(client, E14_unmatched_con_response_is_reset_one_in_an_ack_is_not)
{
	send_one(false);
	token[0] ^= 1;
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, ""), INPUT_DONE);
	expect(r, "RST 0.00 mid=99 tok= pay=");
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_DONE);
	expect(r, "nothing");
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, 1, ""), INPUT_DONE);
	expect(r, "nothing");
	cr_assert_eq(answer(1, COAP_NON, COAP_CONTENT, 100, ""), INPUT_DONE);
	expect(r, "nothing");
	cr_assert_not_null(exchange_get(&r->e, sent));
	cr_assert_eq(rig_counter(r, COUNT_UNMATCHED), 4);
}

Test(client, E15_ack_and_rst_match_by_endpoint_and_mid_together)
{
	send_one(false);
	rig_serve(r, 2, COAP_ACK, COAP_EMPTY, out.m.mid, NULL, NULL);
	rig_serve(r, 2, COAP_RST, COAP_EMPTY, out.m.mid, NULL, NULL);
	rig_serve(r, 1, COAP_RST, COAP_EMPTY, (uint16_t)(out.m.mid + 1), NULL, NULL);
	cr_assert_eq(rig_counter(r, COUNT_UNMATCHED), 3);
	cr_assert_eq(rig_counter(r, COUNT_RESETS), 0);
	cr_assert_eq(rig_wait(r, 3000), 1, "still retransmitted");
	cr_assert_eq(rig_msg(r, 1, COAP_RST, COAP_EMPTY, out.m.mid, NULL, NULL), INPUT_FAILED);
	cr_assert_eq(r->in.response.status, -ECONNRESET);
}

Test(client, E15_response_from_another_endpoint_is_not_taken)
{
	send_one(false);
	cr_assert_eq(answer(2, COAP_NON, COAP_CONTENT, 5, ""), INPUT_DONE);
	cr_assert_eq(answer(2, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_DONE);
	cr_assert_not_null(exchange_get(&r->e, sent));
}

Test(client, E16_separate_response_counts_as_the_lost_ack)
{
	send_one(false);
	cr_assert_eq(request(1, false, "u"), 0);
	expect(r, "nothing");   /* NSTART */
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, ""), INPUT_RESPONSE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
	cr_assert(rig_take(r, &out), "the next one starts");
	cr_assert_eq(out.m.code, COAP_GET);
}

Test(client, E19_nstart_holds_back_and_an_end_lets_go)
{
	uint16_t first;

	send_one(false);
	first = out.m.mid;
	cr_assert_eq(request(1, false, "u"), 0);
	cr_assert_eq(request(1, false, "v"), 0);
	cr_assert_eq(request(2, false, "w"), 0);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(out.to.port, rig_peer(2).port, "other peers are free");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, first, NULL, NULL);
	cr_assert(rig_take(r, &out));
	cr_assert(span_eq(out.m.options, span_of("\xb1u", 2)), "in order");
	expect(r, "nothing");
	rig_serve(r, 1, COAP_RST, COAP_EMPTY, out.m.mid, NULL, NULL);
	cr_assert(rig_take(r, &out));
	cr_assert(span_eq(out.m.options, span_of("\xb1v", 2)));
}

Test(client, E19_E21_peer_error_frees_the_backlog_of_that_peer_only)
{
	struct addr dead = rig_peer(1);
	struct local l = rig_local();
	struct expired x;
	enum expire_verdict v;
	unsigned ended = 0;
	struct span quoted;
	uint8_t bytes[64];

	send_one(false);
	memcpy(bytes, out.bytes.p, out.bytes.n);
	quoted = span_of(bytes, out.bytes.n);
	request(1, false, "u");
	request(1, false, "v");
	request(2, false, "w");
	for (bool more = true; more; ended += v == EXPIRE_FAILED) {
		more = expire_unreachable(&r->e, &dead, &l, quoted, &x, &v);
		cr_assert_eq(x.response.status, -ECONNREFUSED);
		engine_commit(&r->e, 0);
	}
	cr_assert_eq(ended, 3);
	cr_assert_eq(r->e.outgoing_n, 1);
	/* What is quoted must be under way. */
	cr_assert_not(expire_unreachable(&r->e, &dead, &l, quoted, &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
}

Test(client, E21_an_error_that_quotes_nothing_of_ours_is_not_believed)
{
	struct addr to = rig_peer(1), other = rig_peer(2);
	struct local l = rig_local();
	struct expired x;
	enum expire_verdict v;

	send_one(false);
	cr_assert_not(expire_unreachable(&r->e, &other, &l, out.bytes, &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
	cr_assert_not(expire_unreachable(&r->e, &to, &l, span_of("\x40\x01\x00\x00", 4), &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
	cr_assert_not(expire_unreachable(&r->e, &to, &l, span_of("", 0), &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING);
	cr_assert_not_null(exchange_get(&r->e, sent));
}

Test(client, E19_a_time_out_frees_the_backlog)
{
	unsigned failed = 0;

	send_one(false);
	request(1, false, "u");
	request(1, false, "v");
	for (unsigned i = 0; i < 8 && engine_next(&r->e) != UINT64_MAX; i++)
		failed += rig_wait(r, engine_next(&r->e) - r->e.now) > 1;
	cr_assert_eq(failed, 1, "all at once, at the end");
	cr_assert_eq(r->e.outgoing_n, 0);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
	cr_assert_eq(rig_counter(r, COUNT_TIMEOUTS), 1);
	cr_assert_eq(rig_counter(r, COUNT_RETRANSMITS), 4);
}

Test(client, E19_non_requests_count_until_they_are_answered)
{
	send_one(true);
	request(1, false, "u");
	expect(r, "nothing");
	answer(1, COAP_NON, COAP_CONTENT, 99, "");
	cr_assert(rig_take(r, &out));
	cr_assert(span_eq(out.m.options, span_of("\xb1u", 2)));
}

Test(client, many_that_may_start_at_once_all_start)
{
	unsigned started = 0;

	send_one(false);
	for (unsigned i = 0; i < 10; i++)
		request(1, false, "u");
	r->e.conf.params.nstart = 20;
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, out.m.mid, NULL, NULL);
	while (rig_take(r, &out))
		started++;
	for (unsigned i = 0; i < 5; i++) {
		rig_wait(r, 0);
		while (rig_take(r, &out))
			started++;
	}
	cr_assert_eq(started, 10);
}

Test(client, E20_first_timeout_is_jittered_then_doubles_four_times)
{
	uint64_t start = r->e.now, t[5], distinct = 0, last = 0;
	unsigned n = 0;

	send_one(false);
	while (engine_next(&r->e) != UINT64_MAX) {
		cr_assert_lt(n, 5);
		t[n++] = engine_next(&r->e) - r->e.now;
		rig_wait(r, engine_next(&r->e) - r->e.now);
	}
	cr_assert_eq(n, 5);
	cr_assert(t[0] >= 2000 && t[0] <= 3000);
	for (unsigned i = 1; i < 5; i++)
		cr_assert_eq(t[i], t[i - 1] * 2);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
	cr_assert_eq(r->failed.owner, 4711);
	cr_assert_eq(rig_counter(r, COUNT_RETRANSMITS), 4);
	cr_assert_eq(rig_counter(r, COUNT_TIMEOUTS), 1);
	cr_assert_leq(r->e.now - start, 93000);
	for (unsigned i = 0; i < 8; i++) {
		request(3 + i, false, "j");
		distinct += engine_next(&r->e) - r->e.now != last;
		last = engine_next(&r->e) - r->e.now;
		rig_wait(r, 100000);
		while (engine_next(&r->e) != UINT64_MAX)
			rig_wait(r, engine_next(&r->e) - r->e.now);
	}
	cr_assert_gt(distinct, 4, "spread, not one value");
}

Test(client, the_end_of_a_request_says_how_often_it_was_sent_again)
{
	send_one(false);
	cr_assert_eq(rig_wait(r, 3000), 1);
	cr_assert_eq(rig_wait(r, 6000), 1);
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_RESPONSE);
	cr_assert_eq(r->in.response.again, 2);
	cr_assert_eq(request(1, false, "t"), 0);
	while (engine_next(&r->e) != UINT64_MAX)
		rig_wait(r, engine_next(&r->e) - r->e.now);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
	cr_assert_eq(r->failed.again, 4);
}

Test(client, E22_a_message_id_is_not_used_again_within_exchange_lifetime)
{
	static uint8_t used[65536];
	struct rig_sent s;
	unsigned n = 0;

	/* As many exchanges as the clock stands still for. */
	for (n = 0; n < 66000; n++) {
		cr_assert_eq(request(1, false, "t"), 0);
		if (!rig_take(r, &s))
			break;
		cr_assert_not(used[s.m.mid], "message ID %u twice", s.m.mid);
		used[s.m.mid] = 1;
		rig_msg(r, 1, COAP_RST, COAP_EMPTY, s.m.mid, NULL, NULL);
		rig_commit(r);
	}
	cr_assert(n > 49000 && n <= 65536, "%u", n);
	/* It waits until the first ones have outlived EXCHANGE_LIFETIME. */
	r->e.now += 248000;
	rig_wait(r, 1000);
	cr_assert(rig_take(r, &s));
	cr_assert_eq(s.m.type, COAP_CON);
}

Test(client, message_ids_come_again_where_that_is_wanted_but_not_of_those_under_way)
{
	struct rig_sent s;
	uint16_t kept;

	r->e.conf.reuse_mids = true;
	r->e.conf.params.nstart = 2;
	cr_assert_eq(request(1, false, "kept"), 0);
	cr_assert(rig_take(r, &s));
	kept = s.m.mid;
	for (unsigned n = 0; n < 70000; n++) {
		cr_assert_eq(request(1, false, "t"), 0);
		cr_assert(rig_take(r, &s), "%u", n);
		cr_assert_neq(s.m.mid, kept);
		rig_msg(r, 1, COAP_RST, COAP_EMPTY, s.m.mid, NULL, NULL);
		rig_commit(r);
	}
}

Test(client, E23_retransmissions_are_byte_identical)
{
	uint8_t first[128];
	size_t n;

	send_one(false);
	n = out.bytes.n;
	memcpy(first, out.bytes.p, n);
	for (int i = 0; i < 4; i++) {
		rig_wait(r, engine_next(&r->e) - r->e.now);
		cr_assert(rig_take(r, &out));
		cr_assert(span_eq(out.bytes, span_of(first, n)));
		cr_assert_not(rig_take(r, &out));
	}
}

Test(client, E41_unknown_critical_option_con_response_is_rejected)
{
	send_one(false);
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "65001=x"), INPUT_FAILED);
	cr_assert_eq(r->in.response.status, -EPROTO);
	expect(r, "RST 0.00 mid=99 tok= pay=");
}

Test(client, E41_unknown_critical_option_in_an_ack_is_ignored)
{
	send_one(false);
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, "65001=x"), INPUT_DONE);
	expect(r, "nothing");
	cr_assert_eq(rig_wait(r, 3000), 1, "as if nothing had come");
}

Test(client, non_request_and_response)
{
	send_one(true);
	cr_assert_eq(out.m.type, COAP_NON);
	cr_assert_eq(answer(1, COAP_NON, COAP_CONTENT, 99, ""), INPUT_RESPONSE);
	send_one(true);
	rig_wait(r, 94000);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
	cr_assert_eq(rig_counter(r, COUNT_RETRANSMITS), 0);
}

Test(client, no_response_after_the_ack_times_out)
{
	send_one(false);
	rig_serve(r, 1, COAP_ACK, COAP_EMPTY, out.m.mid, NULL, NULL);
	rig_wait(r, 94000);
	cr_assert_eq(r->expired, EXPIRE_NOTHING);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
}

Test(client, cancel_forgets_and_lets_the_next_start)
{
	send_one(false);
	request(1, false, "u");
	client_cancel(&r->e, r->e.outgoing_n ? exchange_ref(&r->e,
			slab_at(engine_slab(&r->e, SLAB_EXCHANGE), 0)) : 0);
	engine_commit(&r->e, 0);
	cr_assert(rig_take(r, &out));
	cr_assert(span_eq(out.m.options, span_of("\xb1u", 2)));
	client_cancel(&r->e, 0);
	client_cancel(&r->e, 0x1234567812345678u);
}

Test(client, at_the_limit_nothing_happens)
{
	for (unsigned i = 0; i < 16; i++)
		cr_assert_eq(request(1, false, "t"), 0);
	cr_assert_eq(request(1, false, "t"), -EAGAIN);
	cr_assert_eq(rig_counter(r, COUNT_FULL_EXCHANGES), 1);
	cr_assert_eq(r->e.outgoing_n, 16);
}

Test(client, survives_a_crash)
{
	send_one(false);
	request(1, false, "u");
	rig_crash(r);
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_RESPONSE);
	cr_assert_eq(r->in.response.owner, 4711);
	cr_assert(rig_take(r, &out));
	cr_assert(span_eq(out.m.options, span_of("\xb1u", 2)), "order survived");
}

/* Requests and responses of a peer may have message IDs of two sequences. */
Test(client, E9_a_response_does_not_move_the_window_of_requests)
{
	uint8_t m[64], chosen[CLIENT_TOKEN];
	struct writer w = writer_of(m, sizeof m);
	size_t n = 0;

	for (unsigned mid = 100; mid < 110; mid++)
		rig_serve(r, 1, COAP_CON, COAP_POST, (uint16_t)mid, "tk", "11=x");
	cr_assert_eq(r->runs, 10);
	cr_assert_gt(rig_counter(r, COUNT_EVICTED_EARLY), 0);
	cr_assert_eq(request(1, false, "a"), 0);
	while (rig_take(r, &out))
		if (out.m.code == COAP_GET)
			memcpy(chosen, out.m.token.p, n = out.m.token.n);
	cr_assert_gt(n, 0);
	frame_udp_head(&w, COAP_CON, COAP_CONTENT, 5000, span_of(chosen, n));
	cr_assert_eq(rig_in(r, 1, m, (size_t)(w.p - m)), INPUT_RESPONSE);
	rig_commit(r);
	rig_serve(r, 1, COAP_CON, COAP_POST, 110, "tk", "11=x");
	cr_expect_eq(r->runs, 11);
	cr_expect_eq(rig_counter(r, COUNT_AMBIGUOUS), 0);
}
