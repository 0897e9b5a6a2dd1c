#include "client/bench_crew.h"

#include "bench_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static struct bed {
	struct ev_loop *loop;
	struct bench_server server;
	struct bench_plan plan;
	struct meter meter;
	struct bench_crew *crew;
	struct bench_result result;
	struct err err;
	unsigned over;
} b;

static void fresh(void)
{
	b.loop = ev_loop_new(EVBACKEND_EPOLL);
	bench_server_open(&b.server, b.loop);
	b.plan = (struct bench_plan){ .to = b.server.at, .request.code = COAP_GET, .endpoints = 4,
				      .window = 1, .processes = 2, .cpu = -1,
				      .params = PARAMS_DEFAULT, .wait_ms = 1000,
				      .patience_ns = 60000000000 };
}

static void gone(void)
{
	if (b.crew)
		bench_crew_close(b.crew);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "somebody is left");
	bench_server_close(&b.server, b.loop);
	ev_loop_destroy(b.loop);
}

TestSuite(bench_crew, .init = fresh, .fini = gone);

static void on_over(void *arg)
{
	cr_assert_eq(arg, &b);
	b.over++;
}

static void assemble(void)
{
	cr_assert(bench_crew_open(&b.crew, b.loop, &b.plan, &b.meter, on_over, &b, &b.err) == 0,
		  "%s", b.err.text);
}

static int carry_out(void)
{
	assemble();
	while (!b.over)
		ev_run(b.loop, EVRUN_ONCE);
	return bench_crew_result(b.crew, &b.result, &b.err);
}

Test(bench_crew, processes_share_a_count)
{
	b.plan.count = 1001;
	cr_assert_eq(carry_out(), 0, "%s", b.err.text);
	cr_expect_eq(b.result.tally.answered, 1001);
	cr_expect_eq(b.server.requests, 1001);
	cr_expect_eq(b.result.tally.latency.n, 1001);
	cr_expect_eq(b.over, 1);
}

Test(bench_crew, a_run_by_time_is_measured_between_warming_and_end)
{
	const struct bench_tally *t = &b.result.tally;

	b.plan.warmup_ns = 5000000;
	b.plan.duration_ns = 30000000;
	cr_assert_eq(carry_out(), 0, "%s", b.err.text);
	cr_expect_gt(t->wall_ns, 0);
	/* A process that gets to it late has nothing but what was under way. */
	cr_expect_gt(t->answered + t->drained, 0);
	cr_expect_eq(t->carried + t->started, t->answered + t->drained);
	cr_expect_gt(b.server.requests, t->started);
}

Test(bench_crew, server_is_read_before_and_after)
{
	b.meter = (struct meter){ 1, { (int)getpid() } };
	b.plan.count = 2000;
	cr_assert_eq(carry_out(), 0, "%s", b.err.text);
	cr_expect_gt(b.result.begin.cpu_ns, 0);
	cr_expect_gt(b.result.end.cpu_ns, b.result.begin.cpu_ns);
	cr_expect_gt(b.result.idle.rss_kib, 0);
}

Test(bench_crew, stopping_it_ends_in_order)
{
	b.plan.duration_ns = 3600000000000;
	assemble();
	while (b.server.requests < 100)
		ev_run(b.loop, EVRUN_ONCE);
	bench_crew_stop(b.crew);
	while (!b.over)
		ev_run(b.loop, EVRUN_ONCE);
	cr_assert_eq(bench_crew_result(b.crew, &b.result, &b.err), 0);
	cr_expect_eq(b.result.tally.unanswered, 0);
}

Test(bench_crew, silence_is_not_awaited_for_ever)
{
	b.server.silent = true;
	b.plan.duration_ns = 10000000;
	b.plan.patience_ns = 10000000;
	cr_assert_eq(carry_out(), 0, "%s", b.err.text);
	cr_expect_eq(b.result.tally.unanswered, 4);
	cr_expect_eq(b.result.tally.answered, 0);
}

Test(bench_crew, what_a_process_says_is_the_error)
{
	b.plan.cpu = 1023;
	cr_expect_eq(carry_out(), -EIO);
	cr_expect(strstr(b.err.text, "cannot run on processor"), "%s", b.err.text);
}

Test(bench_crew, process_that_is_killed_is_told)
{
	char path[64];
	int child;
	FILE *f;

	b.plan.duration_ns = 3600000000000;
	assemble();
	while (b.server.requests < 10)
		ev_run(b.loop, EVRUN_ONCE);
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
	f = fopen(path, "r");
	cr_assert(f && fscanf(f, "%d", &child) == 1);
	fclose(f);
	cr_assert(kill(child, SIGKILL) == 0);
	while (!b.over)
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(bench_crew_result(b.crew, &b.result, &b.err), -EIO);
	cr_expect(strstr(b.err.text, "killed by signal 9"), "%s", b.err.text);
}

Test(bench_crew, closing_it_early_leaves_nobody)
{
	b.plan.duration_ns = 3600000000000;
	assemble();
	while (b.server.requests < 10)
		ev_run(b.loop, EVRUN_ONCE);
}

/* --- observers in several processes ------------------------------------------------- */

static void observe(void)
{
	b.plan.observe = true;
	b.plan.endpoints = 7;
	b.plan.processes = 3;
	b.plan.trigger_to = b.server.at;
	b.plan.trigger.code = COAP_PUT;
}

Test(bench_crew, rounds_reach_the_observers_of_all_processes)
{
	observe();
	b.plan.count = 30;
	cr_assert_eq(carry_out(), 0, "%s", b.err.text);
	cr_expect_eq(b.result.tally.registered, 7);
	cr_expect_eq(b.result.tally.rounds, 30);
	cr_expect_eq(b.result.tally.incomplete, 0);
	cr_expect_eq(b.result.tally.latency.n, 210);
	cr_expect_eq(b.result.tally.round.n, 30);
	cr_expect_eq(b.server.puts, 30);
	cr_expect_eq(b.server.left, 7);
}

Test(bench_crew, no_observer_at_all_is_an_error)
{
	observe();
	b.server.code = COAP_NOT_FOUND;
	b.plan.duration_ns = 3600000000000;
	cr_expect_eq(carry_out(), -EIO);
	cr_expect(strstr(b.err.text, "none of the observers"), "%s", b.err.text);
}
