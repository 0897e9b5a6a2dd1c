/* Deduplication entries: shares, order, lifetime, references. */
#include <criterion/criterion.h>

#include "rig.h"

static struct rig *r;
static struct endpoint *p;

static void setup(void)
{
	struct addr a = rig_peer(1);
	struct local l = rig_local();

	r = rig_new(NULL);
	p = endpoint_add(&r->e, &a, &l);
	engine_commit(&r->e, 0);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(dedup, .init = setup, .fini = teardown);

static struct dedup *add(uint16_t mid)
{
	struct dedup *d = dedup_add(&r->e, p, mid, mid * 3u, false);

	engine_commit(&r->e, 0);
	return d;
}

static void answer(struct dedup *d, const char *text)
{
	dedup_answered(&r->e, d, span_str(text));
	engine_commit(&r->e, 0);
}

Test(dedup, E9_found_by_peer_and_message_id)
{
	struct dedup *d = add(5);

	cr_assert_eq(dedup_find(&r->e, p, 5), d);
	cr_assert_null(dedup_find(&r->e, p, 6));
	answer(d, "yes");
	cr_assert_eq(d->state, DEDUP_DONE);
	cr_assert(span_eq(dedup_answer(&r->e, d), span_str("yes")));
}

Test(dedup, a_fast_peer_pushes_out_its_own_oldest)
{
	for (uint16_t mid = 1; mid <= 6; mid++)
		answer(add(mid), "x");
	cr_assert_null(dedup_find(&r->e, p, 1));
	cr_assert_null(dedup_find(&r->e, p, 2));
	cr_assert_not_null(dedup_find(&r->e, p, 3));
	cr_assert_eq(p->nkept, 4);
	cr_assert_eq(rig_counter(r, COUNT_EVICTED_EARLY), 2);
	cr_assert_gt(dealings_of(&r->e, p)->forgot_s, 0);
}

/* As long as few are taken in all; then it gives back what it was lent, one with each that it adds. */
Test(dedup, a_fast_peer_is_lent_more_than_its_share)
{
	struct addr other = rig_peer(2);
	struct local l = rig_local();
	struct endpoint *q = endpoint_add(&r->e, &other, &l);

	r->e.conf.limits.answers_lent = 16;
	for (uint16_t mid = 1; mid <= 16; mid++)
		answer(add(mid), "x");
	cr_assert_eq(p->nkept, 16);
	cr_assert_eq(rig_counter(r, COUNT_EVICTED_EARLY), 0);
	for (uint16_t mid = 1; mid <= 8; mid++) {
		dedup_answered(&r->e, dedup_add(&r->e, q, mid, 1, false), span_str("y"));
		engine_commit(&r->e, 0);
	}
	cr_expect_eq(q->nkept, 4, "nobody is lent anything now");
	cr_expect_eq(p->nkept, 16, "of a silent one nothing is taken");
	for (uint16_t mid = 17; mid <= 19; mid++)
		answer(add(mid), "x");
	cr_expect_eq(p->nkept, 13);
	cr_expect_null(dedup_find(&r->e, p, 6));
	cr_expect_not_null(dedup_find(&r->e, p, 7));
	for (uint16_t mid = 20; mid <= 60; mid++)
		answer(add(mid), "x");
	cr_expect_leq(r->e.space.ctl->live[SLAB_DEDUP], 16);
	cr_expect_geq(p->nkept, 11);
}

/* Nor more than a quarter of its message IDs. */
Test(dedup, one_peer_is_lent_no_more_than_that)
{
	struct engine_limits limits = rig_limits();
	struct addr a = rig_peer(1);
	struct local l = rig_local();

	rig_free(r);
	limits.dedup = limits.answers_lent = 3 * DEDUP_LENT_MOST;
	r = rig_new(&limits);
	p = endpoint_add(&r->e, &a, &l);
	engine_commit(&r->e, 0);
	for (uint32_t mid = 0; mid < 2 * DEDUP_LENT_MOST; mid++)
		answer(add((uint16_t)mid), "x");
	cr_expect_leq(p->nkept, DEDUP_LENT_MOST);
	cr_expect_geq(p->nkept, DEDUP_LENT_MOST - 1);
}

Test(dedup, what_is_being_worked_on_is_never_pushed_out)
{
	struct dedup *busy = add(1);

	dedup_wait(&r->e, busy, 1);
	for (uint16_t mid = 2; mid <= 9; mid++)
		answer(add(mid), "x");
	cr_assert_eq(dedup_find(&r->e, p, 1), busy);
	cr_assert_eq(p->ndedup, 5);
	answer(busy, "late");
	cr_assert_eq(dedup_find(&r->e, p, 1), busy);
	cr_assert_null(dedup_find(&r->e, p, 6));
}

Test(dedup, the_sweep_forgets_what_has_outlived_its_lifetime)
{
	answer(add(1), "x");
	add(2);
	r->e.now += 247000;
	dedup_sweep(&r->e, 32);
	cr_assert_not_null(dedup_find(&r->e, p, 1));
	r->e.now += 1000;
	dedup_sweep(&r->e, 32);
	engine_commit(&r->e, 0);
	cr_assert_null(dedup_find(&r->e, p, 1));
	cr_assert_not_null(dedup_find(&r->e, p, 2), "still worked on");
	cr_assert_eq(dealings_of(&r->e, p)->forgot_s, 0, "forgotten in time");
}

Test(dedup, without_a_blob_the_answer_is_known_to_be_gone)
{
	char big[201];
	struct dedup *d[10];

	memset(big, 'b', 200);
	big[200] = 0;
	for (uint16_t i = 0; i < 9; i++) {
		struct addr a = rig_peer(10 + i);
		struct local l = rig_local();

		p = endpoint_add(&r->e, &a, &l);
		d[i] = add(1);
		answer(d[i], big);
		cr_assert_eq(d[i]->state, i < 8 ? DEDUP_DONE : DEDUP_GONE);
	}
	cr_assert_eq(rig_counter(r, COUNT_FULL_MESSAGES), 1);
	dedup_kill(&r->e, d[0]);
	engine_commit(&r->e, 0);
	cr_assert_eq(r->e.space.ctl->live[SLAB_BLOB], 7);
}

Test(dedup, a_waiting_one_whose_exchange_is_gone_does_not_wait_for_ever)
{
	struct dedup *d = add(1);

	dedup_wait(&r->e, d, 12345);
	engine_commit(&r->e, 0);
	rig_crash(r);
	p = slab_at(engine_slab(&r->e, SLAB_ENDPOINT), 0);
	cr_assert_eq(dedup_find(&r->e, p, 1)->state, DEDUP_GONE);
	cr_assert_eq(p->nkept, 1);
}

/* Entries beyond the peer's share stand where its oldest stood. */
static void fill(const char *first)
{
	answer(add(1), first);
	for (uint16_t mid = 2; mid <= 4; mid++)
		answer(add(mid), "x");
}

static void crash(void)
{
	rig_crash(r);
	p = slab_at(engine_slab(&r->e, SLAB_ENDPOINT), 0);
}

Test(dedup, one_that_took_another_s_place_is_undone_whole)
{
	struct dedup *d;

	fill("the first answer");
	d = dedup_add(&r->e, p, 5, 55, true);
	dedup_answered(&r->e, d, span_str("the answer that nobody gets"));
	crash();
	d = dedup_find(&r->e, p, 1);
	cr_assert_not_null(d);
	cr_expect_eq(d->print, 3);
	cr_expect_eq(d->kind, 0);
	cr_assert(span_eq(dedup_answer(&r->e, d), span_str("the first answer")));
	cr_expect_null(dedup_find(&r->e, p, 5));
	cr_expect_eq(p->nkept, 4);
	cr_expect_eq(dealings_of(&r->e, p)->forgot_n, 0);
}

Test(dedup, so_is_one_that_took_the_place_of_a_long_one)
{
	char big[201] = "";
	struct dedup *d;

	memset(big, 'b', 200);
	fill(big);
	d = dedup_add(&r->e, p, 5, 55, false);
	dedup_answered(&r->e, d, span_str("short"));
	crash();
	d = dedup_find(&r->e, p, 1);
	cr_assert_not_null(d);
	cr_assert(span_eq(dedup_answer(&r->e, d), span_str(big)));
	answer(add(5), "short");
	cr_assert(span_eq(dedup_answer(&r->e, dedup_find(&r->e, p, 5)), span_str("short")));
	cr_expect_eq(r->e.space.ctl->live[SLAB_BLOB], 0);
	crash();
	cr_assert(span_eq(dedup_answer(&r->e, dedup_find(&r->e, p, 5)), span_str("short")));
	cr_expect_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 0);
}

