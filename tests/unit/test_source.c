#include "client/source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_source.XXXXXX";
static struct source s = { .fd = -1 };
static struct err err;

static void begin(void)
{
	cr_assert(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
}

static void end(void)
{
	source_close(&s);
	unlink("file");
	unlink("pipe");
	cr_assert_eq(chdir("/"), 0);
	rmdir(dir);
}

TestSuite(source, .init = begin, .fini = end);

static int from(const char *payload, const char *upload)
{
	struct arguments a = { .payload = payload, .upload = upload, .content_format = -1 };

	source_close(&s);
	return source_open(&s, &a, -1, &err);
}

static bool holds(const char *text)
{
	uint8_t got[64];
	size_t n = strlen(text);

	return s.n == n && source_read(&s, 0, got, n) && memcmp(got, text, n) == 0 &&
	       (n < 2 || (source_read(&s, 1, got, n - 1) && memcmp(got, text + 1, n - 1) == 0));
}

static void write_file(const char *text)
{
	FILE *f = fopen("file", "w");

	fputs(text, f);
	fclose(f);
}

/* Standard input is a pipe with this in it. */
static void type(const char *text)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
}

Test(source, nothing_is_no_body)
{
	cr_expect_eq(from(NULL, NULL), 0);
	cr_expect_eq(s.n, 0);
	cr_expect_eq(from("", NULL), 0);
	cr_expect_eq(s.n, 0);
}

Test(source, text_of_the_command_line)
{
	uint8_t got[8];

	cr_expect_eq(from("hello", NULL), 0);
	cr_expect(holds("hello"));
	cr_expect_not(source_read(&s, 5, got, 1));
	cr_expect_not(source_read(&s, UINT64_MAX, got, 2));
}

static int text_as(const char *text, int64_t format)
{
	struct arguments a = { .payload = text, .content_format = format };

	source_close(&s);
	return source_open(&s, &a, -1, &err);
}

Test(source, text_becomes_cbor_if_its_format_is)
{
	cr_expect_eq(text_as("[1, true]", 60), 0, "%s", err.text);
	cr_expect(holds("\x82\x01\xf5"));
	cr_expect_eq(text_as("1, true", 63), 0, "%s", err.text);
	cr_expect(holds("\x01\xf5"));
	cr_expect_eq(text_as("[1, true]", 50), 0);
	cr_expect(holds("[1, true]"));
	cr_expect_eq(text_as("[1, true", 60), -EINVAL);
	cr_expect(strstr(err.text, "diagnostic notation"));
	write_file("[1, true");
	cr_expect_eq(text_as("@file", 60), 0, "what is in a file is as it should be");
	cr_expect(holds("[1, true"));
}

Test(source, a_file_by_either_option)
{
	uint8_t got[8];

	write_file("in a file");
	cr_expect_eq(from("@file", NULL), 0, "%s", err.text);
	cr_expect(holds("in a file"));
	cr_expect_eq(from(NULL, "file"), 0);
	cr_expect(holds("in a file"));
	write_file("short");
	cr_expect_not(source_read(&s, 4, got, 5), "a file that shrank is noticed");
}

Test(source, standard_input_by_either_option)
{
	type("typed");
	cr_expect_eq(from("@-", NULL), 0);
	cr_expect(holds("typed"));
	type("again");
	cr_expect_eq(from(NULL, "-"), 0);
	cr_expect(holds("again"));
	type("");
	cr_expect_eq(from(NULL, "-"), 0);
	cr_expect_eq(s.n, 0);
}

static void *write_pipe(void *arg)
{
	int fd = open("pipe", O_WRONLY);

	(void)arg;
	cr_assert_eq(write(fd, "through", 7), 7);
	close(fd);
	return NULL;
}

Test(source, a_pipe_by_its_name)
{
	pthread_t writer;

	cr_assert_eq(mkfifo("pipe", 0600), 0);
	cr_assert_eq(pthread_create(&writer, NULL, write_pipe, NULL), 0);
	cr_expect_eq(from("@pipe", NULL), 0);
	pthread_join(writer, NULL);
	cr_expect(holds("through"));
	cr_expect_eq(from("@/dev/null", NULL), 0);
	cr_expect_eq(s.n, 0);
}

Test(source, what_cannot_be_read_is_told)
{
	cr_expect_eq(from("@missing", NULL), -ENOENT);
	cr_expect_str_eq(err.text, "cannot read missing: No such file or directory");
	cr_expect_eq(from(NULL, "."), -EISDIR);
	cr_expect_str_eq(err.text, "cannot read .: it is a directory");
	close(STDIN_FILENO);
	cr_assert_eq(open("/dev/null", O_WRONLY), STDIN_FILENO);
	cr_expect_eq(from("@-", NULL), -EBADF);
	cr_expect_str_eq(err.text, "standard input is closed: nothing can be read from it");
}

Test(source, a_signal_ends_the_waiting)
{
	struct arguments a = { .payload = "@-" };
	int input[2], signals[2];

	cr_assert_eq(pipe(input), 0);
	cr_assert_eq(pipe(signals), 0);
	dup2(input[0], STDIN_FILENO);
	cr_assert_eq(write(input[1], "half", 4), 4);
	cr_assert_eq(write(signals[1], "!", 1), 1);
	cr_expect_eq(source_open(&s, &a, signals[0], &err), -EINTR);
	cr_expect_str_eq(err.text, "interrupted while reading standard input");
}
