#include "ctl_help.h"

TestSuite(ctl_trace, .fini = help_end);

#define LINE(at, way, bytes, left) \
	"{\"at_us\":" at ",\"way\":\"" way "\",\"peer\":\"[::1]:1001\",\"here\":\"[::1]:5683\"," \
	"\"slot\":0,\"left_out\":" left ",\"bytes\":\"" bytes "\"}\n"
#define LINES "{\"tracing\":true}\n" \
	LINE("1000000", "received", "40010007b161", "0") \
	LINE("1500000", "sent", "60450007", "0") \
	LINE("1600000", "received", "40010008b162", "3")

Test(ctl_trace, messages_are_lines_as_coap_has_them)
{
	help_daemon(LINES, false);
	cr_expect_str_eq(help_run(CTL_OK, "trace", "--count=3", NULL),
			 "    0.000 <- [::1]:1001 CON GET mid=7 Uri-Path=a\n"
			 "    0.500 -> [::1]:1001 ACK 2.05 Content mid=7\n"
			 "coapctl: 3 messages more than could be shown\n"
			 "    0.600 <- [::1]:1001 CON GET mid=8 Uri-Path=b\n");
}

Test(ctl_trace, of_a_path)
{
	help_daemon(LINES, false);
	cr_expect_str_eq(help_run(CTL_OK, "trace", "/a", "--count=2"),
			 "    0.000 <- [::1]:1001 CON GET mid=7 Uri-Path=a\n"
			 "    0.500 -> [::1]:1001 ACK 2.05 Content mid=7\n");
}

Test(ctl_trace, as_json)
{
	help_daemon(LINES, false);
	cr_expect(strstr(help_run(CTL_OK, "trace", "--json", "--count=1"), "\"40010007b161\"}\n"));
}

Test(ctl_trace, as_a_file)
{
	help_daemon(LINES, false);
	cr_expect_eq(memcmp(help_run(CTL_OK, "trace", "--pcapng", "--count=1"),
			    "\x0a\x0d\x0d\x0a", 4), 0);
}

Test(ctl_trace, the_end_of_coapd_ends_it)
{
	help_daemon(LINES, true);
	cr_expect(strstr(help_run(CTL_FAILED, "trace", NULL, NULL), "ended the connection"));
}
