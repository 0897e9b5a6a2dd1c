/* The supervisor closes resources: who is to blame, what is said, and that time opens them. */
#include "supervisor/closing.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct site_mount mounts[] = { { .path = "/a", .module = "one" },
				      { .path = "/b", .module = "two" } };
static struct site site = { .mounts = mounts, .nmounts = 2 };
static struct generation generation = { .site = &site };
static struct supervisor sv;
static int log_fd_;

static void setup(void)
{
	struct err err;

	log_fd_ = memfd_create("log", 0);
	dup2(log_fd_, STDERR_FILENO);
	log_setup(LOG_DEBUG, "supervisor");
	sv = (struct supervisor){ .now = &generation,
				  .loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV) };
	cr_assert_eq(crashes_make(&sv.now->crashes, 2, 2, 20, &err), 0);
	closing_begin(&sv);
}

static void teardown(void)
{
	closing_end(&sv);
	crashes_free(&sv.now->crashes);
	ev_loop_destroy(sv.loop);
}

TestSuite(closing, .init = setup, .fini = teardown);

static const char *logged(void)
{
	static char text[4096];

	text[pread(log_fd_, text, sizeof text - 1, 0)] = 0;
	return text;
}

Test(closing, what_another_program_closed_opens_again)
{
	crashes_resume(&sv.now->crashes, 1, 2, 1, 20, clock_ms());
	closing_begin(&sv);
	cr_assert(ev_is_active(&sv.reopen));
	while (gate_is_shut(gates_word(&sv.now->crashes.gates, 1)))
		ev_run(sv.loop, EVRUN_ONCE);
	cr_expect(strstr(logged(), "open again"), "%s", logged());
}

Test(closing, who_is_to_blame)
{
	static const int own[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
	static const int others[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		cr_expect(closing_blames(W_EXITCODE(0, own[i]), false, false));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect(!closing_blames(W_EXITCODE(0, others[i]), false, false));
	cr_expect(closing_blames(W_EXITCODE(7, 0), false, false), "a hook that exits");
	cr_expect(closing_blames(W_EXITCODE(0, SIGKILL), true, true), "one that hung");
	cr_expect(!closing_blames(W_EXITCODE(0, SIGKILL), true, false), "we ended it");
	cr_expect(!closing_blames(W_EXITCODE(0, SIGSEGV), true, false), "at its end");
}

Test(closing, it_is_said_and_told_and_over_in_time)
{
	struct desk_trouble t;

	closing_note(&sv, 1);
	closing_tell(&sv, 1, &t);
	cr_expect_eq(t.deaths, 1);
	cr_expect_eq(t.closed_ms, 0);
	cr_expect_eq(strlen(logged()), 0, "nothing to say yet");
	closing_note(&sv, 1);
	cr_expect(gate_is_shut(gates_word(&sv.now->crashes.gates, 1)));
	closing_tell(&sv, 1, &t);
	cr_expect_eq(t.deaths, 2);
	cr_expect_eq(t.closings, 1);
	cr_expect(strstr(logged(), "error: resource /b: module two: 2 workers died in it within "
			 "60 s (crash-limit), it is closed for 0 s: requests are answered 5.00\n"));
	ev_run(sv.loop, 0);     /* until no timer is left */
	cr_expect(!gate_is_shut(gates_word(&sv.now->crashes.gates, 1)));
	cr_expect(strstr(logged(), "notice: resource /b: module two: open again\n"));
	closing_tell(&sv, 1, &t);
	cr_expect_eq(t.closed_ms, 0);
}

Test(closing, of_what_is_no_mount_there_is_nothing_to_tell)
{
	struct desk_trouble t = { 1, 1, 1 };

	closing_tell(&sv, 2, &t);
	cr_expect_eq(t.deaths, 0);
}
