#include "ctl_help.h"

TestSuite(ctl_link, .fini = help_end);

static struct ctl_options options(void)
{
	return (struct ctl_options){ .socket = help_path };
}

static bool count(void *arg, json_t *line)
{
	(void)line;
	++*(unsigned *)arg;
	return true;
}

Test(ctl_link, lines_are_given_until_the_end)
{
	struct ctl_options o = options();
	struct ctl_link l;
	struct err err;
	unsigned n = 0;

	help_daemon("{\"a\":1}\n{\"a\":2}\n{\"end\":true}\n", false);
	cr_assert_eq(ctl_link_open(&l, &o, &err), 0, "%s", err.text);
	cr_expect_eq(ctl_link_ask(&l, json_object(), count, &n, &err), 0, "%s", err.text);
	cr_expect_eq(ctl_link_ask(&l, json_object(), count, &n, &err), 0, "%s", err.text);
	cr_expect_eq(n, 4);
	ctl_link_close(&l);
}

static void fails(const char *answer, bool once, const char *why)
{
	struct ctl_options o = options();
	struct ctl_link l;
	struct err err;
	unsigned n = 0;

	help_daemon(answer, once);
	cr_assert_eq(ctl_link_open(&l, &o, &err), 0, "%s", err.text);
	cr_expect_lt(ctl_link_ask(&l, json_object(), count, &n, &err), 0);
	cr_expect(strstr(err.text, why), "%s", err.text);
	ctl_link_close(&l);
}

Test(ctl_link, an_error_is_told)
{
	fails("{\"error\":\"too late\"}\n", false, "too late");
}

Test(ctl_link, what_is_no_answer_is_told)
{
	fails("nonsense\n", false, "no answer");
}

Test(ctl_link, an_early_end_is_told)
{
	fails("{\"a\":1}\n", true, "ended the connection");
}

Test(ctl_link, nobody_there_is_told)
{
	struct ctl_options o = { .socket = "/nonexistent/control" };
	struct ctl_link l;
	struct err err;

	cr_expect_eq(ctl_link_open(&l, &o, &err), -ENOENT);
	cr_expect(strstr(err.text, "/nonexistent/control"), "%s", err.text);
	ctl_link_close(&l);
	help_daemon("", true);
	kill(help_pid, SIGKILL);
	waitpid(help_pid, NULL, 0);
	help_pid = 0;
	o = options();
	cr_expect_eq(ctl_link_open(&l, &o, &err), -ECONNREFUSED);
	cr_expect(strstr(err.text, "is not running"), "%s", err.text);
	ctl_link_close(&l);
}

Test(ctl_link, it_is_found_where_a_service_manager_has_it)
{
	struct ctl_options o = { .socket = NULL };
	struct ctl_link l;
	struct err err;

	help_daemon("{\"end\":true}\n", false);
	setenv("RUNTIME_DIRECTORY", help_dir, 1);
	cr_expect_eq(ctl_link_open(&l, &o, &err), 0, "%s", err.text);
	cr_expect_str_eq(l.path, help_path);
	ctl_link_close(&l);
}

Test(ctl_link, of_several_it_says_where_they_are)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ctl_options o = { .socket = NULL };
	char dir[] = "/tmp/coapd-ctl-XXXXXX";
	struct ctl_link l;
	struct err err;

	unsetenv("RUNTIME_DIRECTORY");
	help_daemon("{\"end\":true}\n", false);
	cr_assert(mkdtemp(dir));
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/control", dir);
	cr_assert(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0 && listen(fd, 5) == 0);
	cr_expect_eq(ctl_link_open(&l, &o, &err), -EINVAL);
	cr_expect(strstr(err.text, "several coapds"), "%s", err.text);
	cr_expect(strstr(err.text, "/tmp/coapd-*/control"), "%s", err.text);
	ctl_link_close(&l);
	unlink(sa.sun_path);
	rmdir(dir);
	close(fd);
}

Test(ctl_link, json_is_passed_on)
{
	help_daemon("{\"a\": 1}\n{\"end\":true}\n", false);
	cr_expect_str_eq(help_run(CTL_OK, "status", "--json", NULL), "{\"a\":1}\n");
}
