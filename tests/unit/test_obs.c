/* Observations of the client role: order, freshness, blocks, the end. */
#include <criterion/criterion.h>

#include "watch.h"

#include <errno.h>
#include <stdio.h>

TestSuite(obs, .init = watch_setup, .fini = watch_teardown);

#define DAY "14=#015180 "

static void expect_rst(void)
{
	struct rig_sent s;

	cr_assert(rig_take(watch.r, &s));
	cr_assert_eq(s.m.type, COAP_RST);
}

static void expect_ended(uint8_t code)
{
	cr_assert_eq(watch.verdict, OBS_ENDED);
	cr_assert_eq(watch.event.msg.code, code);
	watch_expect_gone();
}

static void expect_failed(int status)
{
	cr_assert_eq(watch.verdict, OBS_FAILED);
	cr_assert_eq(watch.event.status, status);
	watch_expect_gone();
}

/* --- registering ------------------------------------------------------------------------- */

Test(obs, a_registration_and_its_notifications)
{
	watch_begin();
	cr_assert_eq(watch.reg.type, COAP_CON);
	cr_assert_eq(watch.reg.observe, 0);
	cr_assert_eq(watch.reg.block2, -1);
	cr_assert(watch.reg.path);
	cr_assert_eq(watch_answered(COAP_CONTENT, "6=#05 28=#07", 7), OBS_STATE);
	cr_assert_eq(watch.event.obs, watch.obs);
	cr_assert_eq(watch.event.value, 5);
	cr_assert_eq(watch.event.offset, 0);
	cr_assert_eq(watch.event.total, 7);
	cr_assert_eq(watch.event.msg.payload.n, 7);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#06", 2), OBS_STATE);
	cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, "6=#07", 2), OBS_STATE);
	cr_assert_eq(watch.event.value, 7);
	cr_assert_eq(watch_notified(COAP_CON, COAP_VALID, "6=#08 4=e", 0), OBS_STATE);
	cr_assert_eq(watch.event.msg.code, COAP_VALID);
}

Test(obs, E69_an_answer_without_observe_ends_it)
{
	watch_begin();
	cr_assert_eq(watch_answered(COAP_CONTENT, "12=0", 7), OBS_ENDED);
	expect_ended(COAP_CONTENT);
	watch_registered();
	watch_notified(COAP_CON, COAP_CONTENT, "12=0", 1);
	expect_ended(COAP_CONTENT);
}

Test(obs, E60_an_error_ends_it_whatever_options_it_has)
{
	watch_begin();
	watch_answered(COAP_NOT_FOUND, "", 0);
	expect_ended(COAP_NOT_FOUND);
	watch_registered();
	watch_notified(COAP_CON, COAP_NOT_FOUND, "6=#0b", 0);
	expect_ended(COAP_NOT_FOUND);
	cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, "6=#0c", 0), OBS_NOTHING);
	expect_rst();
}

Test(obs, a_registration_that_nobody_answers_fails)
{
	watch_begin();
	while (watch.verdict != OBS_FAILED)
		watch_next();
	expect_failed(-ETIMEDOUT);
	watch_begin();
	watch_raw(1, COAP_RST, COAP_EMPTY, watch.reg.mid, &(struct about){ .type = 0 }, "", 0);
	expect_failed(-ECONNRESET);
}

Test(obs, a_challenge_is_answered_once)
{
	uint8_t token[CLIENT_TOKEN];

	watch_begin();
	memcpy(token, watch.reg.token, sizeof token);
	cr_assert_eq(watch_answered(COAP_UNAUTHORIZED, "252=fresh", 0), OBS_NOTHING);
	cr_assert_eq(watch_said(), 1);
	cr_assert(watch.reg.echo && watch.reg.path && watch.reg.observe == 0);
	cr_assert_eq(memcmp(token, watch.reg.token, sizeof token), 0);
	cr_assert_eq(watch_answered(COAP_CONTENT, "6=#01", 1), OBS_STATE);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_not(watch.reg.echo, "that was fresh then");
	cr_assert_eq(watch_answered(COAP_UNAUTHORIZED, "252=newer", 0), OBS_NOTHING);
	cr_assert_eq(watch_said(), 1);
	cr_assert(watch.reg.echo);
	watch_answered(COAP_UNAUTHORIZED, "252=newest", 0);
	expect_ended(COAP_UNAUTHORIZED);
}

