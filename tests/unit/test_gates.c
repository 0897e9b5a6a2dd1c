/* Resources that are closed, as several processes see it. */
#include "base/gates.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gates g;

static void make(void)
{
	struct err err;

	cr_assert_eq(gates_make(&g, 3, &err), 0);
}

static void teardown(void)
{
	gates_free(&g);
}

TestSuite(gates, .fini = teardown);

Test(gates, all_are_open_at_first)
{
	make();
	for (size_t i = 0; i < 3; i++)
		cr_expect(!gate_is_shut(gates_word(&g, i)));
	cr_expect_null(gates_word(&g, 3));
	cr_expect_null(gates_word(NULL, 0));
	gates_set(&g, 3, true);
}

Test(gates, none_is_needed)
{
	struct err err;

	cr_assert_eq(gates_make(&g, 0, &err), 0);
	cr_expect_null(gates_word(&g, 0));
	gates_set(&g, 0, true);
	gates_protect(&g);
}

/* Ends as what it saw says. */
static int child(void (*what)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		what();
		_exit(gate_is_shut(gates_word(&g, 1)));
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void look(void)
{
}

static void write_all_the_same(void)
{
	gates_protect(&g);
	g.shut[1] = 0;
}

Test(gates, a_process_that_starts_later_finds_them_as_they_are)
{
	make();
	gates_set(&g, 1, true);
	cr_expect_eq(WEXITSTATUS(child(look)), 1);
	gates_set(&g, 1, false);
	cr_expect_eq(WEXITSTATUS(child(look)), 0);
}

Test(gates, one_that_runs_is_told)
{
	int go[2];
	pid_t pid;
	int status;
	char byte;

	make();
	cr_assert_eq(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		gates_protect(&g);
		_exit(read(go[0], &byte, 1) == 1 ? gate_is_shut(gates_word(&g, 1)) : 9);
	}
	gates_set(&g, 1, true);
	cr_assert_eq(write(go[1], "", 1), 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(WEXITSTATUS(status), 1);
}

Test(gates, a_worker_cannot_write_to_them)
{
	int status;

	make();
	gates_set(&g, 1, true);
	status = child(write_all_the_same);
	/* Who has a handler there (a sanitizer) exits. */
	cr_expect(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) != 0);
	cr_expect(gate_is_shut(gates_word(&g, 1)));
}
