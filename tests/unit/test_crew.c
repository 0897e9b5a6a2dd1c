/* The crew without processes: what it asks for, and when. */
#include "crew_rig.h"

TestSuite(crew, .fini = end);

Test(crew, first_worker_boots_alone_and_ready_is_told_when_all_are)
{
	make(3);
	expect(CREW_EV_START, 0, T0, "spawn0");
	expect(CREW_EV_READY, 0, T0, "spawn1 spawn2");
	expect(CREW_EV_READY, 2, T0, "");
	expect(CREW_EV_READY, 1, T0, "ready");
	cr_assert_eq(crew_due(&crew), CREW_NEVER);
}

Test(crew, single_worker_is_ready_at_once)
{
	make(1);
	expect(CREW_EV_START, 0, T0, "spawn0");
	expect(CREW_EV_READY, 0, T0, "ready");
	expect(CREW_EV_READY, 0, T0, "");
}

Test(crew, boot_failure_ends_the_start)
{
	make(2);
	step(CREW_EV_START, 0, T0);
	expect(CREW_EV_BOOT_FAILED, 0, T0 + 5, "obituary0:never exit=1");
}

Test(crew, boot_failure_of_a_later_worker_kills_the_others_first)
{
	make(3);
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	expect(CREW_EV_BOOT_FAILED, 1, T0, "obituary1:never kill0 kill2");
	expect(CREW_EV_STOP, 0, T0, "");
	expect(CREW_EV_DIED, 0, T0, "obituary0:never");
	expect(CREW_EV_DIED, 2, T0, "obituary2:never exit=1");
}

Test(crew, crashing_while_booting_is_tried_three_times)
{
	make(2);
	step(CREW_EV_START, 0, T0);
	expect(CREW_EV_DIED, 0, T0, "obituary0:100");
	expect(CREW_EV_TICK, 0, T0 + 99, "");
	expect(CREW_EV_TICK, 0, T0 + 100, "spawn0");
	expect(CREW_EV_DIED, 0, T0 + 100, "obituary0:200");
	expect(CREW_EV_TICK, 0, T0 + 300, "spawn0");
	expect(CREW_EV_DIED, 0, T0 + 300, "obituary0:never exit=1");
}

Test(crew, one_that_says_nothing_is_killed_and_replaced)
{
	make(2);
	crew.watch_ms = 3000;
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	step(CREW_EV_READY, 1, T0);
	cr_assert_eq(crew_due(&crew), T0 + 3000);
	expect(CREW_EV_ALIVE, 0, T0 + 2000, "");
	expect(CREW_EV_TICK, 0, T0 + 2999, "");
	expect(CREW_EV_TICK, 0, T0 + 3000, "kill1");
	cr_assert(crew.worker[1].silent);
	cr_assert_not(crew.worker[0].silent);
	cr_assert_eq(crew_running(&crew), 1);
	expect(CREW_EV_ALIVE, 1, T0 + 3001, "");
	cr_assert_eq(crew_due(&crew), T0 + 5000);
	expect(CREW_EV_DIED, 1, T0 + 3002, "obituary1:0 spawn1");
	cr_assert_not(crew.worker[1].silent);
	cr_assert_eq(crew.deaths, 1);
}

/* What its predecessor hung in may be what it begins with. */
Test(crew, one_that_hangs_before_it_is_ready_is_killed_too)
{
	make_serving(1);
	crew.watch_ms = 3000;
	step(CREW_EV_DIED, 0, T0 + 20000);
	cr_assert_eq(crew_due(&crew), T0 + 20000 + CREW_START_MS);
	expect(CREW_EV_ALIVE, 0, T0 + 22000, "");
	cr_assert_eq(crew_due(&crew), T0 + 25000);
	expect(CREW_EV_TICK, 0, T0 + 25000, "kill0");
	cr_assert(crew.worker[0].silent);
	cr_assert_not(crew.worker[0].hung);
	expect(CREW_EV_DIED, 0, T0 + 25001, "obituary0:0 spawn0");
	cr_assert_eq(crew_due(&crew), T0 + 25001 + CREW_START_MS);
}

Test(crew, a_module_that_hangs_while_booting_ends_the_start)
{
	make(1);
	crew.watch_ms = 3000;
	step(CREW_EV_START, 0, T0);
	expect(CREW_EV_ALIVE, 0, T0 + 2000, "");
	expect(CREW_EV_TICK, 0, T0 + 5000, "kill0");
	cr_assert(crew.worker[0].silent);
	expect(CREW_EV_DIED, 0, T0 + 5001, "obituary0:never exit=1");
}

