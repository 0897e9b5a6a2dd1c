/* A slot's memory as others see it, over the engine that fills it. */
#include "worker/view.h"

#include "watched.h"

static struct view v;

static void begin(void)
{
	fresh();
	view_open(&v, r->mem, &r->def);
}

TestSuite(view, .init = begin, .fini = teardown);

static unsigned peers(struct view_peer *last)
{
	struct view_peer p;
	unsigned n = 0;

	for (uint32_t i = 0; i < view_peers(&v); i++)
		if (view_peer(&v, i, &p)) {
			*last = p;
			n++;
		}
	return n;
}

static unsigned seen_observers(struct view_observer *last)
{
	struct view_observer o;
	unsigned n = 0;

	for (uint32_t i = 0; i < view_observers(&v); i++)
		if (view_observer(&v, i, &o)) {
			*last = o;
			n++;
		}
	return n;
}

Test(view, counts_are_those_of_the_engine)
{
	enter(1, "ab");
	cr_expect_eq(view_counter(&v, COUNT_OBSERVERS), 1);
	cr_expect_eq(view_code(&v, COAP_GET), 1);
	cr_expect_eq(view_live(&v, SLAB_OBSERVER), 1);
	cr_expect_eq(view_used(&v, SLAB_OBSERVER), 1);
	cr_expect_eq(view_epoch(&v), 0);
	cr_expect_eq(view_body_pages(&v), 0);
	cr_expect_eq(view_served(&v).sum_ns, 0);
	cr_expect_eq(view_waited(&v).sum_ns, 0);
}

Test(view, peers_are_those_that_something_is_remembered_of)
{
	struct view_peer p;
	struct addr two = rig_peer(2);

	cr_expect_eq(peers(&p), 0);
	enter(2, "ab");
	enter(2, "ac");
	cr_assert_eq(peers(&p), 1);
	cr_expect(addr_eq(&p.remote, &two));
	cr_expect_eq(p.observers, 2);
	enter(3, "ab");
	cr_expect_eq(peers(&p), 2);
}

Test(view, an_observer_has_its_request)
{
	struct view_observer o;
	struct message m;

	enter(1, "ab");
	cr_assert_eq(seen_observers(&o), 1);
	cr_assert_eq(frame_udp_parse(span_of(o.request, o.len), &m), FRAME_OK);
	cr_expect_eq(m.code, COAP_GET);
	cr_expect_eq(memcmp(m.token.p, "ab", 2), 0);
	cr_expect_not(o.under_way);
	change();
	tell();
	cr_assert_eq(seen_observers(&o), 1);
	cr_expect(o.under_way);
}

Test(view, a_long_request_is_in_a_blob)
{
	char options[300];
	struct view_observer o;

	snprintf(options, sizeof options, "6= 11=%0200d", 0);
	cr_assert_geq(enter_as(1, COAP_CON, 9, "ab", options), 0);
	cr_assert_eq(seen_observers(&o), 1);
	cr_expect_gt(o.len, 200);
}

Test(view, what_is_gone_is_not_seen)
{
	struct view_observer o;

	enter(1, "ab");
	observer_end(&r->e, slab_at(engine_slab(&r->e, SLAB_OBSERVER), 0),
		     COUNT_OBSERVERS_LEFT);
	rig_commit(r);
	cr_expect_eq(seen_observers(&o), 0);
}

/* Nothing in it leads outside, and nothing of it is an assertion. */
Test(view, damaged_memory_is_looked_at_all_the_same)
{
	struct view_observer o;
	struct view_peer p;
	struct observer *at;

	enter(1, "ab");
	at = slab_at(engine_slab(&r->e, SLAB_OBSERVER), 0);
	at->request.len = sizeof at->inside + 1;
	cr_expect_eq(seen_observers(&o), 0);
	at->request.len = 0xffffffff;
	cr_expect_eq(seen_observers(&o), 0);
	at->request.blob = 0xfffffff0;
	cr_expect_eq(seen_observers(&o), 0);
	at->request.len = 5;
	cr_expect_eq(seen_observers(&o), 0);
	at->peer = UINT64_MAX;
	cr_expect_eq(seen_observers(&o), 0);
	memset(r->e.space.ctl->hwm, 0xff, sizeof r->e.space.ctl->hwm);
	memset(r->e.space.ctl->live, 0xff, sizeof r->e.space.ctl->live);
	cr_expect_eq(view_peers(&v), rig_limits().endpoints);
	cr_expect_eq(peers(&p), 1);
	cr_expect_eq(view_live(&v, SLAB_DEDUP), rig_limits().dedup);
	rig_free(r);
	r = NULL;
}
