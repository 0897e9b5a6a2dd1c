#include "supervisor/append.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/coapd-test-append-XXXXXX", path[64];
static struct config_errors errors;
static const struct config_place at = { .line = 3, .column = 7 };

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/log", directory);
	errors_begin(&errors, "t.yaml");
}

static void teardown(void)
{
	unlink(path);
	rmdir(directory);
}

TestSuite(append, .init = setup, .fini = teardown);

Test(append, a_file_is_made_and_appended_to)
{
	struct stat st;
	int fd = append_open(path);

	cr_assert_geq(fd, 3);
	cr_assert_eq(write(fd, "a\n", 2), 2);
	close(fd);
	fd = append_open(path);
	cr_assert_eq(write(fd, "b\n", 2), 2);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_size, 4);
	cr_expect_eq(st.st_mode & 0137, 0, "mode %o", st.st_mode);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

Test(append, no_place_of_a_standard_stream_is_taken)
{
	int fd;

	close(STDIN_FILENO);
	fd = append_open(path);
	cr_expect_geq(fd, 3);
	cr_expect_eq(fcntl(STDIN_FILENO, F_GETFD), -1);
}

Test(append, what_cannot_be_opened)
{
	cr_expect_eq(append_open("/nonexistent/log"), -ENOENT);
	cr_expect_eq(append_open(directory), -EISDIR);
	/* Nobody reads it: it is not waited for. */
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(append_open(path), -ENXIO);
}

static void refused(const char *file, const char *message)
{
	errors_begin(&errors, "t.yaml");
	cr_expect_not(append_check(file, "log.file", at, &errors));
	cr_assert_eq(errors.count, 1);
	cr_expect_str_eq(errors.text[0], message);
}

Test(append, a_look_says_what_to_do)
{
	struct stat st;
	char want[300];

	cr_expect(append_check(path, "log.file", at, &errors));
	cr_expect(append_check("/log", "log.file", at, &errors) || geteuid() != 0);
	cr_expect_eq(stat(path, &st), -1, "it has been made");
	refused("/nonexistent/log", "t.yaml:3:7: log.file: cannot make /nonexistent/log: No such file "
		"or directory; make its directory first, or name another place");
	refused("/dev/null/log", "t.yaml:3:7: log.file: cannot write to /dev/null/log: Not a directory; "
		"let coapd write there, or name another place");
	snprintf(want, sizeof want, "t.yaml:3:7: log.file: %s is a directory; name a file in it",
		 directory);
	refused(directory, want);
}
