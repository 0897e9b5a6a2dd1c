/* What observers share. */
#include "watched.h"

TestSuite(representation, .init = fresh, .fini = teardown);

static uint32_t representations(void)
{
	return r->e.space.ctl->live[SLAB_REPRESENTATION];
}

static void as(unsigned peer, const char *options)
{
	static uint16_t mid = 3000;

	cr_assert_geq(enter_as(peer, COAP_CON, ++mid, "t", options), 0);
}

Test(representation, requests_that_ask_for_the_same_share_one)
{
	as(1, "6= 11=a");
	as(2, "6= 11=a 23=#02");
	as(3, "4=#aabb 6= 11=a");
	as(4, "6= 11=a 60=#05");
	cr_assert_eq(representations(), 1);
	cr_assert_eq(the_one()->nobservers, 4);
}

Test(representation, others_do_not)
{
	as(1, "6= 11=a");
	as(2, "6= 11=a 15=q");
	as(3, "6= 11=a 17=#32");
	as(4, "6= 11=b");
	cr_assert_eq(representations(), 4);
	cr_assert_eq(enter_as(5, COAP_CON, 9, "t", "6= 11=c"), -1);
	cr_assert_eq(rig_counter(r, COUNT_FULL_REPRESENTATIONS), 1);
	cr_assert_geq(enter_as(5, COAP_CON, 10, "t", "6= 11=b"), 0);
}

Test(representation, the_payload_counts)
{
	struct message m = { .code = COAP_FETCH, .payload = { (const uint8_t *)"a", 1 } }, n = m;

	n.payload.p = (const uint8_t *)"b";
	cr_assert_neq(representation_key(&r->e, 5, &m), representation_key(&r->e, 5, &n));
	cr_assert_neq(representation_key(&r->e, 5, &m), representation_key(&r->e, 6, &m));
	n = m;
	n.code = COAP_GET;
	cr_assert_neq(representation_key(&r->e, 5, &m), representation_key(&r->e, 5, &n));
}

Test(representation, it_ends_with_its_last_observer)
{
	uint16_t first, second;

	as(1, "6= 11=a");
	as(2, "6= 11=a");
	change();
	tell();
	tell();
	first = sent().mid;
	second = sent().mid;
	bring_back(1, COAP_RST, first);
	cr_assert_eq(representations(), 1);
	bring_back(2, COAP_RST, second);
	cr_assert_eq(representations(), 0);
	cr_assert_null(the_one());
	cr_assert_eq(engine_next(&r->e), UINT64_MAX);
}

Test(representation, those_of_one_word_are_found)
{
	unsigned n = 0;

	as(1, "6= 11=a");
	as(2, "6= 11=b");
	as(3, "6= 11=c");
	for (struct representation *p = the_one(); p; p = representation_next(&r->e, p))
		n++;
	cr_assert_eq(n, 3);
	rig_crash(r);
	for (struct representation *p = the_one(); p; p = representation_next(&r->e, p))
		n++;
	cr_assert_eq(n, 6);
}

Test(representation, what_a_later_one_saw_the_others_are_told)
{
	as(1, "6= 11=a");
	state++;
	as(2, "6= 11=a");
	cr_assert_leq(engine_next(&r->e), r->e.now);
	cr_assert_geq(tell(), 0);
	cr_assert_eq(sent().token.n, 1);
	cr_assert_eq(tell(), -1, "the later one knows");
}

Test(representation, nonsense_and_what_nobody_observes_is_dropped)
{
	struct representation *p;

	as(1, "6= 11=a");
	as(2, "6= 11=b");
	p = slab_at(engine_slab(&r->e, SLAB_REPRESENTATION), 0);
	p->word = CHANGES_WORDS;
	rig_crash(r);
	cr_assert_eq(representations(), 1);
	cr_assert_eq(observers(), 1);
	((struct observer *)slab_at(engine_slab(&r->e, SLAB_OBSERVER), 1))->non = 2;
	rig_crash(r);
	cr_assert_eq(representations(), 0);
}
