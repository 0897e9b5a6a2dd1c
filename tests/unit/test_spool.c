#include "client/spool.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_spool.XXXXXX";
static struct spool *s;
static struct err err;
static uint8_t big[3 * SPOOL_MEMORY / 2];

static void begin(void)
{
	cr_assert(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (uint8_t)(i * 7 + i / 256);
}

/* What is in the directory, by name; a file that was forgotten is seen. */
static unsigned files(void)
{
	DIR *d = opendir(".");
	unsigned n = 0;

	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
			unlink(e->d_name);
			n++;
		}
	closedir(d);
	return n;
}

static void end(void)
{
	files();
	cr_assert_eq(chdir("/"), 0);
	rmdir(dir);
}

TestSuite(spool, .init = begin, .fini = end);

static bool file_is(const char *name, struct span what)
{
	uint8_t *got = malloc(what.n + 1);
	FILE *f = fopen(name, "r");
	bool same = f && fread(got, 1, what.n + 1, f) == what.n &&
		    (what.n == 0 || memcmp(got, what.p, what.n) == 0);

	if (f)
		fclose(f);
	free(got);
	return same;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
	chmod(name, mode);
}

static void add(const void *p, size_t n)
{
	cr_assert_eq(spool_add(s, span_of(p, n), &err), 0, "%s", err.text);
}

static bool gives(struct span what)
{
	int fd = open("given", O_RDWR | O_CREAT | O_TRUNC, 0600);
	bool same = spool_write(s, fd) == 0 && file_is("given", what);

	close(fd);
	unlink("given");
	return same;
}

Test(spool, a_small_body_comes_back)
{
	uint8_t got[5];

	cr_assert_eq(spool_open(&s, NULL, &err), 0);
	cr_expect(gives(span_str("")));
	cr_expect_eq(spool_span(s).n, 0);
	add("hello, ", 7);
	add(NULL, 0);
	add("world", 5);
	cr_expect_eq(spool_size(s), 12);
	cr_expect(gives(span_str("hello, world")));
	cr_expect(span_eq(spool_span(s), span_str("hello, world")));
	cr_expect(spool_read(s, 7, got, 5));
	cr_expect_eq(memcmp(got, "world", 5), 0);
	cr_expect_not(spool_read(s, 8, got, 5));
	cr_expect_not(spool_read(s, 13, got, 0));
	spool_restart(s);
	add("x", 1);
	cr_expect(gives(span_str("x")));
	spool_close(s);
	cr_expect_eq(files(), 0);
}

Test(spool, a_large_body_moves_to_a_file_without_a_name)
{
	uint8_t got[300];

	setenv("TMPDIR", dir, 1);
	cr_assert_eq(spool_open(&s, NULL, &err), 0);
	for (size_t at = 0; at < sizeof big; at += 1000)
		add(big + at, sizeof big - at < 1000 ? sizeof big - at : 1000);
	cr_expect_eq(spool_size(s), sizeof big);
	cr_expect(gives(span_of(big, sizeof big)));
	cr_expect(span_eq(spool_span(s), span_of(big, sizeof big)));
	cr_expect(spool_read(s, SPOOL_MEMORY - 100, got, sizeof got));
	cr_expect_eq(memcmp(got, big + SPOOL_MEMORY - 100, sizeof got), 0);
	cr_expect_not(spool_read(s, sizeof big, got, 1));
	cr_expect_eq(files(), 0);
	spool_restart(s);
	add("x", 1);
	cr_expect(gives(span_str("x")));
	cr_expect_not(spool_read(s, 1, got, 1), "what was there before is gone");
	spool_close(s);
}