Test(dedup, who_named_the_one_before_finds_nothing)
{
	struct dedup *d;
	ref_t old;

	fill("x");
	old = dedup_ref(&r->e, dedup_find(&r->e, p, 1));
	d = add(5);
	cr_expect_eq(REF_INDEX(dedup_ref(&r->e, d)), REF_INDEX(old));
	cr_expect_null(dedup_get(&r->e, old));
	cr_expect_eq(dedup_get(&r->e, dedup_ref(&r->e, d)), d);
	cr_expect_eq(p->ndedup, 4);
}

/* Its hash is remembered from when it was found. */
Test(dedup, one_in_the_place_of_another_peer_has_entries_of_its_own)
{
	struct engine_limits limits = rig_limits();
	struct addr a = rig_peer(1), b = rig_peer(2);
	struct local l = rig_local();
	struct dedup *d;

	rig_free(r);
	limits.endpoints = 1;
	r = rig_new(&limits);
	p = endpoint_add(&r->e, &a, &l);
	engine_commit(&r->e, 0);
	cr_assert_eq(endpoint_find(&r->e, &a, &l), p);
	cr_assert_null(endpoint_find(&r->e, &b, &l));
	cr_assert_eq(endpoint_add(&r->e, &b, &l), p);
	d = add(1);
	cr_assert_null(endpoint_find(&r->e, &a, &l));
	cr_assert_eq(endpoint_find(&r->e, &b, &l), p);
	cr_assert_eq(dedup_find(&r->e, p, 1), d);
	answer(d, "x");
	rig_crash(r);
	p = endpoint_find(&r->e, &b, &l);
	cr_assert_not_null(dedup_find(&r->e, p, 1));
}

