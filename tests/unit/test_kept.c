/* The client role: exchanges that outlive their responses, tokens of the caller's,
 * pings, groups. */
#include "asking.h"

TestSuite(kept, .init = setup, .fini = teardown);

/* --- kept ones ------------------------------------------------------------------ */

static void send_kept(void)
{
	struct client_request c = request_to(1);

	c.keep = true;
	cr_assert_eq(send_it(c, "t"), 0);
	take_one();
}

/* Kept, and answered at once. */
static void keep_one(void)
{
	send_kept();
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, "6=1"), INPUT_RESPONSE);
	cr_assert_eq(r->in.response.exchange, sent);
	cr_assert_eq(exchange_get(&r->e, sent)->state, (uint32_t)EXCHANGE_KEPT);
}

static int again(bool keep, const char *path)
{
	struct client_request c = request_to(1);
	uint8_t body[64] = { (uint8_t)(0xb0 | strlen(path)) };
	int err;

	memcpy(body + 1, path, strlen(path));
	c.body = span_of(body, 1 + strlen(path));
	c.keep = keep;
	err = client_again(&r->e, sent, &c);
	rig_commit(r);
	return err;
}

Test(kept, a_kept_one_goes_on_after_its_response)
{
	keep_one();
	cr_assert_eq(engine_next(&r->e), UINT64_MAX, "for ever");
	cr_assert_eq(request(1, false, "u"), 0);
	cr_assert(rig_take(r, &out), "and counts no more");
	for (uint16_t mid = 50; mid < 60; mid++) {
		cr_assert_eq(answer(1, mid % 2 ? COAP_CON : COAP_NON, COAP_CONTENT, mid, "6=2"),
			     INPUT_RESPONSE);
		cr_assert_eq(r->in.response.owner, 4711);
		cr_assert_eq(r->in.response.peer.port, rig_peer(1).port);
		cr_assert_eq(r->in.response.msg.mid, mid);
		cr_assert_eq(rig_sent_n(r), mid % 2, "the confirmable is acknowledged");
	}
	rig_crash(r);
	cr_assert_eq(answer(1, COAP_NON, COAP_CONTENT, 77, "6=3"), INPUT_RESPONSE);
}

Test(kept, E13_duplicate_notification_is_acknowledged_again_and_not_delivered)
{
	keep_one();
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "6=2"), INPUT_RESPONSE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "6=2"), INPUT_DONE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
}

Test(kept, E14_notification_for_what_is_no_longer_kept_is_reset)
{
	keep_one();
	client_cancel(&r->e, sent);
	rig_commit(r);
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "6=2"), INPUT_DONE);
	expect(r, "RST 0.00 mid=99 tok= pay=");
	cr_assert_eq(answer(1, COAP_NON, COAP_CONTENT, 100, "6=3"), INPUT_DONE);
	expect(r, "RST 0.00 mid=100 tok= pay=");
}

Test(kept, E15_ack_and_rst_for_a_kept_one_that_was_answered_mean_nothing)
{
	uint16_t mid;

	keep_one();
	mid = out.m.mid;
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, mid, "6=1"), INPUT_DONE, "twice answered");
	cr_assert_eq(rig_msg(r, 1, COAP_RST, COAP_EMPTY, mid, NULL, NULL), INPUT_DONE);
	cr_assert_eq(rig_msg(r, 1, COAP_ACK, COAP_EMPTY, mid, NULL, NULL), INPUT_DONE);
	cr_assert_eq(rig_counter(r, COUNT_UNMATCHED), 3);
	cr_assert_not_null(exchange_get(&r->e, sent));
}

Test(kept, E16_a_notification_counts_as_the_lost_ack_of_a_kept_one)
{
	send_kept();
	cr_assert_eq(request(1, false, "u"), 0);
	expect(r, "nothing");
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "6=5"), INPUT_RESPONSE);
	expect(r, "ACK 0.00 mid=99 tok= pay=");
	cr_assert(rig_take(r, &out), "the next one starts");
	cr_assert(span_eq(out.m.options, span_of("\xb1u", 2)));
}

Test(kept, E41_unknown_critical_option_in_a_notification_is_rejected)
{
	keep_one();
	cr_assert_eq(answer(1, COAP_NON, COAP_CONTENT, 98, "6=2 65001=x"), INPUT_DONE);
	cr_assert_not_null(exchange_get(&r->e, sent));
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "6=2 65001=x"), INPUT_FAILED);
	expect(r, "RST 0.00 mid=99 tok= pay=");
	cr_assert_eq(r->in.response.status, -EPROTO);
	cr_assert_null(exchange_get(&r->e, sent));
}

