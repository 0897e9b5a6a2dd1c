#include "supervisor/crew.h"
#include "supervisor/obituary.h"
#include "worker/worker.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define exited(code) W_EXITCODE(code, 0)
#define signalled(sig) W_EXITCODE(0, sig)

static char text[OBITUARY_TEXT];

Test(obituary, programs_get_facts)
{
	struct obituary o = { .worker = 3, .status = SIGSEGV, .path = "/p", .module = "m" };
	struct obituary_facts f;
	struct log_fields all = obituary_fields(&o, &f);

	cr_assert_eq(all.n, 4);
	cr_expect_str_eq(all.at[0].name, "worker");
	cr_expect_str_eq(all.at[0].value, "3");
	cr_expect_str_eq(all.at[1].value, "/p");
	cr_expect_str_eq(all.at[2].value, "m");
	cr_expect_str_eq(all.at[3].name, "signal");
	cr_expect_str_eq(all.at[3].value, "SIGSEGV");
	o = (struct obituary){ .worker = 3 };
	cr_assert_eq(obituary_fields(&o, &f).n, 1);
}

static enum log_level write_it(struct obituary o)
{
	o.worker = 1;
	o.pid = 123;
	return obituary_write(&o, text);
}

Test(obituary, a_crash_names_signal_path_module_and_what_comes)
{
	enum log_level l = write_it((struct obituary){ .status = signalled(SIGSEGV),
			.path = "/slow", .module = "separate", .in_ms = 0 });

	cr_assert_str_eq(text, "worker 1 (pid 123) died of SIGSEGV in /slow "
			 "(module separate), restarting");
	cr_assert_eq(l, LOG_ERROR);
}

Test(obituary, opening_is_no_hook)
{
	write_it((struct obituary){ .status = signalled(SIGSEGV), .path = "/slow",
				    .module = "separate", .opens = true });
	cr_assert_str_eq(text, "worker 1 (pid 123) died of SIGSEGV in open() or close() of /slow "
			 "(module separate), restarting");
}

Test(obituary, backoff_is_told)
{
	write_it((struct obituary){ .status = signalled(SIGABRT) | WCOREFLAG, .in_ms = 400 });
	cr_assert_str_eq(text, "worker 1 (pid 123) died of SIGABRT (core dumped), "
			 "restarting in 400 ms");
}

Test(obituary, killing_is_a_warning)
{
	enum log_level l = write_it((struct obituary){ .status = signalled(SIGKILL) });

	cr_assert_str_eq(text, "worker 1 (pid 123) died of SIGKILL, restarting");
	cr_assert_eq(l, LOG_WARN);
}

Test(obituary, exit_codes_are_told)
{
	cr_assert_eq(write_it((struct obituary){ .status = exited(41) }), LOG_ERROR);
	cr_assert_str_eq(text, "worker 1 (pid 123) exited with code 41, restarting");
	write_it((struct obituary){ .status = exited(WORKER_EXIT_BOOT), .in_ms = 100 });
	cr_assert_str_eq(text, "worker 1 (pid 123) could not start, restarting in 100 ms");
	cr_assert_eq(write_it((struct obituary){ .status = exited(0) }), LOG_ERROR);
	cr_assert_str_eq(text, "worker 1 (pid 123) ended without being asked, restarting");
}

Test(obituary, who_was_asked_stopped)
{
	struct obituary o = { .status = exited(0), .asked = true, .in_ms = CREW_NEVER };

	cr_assert_eq(write_it(o), LOG_NOTICE);
	cr_assert_str_eq(text, "worker 1 (pid 123) stopped");
	o.status = signalled(SIGKILL);
	cr_assert_eq(write_it(o), LOG_INFO);
	o.status = signalled(SIGSEGV);
	cr_assert_eq(write_it(o), LOG_ERROR);
}

Test(obituary, long_paths_are_cut)
{
	static char path[2000], module[2000];

	memset(path, 'p', sizeof path - 1);
	memset(module, 'm', sizeof module - 1);
	write_it((struct obituary){ .status = signalled(SIGSEGV), .path = path,
				    .module = module, .in_ms = UINT64_MAX - 1 });
	cr_assert_lt(strlen(text), sizeof text);
	cr_assert(strstr(text, "restarting in"));
}

Test(obituary, signals_without_a_name_have_a_number)
{
	char out[OBITUARY_SIGNAL];

	cr_assert_str_eq(obituary_signal(SIGBUS, out), "SIGBUS");
	cr_assert_str_eq(obituary_signal(64, out), "signal 64");
}
