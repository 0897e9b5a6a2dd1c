#include "worker/inherited.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* In a child, as it closes what the test runner has. */
Test(inherited, what_was_given_stays_and_nothing_else)
{
	int fd[12], status;
	pid_t pid;

	for (int i = 0; i < 12; i++)
		fd[i] = dup(STDERR_FILENO);
	pid = fork();
	if (pid == 0) {
		const int socks[] = { fd[0], fd[1] }, memfds[] = { fd[3] }, mail[] = { fd[5] };
		const struct worker_slot slot = { .socks = socks, .client_sock = fd[2],
						  .memfd = fd[3], .mail = fd[4] };
		const struct site site = { .nlisteners = 2 };
		const struct worker_boot boot = { .site = &site, .slots = &slot, .nslots = 1,
						  .memfds = memfds, .nmemfds = 1, .mail = mail,
						  .control_fd = fd[6], .access_fd = fd[8], .log_fd = fd[9] };
		bool fine = inherited_keep(&boot, NULL) == 0 && is_open(STDERR_FILENO);

		for (int i = 0; i < 12; i++)
			fine = fine && is_open(fd[i]) == (i < 7 || i == 8 || i == 9);
		_exit(!fine);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}
