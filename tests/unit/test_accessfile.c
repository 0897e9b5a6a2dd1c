#include "supervisor/accessfile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/coapd-test-access-XXXXXX", path[64];
static struct site site = { .file = "site.yaml", .access_file = "" };
static struct err err;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/log", directory);
}

static void teardown(void)
{
	unlink(path);
	rmdir(directory);
}

TestSuite(accessfile, .init = setup, .fini = teardown);

Test(accessfile, none_is_wanted)
{
	cr_assert_eq(accessfile_open(&site, &err), 0);
}

Test(accessfile, is_made_and_appended_to)
{
	struct stat st;
	int fd;

	site.access_file = path;
	fd = accessfile_open(&site, &err);
	cr_assert_gt(fd, 0, "%s", err.text);
	cr_assert_eq(write(fd, "a\n", 2), 2);
	close(fd);
	fd = accessfile_open(&site, &err);
	cr_assert_eq(write(fd, "b\n", 2), 2);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_size, 4);
	cr_expect_eq(st.st_mode & 0137, 0, "mode %o", st.st_mode);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

Test(accessfile, a_dash_is_standard_error)
{
	struct stat a, b;
	int fd;

	site.access_file = "-";
	fd = accessfile_open(&site, &err);
	cr_assert_geq(fd, 3);
	cr_assert_eq(fstat(fd, &a) || fstat(STDERR_FILENO, &b), 0);
	cr_assert_eq(a.st_ino, b.st_ino);
}

Test(accessfile, what_cannot_be_opened_is_named)
{
	site.access_file = "/nonexistent/log";
	cr_assert_eq(accessfile_open(&site, &err), -ENOENT);
	cr_expect_str_eq(err.text, "site.yaml: access-log.file: cannot open /nonexistent/log: No such "
			 "file or directory");
	/* Nobody reads it: it is not waited for. */
	cr_assert_eq(mkfifo(path, 0600), 0);
	site.access_file = path;
	cr_assert_eq(accessfile_open(&site, &err), -ENXIO);
}
