#include "config/spoken.h"
#include "site_help.h"

#include <stdlib.h>

static struct site *say(const struct spoken *said)
{
	size_t n = 0;
	char *text = spoken_text(said, &n);
	struct site *site;

	cr_assert_not_null(text);
	site = site_load_text("command line", text, n, &help_errors);
	free(text);
	return site;
}

Test(spoken, mounts_and_listeners)
{
	static const char *const mount[] = { "/=hello", "/a=b%20\"c=time" },
		*const listen[] = { "coap://[::1]:5684", "coap://127.0.0.1" };
	struct site *site = say(&(struct spoken){ NULL, mount, 2, listen, 2 });

	cr_assert_not_null(site, "%s", help_errors.text[0]);
	cr_assert_eq(site->nmounts, 2);
	cr_expect_str_eq(site->mounts[0].path, "/");
	cr_expect_str_eq(site->mounts[0].module, "hello");
	cr_expect_str_eq(site->mounts[1].path, "/a=b%20%22c");
	cr_expect_str_eq(site->mounts[1].module, "time");
	cr_assert_eq(site->nlisteners, 2);
	cr_expect_eq(site->listeners[0].addr.port, 5684);
	site_free(site);
}

Test(spoken, a_file_is_included)
{
	char name[] = "/tmp/test_spoken_XXXXXX";
	static const char *const mount[] = { "/b=hello" };
	int fd = mkstemp(name);
	struct site *site;

	cr_assert_eq(dprintf(fd, "resources: { /a: hello }\n"), 25);
	site = say(&(struct spoken){ name, mount, 1, NULL, 0 });
	cr_assert_not_null(site, "%s", help_errors.text[0]);
	cr_expect_eq(site->nmounts, 2);
	site_free(site);
	site = say(&(struct spoken){ name, NULL, 0, NULL, 0 });
	cr_assert_not_null(site);
	cr_expect_eq(site->nmounts, 1);
	site_free(site);
	remove(name);
}

Test(spoken, nothing_of_it_is_yaml_nor_a_variable)
{
	static const char *const mount[] = { "/a: b=\n x" }, *const listen[] = { "${HOME}" };

	cr_expect_null(say(&(struct spoken){ NULL, mount, 1, listen, 1 }));
	cr_assert_eq(help_errors.count, 2);
	cr_expect_str_eq(help_errors.text[0], "command line:2:5: listen: \"${HOME}\" is not a URI "
			 "like coap://[::]:5683");
	cr_expect_not_null(strstr(help_errors.text[1], "command line:4:12: module: "), "%s",
			   help_errors.text[1]);
}
