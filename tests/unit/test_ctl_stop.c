#include "ctl_help.h"

TestSuite(ctl_stop, .fini = help_end);

Test(ctl_stop, the_end_is_waited_for)
{
	help_daemon("{\"stopping\":true}\n", true);
	cr_expect_str_eq(help_run(CTL_OK, "stop", NULL, NULL), "");
}

Test(ctl_stop, a_refusal_is_told)
{
	help_daemon("{\"error\":\"not now\"}\n", true);
	cr_expect_str_eq(help_run(CTL_FAILED, "stop", NULL, NULL), "coapctl: not now\n");
}
