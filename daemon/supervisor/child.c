#include "supervisor/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
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
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -error : pid;
}
