/* Dealings with a peer: when there are any, what they begin with, message IDs of ours. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "rig.h"

#define POST COAP_POST

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(dealings, .init = setup, .fini = teardown);

static struct endpoint *peer(unsigned n)
{
	struct addr a = rig_peer(n);
	struct local l = rig_local();

	return endpoint_find(&r->e, &a, &l);
}

static struct endpoint *add(unsigned n)
{
	struct addr a = rig_peer(n);
	struct local l = rig_local();
	struct endpoint *p = endpoint_add(&r->e, &a, &l);

	engine_commit(&r->e, 0);
	return p;
}

static uint32_t live(void)
{
	return r->e.space.ctl->live[SLAB_DEALINGS];
}

static void post(unsigned n, unsigned mid)
{
	rig_serve(r, n, COAP_CON, POST, (uint16_t)mid, "tk", "11=x");
}

Test(dealings, a_peer_whose_answers_are_all_kept_has_none)
{
	for (unsigned mid = 1; mid <= 4; mid++)
		post(1, mid);
	cr_assert_eq(peer(1)->nkept, 4);
	cr_expect_not(dealings_are(peer(1)));
	cr_expect_eq(live(), 0);
	post(1, 5);
	cr_expect(dealings_are(peer(1)), "one was pushed out");
	cr_expect_eq(live(), 1);
	cr_expect_eq(dealings_of(&r->e, peer(1))->peer, endpoint_ref(&r->e, peer(1)));
}

Test(dealings, E9_what_was_answered_before_has_its_mark)
{
	/* Not in order: one is ahead of those that follow it. */
	static const uint16_t mids[] = { 100, 140, 120, 110 };

	for (unsigned i = 0; i < 4; i++)
		post(1, mids[i]);
	cr_assert_eq(r->runs, 4);
	for (unsigned i = 0; i < 4; i++) {
		post(1, 200 + i);       /* pushes out the oldest */
		cr_assert_eq(r->runs, 5 + i);
		post(1, mids[i]);
		cr_assert_eq(r->runs, 5 + i, "%u ran again", mids[i]);
	}
	cr_assert_eq(rig_counter(r, COUNT_DUPLICATE_LOST), 4);
}

Test(dealings, E9_marks_of_what_was_before_last_as_long_as_if_they_had_been_made_then)
{
	const struct window *w;

	post(1, 1);
	r->e.now += 100000;
	for (unsigned mid = 2; mid <= 5; mid++)
		post(1, mid);
	w = &dealings_of(&r->e, peer(1))->window;
	cr_expect_eq(w->since_s, 1000, "when the first came");
	cr_expect_eq(window_state(w, 1000 + 247, 247, 1), WINDOW_SEEN);
}

Test(dealings, what_cannot_come_again_has_no_mark)
{
	post(1, 1);
	r->e.now += 248000;
	for (unsigned mid = 2; mid <= 6; mid++)
		post(1, mid);
	cr_expect_eq(dealings_saw(&r->e, peer(1), 1), WINDOW_UNSEEN);
	cr_expect_eq(dealings_saw(&r->e, peer(1), 2), WINDOW_SEEN);
}

/* The hook of a request asks its client for something, say. */
Test(dealings, E9_what_is_worked_on_while_they_are_made_has_its_mark_in_the_end)
{
	struct endpoint *p = add(1);
	struct dedup *d = dedup_add(&r->e, p, 77, 1, false);

	(void)dealings_with(&r->e, p);
	cr_expect_eq(dealings_saw(&r->e, p, 77), WINDOW_FRESH);
	dedup_answered(&r->e, d, span_str("x"));
	engine_commit(&r->e, 0);
	cr_expect_eq(dealings_saw(&r->e, p, 77), WINDOW_SEEN);
}

Test(dealings, E9_what_waited_and_was_lost_by_damage_does_not_run_again)
{
	struct exchange *x;
	unsigned runs;

	rig_serve(r, 1, COAP_CON, POST, 50, "tk", "11=w");
	x = slab_at(engine_slab(&r->e, SLAB_EXCHANGE), 0);
	cr_assert_eq(x->state, EXCHANGE_WAITING);
	x->role = ROLES;
	rig_crash(r);
	for (unsigned mid = 51; mid <= 56; mid++)
		post(1, mid);
	cr_assert_null(dedup_find(&r->e, peer(1), 50));
	runs = r->runs;
	post(1, 50);
	cr_expect_eq(r->runs, runs);
}

/* A slow request, and all IDs but a few of the peer's meanwhile: its own is ahead again. */
Test(dealings, E9_what_waited_is_where_it_was_when_it_is_settled)
{
	rig_serve(r, 1, COAP_CON, POST, 100, "tw", "11=w");
	for (unsigned mid = 101; mid <= 49400; mid++)
		post(1, mid);
	cr_assert_eq(r->runs, 49301);
	rig_finish(r, "late");
	post(1, 16000);
	cr_expect_eq(r->runs, 49301, "it ran again");
	post(1, 49401);
	cr_expect_eq(r->runs, 49302, "the next is new");
}

/* Nor one that nobody has to protect from being run twice, however it is answered. */
Test(dealings, E12_a_safe_request_that_waits_leaves_no_mark)
{
	for (unsigned mid = 101; mid <= 106; mid++)
		post(1, mid);
	rig_serve(r, 1, COAP_CON, COAP_GET, 300, "tw", "11=w");
	rig_finish(r, "late");
	cr_expect_eq(dealings_of(&r->e, peer(1))->window.hi, MID_VALID | 106u);
}

