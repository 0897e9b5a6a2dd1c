#include "control/door.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[80], lock[96];
static struct door d;
static struct err err;

static void setup(void)
{
	strcpy(dir, "/tmp/coapd-door-XXXXXX");
	cr_assert(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(path, sizeof path, "%s/control", dir);
	snprintf(lock, sizeof lock, "%s.lock", path);
}

static void teardown(void)
{
	door_shut(&d);
	unlink(path);
	unlink(lock);
	cr_assert_eq(rmdir(dir), 0, "something is left");
}

TestSuite(door, .init = setup, .fini = teardown);

static int connected(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(sa.sun_path, path);
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	close(fd);
	return -errno;
}

static void open_it(void)
{
	cr_assert_eq(door_open(&d, path, geteuid(), &err), 0, "%s", err.text);
}

Test(door, is_for_its_user_alone_and_leaves_nothing)
{
	struct stat st;
	int fd, taken;

	open_it();
	cr_assert_eq(stat(path, &st), 0);
	cr_expect(S_ISSOCK(st.st_mode));
	cr_expect_eq(st.st_mode & 0777, 0600);
	fd = connected();
	cr_assert_geq(fd, 0);
	taken = accept(d.fd, NULL, NULL);
	cr_assert_geq(taken, 0);
	cr_expect(door_admits(&d, taken));
	close(taken);
	close(fd);
	door_shut(&d);
	cr_expect_eq(access(path, F_OK), -1);
	cr_expect_eq(access(lock, F_OK), -1);
	door_shut(&d);
}

/* Even one for whom somebody has opened the mode. */
Test(door, a_stranger_is_not_admitted)
{
	int status, taken;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("takes root");
	open_it();
	chmod(path, 0666);
	pid = fork();
	if (pid == 0) {
		int fd;

		if (setresuid(65534, 65534, 65534))
			_exit(2);
		fd = connected();
		_exit(fd < 0);
	}
	waitpid(pid, &status, 0);
	cr_assert_eq(status, 0);
	taken = accept(d.fd, NULL, NULL);
	cr_assert_geq(taken, 0);
	cr_expect_not(door_admits(&d, taken));
	d.user = 65534;
	cr_expect(door_admits(&d, taken), "were it that user's");
	close(taken);
}

Test(door, one_that_is_in_use_is_left_alone)
{
	struct door other;
	int fd;

	open_it();
	cr_assert_eq(door_open(&other, path, geteuid(), &err), -EADDRINUSE);
	cr_expect(strstr(err.text, "another coapd that is running"), "%s", err.text);
	door_shut(&other);
	fd = connected();
	cr_expect_geq(fd, 0);
	close(fd);
}

/* It was killed: socket and lock file are there, nobody holds them. */
Test(door, one_of_a_dead_daemon_is_replaced)
{
	int status, fd;
	pid_t pid = fork();

	if (pid == 0)
		_exit(door_open(&d, path, geteuid(), &err) != 0);
	waitpid(pid, &status, 0);
	cr_assert_eq(status, 0);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_lt(connected(), 0);
	open_it();
	fd = connected();
	cr_expect_geq(fd, 0);
	close(fd);
}

Test(door, no_other_file_is_removed)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));
	cr_expect_eq(door_open(&d, path, geteuid(), &err), -EEXIST);
	cr_expect(strstr(err.text, "no socket"), "%s", err.text);
	cr_expect_eq(access(path, F_OK), 0);
}

Test(door, what_cannot_be_made_is_explained)
{
	char longer[300];

	snprintf(longer, sizeof longer, "%s/%0200d", dir, 0);
	cr_expect_eq(door_open(&d, longer, geteuid(), &err), -ENAMETOOLONG);
	snprintf(longer, sizeof longer, "%s/none/control", dir);
	cr_expect_eq(door_open(&d, longer, geteuid(), &err), -ENOENT);
	cr_expect(strstr(err.text, longer), "%s", err.text);
}

Test(door, the_user_is_that_of_workers)
{
	uid_t user;

	cr_assert_eq(door_user("nobody", &user, &err), 0);
	if (geteuid() != 0) {
		cr_expect_eq(user, geteuid());
		return;
	}
	cr_expect_eq(user, 65534);
	cr_expect_eq(door_user("no such user", &user, &err), -ENOENT);
	cr_expect(strstr(err.text, "no such user"));
}
