/* The crew without processes: what it asks for, and when. */
#include "crew_rig.h"

Test(crew, first_worker_boots_alone_and_ready_is_told_when_all_are)
{
	struct rig r;

	make(&r, 3);
	expect(&r, CREW_EV_START, 0, T0, "spawn0");
	expect(&r, CREW_EV_READY, 0, T0, "spawn1 spawn2");
	expect(&r, CREW_EV_READY, 2, T0, "");
	expect(&r, CREW_EV_READY, 1, T0, "ready");
	cr_assert_eq(crew_due(&r.c), CREW_NEVER);
	crew_free(&r.c);
}

Test(crew, single_worker_is_ready_at_once)
{
	struct rig r;

	make(&r, 1);
	expect(&r, CREW_EV_START, 0, T0, "spawn0");
	expect(&r, CREW_EV_READY, 0, T0, "ready");
	expect(&r, CREW_EV_READY, 0, T0, "");
	crew_free(&r.c);
}

Test(crew, boot_failure_ends_the_start)
{
	struct rig r;

	make(&r, 2);
	step(&r, CREW_EV_START, 0, T0);
	expect(&r, CREW_EV_BOOT_FAILED, 0, T0 + 5, "obituary0:never exit=1");
	crew_free(&r.c);
}

Test(crew, boot_failure_of_a_later_worker_kills_the_others_first)
{
	struct rig r;

	make(&r, 3);
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	expect(&r, CREW_EV_BOOT_FAILED, 1, T0, "obituary1:never kill0 kill2");
	expect(&r, CREW_EV_STOP, 0, T0, "");
	expect(&r, CREW_EV_DIED, 0, T0, "obituary0:never");
	expect(&r, CREW_EV_DIED, 2, T0, "obituary2:never exit=1");
	crew_free(&r.c);
}

Test(crew, crashing_while_booting_is_tried_three_times)
{
	struct rig r;

	make(&r, 2);
	step(&r, CREW_EV_START, 0, T0);
	expect(&r, CREW_EV_DIED, 0, T0, "obituary0:100");
	expect(&r, CREW_EV_TICK, 0, T0 + 99, "");
	expect(&r, CREW_EV_TICK, 0, T0 + 100, "spawn0");
	expect(&r, CREW_EV_DIED, 0, T0 + 100, "obituary0:200");
	expect(&r, CREW_EV_TICK, 0, T0 + 300, "spawn0");
	expect(&r, CREW_EV_DIED, 0, T0 + 300, "obituary0:never exit=1");
	crew_free(&r.c);
}

Test(crew, one_that_says_nothing_is_killed_and_replaced)
{
	struct rig r;

	make(&r, 2);
	r.c.watch_ms = 3000;
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	step(&r, CREW_EV_READY, 1, T0);
	cr_assert_eq(crew_due(&r.c), T0 + 3000);
	expect(&r, CREW_EV_ALIVE, 0, T0 + 2000, "");
	expect(&r, CREW_EV_TICK, 0, T0 + 2999, "");
	expect(&r, CREW_EV_TICK, 0, T0 + 3000, "kill1");
	cr_assert(r.c.worker[1].silent);
	cr_assert_not(r.c.worker[0].silent);
	cr_assert_eq(crew_running(&r.c), 1);
	expect(&r, CREW_EV_ALIVE, 1, T0 + 3001, "");
	cr_assert_eq(crew_due(&r.c), T0 + 5000);
	expect(&r, CREW_EV_DIED, 1, T0 + 3002, "obituary1:0 spawn1");
	cr_assert_not(r.c.worker[1].silent);
	cr_assert_eq(r.c.deaths, 1);
	crew_free(&r.c);
}

/* What its predecessor hung in may be what it begins with. */
Test(crew, one_that_hangs_before_it_is_ready_is_killed_too)
{
	struct rig r;

	make_serving(&r, 1);
	r.c.watch_ms = 3000;
	step(&r, CREW_EV_DIED, 0, T0 + 20000);
	cr_assert_eq(crew_due(&r.c), T0 + 20000 + CREW_START_MS);
	expect(&r, CREW_EV_ALIVE, 0, T0 + 22000, "");
	cr_assert_eq(crew_due(&r.c), T0 + 25000);
	expect(&r, CREW_EV_TICK, 0, T0 + 25000, "kill0");
	cr_assert(r.c.worker[0].silent);
	cr_assert_not(r.c.worker[0].hung);
	expect(&r, CREW_EV_DIED, 0, T0 + 25001, "obituary0:0 spawn0");
	cr_assert_eq(crew_due(&r.c), T0 + 25001 + CREW_START_MS);
	crew_free(&r.c);
}

