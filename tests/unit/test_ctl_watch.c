#include "client/ctl_watch.h"

#include "ctl_help.h"

TestSuite(ctl_watch, .fini = help_end);

Test(ctl_watch, a_screen_takes_the_place_of_the_one_before)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ctl_watch_screen("one\ntwo is long\nthree\nfour\n", 3, 6, out);
	fclose(out);
	cr_expect_str_eq(text, "\033[Hone\033[K\r\ntwo is\033[K\r\nthree\033[K\033[J");
	free(text);
}

/* The daemon goes away while we look. */
Test(ctl_watch, the_end_of_coapd_ends_it)
{
	const char *text;

	help_daemon(HELP_STATUS, true);
	text = help_run(CTL_FAILED, "status", "--watch", "--interval=0.1");
	cr_expect(strstr(text, "process 42"), "%s", text);
	cr_expect(strstr(text, "coapctl: coapd "), "%s", text);
}