Test(kept, E22_E23_a_kept_one_asks_again_with_its_token_and_a_new_message_id)
{
	uint16_t mid;

	keep_one();
	mid = out.m.mid;
	cr_assert_eq(again(true, "other"), 0);
	cr_assert(rig_take(r, &out));
	cr_assert(span_eq(out.m.token, span_of(token, sizeof token)));
	cr_assert(span_eq(out.m.options, span_of("\xb5other", 6)));
	cr_assert_eq(out.m.type, COAP_CON);
	cr_assert_neq(out.m.mid, mid);
	mid = out.m.mid;
	cr_assert_eq(again(true, "x"), -ENOENT, "one at a time");
	cr_assert_eq(rig_wait(r, 3000), 1);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(out.m.mid, mid);
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, mid, "6=9"), INPUT_RESPONSE);
	cr_assert_eq(again(false, "last"), 0);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(answer(1, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_RESPONSE);
	cr_assert_null(exchange_get(&r->e, sent), "no longer kept");
	cr_assert_eq(again(true, "x"), -ENOENT);
}

Test(kept, a_kept_one_that_asks_in_vain_ends)
{
	keep_one();
	cr_assert_eq(again(true, "t"), 0);
	while (engine_next(&r->e) != UINT64_MAX)
		rig_wait(r, engine_next(&r->e) - r->e.now);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
	cr_assert_eq(r->failed.exchange, sent);
	cr_assert_eq(r->failed.peer.port, rig_peer(1).port);
	cr_assert_eq(rig_counter(r, COUNT_RETRANSMITS), 4);
	cr_assert_null(exchange_get(&r->e, sent));
	keep_one();
	cr_assert_eq(again(true, "t"), 0);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(rig_msg(r, 1, COAP_RST, COAP_EMPTY, out.m.mid, NULL, NULL), INPUT_FAILED);
	cr_assert_eq(r->in.response.status, -ECONNRESET);
}

Test(kept, what_does_not_fit_leaves_a_kept_one_as_it_is)
{
	static uint8_t body[DGRAM_TX_MAX];
	struct client_request c = request_to(1);

	keep_one();
	body[0] = 0xff;
	c.body = span_of(body, sizeof body);
	cr_assert_eq(client_again(&r->e, sent, &c), -EMSGSIZE);
	c.body.n = 1000;
	for (unsigned i = 0; i < 8; i++)
		cr_assert_eq(client_send(&r->e, &c, &(ref_t){ 0 }), 0);
	cr_assert_eq(client_again(&r->e, sent, &c), -EAGAIN);
	rig_commit(r);
	cr_assert_eq(exchange_get(&r->e, sent)->state, (uint32_t)EXCHANGE_KEPT);
}

Test(kept, E21_an_error_ends_kept_ones_too)
{
	struct addr to = rig_peer(1);
	struct local l = rig_local();
	struct expired x;
	enum expire_verdict v;
	uint8_t ack[4];

	keep_one();
	cr_assert_eq(answer(1, COAP_CON, COAP_CONTENT, 99, "6=2"), INPUT_RESPONSE);
	cr_assert(rig_take(r, &out));
	memcpy(ack, out.bytes.p, 4);
	ack[3] ^= 1;
	cr_assert_not(expire_unreachable(&r->e, &to, &l, span_of(ack, 4), &x, &v));
	cr_assert_eq(v, EXPIRE_NOTHING, "that notification never came");
	ack[3] ^= 1;
	cr_assert_not(expire_unreachable(&r->e, &to, &l, span_of(ack, 4), &x, &v));
	cr_assert_eq(v, EXPIRE_FAILED);
	cr_assert_eq(x.response.status, -ECONNREFUSED);
	cr_assert_eq(x.response.exchange, sent);
	rig_commit(r);
	cr_assert_eq(r->e.client_n, 0);
}

/* --- tokens of the caller's, pings, groups ----------------------------------------- */

static int ask_named(unsigned peer, const char *name)
{
	struct client_request c = request_to(peer);

	c.token = span_str(name);
	return send_it(c, "t");
}

