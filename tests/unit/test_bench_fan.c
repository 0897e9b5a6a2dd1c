#include "client/bench_job.h"

#include "bench_server.h"

#include <sys/eventfd.h>

static struct bed {
	struct ev_loop *loop;
	struct bench_server server;
	struct bench_plan plan;
	struct bench_tally tally;
	struct bench_board board;
	int all_seen;
	unsigned begun, enough, done;
	void *fan;
} b;

static void on_begun(void *arg)
{
	cr_assert_eq(arg, &b);
	b.begun++;
}

static void on_enough(void *arg)
{
	(void)arg;
	b.enough++;
}

static void on_done(void *arg)
{
	(void)arg;
	b.done++;
}

static void fresh(void)
{
	b.loop = ev_loop_new(EVBACKEND_EPOLL);
	bench_server_open(&b.server, b.loop);
	b.all_seen = eventfd(0, EFD_NONBLOCK);
	b.plan = (struct bench_plan){
		.to = b.server.at, .request.code = COAP_GET, .endpoints = 5, .window = 2,
		.processes = 1, .cpu = -1, .params = PARAMS_DEFAULT, .wait_ms = 1000,
		.observe = true, .trigger_to = b.server.at, .trigger.code = COAP_PUT,
		.patience_ns = 60000000000 };
}

static void gone(void)
{
	if (b.fan)
		bench_fan_ops.close(b.fan);
	close(b.all_seen);
	bench_server_close(&b.server, b.loop);
	ev_loop_destroy(b.loop);
}

TestSuite(bench_fan, .init = fresh, .fini = gone);

/* Without waiting: what is told before the loop waits would be seen after that, which may be
 * as late as the next timer. */
static void run_until(const unsigned *what, unsigned n)
{
	while (*what < n)
		ev_run(b.loop, EVRUN_NOWAIT);
	cr_assert_eq(*what, n);
}

static void begin(void)
{
	const struct bench_job job = { .loop = b.loop, .plan = &b.plan, .tally = &b.tally,
				       .board = &b.board, .all_seen = b.all_seen,
				       .first = true, .begun = on_begun, .enough = on_enough,
				       .done = on_done, .arg = &b };
	struct err err;

	cr_assert(bench_fan_ops.open(&b.fan, &job, &err) == 0, "%s", err.text);
	bench_fan_ops.start(b.fan);
	run_until(&b.begun, 1);
	b.board.observers = b.tally.registered;
}

Test(bench_fan, all_register_before_anything_is_measured)
{
	begin();
	cr_expect_eq(b.tally.registered, 10);
	cr_expect_eq(b.server.observers, 10);
	cr_expect_eq(b.server.puts, 0);
}

Test(bench_fan, each_round_reaches_every_observer)
{
	b.plan.count = 20;
	begin();
	bench_fan_ops.measure(b.fan);
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.rounds, 20);
	cr_expect_eq(b.server.puts, 20);
	cr_expect_str_eq(b.server.state, "n00000020");
	cr_expect_eq(b.tally.notifications, 200);
	cr_expect_eq(b.tally.latency.n, 200);
	cr_expect_eq(b.tally.round.n, 20);
	cr_expect_eq(b.tally.stale, 0);
	cr_expect_eq(b.tally.incomplete, 0);
	cr_expect_leq(b.tally.latency.max, b.tally.round.max);
}

Test(bench_fan, who_observed_leaves)
{
	b.plan.count = 1;
	begin();
	bench_fan_ops.measure(b.fan);
	run_until(&b.enough, 1);
	bench_fan_ops.stop(b.fan);
	run_until(&b.done, 1);
	cr_expect_eq(b.server.left, 10);
	cr_expect_gt(b.tally.wall_ns, 0);
	cr_expect(bench_tally_clean(&b.tally));
}

Test(bench_fan, rounds_that_do_not_arrive_are_given_up)
{
	b.plan.patience_ns = 5000000;
	b.plan.count = 3;
	begin();
	b.server.observers = 9;         /* it forgets one */
	bench_fan_ops.measure(b.fan);
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.rounds, 3);
	cr_expect_eq(b.tally.incomplete, 3);
	cr_expect_eq(b.tally.round.n, 0);
	cr_expect(!bench_tally_clean(&b.tally));
}

Test(bench_fan, another_state_than_the_one_triggered_is_stale)
{
	begin();
	b.board.observers = 11;         /* somebody else's is still to come */
	bench_fan_ops.measure(b.fan);
	while (b.tally.latency.n < 10)
		ev_run(b.loop, EVRUN_ONCE);
	/* The same again is nothing new. */
	bench_server_notify(&b.server);
	while (b.tally.notifications < 20)
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(b.board.seen, 10);
	cr_expect_eq(b.tally.stale, 10);
	strcpy(b.server.state, "other");
	bench_server_notify(&b.server);
	while (b.tally.notifications < 30)
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(b.tally.stale, 20);
	cr_expect_eq(b.tally.rounds, 0);
}

Test(bench_fan, observers_of_other_processes_are_waited_for)
{
	uint64_t one = 1;

	b.plan.count = 1;
	begin();
	b.board.observers = 11;
	bench_fan_ops.measure(b.fan);
	while (b.board.seen < 10)
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(b.enough, 0);
	b.board.seen++;
	cr_assert(write(b.all_seen, &one, sizeof one) == sizeof one);
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.incomplete, 0);
}

Test(bench_fan, without_a_trigger_states_are_counted_as_they_come)
{
	b.plan.trigger.code = 0;
	begin();
	bench_fan_ops.measure(b.fan);
	for (unsigned i = 1; i <= 3; i++) {
		bench_server_notify(&b.server);
		while (b.tally.notifications < 10 * i)
			ev_run(b.loop, EVRUN_ONCE);
	}
	cr_expect_eq(b.tally.code[COAP_CONTENT], 30);
	cr_expect_eq(b.tally.bytes, 150);
	cr_expect_eq(b.server.puts, 0);
	bench_fan_ops.stop(b.fan);
	run_until(&b.done, 1);
}

Test(bench_fan, resource_that_does_not_exist_has_no_observers)
{
	b.server.code = COAP_NOT_FOUND;
	begin();
	cr_expect_eq(b.tally.registered, 0);
	cr_expect_eq(b.tally.declined, 10);
}

Test(bench_fan, server_that_refuses_the_trigger_is_wrong)
{
	b.plan.trigger.code = COAP_POST;        /* answered as GET, and changes nothing */
	b.plan.patience_ns = 5000000;
	b.plan.count = 1;
	begin();
	b.server.code = COAP_NOT_FOUND;
	bench_fan_ops.measure(b.fan);
	run_until(&b.enough, 1);
	while (b.tally.wrong == 0)      /* an answer that is later than patience counts as well */
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(b.tally.wrong, 1);
	cr_expect_eq(b.tally.incomplete, 1);
}
