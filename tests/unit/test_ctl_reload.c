#include "ctl_help.h"

TestSuite(ctl_reload, .fini = help_end);

Test(ctl_reload, the_end_is_told)
{
	help_daemon("{\"reloaded\":\"the new site is served: 2 workers\"}\n", true);
	cr_expect_str_eq(help_run(CTL_OK, "reload", NULL, NULL),
			 "the new site is served: 2 workers\n");
}

Test(ctl_reload, what_is_wrong_is_told_whole)
{
	help_daemon("{\"refused\":\"site.yaml:1:1: no\\nsite.yaml:2:1: no\"}\n", true);
	cr_expect_str_eq(help_run(CTL_FAILED, "reload", NULL, NULL),
			 "site.yaml:1:1: no\nsite.yaml:2:1: no\n"
			 "coapctl: the site that was served goes on\n");
}

Test(ctl_reload, as_it_came)
{
	help_daemon("{\"refused\":\"no\"}\n", true);
	cr_expect_str_eq(help_run(CTL_FAILED, "reload", "--json", NULL), "{\"refused\":\"no\"}\n");
}

Test(ctl_reload, nobody_answers)
{
	help_daemon("", true);
	cr_expect_str_eq(help_run(CTL_FAILED, "reload", NULL, NULL),
			 "coapctl: coapd has ended the connection\n");
}

Test(ctl_reload, another_program)
{
	help_daemon("{\"upgraded\":\"coapd 9 has taken over\"}\n", true);
	cr_expect_str_eq(help_run(CTL_OK, "upgrade", NULL, NULL), "coapd 9 has taken over\n");
}

Test(ctl_reload, a_program_that_is_no_good)
{
	help_daemon("{\"refused\":\"it crashes\"}\n", true);
	cr_expect_str_eq(help_run(CTL_FAILED, "upgrade", NULL, NULL),
			 "it crashes\ncoapctl: the program that was there goes on\n");
}

Test(ctl_reload, a_daemon_that_knows_nothing_of_it)
{
	help_daemon("{\"error\":\"this coapd cannot do \\\"upgrade\\\"\"}\n", true);
	cr_expect_str_eq(help_run(CTL_FAILED, "upgrade", NULL, NULL),
			 "coapctl: this coapd cannot do \"upgrade\"\n");
}
