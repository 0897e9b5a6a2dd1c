#include "client/pour.h"

#include "client/signals.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int fds[2];
static uint8_t big[300000], got[sizeof big + 1];
static size_t n;

static void *drain(void *arg)
{
	ssize_t piece;

	(void)arg;
	while ((piece = read(fds[0], got + n, sizeof got - n)) > 0)
		n += (size_t)piece;
	return NULL;
}

Test(pour, all_of_it_even_where_the_descriptor_does_not_wait)
{
	pthread_t reader;

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (uint8_t)(i * 7 + i / 256);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	cr_assert_eq(pthread_create(&reader, NULL, drain, NULL), 0);
	cr_expect_eq(pour_all(fds[1], span_of(big, sizeof big)), 0);
	close(fds[1]);
	pthread_join(reader, NULL);
	cr_expect_eq(n, sizeof big);
	cr_expect_eq(memcmp(got, big, sizeof big), 0);
}

Test(pour, a_signal_ends_the_waiting)
{
	sigset_t set;

	signals_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	cr_assert_eq(pipe(fds), 0);
	raise(SIGTERM);
	cr_expect_eq(pour_all(fds[1], span_str("there is room")), 0);
	cr_expect_eq(pour_all(fds[1], span_of(big, sizeof big)), -EINTR);
	cr_expect_eq(sigpending(&set), 0);
	cr_expect(sigismember(&set, SIGTERM), "it is still there for the loop");
}

Test(pour, a_signal_ends_the_waiting_for_a_reader)
{
	char dir[] = "/tmp/test_pour.XXXXXX", path[40];
	sigset_t set;

	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/pipe", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	signals_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGHUP);
	cr_expect_eq(pour_open(path), -EINTR);
	cr_expect_eq(pour_open(dir), -EISDIR);
	unlink(path);
	rmdir(dir);
}

Test(pour, errors_are_told)
{
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(fds), 0);
	close(fds[0]);
	cr_expect_eq(pour_all(fds[1], span_str("x")), -EPIPE);
	cr_expect_eq(pour_all(fds[1], span_of(NULL, 0)), 0);
	close(fds[1]);
	cr_expect_eq(pour_all(fds[1], span_str("x")), -EBADF);
}

Test(pour, pieces_arrive_as_one)
{
	struct pour p;
	char text[16];
	FILE *f = tmpfile();

	pour_begin(&p, fileno(f));
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(text, sizeof text, "%04u,", i);
		pour_text(&p, text);
	}
	pour_byte(&p, '!');
	pour_span(&p, span_of(NULL, 0));
	cr_expect_eq(pour_end(&p), 0);
	rewind(f);
	cr_expect_eq(fread(got, 1, sizeof got, f), 50001);
	cr_expect_eq(memcmp(got, "0000,0001,", 10), 0);
	cr_expect_eq(memcmp(got + 49990, "9998,9999,!", 11), 0);
	fclose(f);
}

Test(pour, the_first_error_sticks)
{
	struct pour p;

	pour_begin(&p, open("/dev/full", O_WRONLY));
	pour_span(&p, span_of(big, 10000));
	cr_expect_eq(p.rc, -ENOSPC);
	p.fd = open("/dev/null", O_WRONLY);
	cr_expect_eq(pour_end(&p), -ENOSPC);
}
