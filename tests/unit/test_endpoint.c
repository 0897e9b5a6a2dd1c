/* Endpoints: keys, limits. */
#include <criterion/criterion.h>

#include "rig.h"

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(endpoint, .init = setup, .fini = teardown);

static struct endpoint *add(unsigned peer)
{
	struct addr a = rig_peer(peer);
	struct local l = rig_local();
	struct endpoint *p = endpoint_add(&r->e, &a, &l);

	engine_commit(&r->e, 0);
	return p;
}

static struct endpoint *find(unsigned peer)
{
	struct addr a = rig_peer(peer);
	struct local l = rig_local();

	return endpoint_find(&r->e, &a, &l);
}

Test(endpoint, the_local_address_and_socket_are_part_of_the_key)
{
	struct addr a = rig_peer(1);
	struct local l = rig_local();
	struct endpoint *p = add(1);

	cr_assert_eq(find(1), p);
	cr_assert_null(find(2));
	l.sock = 1;
	cr_assert_null(endpoint_find(&r->e, &a, &l));
	l = rig_local();
	l.ip[0] = 9;
	cr_assert_null(endpoint_find(&r->e, &a, &l));
	a.scope = 3;
	cr_assert_null(endpoint_find(&r->e, &a, &l));
}

Test(endpoint, the_silent_one_goes_first_when_room_is_needed)
{
	ref_t old;

	for (unsigned i = 1; i <= 16; i++)
		add(i);
	r->e.now += 300000;
	for (unsigned i = 1; i <= 16; i++)
		if (i != 9)
			find(i)->seen_s = engine_seconds(&r->e);
	old = endpoint_ref(&r->e, find(9));
	cr_assert(endpoint_room(&r->e));
	cr_assert_not_null(add(17));
	cr_assert_null(find(9));
	cr_assert_not_null(find(17));
	cr_assert_null(endpoint_get(&r->e, old), "the old reference is stale");
}

Test(endpoint, replacing_one_is_undone_by_a_death)
{
	struct addr a = rig_peer(17);
	struct local l = rig_local();

	for (unsigned i = 1; i <= 16; i++)
		add(i);
	cr_assert_not_null(endpoint_add(&r->e, &a, &l));
	rig_crash(r);
	cr_assert_null(find(17));
	for (unsigned i = 1; i <= 16; i++)
		cr_assert_not_null(find(i));
}

Test(endpoint, with_something_attached_none_goes)
{
	for (unsigned i = 1; i <= 16; i++)
		dealings_with(&r->e, add(i))->nexchanges = 1;
	cr_assert_not(endpoint_room(&r->e));
	cr_assert_null(add(17));
	cr_assert_eq(rig_counter(r, COUNT_FULL_ENDPOINTS), 1);
}

/* Most have something attached, as observers have; each search finds those that have not. */
Test(endpoint, among_many_that_stay_one_that_can_go_is_found)
{
	struct engine_limits limits = rig_limits();
	uint32_t free = 0;

	rig_free(r);
	limits.endpoints = 250;
	r = rig_new(&limits);
	for (unsigned i = 1; i <= 250; i++)
		if (i % 50)
			dealings_with(&r->e, add(i))->nexchanges = 1;
		else
			add(i);
	for (unsigned i = 251; i <= 350; i++) {
		cr_assert(endpoint_room(&r->e), "%u", i);
		cr_assert_not_null(add(i), "%u", i);
	}
	for (unsigned i = 1; i <= 250; i++)
		free += !find(i);
	cr_expect_eq(free, 5);
}

Test(endpoint, implausible_ones_are_dropped_by_an_adopter)
{
	add(1)->remote.port = 0;
	add(2)->local.zero = 7;
	add(3);
	rig_crash(r);
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 2);
	cr_assert_not_null(find(3));
	cr_assert_eq(r->e.space.ctl->live[SLAB_ENDPOINT], 1);
}

/* Its window of message IDs is all that tells duplicates of what was forgotten. */
Test(endpoint, one_that_lost_answers_early_stays_as_long_as_they_would_have)
{
	struct endpoint *p = add(1);
	ref_t old = endpoint_ref(&r->e, p);

	dealings_forgot(&r->e, p);
	engine_commit(&r->e, 0);
	for (unsigned i = 2; i <= 16; i++)
		add(i);
	r->e.now += 247000;
	for (unsigned i = 17; i <= 40; i++)
		cr_assert_not_null(add(i));
	cr_assert_eq(endpoint_get(&r->e, old), p);
	r->e.now += 1000;
	for (unsigned i = 41; i <= 60; i++)
		cr_assert_not_null(add(i));
	cr_assert_null(endpoint_get(&r->e, old));
}

Test(endpoint, of_a_listener_that_is_gone_is_dropped_by_an_adoption)
{
	static uint16_t ports[1] = { 5683 };

	add(1);
	r->conf.ports = ports;
	r->conf.nports = 1;
	rig_adopt(r);
	cr_assert_not_null(find(1));
	ports[0] = 0;
	rig_adopt(r);
	cr_assert_null(find(1));
}
