#include "supervisor/logfile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct site site = { .file = "site.yaml", .log_file = "" };
static struct err err;

Test(logfile, none_is_wanted)
{
	cr_expect_eq(logfile_open(&site, &err), 0);
	site.log_file = "/nonexistent/log";
	cr_expect_eq(logfile_open(&site, &err), -ENOENT);
	cr_expect_str_eq(err.text, "site.yaml: log.file: cannot open /nonexistent/log: No such file or "
			 "directory");
}

Test(logfile, the_log_goes_on_there)
{
	char path[] = "/tmp/coapd-test-logfile-XXXXXX", text[300] = "";
	int fd = mkstemp(path), ours;

	cr_assert_geq(fd, 0);
	log_setup(LOG_INFO, "test");
	site.log_file = path;
	ours = logfile_open(&site, &err);
	cr_assert_gt(ours, 0, "%s", err.text);
	unlink(path);
	logfile_use(ours);
	cr_expect_neq(log_fd(), ours);
	log_info("here");
	cr_expect_gt(read(fd, text, sizeof text - 1), 0);
	cr_expect(strstr(text, " test: info: here\n"), "%s", text);
	logfile_use(0);
	cr_expect_eq(log_fd(), -1);
	log_info("elsewhere");
	cr_expect_eq(read(fd, text, sizeof text - 1), 0);
	cr_expect_eq(close(ours), 0, "it is still ours");
}
