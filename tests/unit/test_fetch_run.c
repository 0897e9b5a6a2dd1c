/* What happens to the requests that modules make. */
#include "fetch_module.h"

#include "coap/observe.h"
#include "exchange/exchange.h"

TestSuite(fetch_run, .fini = finish);

static struct fetch *only(void)
{
	return slab_at(engine_slab(&s->rig->e, FETCH_SLAB), 0);
}

static void resolved(unsigned n)
{
	struct addr a[2] = { rig_peer(9), rig_peer(8) };

	s->rig->taken = 0;
	engine_flushed(&s->rig->e, space_rx_next(&s->rig->e.space));
	fetch_resolved(s->R, &s->rig->e, &s->outside, s->looked_up, a, n);
	rig_commit(s->rig);
}

/* --- one message each way ------------------------------------------------------------- */

Test(fetch_run, a_response_ends_it)
{
	begin(UPSTREAM);
	ask(COAP_GET);
	expect("CON 0.01 11=#78 pay=");
	cr_assert_eq(s->last.from.sock, STAGE_CLIENT);
	cr_assert_eq(fetches(), 1);
	stage_reply(s, COAP_ACK, COAP_CONTENT, "12=#32", "abc");
	expect("ACK 2.05 pay=done");
	expect_told("45 0 abc.!|");
	cr_assert_eq(fetches() + live(SLAB_XFER) + live(SLAB_EXCHANGE) + stage_tasks(s), 0);
}

Test(fetch_run, it_begins_in_an_event_of_its_own)
{
	begin(UPSTREAM);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("nothing");
	cr_assert_eq(only()->state, FETCH_BEGIN);
	stage_wait(s, 0);
	cr_assert_eq(only()->state, FETCH_SENT);
}

Test(fetch_run, failures_are_told)
{
	begin(UPSTREAM);
	ask(COAP_GET);
	expect("CON 0.01 11=#78 pay=");
	stage_reply(s, COAP_RST, COAP_EMPTY, NULL, NULL);
	expect_told("-104!|");
	ask(COAP_GET);
	expect("CON 0.01 11=#78 pay=");
	stage_wait(s, 3000);
	for (unsigned i = 0; i < 5; i++)
		stage_wait(s, 48000);
	expect_told("-110!|");
	s->ways = 1;
	ask(COAP_GET);
	expect_told("-101!|");
	cr_assert_eq(fetches() + live(SLAB_XFER), 0);
}

Test(fetch_run, a_body_of_several_blocks_comes_in_parts)
{
	begin(UPSTREAM);
	ask(COAP_GET);
	stage_next(s);
	stage_reply(s, COAP_ACK, COAP_CONTENT, "23=#08", "0123456789abcdef");
	expect_told("45 0 01234567|");
	expect("CON 0.01 11=#78 23=#10 pay=");
	stage_reply(s, COAP_ACK, COAP_CONTENT, "23=#10", "ghi");
	expect_told("45 0 01234567|45 16 ghi.!|");
	expect("ACK 2.05 pay=done");
}

Test(fetch_run, a_body_that_changes_is_asked_for_anew_a_few_times)
{
	begin(UPSTREAM);
	ask(COAP_GET);
	for (unsigned i = 0; i < 4; i++) {
		stage_next(s);
		stage_reply(s, COAP_ACK, COAP_CONTENT, "4=a 23=#08", "0123456789abcdef");
		stage_next(s);
		stage_reply(s, COAP_ACK, COAP_CONTENT, "4=b 23=#10", "ghi");
	}
	expect_told("45 0 01234567|45 0 01234567|45 0 01234567|45 0 01234567|-116!|");
}

/* --- bodies of requests ------------------------------------------------------------------ */

static void own_bytes(coapd_task *task)
{
	(void)task;
	out.payload = coapd_text("given");
}

Test(fetch_run, a_body_is_copied_or_lent)
{
	begin(UPSTREAM);
	out.code = COAPD_PUT;
	in_request = own_bytes;
	ask(COAP_GET);
	in_request = NULL;
	expect("CON 0.03 11=#78 pay=given");
	cr_assert_not(only()->flags & FETCH_LENT);
	stage_reply(s, COAP_ACK, COAP_CHANGED, NULL, NULL);
	told[0] = 0;
	rig_in(s->rig, 1, "\x40\x03\x10\x00\xb1" "a\xff" "lent", 11);
	resource_request(s->R, &s->rig->e, &s->rig->in.request, 0);
	rig_commit(s->rig);
	cr_assert(only()->flags & FETCH_LENT);
	stage_wait(s, 0);
	expect("CON 0.03 11=#78 pay=lent");
}