Test(kept, a_token_of_the_callers_is_used_and_found)
{
	r->e.conf.params.nstart = 9;
	for (unsigned i = 1; i <= 8; i++)
		cr_assert_eq(ask_named(1, &"12345678"[8 - i]), 0);
	cr_assert_eq(ask_named(1, "678"), -EEXIST);
	cr_assert_eq(ask_named(2, "678"), 0, "to another peer");
	for (unsigned i = 1; i <= 8; i++) {
		cr_assert_eq(rig_msg(r, 1, COAP_NON, COAP_CONTENT, (uint16_t)i, &"12345678"[8 - i],
				     ""), INPUT_RESPONSE);
		rig_commit(r);
		cr_assert_eq(rig_msg(r, 1, COAP_NON, COAP_CONTENT, (uint16_t)(20 + i),
				     &"12345678"[8 - i], ""), INPUT_DONE, "once");
	}
	cr_assert_eq(ask_named(1, "678"), 0, "free again");
	rig_crash(r);
	cr_assert_eq(ask_named(1, "678"), -EEXIST);
	cr_assert_eq(rig_msg(r, 1, COAP_NON, COAP_CONTENT, 9, "678", ""), INPUT_RESPONSE);
	cr_assert_eq(rig_msg(r, 1, COAP_NON, COAP_CONTENT, 9, "", ""), INPUT_DONE);
}

Test(kept, a_token_that_waits_for_its_turn_is_in_use_and_not_answered)
{
	cr_assert_eq(ask_named(1, "a"), 0);
	cr_assert_eq(ask_named(1, "b"), 0);
	cr_assert_eq(ask_named(1, "b"), -EEXIST);
	cr_assert_eq(rig_msg(r, 1, COAP_NON, COAP_CONTENT, 9, "b", ""), INPUT_DONE);
}

Test(kept, a_token_of_ours_is_not_the_callers_to_choose)
{
	struct client_request c = request_to(1);

	send_one(false);
	c.token = span_of(token, sizeof token);
	cr_assert_eq(send_it(c, "t"), -EEXIST);
}

Test(kept, E6_a_ping_is_answered_by_its_reset)
{
	struct client_request c = request_to(1);

	c.code = COAP_EMPTY;
	c.non = true;
	c.token = span_str("none");
	cr_assert_eq(client_send(&r->e, &c, &sent), 0);
	rig_commit(r);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(out.bytes.n, 4);
	cr_assert_eq(out.m.type, COAP_CON);
	rig_crash(r);
	cr_assert_eq(rig_wait(r, 3000), 1);
	cr_assert(rig_take(r, &out), "once more");
	cr_assert_eq(rig_msg(r, 1, COAP_RST, COAP_EMPTY, (uint16_t)(out.m.mid + 1), NULL, NULL),
		     INPUT_DONE);
	cr_assert_eq(rig_msg(r, 1, COAP_RST, COAP_EMPTY, out.m.mid, NULL, NULL), INPUT_RESPONSE);
	cr_assert_eq(r->in.response.status, 0);
	cr_assert_eq(r->in.response.msg.type, COAP_RST);
	cr_assert_eq(r->in.response.owner, 4711);
	rig_commit(r);
	cr_assert_eq(r->e.client_n, 0);
}

Test(kept, a_ping_that_is_acknowledged_is_answered)
{
	struct client_request c = request_to(1);

	c.code = COAP_EMPTY;
	cr_assert_eq(client_send(&r->e, &c, &sent), 0);
	rig_commit(r);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(rig_msg(r, 1, COAP_ACK, COAP_EMPTY, out.m.mid, NULL, NULL), INPUT_RESPONSE);
	cr_assert_eq(r->in.response.msg.type, COAP_ACK);
}

Test(kept, a_ping_that_is_answered_like_a_request_is_answered)
{
	struct client_request c = request_to(1);

	c.code = COAP_EMPTY;
	cr_assert_eq(client_send(&r->e, &c, &sent), 0);
	rig_commit(r);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(rig_msg(r, 1, COAP_ACK, COAP_METHOD_NOT_ALLOWED, (uint16_t)(out.m.mid + 1), "",
			     ""), INPUT_DONE);
	cr_assert_eq(rig_msg(r, 1, COAP_ACK, COAP_METHOD_NOT_ALLOWED, out.m.mid, "", ""),
		     INPUT_RESPONSE);
	cr_assert_eq(r->in.response.msg.code, COAP_METHOD_NOT_ALLOWED);
	rig_commit(r);
	cr_assert_eq(r->e.client_n, 0);
}

static void ask_group(const char *name)
{
	struct client_request c = request_to(1);

	c.to.ip[0] = 0xff;
	c.to.ip[1] = 2;
	c.timeout_ms = 5000;
	c.token = span_of(name, name ? strlen(name) : 0);
	cr_assert_eq(send_it(c, "t"), 0);
	cr_assert(rig_take(r, &out));
	cr_assert_eq(out.m.type, COAP_NON);
	cr_assert_eq(out.to.ip[0], 0xff);
	if (!name)
		memcpy(token, out.m.token.p, sizeof token);
}