/* --- order --------------------------------------------------------------------------------- */

Test(obs, E64_notifications_in_their_order_whatever_order_they_come_in)
{
	watch_registered();
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#0c", 1), OBS_STATE);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#0b", 1), OBS_NOTHING);
	cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, DAY "6=#0c", 1), OBS_NOTHING);
	cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, DAY "6=#0d", 1), OBS_STATE);
	cr_assert_eq(watch.event.value, 13);
}

Test(obs, E64_values_wrap_at_24_bits)
{
	watch_begin();
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "6=#fffffe", 1), OBS_STATE);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#ffffff", 1), OBS_STATE);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=", 1), OBS_STATE);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#ffffff", 1), OBS_NOTHING);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#7fffff", 1), OBS_STATE);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#ffffff", 1), OBS_NOTHING,
		     "half the circle");
}

Test(obs, E64_after_128_seconds_any_value_is_newer)
{
	watch_registered();
	watch_pass(128000);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#03", 1), OBS_NOTHING);
	watch_pass(1);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#03", 1), OBS_STATE);
	watch_pass(1000);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#02", 1), OBS_NOTHING,
		     "counted from the freshest");
}

Test(obs, E13_a_duplicate_is_acknowledged_and_told_once)
{
	struct rig_sent s;

	watch_registered();
	for (unsigned i = 0; i < 3; i++) {
		watch_raw(1, COAP_CON, COAP_CONTENT, 77, &watch.reg, DAY "6=#0b", 1);
		cr_assert(rig_take(watch.r, &s));
		cr_assert_eq(s.m.type, COAP_ACK);
	}
	cr_assert_eq(watch.events, 2);
}

Test(obs, E15_another_endpoints_notifications_are_reset)
{
	watch_registered();
	watch_raw(2, COAP_CON, COAP_CONTENT, 77, &watch.reg, DAY "6=#0b", 1);
	cr_assert_eq(watch.verdict, OBS_NOTHING);
	expect_rst();
	cr_assert_eq(watch.events, 1);
}

Test(obs, E16_a_notification_counts_as_the_answer_that_was_lost)
{
	watch_begin();
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#05", 1), OBS_STATE);
	watch_pass(60000);
	cr_assert_eq(watch_said(), 0, "no retransmission");
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "6=#04", 1), OBS_NOTHING);
}

Test(obs, E41_a_notification_with_an_unknown_critical_option_is_rejected)
{
	watch_registered();
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#0b 65001=x", 1), OBS_NOTHING);
	cr_assert_not_null(obs_get(&watch.r->e, watch.obs));
	watch_notified(COAP_CON, COAP_CONTENT, "6=#0c 65001=x", 1);
	expect_failed(-EPROTO);
}

/* --- freshness ------------------------------------------------------------------------------ */

