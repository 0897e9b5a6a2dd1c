/* Who hangs, and who had no chance to speak. */
#include "supervisor/patience.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool hangs(char state, bool in_hook, uint64_t used_ms)
{
	return patience_is_over(&(struct sight){ state, used_ms, in_hook }, 800);
}

Test(patience, a_hook_that_sleeps_or_spins_hangs)
{
	cr_expect(hangs('S', true, 0));
	cr_expect(hangs('R', true, 800));
	cr_expect(hangs('R', true, 400), "it had half of the time at least");
}

Test(patience, one_without_a_processor_does_not)
{
	cr_expect(!hangs('R', true, 399));
	cr_expect(!hangs('R', true, 0));
}

Test(patience, one_that_waits_for_a_disk_or_a_debugger_does_not)
{
	cr_expect(!hangs('D', true, 0));
	cr_expect(!hangs('t', true, 0));
	cr_expect(!hangs('t', true, 800));
	cr_expect(!hangs('Z', true, 0));
}

Test(patience, outside_of_hooks_only_who_is_stopped_does)
{
	cr_expect(!hangs('S', false, 0));
	cr_expect(!hangs('R', false, 800));
	cr_expect(hangs('T', false, 0));
	cr_expect(hangs('T', true, 0));
}

Test(patience, what_cannot_be_seen_is_judged_by_where_it_is)
{
	cr_expect(hangs(0, true, 0));
	cr_expect(!hangs(0, false, 0));
}

/* --- of real processes ------------------------------------------------------------------ */

static pid_t child(void (*what)(void))
{
	int ready[2];
	pid_t pid;
	char byte;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		/* As a name may be. */
		prctl(PR_SET_NAME, "a) S (b", 0, 0, 0);
		if (write(ready[1], "", 1) == 1)
			what();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void sleep_on(void)
{
	for (;;)
		pause();
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(patience, the_state_of_a_process)
{
	pid_t pid = child(sleep_on);
	int status;

	while (patience_state(pid) != 'S')
		;
	kill(pid, SIGSTOP);
	cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
	cr_expect_eq(patience_state(pid), 'T');
	cr_expect_lt(patience_used(pid), 1000);
	end(pid);
	cr_expect_eq(patience_state(pid), 0);
	cr_expect_eq(patience_used(pid), 0);
}

Test(patience, what_a_process_uses)
{
	pid_t pid = child(spin);
	uint64_t before = patience_used(pid);

	cr_expect_eq(patience_state(pid), 'R');
	while (patience_used(pid) < before + 20)
		;
	end(pid);
}