/* --- addresses ------------------------------------------------------------------------------ */

Test(fetch_run, a_name_is_looked_up)
{
	begin("coap://some.test:7/x");
	ask(COAP_GET);
	expect("nothing");
	cr_assert_str_eq(s->name, "some.test:7");
	resolved(1);
	expect("CON 0.01 3=#736f6d652e74657374 7=#07 11=#78 pay=");
	stage_reply(s, COAP_ACK, COAP_CONTENT, NULL, "a");
	expect_told("45 0 a.!|");
	resolved(1);            /* once more, of what is over */
	expect("nothing");
}

Test(fetch_run, a_name_without_addresses)
{
	begin("coap://some.test/x");
	ask(COAP_GET);
	resolved(0);
	expect_told("-113!|");
}

Test(fetch_run, the_next_address_is_tried)
{
	begin("coap://some.test:7/x");
	ask(COAP_GET);
	resolved(2);
	stage_next(s);
	cr_assert_eq(s->last.to.port, 1009);
	stage_wait(s, 5000);    /* silence */
	while (strcmp(stage_next(s), "nothing") && s->last.to.port != 1008)
		;
	cr_assert_eq(s->last.to.port, 1008);
	cr_assert_eq(live(SLAB_XFER), 1);
	stage_reply(s, COAP_ACK, COAP_CONTENT, NULL, "b");
	expect_told("45 0 b.!|");
}

Test(fetch_run, who_works_on_the_answer_is_not_silent)
{
	begin("coap://some.test:7/x");
	ask(COAP_GET);
	resolved(2);
	stage_next(s);
	stage_reply(s, COAP_ACK, COAP_EMPTY, NULL, NULL);
	stage_wait(s, 5000);
	stage_wait(s, 5000);
	cr_assert_eq(only()->at, 0);
}

Test(fetch_run, what_may_not_be_made_twice_waits_for_the_first_address)
{
	begin("coap://some.test:7/x");
	out.code = COAPD_POST;
	ask(COAP_GET);
	resolved(2);
	stage_next(s);
	for (unsigned i = 0; i < 6; i++)
		stage_wait(s, 48000);
	expect_told("-110!|");
}

Test(fetch_run, addresses_without_a_way_are_passed_over)
{
	begin("coap://some.test:7/x");
	s->ways = 1;
	ask(COAP_GET);
	resolved(2);
	stage_next(s);
	cr_assert_eq(s->last.to.port, 1008);
}

/* --- observations and groups ------------------------------------------------------------------ */

static void observe(void)
{
	begin(UPSTREAM);
	out.observe = true;
	ask(COAP_GET);
	expect("CON 0.01 6=# 11=#78 pay=");
	stage_reply(s, COAP_ACK, COAP_CONTENT, "6=#05", "one");
	expect_told("45 0 one.|");
}

Test(fetch_run, states_come_until_the_server_ends_it)
{
	observe();
	stage_reply(s, COAP_CON, COAP_CONTENT, "6=#06", "two");
	expect_told("45 0 one.|45 0 two.|");
	stage_reply(s, COAP_CON, COAP_NOT_FOUND, NULL, "gone");
	expect_told("45 0 one.|45 0 two.|84 0 gone.!|");
	cr_assert_eq(fetches() + live(SLAB_OBS) + stage_tasks(s), 0);
}

Test(fetch_run, the_server_is_told_when_nobody_wants_it)
{
	wanted = 2;
	observe();
	stage_reply(s, COAP_CON, COAP_CONTENT, "6=#06", "two");
	cr_assert_eq(stage_tasks(s), 0);
	wanted = 0;
	cr_assert_eq(only()->state, FETCH_ENDED);
	stage_wait(s, 0);
	expect("CON 0.01 6=#01 11=#78 pay=");
	cr_assert_eq(only()->state, FETCH_LEAVING);
	stage_crash(s);
	cr_assert_eq(fetches(), 1, "that outlives a worker");
	stage_reply(s, COAP_ACK, COAP_CONTENT, NULL, "two");
	cr_assert_eq(fetches() + live(SLAB_OBS) + live(SLAB_EXCHANGE), 0);
	expect_told("45 0 one.|45 0 two.|");
}

