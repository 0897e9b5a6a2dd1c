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
	cr_expect_eq(logfile_begin(&site, &err), 0);
	cr_expect_eq(log_fd(), -1);
}

Test(logfile, the_log_goes_on_there)
{
	char path[] = "/tmp/coapd-test-logfile-XXXXXX", text[300] = "";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	log_setup(LOG_INFO, "test");
	site.log_file = path;
	cr_assert_eq(logfile_begin(&site, &err), 1, "%s", err.text);
	log_info("here");
	cr_expect_gt(read(fd, text, sizeof text - 1), 0);
	cr_expect(strstr(text, " test: info: here\n"), "%s", text);
	unlink(path);
	site.log_file = "/nonexistent/log";
	cr_expect_eq(logfile_begin(&site, &err), -ENOENT);
	cr_expect_str_eq(err.text, "site.yaml: log.file: cannot open /nonexistent/log: No such file or "
			 "directory");
	log_info("still here");
	cr_expect_gt(read(fd, text, sizeof text - 1), 0);
	cr_expect(strstr(text, " test: info: still here\n"), "%s", text);
	site.log_file = "";
	cr_expect_eq(logfile_begin(&site, &err), 0);
	cr_expect_eq(log_fd(), -1);
	log_info("elsewhere");
	cr_expect_eq(read(fd, text, sizeof text - 1), 0);
}
