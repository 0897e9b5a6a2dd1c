#include "partner.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct partner_stage s;
static unsigned interrupts;

static const char *const line[] = { "coap", "coap://[::1]/x", NULL };

static void on_interrupt(struct tool *t)
{
	cr_assert_eq(t, &s.tool);
	interrupts++;
	kill(getpid(), SIGTERM);
}

Test(tool, a_signal_ends_the_loop)
{
	struct err err;
	sigset_t set;

	partner_stage_open(&s, line);
	cr_assert_eq(tool_net(&s.tool, 1, &err), 0, "%s", err.text);
	s.tool.open = 1;
	kill(getpid(), SIGINT);
	tool_run(&s.tool);
	cr_expect_eq(s.tool.interrupted, 1);
	cr_expect_eq(sigpending(&set), 0);
	cr_expect(sigismember(&set, SIGINT), "who waits for a reader now sees it too");
	tool_run(&s.tool);
	partner_stage_close(&s);
}

Test(tool, a_verb_may_end_in_its_own_way_but_a_second_signal_ends_all)
{
	struct err err;

	partner_stage_open(&s, line);
	cr_assert_eq(tool_net(&s.tool, 1, &err), 0, "%s", err.text);
	s.tool.open = 1;
	s.tool.interrupt = on_interrupt;
	kill(getpid(), SIGHUP);
	tool_run(&s.tool);
	cr_expect_eq(interrupts, 1);
	cr_expect_eq(s.tool.interrupted, 2);
	partner_stage_close(&s);
}

Test(tool, nothing_open_is_nothing_to_run)
{
	partner_stage_open(&s, line);
	tool_run(&s.tool);
	partner_stage_close(&s);
}

Test(tool, closed_standard_descriptors_stay_unusable)
{
	char c;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	partner_stage_open(&s, line);
	cr_expect_eq(read(STDIN_FILENO, &c, 1), -1);
	cr_expect_eq(errno, EBADF);
	cr_expect_eq(write(STDOUT_FILENO, "x", 1), -1);
	cr_expect_eq(errno, EBADF);
	cr_expect_gt(s.tool.signals, STDERR_FILENO);
	cr_expect_gt(s.partner.fd, STDERR_FILENO);
	partner_stage_close(&s);
}

Test(tool, a_child_has_its_signals_back)
{
	int status;
	pid_t child;

	partner_stage_open(&s, line);
	child = fork();
	if (child == 0) {
		tool_child();
		raise(SIGTERM);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	child = fork();
	if (child == 0) {
		tool_child();
		raise(SIGPIPE);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	partner_stage_close(&s);
}

Test(tool, how_a_command_ended_is_left_to_who_started_it)
{
	siginfo_t end = { 0 };
	pid_t child;

	partner_stage_open(&s, line);
	child = fork();
	if (child == 0)
		_exit(3);
	cr_assert_eq(waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT), 0);
	for (unsigned i = 0; i < 3; i++)
		ev_run(s.tool.loop, EVRUN_NOWAIT);
	cr_assert_eq(waitid(P_PID, (id_t)child, &end, WEXITED | WNOHANG), 0);
	cr_expect_eq(end.si_status, 3);
	partner_stage_close(&s);
}