Test(obs, it_registers_again_when_the_last_representation_is_stale)
{
	uint64_t least = UINT64_MAX, most = 0, ms;
	struct about first;

	watch_begin();
	first = watch.reg;
	watch_answered(COAP_CONTENT, "6=#01", 1);
	for (unsigned i = 0; i < 40; i++) {
		ms = watch_next();
		cr_assert_eq(watch_said(), 1);
		cr_assert(watch.reg.observe == 0 && watch.reg.path && watch.reg.type == COAP_CON);
		cr_assert_eq(memcmp(first.token, watch.reg.token, sizeof first.token), 0);
		cr_assert_neq(first.mid, watch.reg.mid);
		cr_assert_eq(watch_answered(COAP_CONTENT, "6=#01", 1), OBS_STATE,
			     "nothing new, but fresh");
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	cr_assert(least >= 65000 && most <= 75000, "60 s and 5 to 15 more");
	cr_assert_gt(most - least, 5000, "spread");
}

Test(obs, each_notification_puts_it_off)
{
	watch_registered();
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#0b 14=#0a", 1), OBS_STATE);
	watch_pass(14000);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#0c 14=#0a", 1), OBS_STATE);
	watch_pass(14000);
	cr_assert_eq(watch_said(), 0);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#0b 14=#0a", 1), OBS_NOTHING);
	watch_pass(11000);
	cr_assert_eq(watch_said(), 1, "old news do not");
}

Test(obs, E64_an_answer_is_newer_than_what_was_before_it_was_asked_for)
{
	watch_begin();
	watch_answered(COAP_CONTENT, "6=#0a", 1);
	cr_assert_leq(watch_next(), 75000);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "6=#03", 1), OBS_STATE,
		     "the server began anew");
	cr_assert_eq(watch.event.value, 3);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#04", 1), OBS_STATE);
}

Test(obs, E64_an_old_notification_is_no_answer)
{
	watch_begin();
	watch_answered(COAP_CONTENT, "6=#0a 14=", 3);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#09", 1), OBS_NOTHING);
	cr_assert_leq(watch_next(), 15000);
	cr_assert_eq(watch_said(), 1, "asked once more");
	cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, DAY "6=#0a", 1), OBS_STATE,
		     "the same value may be the answer");
}

Test(obs, a_server_that_is_gone_ends_it)
{
	watch_registered();
	watch_next();
	watch_said();
	for (watch.verdict = OBS_NOTHING; watch.verdict == OBS_NOTHING;)
		watch_next();
	expect_failed(-ETIMEDOUT);
	watch_registered();
	watch_next();
	watch_said();
	watch_raw(1, COAP_RST, COAP_EMPTY, watch.reg.mid, &(struct about){ .type = 0 }, "", 0);
	expect_failed(-ECONNRESET);
	watch_registered();
	watch_next();
	watch_said();
	watch_answered(COAP_CONTENT, "", 1);
	expect_ended(COAP_CONTENT);
}

Test(obs, what_began_non_confirmable_asks_again_confirmable)
{
	cr_assert_eq(watch_start((struct xfer_request){ .code = COAP_GET, .szx = 6, .non = true,
						  .token = span_str("abc") }, "11=r"), 0);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.type, COAP_NON);
	cr_assert_eq(watch.reg.token_n, 3);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#01", 1), OBS_STATE);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.type, COAP_CON);
	cr_assert_eq(watch.reg.token_n, 3);
}

/* --- in blocks --------------------------------------------------------------------------------- */

/* The first block of 64 bytes of a representation with this ETag and value. */
static enum obs_verdict first_block(const char *options)
{
	enum obs_verdict v = watch_notified(COAP_NON, COAP_CONTENT, options, 64);

	watch_said();
	return v;
}

Test(obs, E66_the_rest_of_a_notification_is_fetched_without_observe)
{
	watch_registered();
	cr_assert_eq(first_block(DAY "4=a 6=#0b 23=#0a 28=#82"), OBS_PART);
	cr_assert_eq(watch.event.total, 130);
	cr_assert_eq(watch.get.observe, -1);
	cr_assert_eq(watch.get.block2, 0x12, "block 1 of the same size");
	cr_assert(watch.get.path);
	cr_assert_neq(memcmp(watch.get.token, watch.reg.token, CLIENT_TOKEN), 0);
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#1a", 64), OBS_PART);
	cr_assert_eq(watch.event.offset, 64);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#22", 2), OBS_STATE);
	cr_assert_eq(watch.event.offset, 128);
	cr_assert_eq(watch.event.value, 11);
	cr_assert_eq(watch.event.obs, watch.obs);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#0c", 1), OBS_STATE);
}