Test(fetch_run, members_of_a_group_answer_until_the_time_is_up)
{
	begin("coap://[ff05::fd]:1009/x");
	out.timeout_ms = 1000;
	ask(COAP_GET);
	expect("NON 0.01 11=#78 pay=");
	s->last.to = rig_peer(9);
	stage_reply(s, COAP_NON, COAP_CONTENT, NULL, "nine");
	s->last.to = rig_peer(8);
	stage_reply(s, COAP_NON, COAP_CONTENT, "23=#0e", "eight");
	expect_told("45 0 nine. from ::9:1009|45 0 eight from ::8:1008|");
	stage_wait(s, 1000);
	expect_told("45 0 nine. from ::9:1009|45 0 eight from ::8:1008|-110!|");
	cr_assert_eq(fetches(), 0);
}

/* --- ends and crashes --------------------------------------------------------------------------- */

Test(fetch_run, nothing_outlives_the_task)
{
	wanted = 1;
	begin(UPSTREAM);
	ask(COAP_GET);
	stage_next(s);
	stage_reply(s, COAP_ACK, COAP_CONTENT, "23=#08", "0123456789abcdef");
	expect_told("45 0 01234567|");
	wanted = 0;
	cr_assert_eq(stage_tasks(s), 0);
	stage_wait(s, 0);
	cr_assert_eq(fetches() + live(SLAB_XFER), 0);
}

Test(fetch_run, a_response_whose_hook_dies_comes_again)
{
	begin(UPSTREAM);
	ask(COAP_GET);
	stage_next(s);
	s->deaths = 1;
	stage_reply(s, COAP_ACK, COAP_CONTENT, NULL, "abc");
	cr_assert(s->died);
	cr_assert_str_empty(told);
	stage_crash(s);
	expect_told("45 0 abc.!|");
	cr_assert_eq(s->last_attempt, 1);
	expect("ACK 2.05 pay=done");
}

Test(fetch_run, a_request_whose_hook_dies_is_made_once)
{
	begin(UPSTREAM);
	s->deaths = 1;
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert(s->died);
	stage_crash(s);
	cr_assert_eq(fetches(), 1);
	stage_wait(s, 0);
	expect("CON 0.01 11=#78 pay=");
	expect("nothing");
	stage_crash(s);
	stage_wait(s, 0);
	expect("nothing");
	cr_assert_eq(live(SLAB_XFER), 1);
}

Test(fetch_run, a_name_is_asked_for_again_by_the_successor)
{
	begin("coap://some.test:7/x");
	ask(COAP_GET);
	s->looked_up = 0;
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_neq(s->looked_up, 0);
	resolved(1);
	cr_assert_eq(only()->state, FETCH_SENT);
}

Test(fetch_run, what_carried_it_is_lost)
{
	begin(UPSTREAM);
	out.code = COAPD_POST;
	ask(COAP_GET);
	stage_next(s);
	slab_drop(&s->rig->e.space, engine_slab(&s->rig->e, SLAB_XFER),
		  slab_at(engine_slab(&s->rig->e, SLAB_XFER), 0));
	stage_crash(s);
	stage_wait(s, 0);
	expect_told("-130!|");
	out.code = COAPD_GET;
	ask(COAP_GET);
	stage_next(s);
	slab_drop(&s->rig->e.space, engine_slab(&s->rig->e, SLAB_XFER),
		  slab_at(engine_slab(&s->rig->e, SLAB_XFER), only()->sent & 0xff));
	stage_crash(s);
	stage_wait(s, 0);
	expect_told("");
	cr_assert_eq(only()->state, FETCH_SENT, "asked for again");
}

Test(fetch_run, a_limit_of_the_stages_below_is_told)
{
	begin(UPSTREAM);
	s->rig->e.conf.limits.xfers = 0;
	ask(COAP_GET);
	expect_told("-11!|");
	cr_assert_eq(fetches(), 0);
}
