/* New files for the log, with workers that are the other ends of sockets. */
#include "supervisor/rotation.h"
#include "worker/order.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/coapd-test-rotation-XXXXXX", paths[2][64];
static struct site site = { .file = "site.yaml", .log_file = "", .access_file = "" };
static struct process process[3] = { { .control = -1 }, { .control = -1 },
				     { .control = -1, .held = true } };
static struct generation now = { .site = &site, .nworkers = 3, .process = process };
static struct supervisor sv = { .now = &now };
static int worker;

static void setup(void)
{
	int pair[2];

	cr_assert_not_null(mkdtemp(directory));
	snprintf(paths[0], sizeof paths[0], "%s/log", directory);
	snprintf(paths[1], sizeof paths[1], "%s/access", directory);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	process[1].control = pair[0];
	worker = pair[1];
}

static void teardown(void)
{
	unlink(paths[0]);
	unlink(paths[1]);
	rmdir(directory);
}

TestSuite(rotation, .init = setup, .fini = teardown);

/* The worker is told this, with the file of that name. */
static void expect(uint32_t what, const char *path)
{
	struct stat a, b;
	struct order o;
	int fd;

	cr_assert_eq(order_take(worker, &o, &fd), 1);
	cr_expect_eq(o.what, what);
	cr_assert_eq(fstat(fd, &a) || stat(path, &b), 0);
	cr_expect_eq(a.st_ino, b.st_ino);
	close(fd);
}

static void expect_nothing(void)
{
	struct order o;
	int fd;

	cr_expect_eq(order_take(worker, &o, &fd), 0);
}

Test(rotation, without_files_nobody_is_told)
{
	rotation_turn(&sv);
	expect_nothing();
}

Test(rotation, both_are_handed_out)
{
	site.log_file = paths[0];
	site.access_file = paths[1];
	rotation_turn(&sv);
	expect(WORKER_LOG_FILE, paths[0]);
	expect(WORKER_TURN, paths[1]);
	expect_nothing();
	cr_expect_gt(now.access_fd, 0);
	cr_expect_gt(now.log_fd, 0);
	cr_expect_gt(log_fd(), 0);
}

Test(rotation, one_that_cannot_be_opened_does_not_stop_the_other)
{
	site.log_file = "/nonexistent/log";
	site.access_file = paths[1];
	rotation_turn(&sv);
	expect(WORKER_TURN, paths[1]);
	expect_nothing();
	cr_expect_eq(log_fd(), -1);
}