Test(dealings, whose_ids_are_always_the_same_is_served_where_there_is_no_room)
{
	struct engine_limits l = rig_limits();
	char options[32];

	rig_free(r);
	l.answers_per_endpoint = l.dedup = 20;
	r = rig_new(&l);
	for (unsigned i = 0; i < 4; i++)
		post(2, i);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(options, sizeof options, "11=x 15=%u", i);
		rig_serve(r, 1, COAP_CON, POST, 7, "tk", options);
		cr_assert_eq(r->runs, 5 + i, "%u", i);
	}
}

Test(dealings, E12_a_safe_request_that_gets_no_acknowledgement_makes_them)
{
	rig_serve(r, 1, COAP_NON, COAP_GET, 9, "tk", "11=x");
	rig_serve(r, 1, COAP_NON, COAP_GET, 9, "tk", "11=x");
	cr_expect_eq(r->runs, 1);
	cr_expect(dealings_are(peer(1)));
}

Test(dealings, are_undone_by_a_death_with_what_they_were_made_for)
{
	for (unsigned mid = 1; mid <= 4; mid++)
		post(1, mid);
	(void)dedup_add(&r->e, peer(1), 5, 5, false);
	cr_assert(dealings_are(peer(1)));
	rig_crash(r);
	cr_expect_not(dealings_are(peer(1)));
	cr_expect_eq(live(), 0);
	post(1, 5);
	cr_expect(dealings_are(peer(1)));
	cr_expect_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
	rig_crash(r);
	cr_expect(dealings_are(peer(1)), "and kept by one");
	cr_expect_eq(dealings_saw(&r->e, peer(1), 1), WINDOW_SEEN);
}

static void everybody_has_some(void)
{
	for (unsigned i = 1; i <= 16; i++)
		(void)dealings_with(&r->e, add(i));
	engine_commit(&r->e, 0);
	cr_assert_eq(live(), 16);
}

Test(dealings, of_one_that_is_forgotten_go_on_empty_to_the_next)
{
	struct dealings *d;
	uint16_t mid;

	everybody_has_some();
	for (unsigned i = 1; i <= 16; i++) {
		d = dealings_with(&r->e, peer(i));
		(void)dealings_mid(&r->e, d, &mid);
		dealings_mid_used(&r->e, d);
		dealings_mark(&r->e, d, 7, false);
		engine_commit(&r->e, 0);
	}
	cr_assert_not_null(add(17));
	d = dealings_with(&r->e, peer(17));
	cr_expect_eq(live(), 16);
	cr_expect_eq(d->peer, endpoint_ref(&r->e, peer(17)));
	cr_expect_eq(d->next_mid, 0);
	cr_expect_eq(dealings_saw(&r->e, peer(17), 7), WINDOW_FRESH);
	rig_crash(r);
	cr_expect_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
	cr_expect(dealings_are(peer(17)));
}

Test(dealings, of_one_that_is_forgotten_are_whole_again_after_a_death)
{
	struct addr a = rig_peer(17);
	struct local l = rig_local();

	everybody_has_some();
	for (unsigned i = 1; i <= 16; i++)
		dealings_mark(&r->e, dealings_with(&r->e, peer(i)), (uint16_t)i, false);
	engine_commit(&r->e, 0);
	cr_assert_not_null(endpoint_add(&r->e, &a, &l));
	rig_crash(r);
	for (unsigned i = 1; i <= 16; i++)
		cr_expect_eq(dealings_saw(&r->e, peer(i), (uint16_t)i), WINDOW_SEEN, "%u", i);
}

Test(dealings, of_nobody_or_of_two_are_dropped_by_an_adopter)
{
	struct dealings *d[3];

	for (unsigned i = 0; i < 3; i++)
		d[i] = dealings_with(&r->e, add(i + 1));
	engine_commit(&r->e, 0);
	d[1]->peer = d[0]->peer;
	d[2]->peer = 0;
	rig_crash(r);
	cr_expect_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 2);
	cr_expect_eq(live(), 1);
	cr_expect(dealings_are(peer(1)));
	cr_expect_not(dealings_are(peer(2)));
	cr_expect_not(dealings_are(peer(3)));
}

Test(dealings, E22_message_ids_count_up_and_wrap_only_after_their_lifetime)
{
	struct dealings *d = dealings_with(&r->e, add(1));
	uint16_t mid, last = 0;
	unsigned n;

	for (n = 0; n < 70000 && dealings_mid(&r->e, d, &mid); n++) {
		cr_assert(n == 0 || mid == (uint16_t)(last + 1));
		last = mid;
		dealings_mid_used(&r->e, d);
		engine_commit(&r->e, 0);
	}
	cr_assert(n > 65536 - 16384 && n <= 65536);
	r->e.now += 246000;
	cr_assert_not(dealings_mid(&r->e, d, &mid));
	r->e.now += 2000;
	cr_assert(dealings_mid(&r->e, d, &mid));
}

/* What is changed in memory is what would have become of a plain one. */
Test(dealings, E12_marks_in_memory_against_plain_ones)
{
	struct dealings *d = dealings_with(&r->e, add(1));
	struct hash_key key = { { 3, 4 } };
	struct window w = d->window;
	unsigned hi = 500;

	engine_commit(&r->e, 0);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t h = hash_words(&key, i, 1);
		unsigned mid = h % 100 < 90 ? hi + 1 : hi + (unsigned)(h >> 8) % 700 - 350;

		if (h % 1000 == 0)
			r->e.now += 200000;
		dealings_mark(&r->e, d, (uint16_t)mid, h % 500 == 1);
		engine_commit(&r->e, 0);
		window_mark(&w, engine_seconds(&r->e), r->e.lifetime_s, (uint16_t)mid,
			    h % 500 == 1);
		cr_assert_eq(memcmp(&w, &d->window, sizeof w), 0, "%u", i);
		hi = w.hi & 0xffff;
	}
}
