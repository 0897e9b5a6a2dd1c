#include "client/bench_job.h"

#include "bench_server.h"

#include <errno.h>

static struct bed {
	struct ev_loop *loop;
	struct bench_server server;
	struct bench_plan plan;
	struct bench_tally tally;
	unsigned begun, enough, done;
	void *load;
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
	b.plan = (struct bench_plan){
		.to = b.server.at, .request.code = COAP_GET, .endpoints = 3, .window = 2,
		.processes = 1, .cpu = -1, .params = PARAMS_DEFAULT, .wait_ms = 1000,
		.segments = true };
}

static void gone(void)
{
	if (b.load)
		bench_load_ops.close(b.load);
	bench_server_close(&b.server, b.loop);
	ev_loop_destroy(b.loop);
}

TestSuite(bench_load, .init = fresh, .fini = gone);

/* Opens it, measures from the start. */
static void begin(void)
{
	const struct bench_job job = { .loop = b.loop, .plan = &b.plan, .tally = &b.tally,
				       .all_seen = -1, .first = true, .begun = on_begun,
				       .enough = on_enough, .done = on_done, .arg = &b };
	struct err err;

	cr_assert(bench_load_ops.open(&b.load, &job, &err) == 0, "%s", err.text);
	bench_load_ops.measure(b.load);
	bench_load_ops.start(b.load);
	cr_expect_eq(b.begun, 1);
}

static void run_until(const unsigned *what, unsigned n)
{
	while (*what < n)
		ev_run(b.loop, EVRUN_ONCE);
	cr_assert_eq(*what, n);
}

static void finish(void)
{
	bench_load_ops.stop(b.load);
	run_until(&b.done, 1);
}

static uint64_t placed(void)
{
	const struct bench_tally *t = &b.tally;

	return t->answered + t->drained + t->lost + t->reset + t->refused + t->rejected +
	       t->unanswered;
}

/* --- closed loop ------------------------------------------------------------------------ */

static struct sockaddr_in6 known[16];
static unsigned nknown, of_known[16];

static unsigned number_of(const struct sockaddr_in6 *who)
{
	unsigned i = 0;

	while (i < nknown && memcmp(&known[i], who, sizeof *who))
		i++;
	if (i == nknown) {
		cr_assert(nknown < 16);
		known[nknown++] = *who;
	}
	return i;
}

static void count(const struct sockaddr_in6 *who, const struct message *m)
{
	(void)m;
	of_known[number_of(who)]++;
}

Test(bench_load, every_endpoint_has_its_window_and_no_more)
{
	b.server.seen = count;
	b.server.silent = true;
	begin();
	for (unsigned i = 0; i < 50; i++)
		ev_run(b.loop, EVRUN_NOWAIT);
	cr_expect_eq(nknown, 3);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(of_known[i], 2);
	cr_expect_eq(b.tally.started, 6);
}

Test(bench_load, a_count_is_met_exactly)
{
	b.plan.count = 1000;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(b.server.requests, 1000);
	cr_expect_eq(b.tally.answered, 1000);
	cr_expect_eq(b.tally.started, 1000);
	cr_expect_eq(b.tally.latency.n, 1000);
	cr_expect_eq(b.tally.code[COAP_CONTENT], 1000);
	cr_expect_eq(b.tally.bytes, 5000);
	cr_expect_gt(b.tally.wall_ns, 0);
	finish();
	cr_expect_eq(b.enough, 1);
	cr_expect_eq(placed(), 1000);
	cr_expect(bench_tally_clean(&b.tally));
}

Test(bench_load, each_answer_is_followed_by_a_request_until_the_end)
{
	begin();
	run_until(&b.server.requests, 6);
	while (b.server.requests < 200)
		ev_run(b.loop, EVRUN_ONCE);
	finish();
	cr_expect_geq(b.tally.answered, 190);
	cr_expect_eq(b.tally.started, placed());
	cr_expect_eq(b.server.requests, b.tally.started);
}

