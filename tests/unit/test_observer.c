/* The list of observers, what they are told, and how each of them ends. */
#include "watched.h"

#include "coap/observe.h"

TestSuite(observer, .init = fresh, .fini = teardown);

Test(observer, E58_the_same_token_is_one_entry)
{
	long first = enter(1, "ab"), second = enter(1, "ab");

	cr_assert_geq(first, 0);
	cr_assert_gt(second, first);
	cr_assert_eq(observers(), 1);
	enter(2, "ab");
	cr_assert_eq(observers(), 2, "of another endpoint");
	enter(1, "ac");
	cr_assert_eq(observers(), 3, "another token");
	cr_assert_eq(the_one()->nobservers, 3);
}

static void leave(unsigned peer, const char *token)
{
	static uint16_t mid = 2000;
	struct writer w;

	rig_msg(r, peer, COAP_CON, COAP_GET, ++mid, token, "6=#01 11=a");
	observer_forget(&r->e, &r->in.request, COUNT_OBSERVERS_LEFT);
	w = request_answer(&r->e, &r->in.request);
	request_done(&r->e, &r->in.request, COAP_CONTENT, &w);
	rig_commit(r);
}

Test(observer, E57_it_leaves_by_endpoint_and_token)
{
	enter(1, "ab");
	enter(2, "ab");
	enter(1, "ac");
	leave(1, "ab");
	cr_assert_eq(observers(), 2);
	leave(1, "ab");
	leave(3, "ac");
	cr_assert_eq(observers(), 2);
	leave(1, "ac");
	leave(2, "ab");
	cr_assert_eq(observers(), 0);
	cr_assert_eq(r->e.space.ctl->live[SLAB_REPRESENTATION], 0);
	cr_assert_eq(rig_counter(r, COUNT_OBSERVERS_LEFT), 3);
}

Test(observer, E59_an_empty_token_is_one)
{
	enter(1, "");
	enter(1, "x");
	change();
	tell();
	tell();
	leave(1, "");
	cr_assert_eq(observers(), 1);
}

Test(observer, who_leaves_is_no_longer_told_what_is_under_way)
{
	enter(1, "ab");
	change();
	tell();
	leave(1, "ab");
	cr_assert_eq(r->e.outgoing_n, 0);
}

Test(observer, E63_newer_content_keeps_the_count_of_tries)
{
	struct message m, next;

	enter(1, "ab");
	change();
	tell();
	m = sent();
	change();
	cr_assert_eq(tell(), -1, "one at a time");
	rig_wait(r, 3000);
	cr_assert_geq(tell(), 0, "its time is up, and it is stale");
	next = sent();
	cr_assert_neq(next.mid, m.mid);
	for (unsigned i = 0; i < 3; i++) {
		change();
		rig_wait(r, 60000);
		cr_assert_geq(tell(), 0);
	}
	cr_assert_eq(rig_counter(r, COUNT_NOTIFICATIONS_REPLACED), 4);
	change();
	rig_wait(r, 60000);
	cr_assert_eq(tell(), -1);
	cr_assert_eq(observers(), 0, "MAX_RETRANSMIT is over");
	cr_assert_eq(rig_counter(r, COUNT_OBSERVERS_TIMEOUT), 1);
}

Test(observer, E63_the_time_out_goes_on_doubling)
{
	const struct exchange *x;
	struct observer *o;
	uint32_t first;

	enter(1, "ab");
	change();
	tell();
	o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 0);
	x = exchange_get(&r->e, o->exchange);
	first = x->timeout_ms;
	change();
	rig_wait(r, first);
	tell();
	x = exchange_get(&r->e, o->exchange);
	cr_assert_eq(x->timeout_ms, 2 * first);
	cr_assert_eq(x->retries, 1);
	cr_assert_eq(o->retries, 0);
}

Test(observer, E65_the_value_goes_on_with_what_is_sent_again)
{
	long entered = enter(1, "ab"), first, second;

	change();
	first = tell();
	cr_assert_gt(first, entered);
	change();
	rig_wait(r, 3000);
	second = tell();
	cr_assert_gt(second, first);
}

