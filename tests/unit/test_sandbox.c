#include "worker/sandbox.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a function in a child, as nothing of this can be taken back; what it
 * returns is the child's exit status, -signal when it was killed. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	cr_assert(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int keeps_two(void)
{
	int fd[5], keep[3];

	for (unsigned i = 0; i < 5; i++)
		fd[i] = dup(0);
	keep[0] = fd[3];
	keep[1] = fd[1];
	keep[2] = fd[3];
	sandbox_keep(keep, 3);
	return is_open(0) && is_open(1) && is_open(2) && !is_open(fd[0]) && is_open(fd[1]) &&
	       !is_open(fd[2]) && is_open(fd[3]) && !is_open(fd[4]) ? 0 : 1;
}

static int keeps_none(void)
{
	int fd = dup(0);

	sandbox_keep(NULL, 0);
	return is_open(2) && !is_open(fd) ? 0 : 1;
}

Test(sandbox, closes_what_it_was_not_given)
{
	cr_expect_eq(in_child(keeps_two), 0);
	cr_expect_eq(in_child(keeps_none), 0);
}

static void on_signal(int s)
{
	_exit(s);
}

static int outlives_signals_of_the_group(void)
{
	sigset_t all;

	signal(SIGTERM, on_signal);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	raise(SIGINT);
	sandbox_signals();
	raise(SIGINT);
	raise(SIGTERM);
	raise(SIGHUP);
	raise(SIGUSR1);
	raise(SIGPIPE);
	raise(SIGXFSZ);
	return 0;
}

static int dies_of_its_own_faults(void)
{
	sigset_t all;

	signal(SIGABRT, on_signal);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sandbox_signals();
	raise(SIGABRT);
	return 0;
}

Test(sandbox, signals_are_left_to_the_supervisor)
{
	cr_expect_eq(in_child(outlives_signals_of_the_group), 0);
	cr_expect_eq(in_child(dies_of_its_own_faults), -SIGABRT);
}

/* Started as root it becomes the user for good; otherwise it stays who it is. */
static int drops(void)
{
	uid_t before = geteuid();
	struct err err;
	gid_t groups[8];

	if (sandbox_drop("nobody", &err))
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	if (before != 0)
		return geteuid() == before ? 0 : 3;
	if (getuid() == 0 || geteuid() == 0 || getgid() == 0 || getegid() == 0)
		return 4;
	if (getgroups(8, groups) != 1 || groups[0] != getgid())
		return 5;
	return setuid(0) < 0 && seteuid(0) < 0 ? 0 : 6;
}

Test(sandbox, privileges_are_gone_for_good)
{
	cr_expect_eq(in_child(drops), 0);
}

static int drops_to_nobody_there_is(void)
{
	struct err err = { "" };
	int r = sandbox_drop("no-such-user", &err);

	if (geteuid() != 0)
		return r;
	return r < 0 && strstr(err.text, "no-such-user") && geteuid() == 0 ? 0 : 1;
}

Test(sandbox, unknown_user_is_an_error)
{
	cr_expect_eq(in_child(drops_to_nobody_there_is), 0);
}

Test(sandbox, dies_with_its_parent)
{
	int alive[2];
	struct pollfd p;
	pid_t parent;
	char ready;

	cr_assert(pipe(alive) == 0);
	parent = fork();
	if (parent == 0) {
		if (fork() == 0) {
			/* The end of the pipe that is open as long as it lives. */
			(void)!write(alive[1], &ready, sandbox_drop("nobody", NULL) == 0);
			pause();
		}
		pause();
	}
	close(alive[1]);
	cr_assert(read(alive[0], &ready, 1) == 1);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	p = (struct pollfd){ .fd = alive[0], .events = POLLIN };
	cr_assert(poll(&p, 1, 10000) == 1, "still alive");
	cr_expect_eq(read(alive[0], &ready, 1), 0);
}
