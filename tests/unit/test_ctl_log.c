#include "ctl_help.h"

TestSuite(ctl_log, .fini = help_end);

Test(ctl_log, levels_are_listed)
{
	help_daemon("{\"part\":\"worker\",\"level\":\"info\"}\n"
		    "{\"part\":\"module\",\"level\":\"debug\"}\n{\"end\":true}\n", false);
	cr_expect_str_eq(help_run(CTL_OK, "log", NULL, NULL), "worker  info\nmodule  debug\n");
	cr_expect_str_eq(help_run(CTL_OK, "log", "all", "info"), "worker  info\nmodule  debug\n");
}

Test(ctl_log, both_or_none_are_given)
{
	help_daemon("", false);
	cr_expect(strstr(help_run(CTL_WRONG, "log", "worker", NULL), "PART LEVEL"));
}