Test(observer, E64_the_value_wraps)
{
	long value;

	r->e.now = 0x7ffff;
	value = enter(1, "ab");
	cr_assert_eq(value, 0xffffe0);
	for (uint32_t i = 0; i < 40; i++) {
		change();
		value = (value + 1) & OBSERVE_MASK;
		cr_assert_eq(tell(), value);
		bring_back(1, COAP_ACK, sent().mid);
	}
	cr_assert_eq(value, 8);
}

Test(observer, E64_values_are_no_faster_than_allowed_and_never_go_back)
{
	struct observer *o;
	uint32_t value;

	value = (uint32_t)enter(1, "ab");
	o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 0);
	cr_assert_eq(observer_value(&r->e, o), value + 1);
	r->e.now += 256000;
	cr_assert(observe_is_newer(value, 0, observer_value(&r->e, o), 0));
	r->e.now += 10000;
	cr_assert(!observe_is_newer(value, 0, observer_value(&r->e, o), 0));
	change();
	value = (uint32_t)tell();
	bring_back(1, COAP_RST, sent().mid);
	r->e.now += 1;
	cr_assert(observe_is_newer(value, 0, (uint32_t)enter(1, "ab"), 0),
		  "of an entry made anew");
}

Test(observer, E65_the_value_is_of_the_time_it_is_sent)
{
	uint64_t value, before;
	struct message m;

	enter(1, "a");
	enter(1, "b");
	change();
	tell();
	before = (uint64_t)tell();
	m = sent();
	cr_assert(!rig_take(r, &(struct rig_sent){ .to = { .port = 0 } }), "the other one waits");
	r->e.now += 1000;
	bring_back(1, COAP_ACK, m.mid);
	m = sent();
	cr_assert(message_option_uint(&m, OPT_OBSERVE, &value));
	cr_assert_eq(value, before - 1 + 32000);
}

Test(observer, E61_a_reset_ends_it)
{
	enter(1, "ab");
	change();
	tell();
	bring_back(2, COAP_RST, sent().mid);
	cr_assert_eq(observers(), 1, "of another endpoint");
	rig_wait(r, 3000);
	bring_back(1, COAP_RST, sent().mid);
	cr_assert_eq(observers(), 0);
	cr_assert_eq(rig_counter(r, COUNT_OBSERVERS_RESET), 1);
	cr_assert_eq(r->e.outgoing_n, 0);
}

static uint16_t enter_non(void)
{
	struct message m;

	enter_as(1, COAP_NON, 50, "ab", "6= 11=a");
	change();
	cr_assert_geq(tell(), 0);
	m = sent();
	cr_assert_eq(m.type, COAP_NON);
	return m.mid;
}

Test(observer, E61_a_reset_of_a_non_confirmable_one_ends_it)
{
	uint16_t mid = enter_non();

	bring_back(1, COAP_RST, (uint16_t)(mid + 1));
	bring_back(2, COAP_RST, mid);
	cr_assert_eq(observers(), 1);
	bring_back(1, COAP_RST, mid);
	cr_assert_eq(observers(), 0);
}

Test(observer, after_a_non_confirmable_one_there_is_a_pause)
{
	enter_non();
	change();
	cr_assert_eq(tell(), -1);
	rig_wait(r, PAUSE_MS - 1);
	cr_assert_eq(tell(), -1);
	rig_wait(r, 1);
	cr_assert_geq(tell(), 0);
}

Test(observer, E62_every_third_is_confirmable)
{
	static const uint8_t expected[] = { COAP_NON, COAP_CON, COAP_NON, COAP_NON, COAP_CON };

	enter_non();
	for (unsigned i = 0; i < sizeof expected; i++) {
		struct message m;

		rig_wait(r, PAUSE_MS);
		change();
		tell();
		m = sent();
		cr_assert_eq(m.type, expected[i], "%u", i);
		if (m.type == COAP_CON)
			bring_back(1, COAP_ACK, m.mid);
	}
}

/* Whatever the request was: the server chooses (4.5). */
Test(observer, E62_chosen_non_confirmable_each_third_is_not)
{
	static const uint8_t expected[] = { COAP_NON, COAP_NON, COAP_CON, COAP_NON, COAP_NON,
					    COAP_CON };

	enter(1, "ab");
	told_as = OBSERVER_NON;
	for (unsigned i = 0; i < sizeof expected; i++) {
		struct message m;

		change();
		tell();
		m = sent();
		cr_assert_eq(m.type, expected[i], "%u", i);
		if (m.type == COAP_CON)
			bring_back(1, COAP_ACK, m.mid);
		rig_wait(r, PAUSE_MS);
	}
}

