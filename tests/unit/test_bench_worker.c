#include "client/bench_worker.h"

#include "bench_server.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

static struct bed {
	struct ev_loop *loop;
	struct bench_server server;
	struct bench_plan plan;
	struct bench_slot *slot;
	int words;              /* ours */
	pid_t pid;
} b;

static void fresh(void)
{
	b.loop = ev_loop_new(EVBACKEND_EPOLL);
	bench_server_open(&b.server, b.loop);
	b.plan = (struct bench_plan){ .to = b.server.at, .request.code = COAP_GET, .endpoints = 2,
				      .window = 1, .processes = 1, .cpu = -1,
				      .params = PARAMS_DEFAULT, .wait_ms = 1000 };
	b.slot = mmap(NULL, sizeof *b.slot, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
}

static void hire(void)
{
	int pair[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	b.pid = fork();
	if (b.pid == 0) {
		const struct bench_duty duty = { .plan = &b.plan, .slot = b.slot,
						 .all_seen = -1, .words = pair[1],
						 .first = true };

		close(pair[0]);
		_exit(bench_worker_run(&duty));
	}
	close(pair[1]);
	b.words = pair[0];
}

static void gone(void)
{
	bench_server_close(&b.server, b.loop);
	ev_loop_destroy(b.loop);
}

TestSuite(bench_worker, .init = fresh, .fini = gone);

static void say(char word)
{
	cr_assert(write(b.words, &word, 1) == 1);
}

/* The next word; the server works meanwhile.  0: it is gone. */
static char heard(void)
{
	struct pollfd p = { .fd = b.words, .events = POLLIN };
	char word = 0;

	while (poll(&p, 1, 1) == 0)
		ev_run(b.loop, EVRUN_NOWAIT);
	return read(b.words, &word, 1) == 1 ? word : 0;
}

static int ended(void)
{
	int status;

	cr_assert(waitpid(b.pid, &status, 0) == b.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(bench_worker, goes_through_the_steps_as_told)
{
	hire();
	cr_expect_eq(heard(), BENCH_OPEN);
	cr_expect_eq(b.server.requests, 0);
	say(BENCH_START);
	cr_expect_eq(heard(), BENCH_BEGUN);
	say(BENCH_MEASURE);
	while (b.slot->tally.answered < 50)
		ev_run(b.loop, EVRUN_ONCE);
	say(BENCH_STOP);
	cr_expect_eq(heard(), BENCH_DONE);
	cr_expect_eq(heard(), 0);
	cr_expect_eq(ended(), 0);
	cr_expect_eq(b.slot->tally.unanswered, 0);
	cr_expect_gt(b.slot->tally.wall_ns, 0);
}

Test(bench_worker, says_when_it_has_enough)
{
	b.plan.count = 10;
	hire();
	cr_expect_eq(heard(), BENCH_OPEN);
	say(BENCH_MEASURE);
	say(BENCH_START);
	cr_expect_eq(heard(), BENCH_BEGUN);
	cr_expect_eq(heard(), BENCH_ENOUGH);
	say(BENCH_STOP);
	cr_expect_eq(heard(), BENCH_DONE);
	cr_expect_eq(ended(), 0);
	cr_expect_eq(b.slot->tally.answered, 10);
}

Test(bench_worker, abandons_what_is_under_way)
{
	b.server.silent = true;
	hire();
	cr_expect_eq(heard(), BENCH_OPEN);
	say(BENCH_MEASURE);
	say(BENCH_START);
	cr_expect_eq(heard(), BENCH_BEGUN);
	while (b.server.requests < 2)
		ev_run(b.loop, EVRUN_ONCE);
	say(BENCH_STOP);
	say(BENCH_ABANDON);
	cr_expect_eq(heard(), BENCH_DONE);
	cr_expect_eq(b.slot->tally.unanswered, 2);
	cr_expect_eq(ended(), 0);
}

Test(bench_worker, never_sleeps_if_told_so)
{
	b.plan.busy = true;
	b.plan.count = 10;
	hire();
	cr_expect_eq(heard(), BENCH_OPEN);
	say(BENCH_MEASURE);
	say(BENCH_START);
	cr_expect_eq(heard(), BENCH_BEGUN);
	cr_expect_eq(heard(), BENCH_ENOUGH);
	say(BENCH_STOP);
	cr_expect_eq(heard(), BENCH_DONE);
	cr_expect_eq(ended(), 0);
}

Test(bench_worker, says_why_it_cannot)
{
	b.plan.cpu = 1023;
	hire();
	cr_expect_eq(heard(), BENCH_FAILED);
	cr_expect_eq(ended(), 1);
	cr_expect(strstr(b.slot->err.text, "cannot run on processor 1023"), "%s",
		  b.slot->err.text);
}

Test(bench_worker, ends_with_its_parent)
{
	hire();
	cr_expect_eq(heard(), BENCH_OPEN);
	say(BENCH_START);
	cr_expect_eq(heard(), BENCH_BEGUN);
	close(b.words);
	cr_expect_eq(ended(), 0);
}
