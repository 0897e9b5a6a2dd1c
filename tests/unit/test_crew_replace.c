/* The crew while others take over, without processes. */
#include "crew_rig.h"

TestSuite(crew_replace, .fini = end);

Test(crew_replace, each_new_one_takes_over_when_its_slots_are_nobodys)
{
	make_serving(2);
	cr_assert(crew_can_replace(&crew));
	expect(CREW_EV_REPLACE, 2, T0, "quit0 quit1");
	cr_assert_not(crew_can_replace(&crew));
	expect(CREW_EV_DIED, 1, T0 + 1, "obituary1:0 take1");
	expect(CREW_EV_READY, 1, T0 + 2, "");
	expect(CREW_EV_DIED, 0, T0 + 3, "obituary0:0 take0");
	expect(CREW_EV_READY, 0, T0 + 4, "replaced");
	cr_assert(crew_can_replace(&crew));
	cr_assert_eq(crew.deaths, 0);
}

/* Of eight slots it has all, of which either had some. */
Test(crew_replace, one_in_the_place_of_two_waits_for_both)
{
	make_serving(2);
	expect(CREW_EV_REPLACE, 1, T0, "quit0 quit1");
	expect(CREW_EV_DIED, 0, T0 + 1, "obituary0:0");
	expect(CREW_EV_DIED, 1, T0 + 1, "obituary1:0 take0");
	expect(CREW_EV_READY, 0, T0 + 2, "replaced");
	cr_assert_eq(crew.n, 1);
}

Test(crew_replace, three_in_the_place_of_two_wait_for_those_whose_slots_they_get)
{
	make_serving(2);
	expect(CREW_EV_REPLACE, 3, T0, "quit0 quit1");
	/* Of three, each has slots of either. */
	expect(CREW_EV_DIED, 1, T0 + 1, "obituary1:0");
	expect(CREW_EV_DIED, 0, T0 + 1, "obituary0:0 take0 take1 take2");
	for (unsigned i = 0; i < 3; i++)
		expect(CREW_EV_READY, i, T0 + 2, i < 2 ? "" : "replaced");
	cr_assert_eq(crew_running(&crew), 3);
}

Test(crew_replace, who_does_not_leave_is_killed_and_who_starts_at_once)
{
	make_serving(2);
	expect(CREW_EV_DIED, 1, T0 + 5000, "obituary1:0 spawn1");
	expect(CREW_EV_REPLACE, 2, T0 + 5000, "quit0 kill1");
	expect(CREW_EV_TICK, 0, T0 + 5000 + CREW_MARGIN_MS, "kill0");
	expect(CREW_EV_DIED, 0, T0 + 7000, "obituary0:0 take0");
	expect(CREW_EV_DIED, 1, T0 + 7000, "obituary1:0 take1");
}

Test(crew_replace, one_that_is_dead_already_is_not_waited_for)
{
	make_serving(2);
	expect(CREW_EV_DIED, 1, T0 + 10, "obituary1:100");
	expect(CREW_EV_REPLACE, 2, T0 + 20, "quit0 take1");
}

Test(crew_replace, a_new_one_that_dies_has_a_successor_like_any)
{
	make_serving(1);
	expect(CREW_EV_REPLACE, 1, T0, "quit0");
	expect(CREW_EV_DIED, 0, T0 + 1, "obituary0:0 take0");
	expect(CREW_EV_DIED, 0, T0 + 2, "obituary0:100");
	expect(CREW_EV_TICK, 0, T0 + 102, "spawn0");
	expect(CREW_EV_READY, 0, T0 + 103, "replaced");
}

Test(crew_replace, asked_to_stop_meanwhile_nobody_comes)
{
	make_serving(2);
	expect(CREW_EV_REPLACE, 2, T0, "quit0 quit1");
	expect(CREW_EV_DIED, 0, T0 + 1, "obituary0:0 take0");
	expect(CREW_EV_STOP, 0, T0 + 2, "stopping drain0");
	expect(CREW_EV_DIED, 1, T0 + 3, "obituary1:never");
	expect(CREW_EV_DIED, 0, T0 + 4, "obituary0:never exit=0");
}

Test(crew_replace, those_of_another_program_go_on)
{
	make(3);
	crew.watch_ms = 800;
	crew_resume(&crew, 0, true, true, T0 - 5000, T0);
	crew_resume(&crew, 1, true, false, T0 - 5, T0);
	crew_resume(&crew, 2, false, true, T0 - 5, T0);
	cr_assert_eq(crew.phase, CREW_SERVE);
	cr_assert_eq(crew_running(&crew), 1);
	cr_assert(crew_can_replace(&crew));
	expect(CREW_EV_TICK, 0, T0, "spawn2");
	expect(CREW_EV_READY, 1, T0 + 1, "");
	expect(CREW_EV_TICK, 0, T0 + 800, "kill0");
}