Test(kept, E13_all_of_a_group_are_heard_each_once)
{
	ask_group(NULL);
	for (unsigned peer = 2; peer < 40; peer++) {
		cr_assert_eq(answer(peer, peer % 2 ? COAP_CON : COAP_NON, COAP_CONTENT, 7, ""),
			     INPUT_RESPONSE);
		cr_assert_eq(rig_sent_n(r), peer % 2, "acknowledged");
		cr_assert_eq(r->in.response.peer.port, rig_peer(peer).port);
		cr_assert_eq(r->in.response.exchange, sent);
		cr_assert_eq(answer(peer, peer % 2 ? COAP_CON : COAP_NON, COAP_CONTENT, 7, ""),
			     INPUT_DONE, "a duplicate");
		cr_assert_eq(rig_sent_n(r), peer % 2, "acknowledged again (E13)");
		cr_assert_eq(answer(peer, COAP_NON, COAP_CONTENT, 8, ""), INPUT_RESPONSE,
			     "another one");
	}
	cr_assert_eq(r->e.space.ctl->live[SLAB_ENDPOINT], 1, "nobody is remembered for it");
	rig_crash(r);
	cr_assert_eq(answer(41, COAP_NON, COAP_CONTENT, 7, ""), INPUT_RESPONSE);
	rig_wait(r, 5000);
	cr_assert_eq(r->failed.status, -ETIMEDOUT);
	cr_assert_eq(r->failed.exchange, sent);
	cr_assert_eq(answer(42, COAP_NON, COAP_CONTENT, 7, ""), INPUT_DONE, "too late");
	cr_assert_eq(answer(42, COAP_CON, COAP_CONTENT, 7, ""), INPUT_DONE);
	expect(r, "RST 0.00 mid=7 tok= pay=");
}

Test(kept, a_group_does_not_keep_others_waiting)
{
	ask_group(NULL);
	ask_group("name");
	cr_assert_eq(rig_msg(r, 5, COAP_NON, COAP_CONTENT, 7, "name", ""), INPUT_RESPONSE);
	cr_assert_eq(rig_msg(r, 5, COAP_NON, COAP_CONTENT, 7, "game", ""), INPUT_DONE);
	cr_assert_eq(answer(5, COAP_NON, COAP_CONTENT, 7, ""), INPUT_RESPONSE);
	cr_assert_eq(ask_named(5, "name"), 0);
	cr_assert_eq(ask_named(5, "name"), -EEXIST);
}

Test(kept, E41_E15_members_of_a_group_do_not_end_its_request)
{
	ask_group(NULL);
	cr_assert_eq(answer(2, COAP_CON, COAP_CONTENT, 7, "65001=x"), INPUT_DONE);
	expect(r, "RST 0.00 mid=7 tok= pay=");
	cr_assert_eq(answer(2, COAP_NON, COAP_CONTENT, 8, "65001=x"), INPUT_DONE);
	expect(r, "nothing");
	cr_assert_eq(rig_msg(r, 2, COAP_RST, COAP_EMPTY, out.m.mid, NULL, NULL), INPUT_DONE);
	cr_assert_eq(answer(2, COAP_ACK, COAP_CONTENT, out.m.mid, ""), INPUT_DONE);
	token[7] ^= 1;
	cr_assert_eq(answer(2, COAP_NON, COAP_CONTENT, 9, ""), INPUT_DONE);
	cr_assert_not_null(exchange_get(&r->e, sent));
}

Test(kept, damaged_kept_ones_are_dropped)
{
	static const struct { size_t at; uint32_t value; } harm[] = {
		{ offsetof(struct exchange, flags), 0 },
		{ offsetof(struct exchange, flags), EXCHANGE_KEEP | EXCHANGE_GROUP },
		{ offsetof(struct exchange, flags), EXCHANGE_KEEP | 8 },
		{ offsetof(struct exchange, deadline), 5 },
		{ offsetof(struct exchange, role), ROLE_SERVER },
		{ offsetof(struct exchange, state), EXCHANGE_WAITING },
	};

	for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
		keep_one();
		memcpy((uint8_t *)exchange_get(&r->e, sent) + harm[i].at, &harm[i].value, 4);
		rig_crash(r);
		cr_assert_null(exchange_get(&r->e, sent), "%zu", i);
		cr_assert_eq(r->e.client_n + r->e.server_n, 0);
	}
}

Test(kept, one_whose_stage_lost_its_object_is_dropped)
{
	struct client_request c = request_to(1);

	c.keep = true;
	c.owner = (uint64_t)3 << 56 | (uint64_t)SLAB_OBS << 48 | (uint64_t)1 << 32;
	cr_assert_eq(send_it(c, "t"), 0);
	rig_crash(r);
	cr_assert_null(exchange_get(&r->e, sent));
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 1);
}
