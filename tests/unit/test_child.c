#include "supervisor/child.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void handler(int sig)
{
	(void)sig;
}

static int end_of(pid_t pid)
{
	int status = -1;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

Test(child, has_default_handlers_and_no_signal_blocked)
{
	struct sigaction sa = { .sa_handler = handler };
	sigset_t set;
	pid_t pid;
	int status;

	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	pid = child_fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		struct sigaction now;
		sigset_t mask;

		sigaction(SIGTERM, NULL, &now);
		sigprocmask(SIG_SETMASK, NULL, &mask);
		_exit(now.sa_handler == SIG_DFL && !sigismember(&mask, SIGUSR2) &&
		      !sigismember(&mask, SIGTERM) ? 7 : 8);
	}
	status = end_of(pid);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
	sigprocmask(SIG_SETMASK, NULL, &set);
	cr_assert(sigismember(&set, SIGUSR2));
	cr_assert_not(sigismember(&set, SIGTERM));
}

/* The grandchild holds the writing end of a pipe; end of file says it is dead. */
Test(child, dies_with_its_parent)
{
	struct pollfd p = { .events = POLLIN };
	int ends[2], ready[2];
	pid_t middle;
	char c;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(pipe(ready), 0);
	middle = fork();
	if (middle == 0) {
		if (child_fork() == 0) {
			(void)!write(ready[1], "r", 1);
			for (;;)
				pause();
		}
		(void)!read(ready[0], &c, 1);
		_exit(0);
	}
	close(ends[1]);
	end_of(middle);
	p.fd = ends[0];
	cr_assert_eq(poll(&p, 1, 10000), 1);
	cr_assert_eq(read(ends[0], &c, 1), 0);
}

Test(child, is_killed_when_the_parent_goes)
{
	pid_t pid = child_fork();
	int status;

	if (pid == 0) {
		int sig = 0;

		prctl(PR_GET_PDEATHSIG, &sig);
		_exit(sig == SIGKILL ? 7 : 8);
	}
	status = end_of(pid);
	cr_assert_eq(WEXITSTATUS(status), 7);
}

Test(child, is_waited_for_in_bounded_time)
{
	pid_t pid = child_fork();
	int status;

	if (pid == 0)
		_exit(7);
	cr_assert_eq(child_wait(pid, 60000, &status), 1);
	cr_assert_eq(WEXITSTATUS(status), 7);
	pid = child_fork();
	if (pid == 0)
		for (;;)
			pause();
	cr_assert_eq(child_wait(pid, 10, &status), 0);
	cr_assert_eq(WTERMSIG(status), SIGKILL);
}
