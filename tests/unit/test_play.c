#include "kit/play.h"

#include "kit_script.h"

static struct play play;
static struct script *script;

static enum play_verdict run(const char *text, const char *modules, struct death death)
{
	play_free(&play);
	script_free(script);
	script = kit_script(text);
	play = (struct play){ .script = script, .modules_dir = kit_modules(modules),
			      .death = death };
	return play_run(&play, &kit_errors);
}

static void end(void)
{
	play_free(&play);
	script_free(script);
}

TestSuite(play, .fini = end);

#define TALLY "mount /t { module: tally, file: '${dir}/n' }\n"
#define PLAIN ((struct death){ DEATH_NOWHERE, 0 })

Test(play, a_script_that_holds)
{
	cr_expect_eq(run(TALLY "post /t\nexpect 2.04 \"1\"\nrepeat\nexpect 2.04 \"1\"\n"
			 "get /t\nexpect 2.05 piggybacked \"1\"\nexpect nothing\n"
			 "log \"*/t: counted\"\n", "tests/modules", PLAIN), PLAY_OK,
		     "%s", play.why);
	cr_expect_null(play.failed);
	cr_expect_eq(play.hooks, 2);
	cr_expect_eq(play.events, 3);
	cr_expect_eq(play.lives, 1);
	cr_expect(strstr(play.trace, "> CON POST mid=1"));
	cr_expect(strstr(play.trace, "< ACK 2.04 Changed mid=1"));
}

static void fails(const char *text, const char *modules, const char *why)
{
	cr_expect_eq(run(text, modules, PLAIN), PLAY_FAILED, "%s", text);
	cr_expect_str_eq(play.why, why);
	cr_assert(play.failed);
	cr_expect_eq(play.failed->line, script->n, "the last line");
}

Test(play, what_does_not_hold_is_told_of)
{
	fails(TALLY "get /t\nexpect 2.05 \"7\"", "tests/modules",
	      "expected \"7\" (1 bytes), got \"0\" (1 bytes)");
	fails(TALLY "get /t\nexpect nothing", "tests/modules", "expected nothing, got 2.05");
	fails(TALLY "get /t\nexpect 2.05\nexpect 2.05", "tests/modules",
	      "expected a response, none came for 300 s");
	fails(TALLY "get /t\nexpect ack", "tests/modules",
	      "expected an empty acknowledgement, none has come");
	fails(TALLY "post /t\nlog \"*counted\"\nlog \"*counted\"", "tests/modules",
	      "no line in the log is like this");
	fails("mount /s separate\nget /s\nexpect 2.05 after 2s", "modules",
	      "expected a response after 2s, it came after 1s");
	fails("mount /s separate\nget /s\nexpect 2.05 within 500ms", "modules",
	      "expected a response, none came for 0 s");
	fails("mount /t { module: tally, opens: crash }", "tests/modules", play.why);
	cr_expect(strstr(play.why, "in open() of /t"));
}

Test(play, time_passes_from_deadline_to_deadline)
{
	cr_expect_eq(run("mount /s { module: separate, delay: 1h }\nget /s\n"
			 "expect nothing for 59m\nexpect ack\n"
			 "expect 2.05 separate after 1h\n", "modules", PLAIN), PLAY_OK,
		     "%s", play.why);
	cr_expect_eq(run("mount /s separate\nget /s\nreset\nexpect nothing for 2s\nwait 10s\n"
			 "get /s/x\nexpect 4.04\n", "modules", PLAIN), PLAY_OK, "%s", play.why);
}

Test(play, killed_between_two_events)
{
	cr_expect_eq(run("mount /s separate\nget /s\ncrash\nexpect 2.05\ncrash\n", "modules",
			 PLAIN), PLAY_OK, "%s", play.why);
	cr_expect_eq(play.lives, 3);
}

#define WORKS "mount /w works\n"

Test(play, jobs_take_as_long_as_the_script_says)
{
	cr_expect_eq(run(WORKS "post /w \"ab\"\nexpect 2.04 piggybacked after 0s \"ba\"\n"
			 "jobs take 90s\na: post /w \"first\"\nwait 10s\n"
			 "b: post /w from 2 \"second\"\nexpect a 2.04 separate after 90s\n"
			 "expect b nothing for 9999ms\nexpect b 2.04 separate after 90s\n"
			 "jobs take 0s\npost /w \"c\"\nexpect 2.04 after 0s\n",
			 "tests/modules", PLAIN), PLAY_OK, "%s", play.why);
	/* One that is lost with its worker is begun again by the module. */
	cr_expect_eq(run(WORKS "jobs take 1h\npost /w \"c\"\nwait 30m\ncrash\n"
			 "expect nothing for 59m\nexpect 2.04 within 1h\ncount /w lost 1\n",
			 "tests/modules", PLAIN), PLAY_OK, "%s", play.why);
}