Test(spool, a_file_appears_whole_or_not_at_all)
{
	struct stat st;

	umask(027);
	cr_assert_eq(spool_open(&s, "out", &err), 0, "%s", err.text);
	add("hello", 5);
	cr_expect_lt(access("out", F_OK), 0);
	spool_close(s);
	cr_expect_eq(files(), 0, "nothing is left of what was not finished");
	cr_assert_eq(spool_open(&s, "out", &err), 0);
	add("longer than what comes next", 27);
	spool_restart(s);
	add("hello", 5);
	cr_assert_eq(spool_finish(s, &err), 0, "%s", err.text);
	spool_close(s);
	cr_expect(file_is("out", span_str("hello")));
	cr_assert_eq(stat("out", &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(files(), 1);
}

Test(spool, a_file_that_is_there_keeps_its_mode_and_its_links)
{
	struct stat st;

	write_file("real", "old", 0604);
	cr_assert_eq(symlink("real", "link"), 0);
	cr_assert_eq(spool_open(&s, "link", &err), 0);
	add("new", 3);
	cr_expect(file_is("real", span_str("old")));
	cr_assert_eq(spool_finish(s, &err), 0);
	spool_close(s);
	cr_expect(file_is("real", span_str("new")));
	cr_assert_eq(lstat("link", &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
	cr_assert_eq(stat("real", &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0604);
	cr_expect_eq(files(), 2);
}

Test(spool, a_file_that_is_there_runs_in_nobodys_name_any_more)
{
	struct stat st;

	write_file("tool", "old", 0755);
	cr_assert_eq(chmod("tool", 06755), 0);
	cr_assert_eq(spool_open(&s, "tool", &err), 0);
	cr_assert_eq(spool_finish(s, &err), 0);
	spool_close(s);
	cr_assert_eq(stat("tool", &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0755);
}

static void refused(const char *path, int code)
{
	cr_expect_eq(spool_open(&s, path, &err), code, "%s: %s", path, err.text);
	cr_expect_null(s);
	cr_expect(strstr(err.text, "cannot write"));
}

Test(spool, what_cannot_be_written_is_known_at_once)
{
	refused("missing/out", -ENOENT);
	refused("", -EISDIR);
	refused(".", -EISDIR);
	refused("new/", -EISDIR);
	write_file("file", "", 0600);
	refused("file/out", -ENOTDIR);
	cr_assert_eq(symlink("missing", "link"), 0);
	refused("link", -ENOENT);
	cr_assert_eq(symlink("loop", "loop"), 0);
	refused("loop", -ENOENT);
	cr_expect_eq(files(), 3);
}

static void *read_pipe(void *arg)
{
	char *got = arg;
	int fd = open("pipe", O_RDONLY);
	ssize_t n = read(fd, got, 15);

	got[n > 0 ? n : 0] = 0;
	close(fd);
	return NULL;
}

Test(spool, what_is_no_regular_file_is_written_and_not_replaced)
{
	char got[16];
	pthread_t reader;
	struct stat st;

	cr_assert_eq(mkfifo("pipe", 0600), 0);
	cr_assert_eq(pthread_create(&reader, NULL, read_pipe, got), 0);
	cr_assert_eq(spool_open(&s, "pipe", &err), 0);
	add("through", 7);
	cr_expect_eq(spool_finish(s, &err), 0, "%s", err.text);
	spool_close(s);
	pthread_join(reader, NULL);
	cr_expect_str_eq(got, "through");
	cr_assert_eq(stat("pipe", &st), 0);
	cr_expect(S_ISFIFO(st.st_mode));
	cr_assert_eq(spool_open(&s, "/dev/full", &err), 0, "%s", err.text);
	add("x", 1);
	cr_expect_eq(spool_finish(s, &err), -ENOSPC);
	cr_expect(strstr(err.text, "cannot write /dev/full: No space left on device"));
	spool_close(s);
	cr_assert_eq(stat("/dev/full", &st), 0);
	cr_expect(S_ISCHR(st.st_mode));
}

/* As /dev/stdout does. */
Test(spool, a_descriptor_has_a_path_to_be_written_by)
{
	char path[40], got[16] = "";
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fds[1]);
	cr_assert_eq(spool_open(&s, path, &err), 0, "%s", err.text);
	add("x", 1);
	cr_expect_eq(spool_finish(s, &err), 0, "%s", err.text);
	spool_close(s);
	cr_expect_eq(read(fds[0], got, sizeof got), 1);
	cr_expect_str_eq(got, "x");
}

Test(spool, a_full_disk_leaves_the_old_file)
{
	struct rlimit limit = { 100000, 100000 };

	signal(SIGXFSZ, SIG_IGN);
	write_file("out", "old", 0600);
	cr_assert_eq(spool_open(&s, "out", &err), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(spool_add(s, span_of(big, sizeof big), &err), -EFBIG);
	cr_expect(strstr(err.text, "out: File too large"), "%s", err.text);
	spool_close(s);
	cr_expect(file_is("out", span_str("old")));
	cr_expect_eq(files(), 1);
}

Test(spool, a_full_disk_stops_a_nameless_body_too)
{
	struct rlimit limit = { SPOOL_MEMORY + 1000, SPOOL_MEMORY + 1000 };

	signal(SIGXFSZ, SIG_IGN);
	setenv("TMPDIR", dir, 1);
	cr_assert_eq(spool_open(&s, NULL, &err), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	add(big, SPOOL_MEMORY);
	cr_expect_eq(spool_add(s, span_of(big, 2000), &err), -EFBIG);
	spool_close(s);
	setenv("TMPDIR", "/nonexistent", 1);
	cr_assert_eq(spool_open(&s, NULL, &err), 0);
	cr_expect_eq(spool_add(s, span_of(big, sizeof big), &err), -ENOENT);
	cr_expect(strstr(err.text, "TMPDIR can name another"), "%s", err.text);
	spool_close(s);
}

Test(spool, a_pipe_that_nobody_reads_is_an_error)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(fds), 0);
	close(fds[0]);
	cr_assert_eq(spool_open(&s, NULL, &err), 0);
	add("x", 1);
	cr_expect_eq(spool_write(s, fds[1]), -EPIPE);
	close(fds[1]);
	cr_expect_eq(spool_write(s, fds[1]), -EBADF);
	spool_close(s);
}