Test(crew, a_module_that_hangs_while_booting_ends_the_start)
{
	struct rig r;

	make(&r, 1);
	r.c.watch_ms = 3000;
	step(&r, CREW_EV_START, 0, T0);
	expect(&r, CREW_EV_ALIVE, 0, T0 + 2000, "");
	expect(&r, CREW_EV_TICK, 0, T0 + 5000, "kill0");
	cr_assert(r.c.worker[0].silent);
	expect(&r, CREW_EV_DIED, 0, T0 + 5001, "obituary0:never exit=1");
	crew_free(&r.c);
}

/* The machine was asleep or held: nobody could say anything. */
Test(crew, a_late_look_blames_nobody)
{
	struct rig r;

	make(&r, 1);
	r.c.watch_ms = 3000;
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	expect(&r, CREW_EV_TICK, 0, T0 + 3000 + CREW_LATE_MS, "");
	cr_assert_eq(crew_due(&r.c), T0 + 6000 + CREW_LATE_MS);
	expect(&r, CREW_EV_TICK, 0, T0 + 6000 + CREW_LATE_MS, "kill0");
	crew_free(&r.c);
}

Test(crew, with_little_time_less_is_late)
{
	struct rig r;

	make(&r, 1);
	r.c.watch_ms = 800;
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	expect(&r, CREW_EV_TICK, 0, T0 + 800 + 201, "");
	cr_assert_eq(crew_due(&r.c), T0 + 1001 + 800);
	expect(&r, CREW_EV_TICK, 0, T0 + 1001 + 800 + 200, "kill0");
	crew_free(&r.c);
}

/* Its supervisor sees that no hook holds it. */
Test(crew, one_that_is_held_has_patience_for_a_while)
{
	struct rig r;
	uint64_t now;

	make(&r, 2);
	r.c.watch_ms = 800;
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	step(&r, CREW_EV_READY, 1, T0);
	cr_expect_not(crew_is_silent(&r.c, 0, T0 + 799));
	expect(&r, CREW_EV_HELD, 0, T0 + 799, "");
	cr_expect_eq(crew_due(&r.c), T0 + 800, "not yet");
	expect(&r, CREW_EV_ALIVE, 1, T0 + 29999, "");
	for (now = T0 + 800; now < T0 + CREW_PATIENCE_MS; now += 201) {
		cr_assert(crew_is_silent(&r.c, 0, now));
		expect(&r, CREW_EV_HELD, 0, now, "");
		expect(&r, CREW_EV_TICK, 0, now, "");
		cr_assert_eq(crew_due(&r.c), now + 201);
	}
	expect(&r, CREW_EV_HELD, 0, now, "");
	expect(&r, CREW_EV_TICK, 0, now, "kill0");
	crew_free(&r.c);
}

Test(crew, only_those_who_are_watched_are_silent)
{
	struct rig r;

	make(&r, 1);
	r.c.watch_ms = 800;
	step(&r, CREW_EV_START, 0, T0);
	cr_expect_not(crew_is_silent(&r.c, 0, T0 + CREW_START_MS));
	step(&r, CREW_EV_ALIVE, 0, T0);
	cr_expect(crew_is_silent(&r.c, 0, T0 + 800));
	step(&r, CREW_EV_READY, 0, T0);
	step(&r, CREW_EV_STOP, 0, T0);
	cr_expect_not(crew_is_silent(&r.c, 0, T0 + 100000), "it leaves");
	crew_free(&r.c);
}

Test(crew, nobody_is_watched_unless_asked_for)
{
	struct rig r;

	make_serving(&r, 1);
	cr_assert_eq(crew_due(&r.c), CREW_NEVER);
	expect(&r, CREW_EV_ALIVE, 0, T0 + 1, "");
	cr_assert_eq(crew_due(&r.c), CREW_NEVER);
	crew_free(&r.c);
}

Test(crew, one_that_cannot_be_killed_is_no_good_sign)
{
	struct rig r;

	make(&r, 1);
	r.c.watch_ms = 3000;
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	expect(&r, CREW_EV_TICK, 0, T0 + 3000, "kill0");
	cr_assert(crew_is_well(&r.c, T0 + 3000 + CREW_STUCK_MS - 1));
	cr_assert_not(crew_is_well(&r.c, T0 + 3000 + CREW_STUCK_MS));
	step(&r, CREW_EV_DIED, 0, T0 + 20000);
	cr_assert(crew_is_well(&r.c, T0 + 20000));
	crew_free(&r.c);
}