Test(play, tasks_wake_each_other_across_lives)
{
	cr_expect_eq(run(WORKS "a: get /w\ncrash\nb: get /w from 2\n"
			 "expect a 2.05 after 2s \"ding\"\nexpect b 2.05 \"ding\"\n"
			 "count /w rung 1\n", "tests/modules", PLAIN), PLAY_OK, "%s", play.why);
}

Test(play, counters)
{
	fails(WORKS "post /w \"x\"\nexpect 2.04\ncount /w done 1\ncount /w done 2",
	      "tests/modules", "expected 2, done of /w is 1");
	fails(WORKS "count /w slept 0", "tests/modules", "/w has no counter slept");
	fails(WORKS "count /v done 0", "tests/modules", "/v has no counter done");
}

/* What was counted before a death is counted, and again; less is a fault all the same. */
Test(play, counters_of_a_hook_that_is_run_again)
{
	const struct death death = { DEATH_BEFORE_COMMIT, 3 };

	cr_expect_eq(run(WORKS "post /w \"x\"\nexpect 2.04\ncount /w lost 1\ncount /w done 1\n",
			 "tests/modules", death), PLAY_OK, "%s", play.why);
	cr_expect_eq(run(WORKS "post /w \"x\"\nexpect 2.04\ncount /w done 0\n",
			 "tests/modules", death), PLAY_OK, "%s", play.why);
	cr_expect_eq(run(WORKS "post /w \"x\"\nexpect 2.04\ncount /w done 9\n",
			 "tests/modules", death), PLAY_FAILED);
}

#define COUNT "post /t\nexpect 2.04 \"1\"\nget /t\nexpect 2.05 \"1\"\n"

Test(play, a_death_is_forgiven_where_nobody_could_know)
{
	for (uint32_t place = DEATH_IN_HOOK; place < DEATH_PLACES; place++) {
		cr_expect_eq(run(TALLY COUNT, "tests/modules", (struct death){ place, 1 }),
			     PLAY_OK, "place %u: %s", place, play.why);
		cr_expect_str_eq(play.where, "the hook of /t (module tally), event request");
		cr_expect_eq(play.lives, 2);
		cr_expect_eq(play.hooks, place == DEATH_IN_HOOK ? 3 : 2);
	}
}

Test(play, an_error_of_the_module_s_own_is_not)
{
	cr_expect_eq(run("mount /t { module: tally, shy: true }\nget /t\nexpect 2.05\n",
			 "tests/modules", (struct death){ DEATH_IN_HOOK, 1 }), PLAY_FAILED);
	cr_expect_str_eq(play.why, "expected 2.05, got 5.00");
}

Test(play, what_a_process_remembers_is_lost)
{
	cr_expect_eq(run("mount /t tally\n" COUNT, "tests/modules", PLAIN), PLAY_OK);
	cr_expect_eq(run("mount /t tally\n" COUNT, "tests/modules",
			 (struct death){ DEATH_AFTER_COMMIT, 1 }), PLAY_FAILED);
	cr_expect_str_eq(play.why, "expected \"1\" (1 bytes), got \"0\" (1 bytes)");
	cr_expect_eq(play.failed->line, 5);
}

Test(play, what_cannot_be_mounted_is_wrong)
{
	cr_expect_eq(run("mount /a nosuchmodule", "modules", PLAIN), PLAY_WRONG);
	cr_expect(strstr(kit_errors.text[0], "t:1:10: module nosuchmodule: "), "%s",
		  kit_errors.text[0]);
	cr_expect_eq(run("\nmount /a { module: hello, txt: x }", "modules", PLAIN), PLAY_WRONG);
	cr_expect(strstr(kit_errors.text[0], "t:2:27: "), "%s", kit_errors.text[0]);
	cr_expect_eq(run("site drain: x", "modules", PLAIN), PLAY_WRONG);
	cr_expect_eq(run("mount /a { module: tally, opens: refuse }", "tests/modules", PLAIN),
		     PLAY_WRONG);
	cr_expect(strstr(kit_errors.text[0], "t:1:20: resource /a: module tally does not open"),
		  "%s", kit_errors.text[0]);
}