Test(bench_load, what_was_before_the_measurement_is_void)
{
	begin();
	while (b.tally.answered < 100)
		ev_run(b.loop, EVRUN_ONCE);
	bench_load_ops.measure(b.load);
	cr_expect_eq(b.tally.answered, 0);
	cr_expect_eq(b.tally.latency.n, 0);
	cr_expect_eq(b.tally.carried, 6);
	while (b.tally.answered < 100)
		ev_run(b.loop, EVRUN_ONCE);
	finish();
	cr_expect_eq(b.tally.carried + b.tally.started, placed());
}

/* The server stands still until so many requests have left. */
static void begin_unheard(unsigned n)
{
	ev_io_stop(b.loop, &b.server.io);
	begin();
	while (b.tally.started < n)
		ev_run(b.loop, EVRUN_NOWAIT);
}

Test(bench_load, what_comes_after_the_end_is_counted_apart)
{
	begin_unheard(6);
	bench_load_ops.stop(b.load);
	ev_io_start(b.loop, &b.server.io);
	run_until(&b.done, 1);
	cr_expect_eq(b.tally.drained, 6);
	cr_expect_eq(b.tally.answered, 0);
	cr_expect_eq(b.tally.latency.n, 0);
	cr_expect_eq(b.tally.started, placed());
}

Test(bench_load, what_is_abandoned_is_unanswered)
{
	begin_unheard(6);
	bench_load_ops.abandon(b.load);
	cr_expect_eq(b.tally.unanswered, 6);
	cr_expect_eq(b.tally.answered, 0);
	cr_expect(!bench_tally_clean(&b.tally));
	cr_expect_eq(b.tally.started, placed());
}

Test(bench_load, repetitions_from_before_the_measurement_do_not_count)
{
	unsigned before;

	b.server.silent = true;
	b.plan.params.ack_timeout_ms = 5;
	b.plan.params.max_retransmit = 20;
	begin();
	while (b.server.requests < 40)
		ev_run(b.loop, EVRUN_ONCE);
	b.server.silent = false;
	before = b.server.requests;
	bench_load_ops.measure(b.load);
	while (b.tally.answered < 50)
		ev_run(b.loop, EVRUN_ONCE);
	finish();
	for (unsigned i = 0; i < 10; i++)       /* what the server has not read by now */
		ev_run(b.loop, EVRUN_NOWAIT);
	cr_expect_leq(b.tally.retransmitted, b.server.requests - before - b.tally.started);
}

Test(bench_load, other_codes_than_expected_are_wrong)
{
	b.server.code = COAP_NOT_FOUND;
	b.plan.count = 10;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.wrong, 10);
	cr_expect_eq(b.tally.answered, 10);
}

Test(bench_load, errors_may_be_what_is_expected)
{
	b.server.code = COAP_NOT_FOUND;
	b.plan.count = 10;
	b.plan.expect = COAP_NOT_FOUND;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.wrong, 0);
	finish();
	cr_expect(bench_tally_clean(&b.tally));
}

Test(bench_load, silence_is_lost_requests_and_others_follow)
{
	b.server.silent = true;
	b.plan.params.ack_timeout_ms = 5;
	b.plan.params.max_retransmit = 1;
	b.plan.count = 9;
	begin();
	run_until(&b.enough, 1);
	finish();
	cr_expect_eq(b.tally.lost, 9);
	cr_expect_eq(b.tally.retransmitted, 9);
	cr_expect_eq(b.server.requests, 18);
}

Test(bench_load, non_confirmable_requests_wait_as_long_as_told)
{
	b.server.silent = true;
	b.plan.non = true;
	b.plan.wait_ms = 5;
	b.plan.count = 9;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.lost, 9);
	cr_expect_eq(b.server.requests, 9);
}

Test(bench_load, E21_nobody_there_ends_it_soon)
{
	ev_io_stop(b.loop, &b.server.io);
	close(b.server.fd);
	begin();
	run_until(&b.enough, 1);
	finish();
	cr_expect_eq(b.tally.refused, 6);
	cr_expect_eq(b.tally.started, 6);
	b.server.fd = dup(0);
}