Test(obs, E66_a_newer_notification_replaces_what_is_being_fetched)
{
	struct about old;

	watch_registered();
	first_block(DAY "4=a 6=#0b 23=#0a");
	old = watch.get;
	cr_assert_eq(first_block(DAY "4=b 6=#0c 23=#0a"), OBS_PART);
	cr_assert_eq(watch.event.offset, 0);
	cr_assert_neq(memcmp(watch.get.token, old.token, CLIENT_TOKEN), 0);
	watch_raw(1, COAP_ACK, COAP_CONTENT, old.mid, &old, "4=a 23=#12", 3);
	cr_assert_eq(watch.verdict, OBS_NOTHING);
	cr_assert_eq(watch_got(COAP_CONTENT, "4=b 23=#12", 3), OBS_STATE);
	first_block(DAY "4=c 6=#0d 23=#0a");
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, DAY "6=#0e", 1), OBS_STATE);
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_XFER], 0, "it is whole as it is");
}

Test(obs, E66_E64_old_news_do_not_disturb_what_is_being_fetched)
{
	watch_registered();
	first_block(DAY "4=b 6=#0c 23=#0a");
	cr_assert_eq(first_block(DAY "4=a 6=#0b 23=#0a"), OBS_NOTHING);
	cr_assert_eq(watch_got(COAP_CONTENT, "4=b 23=#12", 3), OBS_STATE);
	cr_assert_eq(watch.event.value, 12);
}

Test(obs, E52_E66_a_change_midway_is_no_failure_and_asked_for)
{
	uint64_t ms;

	watch_registered();
	first_block(DAY "4=a 6=#0b 23=#0a");
	cr_assert_eq(watch_got(COAP_CONTENT, "4=b 23=#12", 3), OBS_NOTHING);
	ms = watch_next();
	cr_assert(ms >= 2000 && ms <= 3000, "as long as a lost one takes");
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 0);
	cr_assert_eq(watch_answered(COAP_CONTENT, DAY "4=b 6=#0c 23=#0a", 64), OBS_PART);
	watch_said();
	cr_assert_eq(watch_got(COAP_CONTENT, "4=c 23=#12", 3), OBS_NOTHING);
	cr_assert_eq(first_block(DAY "4=c 6=#0d 23=#0a"), OBS_PART, "it told by itself");
	cr_assert_eq(watch_got(COAP_CONTENT, "4=c 23=#12", 3), OBS_STATE);
	watch_pass(60000);
	cr_assert_eq(watch_said(), 0);
}

Test(obs, a_rest_that_does_not_come_is_asked_for_by_registering)
{
	watch_registered();
	first_block("14=#ffff 4=a 6=#0b 23=#0a");
	cr_assert_eq(watch_got(COAP_NOT_FOUND, "", 3), OBS_NOTHING, "it will tell all observers");
	watch_next();
	watch_said();
	watch_answered(COAP_NOT_FOUND, "", 0);
	expect_ended(COAP_NOT_FOUND);
	watch_registered();
	first_block("14=#ffff 4=a 6=#0b 23=#0a");
	for (unsigned i = 0; i < 5; i++)
		watch_next();
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_XFER], 0);
	cr_assert_eq(watch.events, 5, "a state and a part, twice, and one end: %u", watch.events);
	watch_said();
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 0);
}

Test(obs, a_rest_that_is_refused_or_senseless_fails)
{
	watch_registered();
	first_block(DAY "4=a 6=#0b 23=#0a");
	watch_raw(1, COAP_RST, COAP_EMPTY, watch.get.mid, &(struct about){ .type = 0 }, "", 0);
	expect_failed(-ECONNRESET);
	watch_registered();
	first_block(DAY "4=a 6=#0b 23=#0a");
	watch_got(COAP_CONTENT, "4=a 23=#52", 3);
	expect_failed(-EPROTO);
}