Test(observer, E62_chosen_non_confirmable_one_each_day_is_not)
{
	struct message m;

	enter(1, "ab");
	told_as = OBSERVER_NON;
	change();
	tell();
	cr_assert_eq(sent().type, COAP_NON);
	rig_wait(r, OBSERVER_CON_MS);
	cr_assert_geq(tell(), 0, "though nothing changed");
	m = sent();
	cr_assert_eq(m.type, COAP_CON);
}

Test(observer, E61_a_reset_of_one_chosen_non_confirmable_ends_it)
{
	enter(1, "ab");
	told_as = OBSERVER_NON;
	change();
	tell();
	bring_back(1, COAP_RST, sent().mid);
	cr_assert_eq(observers(), 0);
}

Test(observer, chosen_confirmable_and_what_ends_it)
{
	enter_as(1, COAP_NON, 50, "ab", "6= 11=a");
	told_as = OBSERVER_CON;
	change();
	tell();
	bring_back(1, COAP_ACK, sent().mid);
	told_as = OBSERVER_NON;
	change();
	tell_code(COAP_NOT_FOUND);
	cr_assert_eq(sent().type, COAP_CON);
	cr_assert_eq(observers(), 0);
}

Test(observer, E62_a_confirmable_one_comes_each_day)
{
	struct message m;

	enter_non();
	rig_wait(r, PAUSE_MS);
	rig_wait(r, OBSERVER_CON_MS - PAUSE_MS - 1);
	cr_assert_eq(tell(), -1);
	rig_wait(r, 1);
	cr_assert_geq(tell(), 0, "though nothing changed");
	m = sent();
	cr_assert_eq(m.type, COAP_CON);
	bring_back(1, COAP_ACK, m.mid);
	cr_assert_eq(tell(), -1);
	rig_wait(r, OBSERVER_CON_MS - 1);
	cr_assert_eq(tell(), -1);
	rig_wait(r, 1);
	cr_assert_geq(tell(), 0);
}

Test(observer, E62_nobody_acknowledges)
{
	enter(1, "ab");
	change();
	tell();
	for (unsigned i = 0; i < 5; i++)
		rig_wait(r, 60000);
	cr_assert_eq(observers(), 0);
	cr_assert_eq(rig_counter(r, COUNT_OBSERVERS_TIMEOUT), 1);
}

Test(observer, E60_an_error_is_the_last)
{
	struct message m;

	enter_as(1, COAP_NON, 50, "ab", "6= 11=a");
	change();
	tell_code(COAP_NOT_FOUND);
	m = sent();
	cr_assert_eq(m.type, COAP_CON, "so that it is not lost");
	cr_assert_eq(observers(), 0);
	cr_assert_eq(r->e.outgoing_n, 1);
	bring_back(1, COAP_ACK, m.mid);
	cr_assert_eq(r->e.outgoing_n, 0);
}

Test(observer, E67_what_has_a_max_age_is_made_anew_to_be_sent_again)
{
	enter(1, "ab");
	aged = true;
	change();
	tell();
	rig_wait(r, 3000);
	cr_assert_geq(tell(), 0);
	aged = false;
	bring_back(1, COAP_ACK, sent().mid);
	change();
	tell();
	rig_wait(r, 3000);
	cr_assert_eq(tell(), -1, "byte for byte");
}

Test(observer, E69_not_every_request_asks)
{
	static const char *const plain[] = { "11=a", "6=#01 11=a", "6= 11=a 23=#16",
					     "6= 11=a 258=#02" };

	for (unsigned i = 0; i < 4; i++) {
		rig_msg(r, 1, COAP_CON, COAP_GET, (uint16_t)(10 + i), "t", plain[i]);
		cr_assert(!observer_asks(&r->in.request.msg), "%s", plain[i]);
	}
	rig_msg(r, 1, COAP_CON, COAP_PUT, 20, "t", "6= 11=a");
	cr_assert(!observer_asks(&r->in.request.msg), "an unsafe one");
}

