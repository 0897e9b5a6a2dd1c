#include "supervisor/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void reset_signals(void)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);   /* refused for KILL, STOP and libc's own */
}

/* The parent may be dead before it can be watched. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

pid_t child_fork(void)
{
	sigset_t all, before;
	pid_t parent = getpid(), pid;
	int error;

	/* Blocked, so that no handler of ours runs in the child and wakes the
	 * loop of the parent through what they share. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fflush(NULL);
	pid = fork();
	error = errno;
	if (pid == 0) {
		die_with(parent);
		reset_signals();
		sigemptyset(&before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -error : pid;
}

static int look(pid_t pid, unsigned limit_ms)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int n;

	if (p.fd < 0)
		return -errno;
	do {
		n = poll(&p, 1, (int)limit_ms);
	} while (n < 0 && errno == EINTR);
	close(p.fd);
	return n > 0;
}

int child_wait(pid_t pid, unsigned limit_ms, int *status)
{
	int ended = look(pid, limit_ms);

	if (ended <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return ended;
}