/* Who has its share needs no room. */
Test(dedup, a_full_table_is_not_full_for_who_pushes_out_its_own)
{
	struct addr b = rig_peer(2);
	struct local l = rig_local();
	struct endpoint *other = endpoint_add(&r->e, &b, &l);

	fill("x");
	for (uint16_t mid = 1; dedup_room(&r->e); mid++)
		cr_assert_not_null(dedup_add(&r->e, other, mid, mid, false));
	engine_commit(&r->e, 0);
	cr_assert(dedup_room_of(&r->e, p));
	cr_assert_not(dedup_room_of(&r->e, other));
	cr_assert_not(dedup_room_of(&r->e, NULL));
	answer(add(5), "x");
	cr_assert_not_null(dedup_find(&r->e, p, 5));
}

/* --- a message ID that is used again ------------------------------------------------ */

Test(dedup, E9_one_for_each_message_of_the_same_id)
{
	struct dedup *first = add(5), *second;

	answer(first, "first");
	second = dedup_add(&r->e, p, 5, 77, false);
	engine_commit(&r->e, 0);
	answer(second, "second");
	cr_expect_eq(dedup_same(&r->e, p, 5, 15), first);
	cr_expect_eq(dedup_same(&r->e, p, 5, 77), second);
	cr_expect_null(dedup_same(&r->e, p, 5, 78));
	cr_expect_null(dedup_same(&r->e, p, 6, 77));
	crash();
	cr_assert_not_null(dedup_same(&r->e, p, 5, 15));
	cr_assert(span_eq(dedup_answer(&r->e, dedup_same(&r->e, p, 5, 77)), span_str("second")));
}

Test(dedup, E9_one_that_has_outlived_its_lifetime_does_not_hide_another)
{
	answer(add(5), "old");
	r->e.now += 200000;
	answer(dedup_add(&r->e, p, 5, 77, false), "new");
	crash();                /* and the older one is found first, or last */
	r->e.now += 48000;
	cr_expect_null(dedup_same(&r->e, p, 5, 15));
	cr_expect_not_null(dedup_same(&r->e, p, 5, 77));
	cr_assert_not_null(dedup_find(&r->e, p, 5));
	cr_expect_eq(dedup_find(&r->e, p, 5)->print, 77);
}

Test(dedup, E9_whose_message_id_is_always_the_same_has_few_of_it)
{
	struct engine_limits limits = rig_limits();
	struct addr a = rig_peer(1);
	struct local l = rig_local();

	rig_free(r);
	limits.answers_per_endpoint = limits.dedup = 64;
	r = rig_new(&limits);
	p = endpoint_add(&r->e, &a, &l);
	for (uint32_t print = 0; print < DEDUP_SAME_ID + 3; print++) {
		bool instead = dedup_bound(&r->e, p, 5);

		answer((instead ? dedup_instead : dedup_add)(&r->e, p, 5, print, 0), "x");
	}
	for (uint32_t print = 0; print < DEDUP_SAME_ID + 3; print++)
		cr_expect_eq(dedup_same(&r->e, p, 5, print) != NULL, print >= 3, "%u", print);
	cr_expect_eq(p->nkept, DEDUP_SAME_ID);
	cr_expect_eq(rig_counter(r, COUNT_EVICTED_EARLY), 3);
	cr_expect(dealings_forgetful(&r->e, dealings_of(&r->e, p)));
}

/* --- many of one peer ----------------------------------------------------------------- */

static void many(unsigned share, unsigned n)
{
	struct engine_limits limits = rig_limits();
	struct addr a = rig_peer(1);
	struct local l = rig_local();

	rig_free(r);
	limits.answers_per_endpoint = share;
	limits.dedup = share + 8;
	r = rig_new(&limits);
	p = endpoint_add(&r->e, &a, &l);
	engine_commit(&r->e, 0);
	for (unsigned mid = 0; mid < n; mid++)
		answer(add((uint16_t)mid), "x");
}

static struct dedup *at(uint32_t i)
{
	return slab_at(engine_slab(&r->e, SLAB_DEDUP), i);
}

Test(dedup, order_of_many_outlives_a_death)
{
	static const unsigned n[] = { 1, 2, 3, 500, 999, 1000, 1001, 1700, 2500 };

	for (unsigned k = 0; k < sizeof n / sizeof *n; k++) {
		uint32_t mid = n[k] > 1000 ? n[k] - 1000 : 0, i, last = SLAB_NIL;

		many(1000, n[k]);
		crash();
		for (i = p->dedup_head; i != SLAB_NIL; i = at(i)->next) {
			cr_assert_eq(at(i)->mid, mid++, "%u answers", n[k]);
			cr_assert_eq(at(i)->prev, last);
			last = i;
		}
		cr_assert_eq(mid, n[k]);
		cr_assert_eq(p->dedup_tail, last);
	}
}