/* The machine was asleep or held: nobody could say anything. */
Test(crew, a_late_look_blames_nobody)
{
	make(1);
	crew.watch_ms = 3000;
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	expect(CREW_EV_TICK, 0, T0 + 3000 + CREW_LATE_MS, "");
	cr_assert_eq(crew_due(&crew), T0 + 6000 + CREW_LATE_MS);
	expect(CREW_EV_TICK, 0, T0 + 6000 + CREW_LATE_MS, "kill0");
}

Test(crew, with_little_time_less_is_late)
{
	make(1);
	crew.watch_ms = 800;
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	expect(CREW_EV_TICK, 0, T0 + 800 + 201, "");
	cr_assert_eq(crew_due(&crew), T0 + 1001 + 800);
	expect(CREW_EV_TICK, 0, T0 + 1001 + 800 + 200, "kill0");
}

/* Its supervisor sees that no hook holds it. */
Test(crew, one_that_is_held_has_patience_for_a_while)
{
	uint64_t now;

	make(2);
	crew.watch_ms = 800;
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	step(CREW_EV_READY, 1, T0);
	cr_expect_not(crew_is_silent(&crew, 0, T0 + 799));
	expect(CREW_EV_HELD, 0, T0 + 799, "");
	cr_expect_eq(crew_due(&crew), T0 + 800, "not yet");
	expect(CREW_EV_ALIVE, 1, T0 + 29999, "");
	for (now = T0 + 800; now < T0 + CREW_PATIENCE_MS; now += 201) {
		cr_assert(crew_is_silent(&crew, 0, now));
		expect(CREW_EV_HELD, 0, now, "");
		expect(CREW_EV_TICK, 0, now, "");
		cr_assert_eq(crew_due(&crew), now + 201);
	}
	expect(CREW_EV_HELD, 0, now, "");
	expect(CREW_EV_TICK, 0, now, "kill0");
}

Test(crew, only_those_who_are_watched_are_silent)
{
	make(1);
	crew.watch_ms = 800;
	step(CREW_EV_START, 0, T0);
	cr_expect_not(crew_is_silent(&crew, 0, T0 + CREW_START_MS));
	step(CREW_EV_ALIVE, 0, T0);
	cr_expect(crew_is_silent(&crew, 0, T0 + 800));
	step(CREW_EV_READY, 0, T0);
	step(CREW_EV_STOP, 0, T0);
	cr_expect_not(crew_is_silent(&crew, 0, T0 + 100000), "it leaves");
}

Test(crew, nobody_is_watched_unless_asked_for)
{
	make_serving(1);
	cr_assert_eq(crew_due(&crew), CREW_NEVER);
	expect(CREW_EV_ALIVE, 0, T0 + 1, "");
	cr_assert_eq(crew_due(&crew), CREW_NEVER);
}

Test(crew, one_that_cannot_be_killed_is_no_good_sign)
{
	make(1);
	crew.watch_ms = 3000;
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	expect(CREW_EV_TICK, 0, T0 + 3000, "kill0");
	cr_assert(crew_is_well(&crew, T0 + 3000 + CREW_STUCK_MS - 1));
	cr_assert_not(crew_is_well(&crew, T0 + 3000 + CREW_STUCK_MS));
	step(CREW_EV_DIED, 0, T0 + 20000);
	cr_assert(crew_is_well(&crew, T0 + 20000));
}

Test(crew, hanging_while_booting_ends_the_start)
{
	make(1);
	step(CREW_EV_START, 0, T0);
	cr_assert_eq(crew_due(&crew), T0 + CREW_START_MS);
	expect(CREW_EV_TICK, 0, T0 + CREW_START_MS - 1, "");
	expect(CREW_EV_TICK, 0, T0 + CREW_START_MS, "kill0");
	expect(CREW_EV_DIED, 0, T0 + CREW_START_MS, "obituary0:never exit=1");
}

Test(crew, boot_failure_after_ready_is_retried_with_backoff)
{
	make_serving(2);
	expect(CREW_EV_DIED, 1, T0 + 2000, "obituary1:0 spawn1");
	expect(CREW_EV_BOOT_FAILED, 1, T0 + 2001, "obituary1:100");
	cr_assert_eq(crew.worker[1].state, CREW_BACKOFF);
	expect(CREW_EV_TICK, 0, T0 + 2101, "spawn1");
	expect(CREW_EV_READY, 1, T0 + 2102, "");
	cr_assert_eq(crew.worker[1].state, CREW_RUNNING);
}

Test(crew, who_lived_a_second_is_replaced_at_once)
{
	make_serving(1);
	expect(CREW_EV_DIED, 0, T0 + CREW_QUICK_DEATH_MS, "obituary0:0 spawn0");
}

