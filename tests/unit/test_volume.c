#include "desk_help.h"

TestSuite(volume, .init = help_open_engine, .fini = help_close);

static unsigned part, times;

static void set_log(void *arg, unsigned which, enum log_level level)
{
	(void)arg;
	part = which;
	times++;
	log_set_level(LOG_PART_WORKER, level);
}

Test(volume, levels_are_told)
{
	const char *text = help_ask("{\"do\":\"log\"}");

	cr_expect(strstr(text, "\"part\":\"worker\",\"level\":\"notice\"\n"), "%s", text);
	cr_expect(strstr(text, "\"part\":\"module\",\"level\":\"notice\"\n"), "%s", text);
	cr_expect(strstr(text, "\"end\":true\n"));
	cr_expect_eq(times, 0);
}

Test(volume, a_level_is_set_first)
{
	help_desk.set_log = set_log;
	cr_expect(strstr(help_ask("{\"do\":\"log\",\"part\":\"worker\",\"level\":\"debug\"}"),
			 "\"part\":\"worker\",\"level\":\"debug\"\n"));
	cr_expect_eq(part, LOG_PART_WORKER);
	help_ask("{\"do\":\"log\",\"part\":\"all\",\"level\":\"info\"}");
	cr_expect_eq(part, LOG_PARTS_N);
	cr_expect_eq(times, 2);
}

Test(volume, what_there_is_not_is_told)
{
	help_desk.set_log = set_log;
	cr_expect(strstr(help_ask("{\"do\":\"log\",\"part\":\"engine\",\"level\":\"info\"}"),
			 "no such part"));
	cr_expect(strstr(help_ask("{\"do\":\"log\",\"part\":\"all\",\"level\":\"loud\"}"),
			 "no such level"));
	cr_expect_eq(times, 0);
}
