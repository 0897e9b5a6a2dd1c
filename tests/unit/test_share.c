/* What a client is told at a time, however much it observes. */
#include "watched.h"

TestSuite(share, .init = fresh, .fini = teardown);

/* How many are told now, and that all of them are of this type. */
static unsigned told_now(uint8_t type)
{
	unsigned n = 0;

	for (; tell() >= 0; n++)
		cr_assert_eq(sent().type, type, "%u", n);
	return n;
}

Test(share, a_client_is_told_one_thing_at_a_time_however_much_it_observes)
{
	static const char *const token[] = { "a", "b", "c", "d" };
	struct message m;
	uint64_t ever[4];

	for (unsigned i = 0; i < 4; i++)
		enter_as(1, COAP_NON, (uint16_t)(50 + i), token[i], "6= 11=a");
	enter_as(2, COAP_NON, 50, "a", "6= 11=a");
	change();
	cr_assert_eq(told_now(COAP_NON), 2, "one each");
	for (unsigned i = 0; i < 3; i++) {
		rig_wait(r, PAUSE_MS - 1);
		cr_assert_eq(told_now(COAP_NON), 0);
		if (i == 1)
			rig_crash(r);
		rig_wait(r, 1);
		cr_assert_eq(told_now(COAP_NON), 1);
	}
	rig_wait(r, 100 * PAUSE_MS);
	cr_assert_eq(told_now(COAP_NON), 0, "each has been told");
	cr_assert_eq(rig_counter(r, COUNT_NOTIFICATIONS), 5);
	/* And when it never ends, none is left out. */
	for (unsigned i = 0; i < 16; i++) {
		change();
		rig_wait(r, PAUSE_MS);
		while (tell() >= 0) {
			m = sent();
			if (m.type == COAP_CON)
				bring_back(1, COAP_ACK, m.mid);
		}
	}
	for (unsigned i = 0; i < 4; i++)
		ever[i] = ((struct observer *)slab_at(engine_slab(&r->e, SLAB_OBSERVER), i))->told;
	for (unsigned i = 0; i < 4; i++)
		cr_assert_geq(ever[i], state - 6, "%u", i);
}

Test(share, who_is_late_is_not_followed_at_once)
{
	for (unsigned i = 0; i < 3; i++)
		enter_as(1, COAP_NON, (uint16_t)(50 + i), (const char[]){ (char)('a' + (char)i), 0 },
			 "6= 11=a");
	change();
	cr_assert_eq(told_now(COAP_NON), 1);
	rig_wait(r, PAUSE_MS + PAUSE_MS / 2);
	cr_assert_eq(told_now(COAP_NON), 1);
	rig_wait(r, PAUSE_MS / 2);
	cr_assert_eq(told_now(COAP_NON), 0, "its own time, but too soon");
	rig_wait(r, PAUSE_MS / 2);
	cr_assert_eq(told_now(COAP_NON), 1);
}

Test(share, what_is_acknowledged_and_what_is_not_count_together)
{
	struct message m;

	enter_as(1, COAP_NON, 50, "a", "6= 11=a");
	enter_as(1, COAP_CON, 51, "b", "6= 11=a");
	change();
	cr_assert_geq(tell(), 0);
	m = sent();
	cr_assert_eq(tell(), -1, "NSTART is 1");
	if (m.type == COAP_CON)
		bring_back(1, COAP_ACK, m.mid);
	rig_wait(r, PAUSE_MS);
	cr_assert_geq(tell(), 0);
	cr_assert_neq(sent().type, m.type);
}

Test(share, what_is_not_acknowledged_waits_for_what_is)
{
	struct message m;

	enter(1, "b");
	change();
	cr_assert_geq(tell(), 0);
	m = sent();
	cr_assert_eq(m.type, COAP_CON);
	enter_as(1, COAP_NON, 50, "a", "6= 11=a");
	change();
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(tell(), -1, "%u", i);
		rig_wait(r, i ? 1 : PAUSE_MS / 2);
	}
	bring_back(1, COAP_ACK, m.mid);
	rig_wait(r, PAUSE_MS);
	cr_assert_geq(tell(), 0);
	cr_assert_geq(rig_counter(r, COUNT_NOTIFICATIONS_HELD), 1);
}

Test(share, with_a_greater_nstart_more_is_under_way)
{
	r->e.conf.params.nstart = 2;
	enter_as(1, COAP_NON, 50, "a", "6= 11=a");
	enter_as(1, COAP_NON, 51, "b", "6= 11=a");
	enter_as(1, COAP_CON, 52, "c", "6= 11=a");
	change();
	cr_assert_geq(tell(), 0);
	cr_assert_geq(tell(), 0, "one that is acknowledged, one that is not");
	cr_assert_eq(tell(), -1);
}

Test(share, how_the_module_wants_it_told_counts)
{
	enter_as(1, COAP_CON, 50, "a", "6= 11=a");
	enter_as(1, COAP_CON, 51, "b", "6= 11=a");
	change();
	told_as = OBSERVER_NON;
	cr_assert_eq(told_now(COAP_NON), 1);
	rig_wait(r, PAUSE_MS);
	cr_assert_eq(told_now(COAP_NON), 1);
}

Test(share, without_a_pause_nothing_is_put_off)
{
	r->e.conf.observe_pause_ms = 0;
	for (unsigned i = 0; i < 4; i++)
		enter_as(1, COAP_NON, (uint16_t)(50 + i), (const char[]){ (char)('a' + (char)i), 0 },
			 "6= 11=a");
	change();
	cr_assert_eq(told_now(COAP_NON), 4);
}

Test(share, confirmable_ones_of_a_client_go_one_by_one)
{
	struct message m = { 0 };
	struct rig_sent s;

	enter(1, "a");
	enter(1, "b");
	enter(2, "a");
	change();
	while (tell() >= 0)
		;
	for (unsigned i = 0; i < 2; i++) {
		cr_assert(rig_take(r, &s));
		if (s.to.port == 1001)
			m = s.m;
	}
	expect("nothing");
	bring_back(1, COAP_ACK, m.mid);
	cr_assert_eq(sent().type, COAP_CON);
	expect("nothing");
}

Test(share, a_promise_that_makes_no_sense_is_forgotten)
{
	struct dealings *d;

	enter_as(1, COAP_NON, 50, "ab", "6= 11=a");
	change();
	cr_assert_geq(tell(), 0);
	d = slab_at(engine_slab(&r->e, SLAB_DEALINGS), 0);
	d->last_non = UINT64_MAX;
	rig_crash(r);
	cr_assert_eq(d->next_non, 0);
	d->next_non = UINT64_MAX;
	rig_crash(r);
	cr_assert_eq(d->last_non, 0);
	change();
	cr_assert_geq(tell(), 0);
}
