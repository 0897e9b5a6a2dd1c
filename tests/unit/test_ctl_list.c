#include "client/ctl_list.h"

#include "ctl_help.h"

TestSuite(ctl_list, .fini = help_end);

Test(ctl_list, path_of_a_request)
{
	char out[64];

	/* CON GET, token ab, Observe, Uri-Path a, Uri-Path b c, Uri-Query x=1 */
	cr_assert(ctl_list_path("420100016162" "60" "5161" "03622063" "43783d31", out,
				sizeof out));
	cr_expect_str_eq(out, "/a/\"b c\"?x=1");
	cr_assert(ctl_list_path("40010001", out, sizeof out));
	cr_expect_str_eq(out, "/");
	cr_expect_not(ctl_list_path("400100", out, sizeof out));
	cr_expect_not(ctl_list_path("zz", out, sizeof out));
	cr_assert(ctl_list_path("40010001" "b31b5b4a", out, sizeof out));
	cr_expect_str_eq(out, "/\"\\x1b[J\"");
}

Test(ctl_list, a_long_path_is_cut)
{
	char out[6];

	cr_assert(ctl_list_path("40010001b26161" "026262" "026363", out, sizeof out));
	cr_expect_str_eq(out, "/aa/");
}

Test(ctl_list, below_a_path)
{
	cr_expect(ctl_list_is_below("/a", "/a"));
	cr_expect(ctl_list_is_below("/a/b", "/a"));
	cr_expect(ctl_list_is_below("/a?x", "/a/"));
	cr_expect(ctl_list_is_below("/a", "/"));
	cr_expect(ctl_list_is_below("/", "/"));
	cr_expect_not(ctl_list_is_below("/ab", "/a"));
	cr_expect_not(ctl_list_is_below("/a", "/a/b"));
}

static const char *const observers =
	"{\"peer\":\"[::1]:5\",\"slot\":1,\"sequence\":7,\"under_way\":true,\"non\":false,"
	"\"request\":\"400100016051" "61\"}\n"
	"{\"peer\":\"[::1]:6\",\"slot\":1,\"sequence\":8,\"under_way\":false,\"non\":true,"
	"\"request\":\"4001000160516" "2\"}\n{\"end\":true}\n";

Test(ctl_list, observers_below_a_path)
{
	help_daemon(observers, false);
	cr_expect_str_eq(help_run(CTL_OK, "observers", "/a", NULL),
			 "path  peer     slot  told last  as   \n"
			 "/a    [::1]:5     1          7  CON  being told\n");
	cr_expect(strstr(help_run(CTL_OK, "observers", NULL, NULL), "/b    [::1]:6"));
	cr_expect(strstr(help_run(CTL_OK, "observers", "/b", "--json"), "\"path\":\"/b\""));
}

Test(ctl_list, peers)
{
	help_daemon("{\"peer\":\"[::1]:5\",\"slot\":1,\"idle_s\":61,\"observers\":2,"
		    "\"exchanges\":3,\"assemblies\":4,\"answers\":5}\n{\"end\":true}\n", false);
	cr_expect_str_eq(help_run(CTL_OK, "peers", NULL, NULL),
			 "peer     silent for  slot  observers  exchanges  bodies  answers\n"
			 "[::1]:5     0:01:01     1          2          3       4        5\n");
}