Test(obs, a_body_that_takes_longer_than_it_is_fresh_comes_to_its_end)
{
	watch_registered();
	first_block("14=#01 4=a 6=#0b 23=#0a");
	for (unsigned num = 1; num < 9; num++) {
		char options[32];

		watch_raw(1, COAP_ACK, COAP_EMPTY, watch.get.mid,
			  &(struct about){ .type = 0 }, "", 0);
		watch_pass(10000);
		snprintf(options, sizeof options, "4=a 23=#%02x", num << 4 | 10);
		cr_assert_eq(watch_got(COAP_CONTENT, options, 64), OBS_PART);
		cr_assert_eq(watch_said(), 1);
		cr_assert_eq(watch.get.block2 >> 4, num + 1);
	}
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#92", 64), OBS_STATE);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 0, "now it is time");
}

Test(obs, blocks_that_make_no_sense_fail)
{
	static const struct { const char *options; size_t n; } what[] = {
		{ "6=#0b 23=#1a", 64 },         /* not the first */
		{ "6=#0b 23=#0f", 64 },         /* reserved size */
		{ "6=#0b 23=#0a", 63 },         /* not the size it says */
		{ "6=#0b 23=#0a", 0 },
	};

	for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
		watch_registered();
		watch_notified(COAP_CON, COAP_CONTENT, what[i].options, what[i].n);
		expect_failed(-EPROTO);
	}
}

Test(obs, E69_a_plain_answer_in_blocks_ends_with_its_last)
{
	watch_begin();
	cr_assert_eq(watch_answered(COAP_CONTENT, "4=a 23=#0a", 64), OBS_PART);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch_notified(COAP_NON, COAP_CONTENT, "6=#01", 1), OBS_NOTHING);
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#1a", 64), OBS_PART);
	watch_said();
	watch_got(COAP_CONTENT, "4=a 23=#22", 2);
	cr_assert_eq(watch.event.offset, 128);
	expect_ended(COAP_CONTENT);
}

Test(obs, E69_a_plain_answer_that_changes_is_fetched_anew_a_few_times)
{
	watch_begin();
	cr_assert_eq(watch_answered(COAP_CONTENT, "4=a 23=#0a", 64), OBS_PART);
	watch_said();
	cr_assert_eq(watch_got(COAP_CONTENT, "4=b 23=#12", 2), OBS_NOTHING);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.get.block2, -1, "all of it");
	cr_assert_eq(watch_got(COAP_CONTENT, "4=b 23=#0a", 64), OBS_PART);
	cr_assert_eq(watch.event.offset, 0);
	watch_said();
	watch_got(COAP_CONTENT, "4=b 23=#12", 2);
	expect_ended(COAP_CONTENT);

	watch_begin();
	watch_answered(COAP_CONTENT, "4=a 23=#0a", 64);
	watch_said();
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(watch_got(COAP_CONTENT, "4=x 23=#12", 2), OBS_NOTHING);
		watch_said();
		cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#0a", 64), OBS_PART);
		watch_said();
	}
	watch_got(COAP_CONTENT, "4=x 23=#12", 2);
	expect_failed(-ESTALE);
	watch_begin();
	watch_answered(COAP_CONTENT, "4=a 23=#0a", 64);
	for (watch.verdict = OBS_NOTHING; watch.verdict == OBS_NOTHING;)
		watch_next();
	expect_failed(-ETIMEDOUT);
}

Test(obs, blocks_of_the_wanted_size_are_asked_for)
{
	cr_assert_eq(watch_start((struct xfer_request){ .code = COAP_GET, .szx = 2 }, "11=r"), 0);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.block2, 2);
	watch_answered(COAP_CONTENT, "6=#01", 1);
	watch_next();
	watch_said();
	cr_assert_eq(watch.reg.block2, 2);
}

Test(obs, a_fetch_has_its_body_in_each_message)
{
	cr_assert_eq(watch_start((struct xfer_request){ .code = COAP_FETCH, .szx = 2,
						  .body_n = 40 }, "11=r"), 0);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.payload, 40);
	cr_assert_eq(watch_answered(COAP_CONTENT, "4=a 6=#01 23=#0a", 64), OBS_PART);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.get.code, COAP_FETCH);
	cr_assert_eq(watch.get.payload, 40, "the source knows it by the observer");
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#12", 1), OBS_STATE);
	watch_next();
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.payload, 40);
	cr_assert_eq(watch.reg.code, COAP_FETCH);
}

