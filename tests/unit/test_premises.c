#include "supervisor/premises.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config_errors errors;
static char dir[] = "/tmp/test_premises_XXXXXX";

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	unsetenv("LISTEN_FDS");
}

static void teardown(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(premises, .init = setup, .fini = teardown);

/* NULL: nothing is missing. */
static void expect(const char *text, bool modules, const char *message)
{
	struct site *site = site_load_text("t.yaml", text, strlen(text), &errors);

	cr_assert_not_null(site, "%s", errors.text[0]);
	cr_expect_eq(premises_check(site, &errors), modules, "%s", text);
	premises_around(site, &errors);
	cr_expect_eq(errors.count, message ? 1 : 0, "%s: %s", text, errors.text[0]);
	if (message && errors.count)
		cr_expect_str_eq(errors.text[0], message);
	site_free(site);
}

Test(premises, nothing_is_missing)
{
	expect("modules-dir: .\nresources: { /a: m }\nruntime-directory: .\n"
	       "listen: [ 'coap://[::1]:0', 'coap://127.0.0.1:0', 'coap://[::]', "
	       "'coap://0.0.0.0:1' ]\n", true, NULL);
	expect("modules-dir: /nonexistent\n", true, NULL);
}

Test(premises, users)
{
	if (geteuid() != 0)
		cr_skip_test("only root becomes somebody else");
	expect("workers: 2\nuser: no-such-user\n", false, "t.yaml:2:7: user: there is no user "
	       "no-such-user; make one (useradd --system) or name another");
}

Test(premises, directory_of_modules)
{
	expect("modules-dir: /nonexistent\nresources: { /a: m }\n", false, "t.yaml:1:14: "
	       "modules-dir: /nonexistent: No such file or directory; -M names another one");
	expect("modules-dir: /dev/null\nresources: { /a: m }\n", false,
	       "t.yaml:1:14: modules-dir: /dev/null is no directory");
	cr_assert_eq(mkdir("open", 0), 0);
	cr_assert_eq(chmod("open", 0777), 0);
	expect("modules-dir: open\nresources: { /a: m }\n", false, "t.yaml:1:14: modules-dir: "
	       "everybody may write in open, and so have coapd run anything; chmod o-w");
}

Test(premises, directory_of_the_command_line_has_no_place)
{
	static const char text[] = "modules-dir: .\nresources: { /a: m }\n";
	struct site *site = site_load_text("t.yaml", text, strlen(text), &errors);

	cr_assert_not_null(site);
	site->modules_dir = "/nonexistent";
	cr_expect_not(premises_check(site, &errors));
	cr_expect_str_eq(errors.text[0], "t.yaml: modules-dir: /nonexistent: No such file or "
			 "directory; -M names another one");
	site_free(site);
}

Test(premises, directory_at_run_time)
{
	expect("runtime-directory: /nonexistent\n", true, "t.yaml:1:20: runtime-directory: "
	       "/nonexistent: No such file or directory; make it first");
	expect("runtime-directory: /dev/null\n", true,
	       "t.yaml:1:20: runtime-directory: /dev/null is no directory");
}

Test(premises, directory_of_somebody_else)
{
	cr_assert_eq(mkdir("theirs", 0755), 0);
	if (geteuid() == 0)
		cr_assert_eq(chmod(dir, 0755) || seteuid(65534), 0);
	else
		cr_assert_eq(chmod("theirs", 0500), 0);
	{
		static const char text[] = "runtime-directory: theirs\n";
		struct site *site = site_load_text("t.yaml", text, strlen(text), &errors);

		cr_assert_not_null(site);
		premises_around(site, &errors);
		cr_expect_eq(errors.count, 1);
		cr_expect_not_null(strstr(errors.text[0], "t.yaml:1:20: runtime-directory: theirs "
					  "is of user "), "%s", errors.text[0]);
		cr_expect_not_null(strstr(errors.text[0], "cannot write there: Permission denied"));
		site_free(site);
	}
	cr_assert_eq(geteuid() != getuid() && seteuid(getuid()), 0);
}

Test(premises, files_that_are_written_to)
{
	expect("log: { file: /dev/null }\naccess-log: { file: '-' }\ncontrol: { socket: none }\n", true,
	       NULL);
	expect("log: { file: /nonexistent/log }\n", true, "t.yaml:1:14: log.file: cannot make "
	       "/nonexistent/log: No such file or directory; make its directory first, or name "
	       "another place");
	expect("access-log: { file: /dev/null/log }\n", true, "t.yaml:1:21: access-log.file: cannot "
	       "write to /dev/null/log: Not a directory; let coapd write there, or name another "
	       "place");
	expect("control: { socket: /nonexistent/control }\n", true, "t.yaml:1:20: control.socket: cannot "
	       "make /nonexistent/control: No such file or directory; make its directory first, or "
	       "name another place");
	expect("control: { socket: /dev/null }\n", true, "t.yaml:1:20: control.socket: /dev/null is "
	       "there and no socket: remove it, or name another path");
}

Test(premises, addresses)
{
	expect("listen: [ 'coap://[::1]', coap://192.0.2.77 ]\n", true, "t.yaml:1:27: listen: "
	       "coap://192.0.2.77 is at no address of this machine (\"ip address\" lists them); "
	       "[::] is all of them");
	setenv("LISTEN_FDS", "1", 1);
	expect("listen: coap://192.0.2.77\n", true, NULL);
}

Test(premises, too_much_memory)
{
	expect("slots: 1\nworkers: 1\nlimits:\n  endpoints: 10000000\n  dedup: 20000000\n"
	       "  exchanges: 10000000\n  waiting: 10000000\n  tasks: 10000000\n"
	       "  messages: 10000000\n  fetches: 1000000\n  observers: 10000000\n"
	       "  representations: 10000000\n", true, "t.yaml:3:1: limits: they ask for more than "
	       "16 GiB of memory for a slot; lower those that count the most");
}

Test(premises, memory_is_told)
{
	static const char text[] = "slots: 2\nworkers: 2\nlimits: { body-memory: 2MiB, jobs: 16 }\n";
	struct site *site = site_load_text("t.yaml", text, strlen(text), &errors);
	char *told = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&told, &n);

	cr_assert_not_null(site);
	premises_memory(site, out);
	fclose(out);
	cr_expect_not_null(strstr(told, "  bodies            2 MiB\n  jobs              2 MiB\n"),
			   "%s", told);
	site_free(site);
	free(told);
}