/* --- message IDs ----------------------------------------------------------------------- */

static uint8_t used[4][65536 / 8];
static unsigned again;

static void mark_mid(const struct sockaddr_in6 *who, const struct message *m)
{
	unsigned i = number_of(who);

	cr_assert(i < 4);
	again += used[i][m->mid / 8] >> m->mid % 8 & 1;
	used[i][m->mid / 8] |= (uint8_t)(1u << m->mid % 8);
}

Test(bench_load, E22_an_endpoint_that_used_its_message_ids_up_moves)
{
	b.server.seen = mark_mid;
	b.plan.endpoints = 1;
	b.plan.window = 8;
	b.plan.count = 3 * 16384 + 2000;
	begin();
	run_until(&b.enough, 1);
	finish();
	cr_expect_eq(b.tally.answered, b.plan.count);
	cr_expect_eq(b.tally.moved, 1);
	cr_expect_eq(nknown, 2);
	cr_expect_eq(again, 0);
	cr_expect(bench_tally_clean(&b.tally));
}

Test(bench_load, message_ids_may_be_used_again_on_demand)
{
	b.server.seen = mark_mid;
	b.plan.endpoints = 1;
	b.plan.window = 8;
	b.plan.reuse_mids = true;
	b.plan.count = 65536 + 2000;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.answered, b.plan.count);
	cr_expect_eq(b.tally.moved, 0);
	cr_expect_eq(nknown, 1);
	cr_expect_eq(again, 2000);
}

/* --- open loop --------------------------------------------------------------------------- */

Test(bench_load, open_loop_sends_whether_answered_or_not)
{
	b.server.hold = 40;
	b.plan.endpoints = 50;
	b.plan.rate = 2000;
	b.plan.count = 40;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(b.tally.answered, 40);
	cr_expect_eq(b.tally.late, 0);
	/* The first one was to leave 39 steps before the last. */
	cr_expect_geq(b.tally.latency.max, 39 * 500000u);
}

Test(bench_load, open_loop_takes_endpoints_in_turns)
{
	b.server.seen = count;
	b.plan.endpoints = 4;
	b.plan.window = 40;
	b.plan.rate = 5000;
	b.plan.count = 40;
	begin();
	run_until(&b.enough, 1);
	cr_expect_eq(nknown, 4);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(of_known[i], 10);
}

Test(bench_load, open_loop_that_finds_no_free_endpoint_is_late_and_tells_in_latency)
{
	b.server.silent = true;
	b.plan.endpoints = 2;
	b.plan.window = 1;
	b.plan.rate = 1000;
	b.plan.params.ack_timeout_ms = 30;
	b.plan.params.max_retransmit = 0;
	begin();
	while (b.tally.late == 0 || b.tally.lost < 4)
		ev_run(b.loop, EVRUN_ONCE);
	finish();
	cr_expect_eq(b.tally.started, placed());
	cr_expect_eq(b.tally.answered, 0);
}

Test(bench_load, open_loop_counts_from_when_a_request_was_to_leave)
{
	b.plan.endpoints = b.plan.window = 1;
	b.plan.rate = 1000;
	b.plan.count = 2;
	begin_unheard(1);
	while (b.tally.late < 5)
		ev_run(b.loop, EVRUN_ONCE);
	ev_io_start(b.loop, &b.server.io);
	run_until(&b.enough, 1);
	/* The second one had to wait for four more steps, and was answered at once. */
	cr_expect_geq(b.tally.latency.min, 3000000);
}

Test(bench_load, open_loop_ends_in_time)
{
	b.plan.rate = 1000;
	begin();
	while (b.tally.answered < 20)
		ev_run(b.loop, EVRUN_ONCE);
	finish();
	cr_expect_eq(b.tally.started, placed());
	cr_expect_eq(b.server.requests, b.tally.started);
}
