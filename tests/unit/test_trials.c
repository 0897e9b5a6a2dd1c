#include "kit/trials.h"

#include "kit_script.h"

/* What is said of a script. */
static char *tell(struct trials *t, const char *text, const char *modules)
{
	struct script *s = kit_script(text);
	char *said = NULL;
	size_t n;

	t->modules_dir = kit_modules(modules);
	t->out = open_memstream(&said, &n);
	trials_run(t, s);
	fclose(t->out);
	script_free(s);
	return said;
}

Test(trials, once_as_it_is_and_once_for_each_death)
{
	struct trials t = { .crash = true };
	char *said = tell(&t, "mount /hello hello\nget /hello\nexpect 2.05\nget /x\nexpect 4.04\n",
			  "modules");

	cr_expect_str_eq(said, "ok 1 - t: 2 events, 1 hooks\n"
			 "ok 2 - t: the same in 5 runs with a killed worker\n");
	free(said);
	t = (struct trials){ .crash = false };
	said = tell(&t, "crash\n", "modules");
	cr_expect_str_eq(said, "ok 1 - t: 0 events, 0 hooks\n");
	cr_expect_eq(t.failed, 0);
	free(said);
}

Test(trials, of_very_many_places_some_are_tried)
{
	struct trials t = { .crash = true, .most = 2 };
	char *said = tell(&t, "mount /t tally\nget /t\nget /t\nget /t\nget /a\nget /a\n",
			  "tests/modules");

	cr_expect_str_eq(said, "ok 1 - t: 5 events, 3 hooks\n"
			 "# t: of 3 deaths in hooks, one in 2 is tried\n"
			 "# t: of 5 deaths before the commit of events, one in 3 is tried\n"
			 "# t: of 5 deaths after the commit of events, one in 3 is tried\n"
			 "ok 2 - t: the same in 6 runs with a killed worker\n");
	free(said);
}

Test(trials, failures_are_told_with_line_place_and_trace)
{
	struct trials t = { .crash = true };
	char *said = tell(&t, "mount /t tally\npost /t\nexpect 2.04\nget /t\nexpect 2.05 \"1\"\n",
			  "tests/modules");

	cr_expect(strstr(said, "ok 1 - t: 2 events, 2 hooks\n"), "%s", said);
	cr_expect(strstr(said, "# the worker was killed before the commit of the hook of /t "
			 "(module tally), event request (event 1)\n"
			 "# t:5: expect 2.05 \"1\"\n"
			 "# expected \"1\" (1 bytes), got \"0\" (1 bytes)\n"
			 "#   2: post /t\n"), "%s", said);
	cr_expect(strstr(said, "\n#             (the worker was killed)\n"), "%s", said);
	cr_expect(strstr(said, "\n# 4 of 6 runs with a killed worker went wrong\n"), "%s", said);
	cr_expect(strstr(said, "\nnot ok 2 - "), "%s", said);
	cr_expect_eq(t.failed, 1);
	free(said);
}

Test(trials, a_script_that_fails_as_it_is_is_not_run_further)
{
	struct trials t = { .crash = true };
	char *said = tell(&t, "mount /t tally\ndelete /t\nexpect 2.02\n", "tests/modules");

	cr_expect(strstr(said, "# t:2: delete /t\n# the worker "), "%s", said);
	cr_expect(strstr(said, "not ok 2 - t: not run with killed workers\n"), "%s", said);
	cr_expect_eq(t.points, 2);
	cr_expect_eq(t.failed, 2);
	free(said);
}

Test(trials, slow_hooks_are_named)
{
	struct trials t = { .crash = false };
	char *said = tell(&t, "mount /t { module: tally, takes: 120ms }\nget /t\nexpect 2.05\n",
			  "tests/modules");
	static const char named[] = "# t: the hook of /t (module tally), event request took ";
	const char *at = strstr(said, named);

	cr_expect(at && atoi(at + sizeof named - 1) >= 119, "%s", said);
	cr_expect(strstr(said, "\nok 1 - "), "%s", said);
	free(said);
}

Test(trials, long_traces_show_their_end)
{
	struct trials t = { .crash = false };
	char *said = tell(&t, "mount /t tally\npost /t \"x\"*200000\nexpect 2.05\n",
			  "tests/modules");

	cr_expect(strstr(said, "\n#   ...\n"), "%s", said);
	cr_expect(strlen(said) < 16384);
	free(said);
}
