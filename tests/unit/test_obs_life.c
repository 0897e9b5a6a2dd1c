/* Observations of the client role: deaths, damage, limits. */
#include <criterion/criterion.h>

#include "watch.h"

#include <errno.h>

TestSuite(obs_life, .init = watch_setup, .fini = watch_teardown);

#define DAY "14=#015180 "

static struct obs *live(void)
{
	return obs_get(&watch.r->e, watch.obs);
}

static void crash(void)
{
	rig_crash(watch.r);
	cr_assert_eq(rig_counter(watch.r, COUNT_ADOPT_DROPPED), 0);
}

Test(obs_life, a_successor_goes_on)
{
	watch_begin();
	crash();
	cr_assert_eq(watch_answered(COAP_CONTENT, "6=#01", 1), OBS_STATE);
	crash();
	cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, "6=#02", 1), OBS_STATE);
	crash();
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#02", 1), OBS_NOTHING);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	crash();
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "4=a 6=#02 23=#0a", 64), OBS_PART);
	cr_assert_eq(watch_said(), 1);
	crash();
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#12", 1), OBS_STATE);
	cr_assert_eq(watch.event.value, 2);
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	cr_assert_eq(watch_said(), 1);
	crash();
	cr_assert_eq(watch_answered(COAP_CONTENT, "", 1), OBS_ENDED);
	watch_expect_gone();
}

Test(obs_life, a_successor_goes_on_with_the_rest_of_a_plain_answer)
{
	watch_begin();
	cr_assert_eq(watch_answered(COAP_CONTENT, "4=a 23=#0a", 64), OBS_PART);
	cr_assert_eq(watch_said(), 1);
	crash();
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#12", 1), OBS_ENDED);
	watch_expect_gone();
}

Test(obs_life, an_event_that_was_not_committed_did_not_happen)
{
	struct response in;

	watch_registered();
	watch_raw(1, COAP_NON, COAP_CONTENT, 5, &watch.reg, DAY "4=a 6=#0b 23=#0a", 64);
	watch_said();
	in = (struct response){ .exchange = live()->exchange, .owner = watch.obs,
				.status = -ETIMEDOUT };
	cr_assert_eq(obs_response(&watch.r->e, &in, &watch.event), OBS_FAILED);
	crash();
	cr_assert_not_null(live());
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#12", 1), OBS_STATE);
}

Test(obs_life, damaged_ones_are_dropped_with_all_they_have)
{
	static const struct { size_t at; uint32_t value; } harm[] = {
		{ offsetof(struct obs, state), 0 },
		{ offsetof(struct obs, state), OBS_STATES },
		{ offsetof(struct obs, state), OBS_REGISTERING },
		{ offsetof(struct obs, state), OBS_TO_LEAVE },
		{ offsetof(struct obs, state), OBS_LAST },
		{ offsetof(struct obs, szx), 7 },
		{ offsetof(struct obs, value), 1u << 24 },
		{ offsetof(struct obs, exchange), 0x7777 },
		{ offsetof(struct obs, to), 0x7777 },
		{ offsetof(struct obs, from), 0x7777 },
		{ offsetof(struct obs, due) + 4, 0x7777 },
	};

	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		watch_registered();
		watch_notified(COAP_NON, COAP_CONTENT, DAY "4=a 6=#0b 23=#0a", 64);
		watch_said();
		memcpy((uint8_t *)live() + harm[i].at, &harm[i].value, 4);
		rig_crash(watch.r);
		watch_expect_gone();
	}
	watch_registered();
	memset(&live()->due, 0, sizeof live()->due);
	rig_crash(watch.r);
	watch_expect_gone();
}

Test(obs_life, its_exchange_lost_or_anothers_it_is_dropped)
{
	watch_registered();
	exchange_get(&watch.r->e, live()->exchange)->owner = 5;
	rig_crash(watch.r);
	cr_assert_null(live());
	watch.r->e.space.ctl->counter[COUNT_ADOPT_DROPPED] = 0;
	watch_registered();
	exchange_get(&watch.r->e, live()->exchange)->o.word &= ~1u;
	rig_crash(watch.r);
	cr_assert_null(live());
}

Test(obs_life, a_rest_that_nobody_wants_is_dropped)
{
	watch_registered();
	watch_notified(COAP_NON, COAP_CONTENT, DAY "4=a 6=#0b 23=#0a", 64);
	watch_said();
	live()->rest = 0;
	rig_crash(watch.r);
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_XFER], 0);
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_EXCHANGE], 1);
	cr_assert_not_null(live());
}

Test(obs_life, one_that_lost_its_rest_asks_again)
{
	watch_registered();
	watch_notified(COAP_NON, COAP_CONTENT, "4=a 6=#0b 23=#0a", 64);
	watch_said();
	xfer_get(&watch.r->e, live()->rest)->o.word &= ~1u;
	rig_crash(watch.r);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 0);
}

Test(obs_life, one_whose_message_cannot_be_read_any_more)
{
	struct exchange *x;

	watch_registered();
	x = exchange_get(&watch.r->e, live()->exchange);
	x->inside[0] = 0x4f;
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "4=a 6=#0b 23=#0a", 64), OBS_FAILED);
	cr_assert_eq(watch.event.status, -EIO);
	watch_registered();
	exchange_get(&watch.r->e, live()->exchange)->inside[0] = 0x4f;
	watch_next();
	cr_assert_eq(watch_said(), 0);
	cr_assert_leq(watch_next(), 15000, "in vain, but not at once again");
}

/* --- limits and arguments --------------------------------------------------------------------- */