Test(observer, an_error_of_the_network_ends_it)
{
	struct addr to = rig_peer(1);
	struct local from = rig_local();
	enum expire_verdict v;
	struct expired x;
	struct rig_sent s;

	enter_as(1, COAP_NON, 50, "ab", "6= 11=a");
	change();
	tell();
	cr_assert(rig_take(r, &s));
	cr_assert(!expire_unreachable(&r->e, &to, &from, s.bytes, &x, &v));
	rig_commit(r);
	cr_assert_eq(observers(), 0);
	rig_wait(r, PAUSE_MS);
	enter(1, "ab");
	change();
	tell();
	cr_assert(rig_take(r, &s));
	expire_unreachable(&r->e, &to, &from, s.bytes, &x, &v);
	rig_commit(r);
	cr_assert_eq(observers(), 0);
	cr_assert_eq(rig_counter(r, COUNT_OBSERVERS_UNREACHABLE), 2);
}

Test(observer, limits_are_kept)
{
	for (unsigned i = 0; i < 4; i++)
		cr_assert_geq(enter(1, (const char[]){ (char)('a' + (char)i), 0 }), 0);
	cr_assert_eq(enter(1, "e"), -1);
	cr_assert_geq(enter(1, "a"), 0, "in place of its own");
	cr_assert_geq(enter(2, "a"), 0);
	cr_assert_geq(enter(2, "b"), 0);
	cr_assert_eq(enter(3, "c"), -1);
	cr_assert_eq(rig_counter(r, COUNT_FULL_OBSERVERS), 2);
	cr_assert_eq(observers(), 6);
}

Test(observer, without_room_for_a_notification_it_stays_stale)
{
	r->e.conf.limits.exchanges = 1;
	enter(1, "a");
	enter(2, "a");
	change();
	cr_assert_geq(tell(), 0);
	cr_assert_eq(tell(), -2);
	bring_back(1, COAP_ACK, sent().mid);
	cr_assert_geq(tell(), 0);
}

/* --- deaths ------------------------------------------------------------------------------- */

Test(observer, it_is_as_it_was_after_a_death)
{
	long value;
	uint16_t mid;

	enter(1, "ab");
	enter(2, "cd");
	change();
	value = tell();
	mid = sent().mid;
	rig_crash(r);
	cr_assert_eq(observers(), 2);
	cr_assert_eq(the_one()->nobservers, 2);
	cr_assert_geq(tell(), 0, "the other one");
	cr_assert_eq(tell(), -1);
	bring_back(1, COAP_ACK, mid);
	change();
	cr_assert_gt(tell(), value);
	cr_assert_eq(tell(), -1);
}

Test(observer, a_pause_outlives_a_death)
{
	enter_non();
	change();
	rig_crash(r);
	cr_assert_eq(tell(), -1);
	rig_wait(r, PAUSE_MS);
	cr_assert_geq(tell(), 0);
}

/* The next worker may be of a site that says less. */
Test(observer, lower_limits_evict_nobody)
{
	enter(1, "a-longer-token");
	enter(2, "cd");
	enter_as(3, COAP_NON, 77, "ef", "6= 11=a");
	for (unsigned i = 0; i < 3; i++) {
		struct observer *o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), i);

		o->pause = r->e.now + PAUSE_MS;
		o->retries = 4;
	}
	r->conf.limits.observers = r->conf.limits.observers_per_endpoint = 0;
	r->conf.limits.representations = r->conf.limits.endpoints = 0;
	r->conf.limits.token_length = 1;
	r->conf.params.max_retransmit = 1;
	r->conf.observe_pause_ms = 1;
	rig_crash(r);
	cr_assert_eq(observers(), 3);
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
	change();
	for (unsigned i = 0; i < 3; i++)
		cr_assert_geq(tell(), 0, "an hour's pause was promised to nobody");
}

Test(observer, nonsense_is_dropped)
{
	struct observer *o;

	for (unsigned i = 0; i < 4; i++)
		enter(1, (const char[]){ (char)('a' + (char)i), 0 });
	o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 0);
	o->sequence = UINT64_MAX;
	o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 1);
	o->representation++;
	o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 2);
	o->inside[0] = 0;
	rig_crash(r);
	cr_assert_eq(observers(), 1);
	cr_assert_eq(the_one()->nobservers, 1);
	o = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 3);
	o->exchange = 99;
	rig_crash(r);
	cr_assert_geq(tell(), 0, "what was lost is told again");
}