Test(crew, hanging_while_booting_ends_the_start)
{
	struct rig r;

	make(&r, 1);
	step(&r, CREW_EV_START, 0, T0);
	cr_assert_eq(crew_due(&r.c), T0 + CREW_START_MS);
	expect(&r, CREW_EV_TICK, 0, T0 + CREW_START_MS - 1, "");
	expect(&r, CREW_EV_TICK, 0, T0 + CREW_START_MS, "kill0");
	expect(&r, CREW_EV_DIED, 0, T0 + CREW_START_MS, "obituary0:never exit=1");
	crew_free(&r.c);
}

Test(crew, boot_failure_after_ready_is_retried_with_backoff)
{
	struct rig r;

	make_serving(&r, 2);
	expect(&r, CREW_EV_DIED, 1, T0 + 2000, "obituary1:0 spawn1");
	expect(&r, CREW_EV_BOOT_FAILED, 1, T0 + 2001, "obituary1:100");
	cr_assert_eq(r.c.worker[1].state, CREW_BACKOFF);
	expect(&r, CREW_EV_TICK, 0, T0 + 2101, "spawn1");
	expect(&r, CREW_EV_READY, 1, T0 + 2102, "");
	cr_assert_eq(r.c.worker[1].state, CREW_RUNNING);
	crew_free(&r.c);
}

Test(crew, who_lived_a_second_is_replaced_at_once)
{
	struct rig r;

	make_serving(&r, 1);
	expect(&r, CREW_EV_DIED, 0, T0 + CREW_QUICK_DEATH_MS, "obituary0:0 spawn0");
	crew_free(&r.c);
}

Test(crew, backoff_doubles_up_to_its_limit)
{
	static const char *const words[] = {
		"obituary0:100", "obituary0:200", "obituary0:400", "obituary0:800",
		"obituary0:1600", "obituary0:3200", "obituary0:6400", "obituary0:10000",
		"obituary0:10000",
	};
	struct rig r;
	uint64_t t = T0;

	make_serving(&r, 1);
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		expect(&r, CREW_EV_DIED, 0, t + 999, words[i]);
		t = crew_due(&r.c);
		expect(&r, CREW_EV_TICK, 0, t, "spawn0");
	}
	crew_free(&r.c);
}

Test(crew, backoff_is_forgotten_after_ten_seconds_of_life)
{
	struct rig r;

	make_serving(&r, 1);
	step(&r, CREW_EV_DIED, 0, T0 + 1);
	step(&r, CREW_EV_TICK, 0, T0 + 101);
	expect(&r, CREW_EV_DIED, 0, T0 + 5000, "obituary0:0 spawn0");
	expect(&r, CREW_EV_DIED, 0, T0 + 5001, "obituary0:200");
	expect(&r, CREW_EV_TICK, 0, T0 + 5201, "spawn0");
	expect(&r, CREW_EV_DIED, 0, T0 + 5201 + CREW_FORGET_MS, "obituary0:0 spawn0");
	expect(&r, CREW_EV_DIED, 0, T0 + 5202 + CREW_FORGET_MS, "obituary0:100");
	crew_free(&r.c);
}

Test(crew, failing_to_fork_backs_off_without_an_obituary)
{
	struct rig r;

	make_serving(&r, 1);
	expect(&r, CREW_EV_DIED, 0, T0 + 2000, "obituary0:0 spawn0");
	expect(&r, CREW_EV_NOT_SPAWNED, 0, T0 + 2000, "");
	expect(&r, CREW_EV_TICK, 0, T0 + 2100, "spawn0");
	crew_free(&r.c);
}

Test(crew, stop_drains_everyone_and_exits_when_all_are_gone)
{
	struct rig r;

	make_serving(&r, 2);
	expect(&r, CREW_EV_STOP, 0, T0 + 1, "stopping drain0 drain1");
	expect(&r, CREW_EV_DIED, 1, T0 + 2, "obituary1:never");
	expect(&r, CREW_EV_DIED, 0, T0 + 3, "obituary0:never exit=0");
	crew_free(&r.c);
}

Test(crew, draining_ends_when_its_time_has_passed)
{
	struct rig r;

	make_serving(&r, 2);
	step(&r, CREW_EV_STOP, 0, T0);
	step(&r, CREW_EV_DIED, 0, T0);
	cr_assert_eq(crew_due(&r.c), T0 + 5000 + CREW_MARGIN_MS);
	expect(&r, CREW_EV_TICK, 0, T0 + 5000 + CREW_MARGIN_MS, "kill1");
	expect(&r, CREW_EV_TICK, 0, T0 + 9000, "");
	expect(&r, CREW_EV_DIED, 1, T0 + 9000, "obituary1:never exit=0");
	crew_free(&r.c);
}

