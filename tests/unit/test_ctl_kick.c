#include "ctl_help.h"

TestSuite(ctl_kick, .fini = help_end);

Test(ctl_kick, what_ended_is_told)
{
	help_daemon("{\"workers\":2,\"observers\":3,\"exchanges\":4,\"requests\":5,\"bodies\":6}\n"
		    "{\"end\":true}\n", false);
	cr_expect_str_eq(help_run(CTL_OK, "kick", "[::1]", NULL),
			 "3 observers, 4 messages under way, 5 requests that waited and 6 bodies "
			 "ended\n");
}

Test(ctl_kick, who_has_not_answered_is_told)
{
	help_daemon("{\"workers\":2,\"observers\":3,\"exchanges\":4,\"requests\":5,\"bodies\":6,"
		    "\"missing\":[1,3]}\n{\"end\":true}\n", false);
	cr_expect_str_eq(help_run(CTL_FAILED, "kick", "[::1]", NULL),
			 "3 observers, 4 messages under way, 5 requests that waited and 6 bodies "
			 "ended\ncoapctl: workers 1, 3 have not answered, and may keep something for "
			 "the peer still; kick it again once coapctl status shows that all run\n");
}

Test(ctl_kick, whom_has_to_be_said)
{
	help_daemon("", false);
	cr_expect_str_eq(help_run(CTL_WRONG, "kick", NULL, NULL), "");
}