/* --- the end ------------------------------------------------------------------------------------ */

Test(obs, leaving_tells_the_server)
{
	uint8_t token[CLIENT_TOKEN];

	watch_registered();
	memcpy(token, watch.reg.token, sizeof token);
	cr_assert_eq(obs_leave(&watch.r->e, watch.obs), 0);
	rig_commit(watch.r);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 1);
	cr_assert(watch.reg.path);
	cr_assert_eq(watch.reg.type, COAP_CON);
	cr_assert_eq(memcmp(token, watch.reg.token, sizeof token), 0);
	cr_assert_eq(obs_leave(&watch.r->e, watch.obs), 0, "once is enough");
	watch_answered(COAP_CONTENT, "", 4);
	expect_ended(COAP_CONTENT);
	cr_assert_eq(obs_leave(&watch.r->e, watch.obs), -ENOENT);
}

Test(obs, what_comes_while_leaving_is_not_the_answer)
{
	watch_registered();
	first_block(DAY "4=a 6=#0b 23=#0a");
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	cr_assert_eq(watch.r->e.space.ctl->live[SLAB_XFER], 0, "the rest is not wanted");
	for (unsigned i = 1; i < 4; i++) {
		cr_assert_eq(watch_notified(COAP_CON, COAP_CONTENT, DAY "6=#0c", 1), OBS_NOTHING);
		cr_assert_eq(watch_said(), 1, "it is told again");
		cr_assert_eq(watch.reg.observe, 1);
	}
	watch_notified(COAP_CON, COAP_CONTENT, DAY "6=#0c", 1);
	expect_ended(COAP_CONTENT);
}

Test(obs, the_answer_to_leaving_may_have_observe_or_be_an_error_or_none)
{
	watch_registered();
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	watch_said();
	watch_answered(COAP_CONTENT, "6=#0c", 1);
	expect_ended(COAP_CONTENT);
	watch_registered();
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	watch_said();
	watch_notified(COAP_CON, COAP_NOT_FOUND, "", 1);
	expect_ended(COAP_NOT_FOUND);
	watch_registered();
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	for (watch.verdict = OBS_NOTHING; watch.verdict == OBS_NOTHING;)
		watch_next();
	expect_failed(-ETIMEDOUT);
}

Test(obs, leaving_waits_for_the_registration_that_is_under_way)
{
	watch_begin();
	cr_assert_eq(obs_leave(&watch.r->e, watch.obs), 0);
	rig_commit(watch.r);
	cr_assert_eq(watch_said(), 0);
	cr_assert_eq(watch_answered(COAP_CONTENT, "6=#01", 1), OBS_NOTHING);
	cr_assert_eq(watch_said(), 1);
	cr_assert_eq(watch.reg.observe, 1);
	watch_answered(COAP_CONTENT, "", 1);
	expect_ended(COAP_CONTENT);
	watch_begin();
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	watch_answered(COAP_CONTENT, "", 1);
	expect_ended(COAP_CONTENT);
	watch_begin();
	obs_leave(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	watch_answered(COAP_NOT_FOUND, "", 1);
	expect_ended(COAP_NOT_FOUND);
}

Test(obs, E14_what_was_forgotten_is_reset)
{
	watch_registered();
	first_block(DAY "4=a 6=#0b 23=#0a");
	obs_cancel(&watch.r->e, watch.obs);
	obs_cancel(&watch.r->e, watch.obs);
	rig_commit(watch.r);
	watch_expect_gone();
	watch_notified(COAP_CON, COAP_CONTENT, "6=#0c", 1);
	expect_rst();
	watch_notified(COAP_NON, COAP_CONTENT, "6=#0d", 1);
	expect_rst();
	cr_assert_eq(watch_got(COAP_CONTENT, "4=a 23=#12", 1), OBS_NOTHING);
}