Test(crew, second_stop_is_at_once_and_third_does_not_ask)
{
	struct rig r;

	make_serving(&r, 2);
	step(&r, CREW_EV_STOP, 0, T0);
	expect(&r, CREW_EV_STOP, 0, T0 + 10, "quit0 quit1");
	cr_assert_eq(crew_due(&r.c), T0 + 10 + CREW_MARGIN_MS);
	expect(&r, CREW_EV_STOP, 0, T0 + 20, "kill0 kill1");
	expect(&r, CREW_EV_DIED, 0, T0 + 30, "obituary0:never");
	expect(&r, CREW_EV_DIED, 1, T0 + 30, "obituary1:never exit=0");
	crew_free(&r.c);
}

Test(crew, who_ignores_quit_is_killed)
{
	struct rig r;

	make_serving(&r, 1);
	step(&r, CREW_EV_STOP, 0, T0);
	step(&r, CREW_EV_STOP, 0, T0);
	expect(&r, CREW_EV_TICK, 0, T0 + CREW_MARGIN_MS, "kill0");
	crew_free(&r.c);
}

Test(crew, stop_while_booting_needs_no_ready)
{
	struct rig r;

	make(&r, 2);
	step(&r, CREW_EV_START, 0, T0);
	expect(&r, CREW_EV_STOP, 0, T0, "stopping drain0");
	expect(&r, CREW_EV_READY, 0, T0, "");
	expect(&r, CREW_EV_DIED, 0, T0, "obituary0:never exit=0");
	crew_free(&r.c);
}

Test(crew, stop_during_backoff_waits_for_nobody)
{
	struct rig r;

	make_serving(&r, 1);
	step(&r, CREW_EV_DIED, 0, T0);
	expect(&r, CREW_EV_STOP, 0, T0, "stopping exit=0");
	crew_free(&r.c);
}

Test(crew, endless_drain_time_is_never_due)
{
	struct rig r;

	cr_assert(crew_make(&r.c, 1, 1, UINT64_MAX));
	step(&r, CREW_EV_START, 0, T0);
	step(&r, CREW_EV_READY, 0, T0);
	expect(&r, CREW_EV_STOP, 0, T0, "stopping drain0");
	cr_assert_eq(crew_due(&r.c), CREW_NEVER);
	expect(&r, CREW_EV_TICK, 0, T0 + 1000000, "");
	crew_free(&r.c);
}

Test(crew, states_and_phases_have_names)
{
	cr_assert_str_eq(crew_state_name(CREW_BACKOFF), "backoff");
	cr_assert_str_eq(crew_phase_name(CREW_FAIL), "fail");
	for (unsigned s = 0; s < CREW_STATES; s++)
		cr_assert(crew_state_name(s));
	for (unsigned p = 0; p < CREW_PHASES; p++)
		cr_assert(crew_phase_name(p));
}

/* What a supervisor would do with the actions, checked on the way. */
static bool perform(struct rig *r, bool alive[])
{
	struct crew_action a;
	bool over = false;

	while (crew_take(&r->c, &a)) {
		if (a.what == CREW_SPAWN) {
			cr_assert_not(alive[a.worker]);
			alive[a.worker] = true;
		}
		if (a.what == CREW_KILL)
			cr_assert(alive[a.worker]);
		over |= a.what == CREW_EXIT;
	}
	return over;
}

/* Whatever comes in whatever order: nobody is spawned while alive or killed while
 * dead, and a crew that is told to stop comes to an end with nobody alive. */
Test(crew, random_events_keep_the_crew_sound)
{
	uint64_t seed = 88172645463325252u, now = T0;
	bool alive[4] = { false }, over = false;
	struct rig r;

	make_serving(&r, 4);
	for (unsigned w = 0; w < 4; w++)
		alive[w] = true;
	for (unsigned i = 0; i < 300000 && !over; i++) {
		enum crew_event ev = CREW_EV_TICK;
		unsigned w;

		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		w = seed & 3;
		now += seed >> 8 & 2047;
		if (i > 200000 && (i & 7) == 0)
			ev = CREW_EV_STOP;
		else if (alive[w] && (seed >> 32 & 3) == 0)
			ev = seed >> 40 & 1 ? CREW_EV_DIED : CREW_EV_BOOT_FAILED;
		else if (alive[w] && (seed >> 32 & 3) == 1)
			ev = CREW_EV_READY;
		if (ev == CREW_EV_DIED || ev == CREW_EV_BOOT_FAILED)
			alive[w] = false;
		crew_step(&r.c, ev, w, now);
		over = perform(&r, alive);
	}
	cr_assert(over);
	for (unsigned w = 0; w < 4; w++)
		cr_assert_not(alive[w]);
	crew_free(&r.c);
}