static int start(struct xfer_request q)
{
	q.code = q.code ? q.code : COAP_GET;
	return watch_start(q, "11=r");
}

Test(obs_life, at_a_limit_nothing_happens)
{
	for (unsigned i = 0; i < rig_limits().observations; i++)
		cr_assert_eq(start((struct xfer_request){ .szx = 6 }), 0);
	cr_assert_eq(start((struct xfer_request){ .szx = 6 }), -EAGAIN);
	cr_assert_eq(rig_counter(watch.r, COUNT_FULL_OBSERVATIONS), 1);
	obs_cancel(&watch.r->e, slab_ref(&watch.r->e.space, engine_slab(&watch.r->e, SLAB_OBS),
					 slab_at(engine_slab(&watch.r->e, SLAB_OBS), 0)));
	cr_assert_eq(start((struct xfer_request){ .szx = 6 }), 0, "in the same event");
	watch.r->e.conf.limits.observations = 100;
	watch.r->e.conf.limits.exchanges = 4;
	cr_assert_eq(start((struct xfer_request){ .szx = 6 }), -EAGAIN);
	cr_assert_eq(rig_counter(watch.r, COUNT_FULL_EXCHANGES), 1);
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_OBS], 4);
}

Test(obs_life, what_cannot_be_asked)
{
	struct xfer_request q = { .code = COAP_GET, .szx = 6, .to = rig_peer(1),
				  .from = rig_local(), .options = span_of("\xff", 1) };

	cr_assert_eq(start((struct xfer_request){ .szx = 7 }), -EINVAL);
	cr_assert_eq(start((struct xfer_request){ .code = COAP_CONTENT, .szx = 6 }), -EINVAL);
	cr_assert_eq(start((struct xfer_request){ .szx = 6, .token = span_str("123456789") }),
		     -EINVAL);
	cr_assert_eq(obs_start(&watch.r->e, &q, &watch.obs), -EINVAL);
	q.options = span_of("\xbfr", 2);
	cr_assert_eq(obs_start(&watch.r->e, &q, &watch.obs), -EINVAL);
	q.options.n = 0;
	q.to.ip[0] = 0xff;
	cr_assert_eq(obs_start(&watch.r->e, &q, &watch.obs), -EINVAL, "a group");
	cr_assert_eq(start((struct xfer_request){ .szx = 6, .body_n = 1 << 20 }), -EMSGSIZE);
	cr_assert_eq(start((struct xfer_request){ .szx = 6, .body_n = 1000 }), -EIO);
	watch.r->e.source = NULL;
	cr_assert_eq(start((struct xfer_request){ .szx = 6, .body_n = 1 }), -EIO);
	cr_assert_eq(start((struct xfer_request){ .szx = 6, .token = span_str("a") }), 0);
	cr_assert_eq(watch_start((struct xfer_request){ .code = COAP_GET, .szx = 6,
						  .token = span_str("a") }, "11=r"), -EEXIST);
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_OBS], 1);
}

Test(obs_life, without_room_for_the_rest_it_asks_again_soon)
{
	watch_registered();
	watch.r->e.conf.limits.xfers = 0;
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "4=a 6=#0b 23=#0a", 64),
		     OBS_NOTHING);
	watch.r->e.conf.limits.xfers = 4;
	cr_assert_leq(watch_next(), 3000);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "4=a 6=#0b 23=#0a", 64), OBS_PART);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "4=b 6=#0c 23=#0a", 64), OBS_PART,
		     "one rest makes room for the next");
	obs_cancel(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	watch_said();
	watch_begin();
	watch.r->e.conf.limits.xfers = 0;
	cr_assert_eq(watch_answered(COAP_CONTENT, "4=a 23=#0a", 64), OBS_FAILED);
	cr_assert_eq(watch.event.status, -EAGAIN);
}

Test(obs_life, without_room_to_leave_it_leaves_later)
{
	char path[200] = "11=";

	/* With Observe 0 it fits its object, with 1 it does not. */
	memset(path + 3, 'p', EXCHANGE_INSIDE - 4 - CLIENT_TOKEN - 1 - 2);
	cr_assert_eq(watch_start((struct xfer_request){ .code = COAP_GET, .szx = 6 }, path), 0);
	watch_said();
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "6=#01", 1), OBS_STATE);
	watch.r->e.conf.limits.messages = 0;
	cr_assert_eq(obs_leave(&watch.r->e, watch.obs), 0);
	rig_commit(watch.r);
	cr_assert_eq(watch_said(), 0);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#02", 1), OBS_NOTHING);
	rig_crash(watch.r);
	watch.r->e.conf.limits.messages = 8;
	cr_assert_leq(watch_next(), 15000);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 1);
	cr_assert_eq(watch_answered(COAP_CONTENT, "", 1), OBS_ENDED);
}

Test(obs_life, a_stale_event_is_for_nobody)
{
	struct xfer_event x = { .owner = 0 };
	struct response in = { .owner = 0 };

	watch_registered();
	x.owner = in.owner = watch.obs;
	x.xfer = in.exchange = 5;
	cr_assert_eq(obs_response(&watch.r->e, &in, &watch.event), OBS_NOTHING);
	cr_assert_eq(obs_rest(&watch.r->e, XFER_DONE, &x, &watch.event), OBS_NOTHING);
	obs_cancel(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	cr_assert_eq(obs_response(&watch.r->e, &in, &watch.event), OBS_NOTHING);
	cr_assert_eq(obs_rest(&watch.r->e, XFER_DONE, &x, &watch.event), OBS_NOTHING);
}