Test(crew, backoff_doubles_up_to_its_limit)
{
	static const char *const words[] = {
		"obituary0:100", "obituary0:200", "obituary0:400", "obituary0:800",
		"obituary0:1600", "obituary0:3200", "obituary0:6400", "obituary0:10000",
		"obituary0:10000",
	};
	uint64_t t = T0;

	make_serving(1);
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		expect(CREW_EV_DIED, 0, t + 999, words[i]);
		t = crew_due(&crew);
		expect(CREW_EV_TICK, 0, t, "spawn0");
	}
}

Test(crew, backoff_is_forgotten_after_ten_seconds_of_life)
{
	make_serving(1);
	step(CREW_EV_DIED, 0, T0 + 1);
	step(CREW_EV_TICK, 0, T0 + 101);
	expect(CREW_EV_DIED, 0, T0 + 5000, "obituary0:0 spawn0");
	expect(CREW_EV_DIED, 0, T0 + 5001, "obituary0:200");
	expect(CREW_EV_TICK, 0, T0 + 5201, "spawn0");
	expect(CREW_EV_DIED, 0, T0 + 5201 + CREW_FORGET_MS, "obituary0:0 spawn0");
	expect(CREW_EV_DIED, 0, T0 + 5202 + CREW_FORGET_MS, "obituary0:100");
}

Test(crew, failing_to_fork_backs_off_without_an_obituary)
{
	make_serving(1);
	expect(CREW_EV_DIED, 0, T0 + 2000, "obituary0:0 spawn0");
	expect(CREW_EV_NOT_SPAWNED, 0, T0 + 2000, "");
	expect(CREW_EV_TICK, 0, T0 + 2100, "spawn0");
}

Test(crew, stop_drains_everyone_and_exits_when_all_are_gone)
{
	make_serving(2);
	expect(CREW_EV_STOP, 0, T0 + 1, "stopping drain0 drain1");
	expect(CREW_EV_DIED, 1, T0 + 2, "obituary1:never");
	expect(CREW_EV_DIED, 0, T0 + 3, "obituary0:never exit=0");
}

Test(crew, draining_ends_when_its_time_has_passed)
{
	make_serving(2);
	step(CREW_EV_STOP, 0, T0);
	step(CREW_EV_DIED, 0, T0);
	cr_assert_eq(crew_due(&crew), T0 + 5000 + CREW_MARGIN_MS);
	expect(CREW_EV_TICK, 0, T0 + 5000 + CREW_MARGIN_MS, "kill1");
	expect(CREW_EV_TICK, 0, T0 + 9000, "");
	expect(CREW_EV_DIED, 1, T0 + 9000, "obituary1:never exit=0");
}

Test(crew, second_stop_is_at_once_and_third_does_not_ask)
{
	make_serving(2);
	step(CREW_EV_STOP, 0, T0);
	expect(CREW_EV_STOP, 0, T0 + 10, "quit0 quit1");
	cr_assert_eq(crew_due(&crew), T0 + 10 + CREW_MARGIN_MS);
	expect(CREW_EV_STOP, 0, T0 + 20, "kill0 kill1");
	expect(CREW_EV_DIED, 0, T0 + 30, "obituary0:never");
	expect(CREW_EV_DIED, 1, T0 + 30, "obituary1:never exit=0");
}

Test(crew, who_ignores_quit_is_killed)
{
	make_serving(1);
	step(CREW_EV_STOP, 0, T0);
	step(CREW_EV_STOP, 0, T0);
	expect(CREW_EV_TICK, 0, T0 + CREW_MARGIN_MS, "kill0");
}

Test(crew, stop_while_booting_needs_no_ready)
{
	make(2);
	step(CREW_EV_START, 0, T0);
	expect(CREW_EV_STOP, 0, T0, "stopping drain0");
	expect(CREW_EV_READY, 0, T0, "");
	expect(CREW_EV_DIED, 0, T0, "obituary0:never exit=0");
}

Test(crew, stop_during_backoff_waits_for_nobody)
{
	make_serving(1);
	step(CREW_EV_DIED, 0, T0);
	expect(CREW_EV_STOP, 0, T0, "stopping exit=0");
}

Test(crew, endless_drain_time_is_never_due)
{
	cr_assert(crew_make(&crew, 1, 1, UINT64_MAX));
	step(CREW_EV_START, 0, T0);
	step(CREW_EV_READY, 0, T0);
	expect(CREW_EV_STOP, 0, T0, "stopping drain0");
	cr_assert_eq(crew_due(&crew), CREW_NEVER);
	expect(CREW_EV_TICK, 0, T0 + 1000000, "");
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
static bool perform(bool alive[])
{
	struct crew_action a;
	bool over = false;

	while (crew_take(&crew, &a)) {
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
	make_serving(4);
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
		crew_step(&crew, ev, w, now);
		over = perform(alive);
	}
	cr_assert(over);
	for (unsigned w = 0; w < 4; w++)
		cr_assert_not(alive[w]);
}
