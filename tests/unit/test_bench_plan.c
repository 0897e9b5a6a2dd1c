#include "client/bench_plan.h"

#include "coap/code.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>

static struct bench_plan p;
static struct arguments a;
static struct err err;

/* Reads a command line after "coap bench URI"; its words end with NULL. */
static int take(const char *const *words)
{
	const char *argv[32] = { "coap", "bench", "coap://h/x" };
	int argc = 3;

	for (; *words; words++)
		argv[argc++] = *words;
	cr_assert(arguments_read(&a, argc, (char *const *)argv, &err) == 0, "%s", err.text);
	return bench_plan_read(&p, &a, &err);
}

#define READ(...) take((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

Test(bench_plan, what_is_usual)
{
	cr_assert_eq(READ(), 0);
	cr_expect_eq(p.endpoints, 10);
	cr_expect_eq(p.window, 1);
	cr_expect_eq(p.rate, 0);
	cr_expect_eq(p.count, 0);
	cr_expect_eq(p.duration_ns, 5000000000u);
	cr_expect_eq(p.warmup_ns, 500000000u);
	cr_expect_eq(p.request.code, COAP_GET);
	cr_expect_eq(p.expect, 0);
	cr_expect_eq(p.processes, 1);
	cr_expect_eq(p.cpu, -1);
	cr_expect_eq(p.trigger.code, 0);
	cr_expect(p.segments && !p.busy && !p.non && !p.observe && !p.reuse_mids);
}

Test(bench_plan, all_that_can_be_said)
{
	cr_assert_eq(READ("-c", "100", "-w", "7", "--rate", "4000", "--duration", "1.5", "--warmup",
			  "0", "--expect", "4.04", "--processes", "3", "--cpu", "1", "--busy",
			  "--no-segments", "--reuse-mids", "--non", "--timeout", "3", "-m", "PUT",
			  "--loss", "10"), 0, "%s", err.text);
	cr_expect_eq(p.endpoints, 100);
	cr_expect_eq(p.window, 7);
	cr_expect_eq(p.rate, 4000);
	cr_expect_eq(p.duration_ns, 1500000000u);
	cr_expect_eq(p.warmup_ns, 0);
	cr_expect_eq(p.expect, COAP_NOT_FOUND);
	cr_expect_eq(p.processes, 3);
	cr_expect_eq(p.cpu, 1);
	cr_expect_eq(p.wait_ms, 3000);
	cr_expect_eq(p.patience_ns, 3000000000u);
	cr_expect_eq(p.request.code, COAP_PUT);
	cr_expect_eq(p.loss_permille, 100);
	cr_expect(!p.segments && p.busy && p.non && p.reuse_mids);
}

Test(bench_plan, a_payload_makes_it_a_post)
{
	cr_assert_eq(READ("-d", "x"), 0);
	cr_expect_eq(p.request.code, COAP_POST);
	cr_assert_eq(READ("--payload-size", "100"), 0);
	cr_expect_eq(p.request.code, COAP_POST);
	cr_assert_eq(READ("-d", "x", "-m", "PUT"), 0);
	cr_expect_eq(p.request.code, COAP_PUT);
}

Test(bench_plan, trigger_is_a_put_unless_said)
{
	cr_assert_eq(READ("--observe", "--trigger", "coap://h/y"), 0);
	cr_expect_eq(p.trigger.code, COAP_PUT);
	cr_assert_eq(READ("--observe", "--trigger", "coap://h/y", "--trigger-method", "post"), 0);
	cr_expect_eq(p.trigger.code, COAP_POST);
}

Test(bench_plan, a_count_has_no_end_but_its_own)
{
	cr_assert_eq(READ("--count", "1000"), 0);
	cr_expect_eq(p.count, 1000);
	cr_expect_eq(p.duration_ns, 0);
	cr_assert_eq(READ("--count", "1000", "--duration", "2"), 0);
	cr_expect_eq(p.duration_ns, 2000000000u);
}

Test(bench_plan, sources_are_addresses)
{
	cr_assert_eq(READ("--source", "127.0.0.2", "--source", "[::1]"), 0, "%s", err.text);
	cr_expect_eq(p.nfrom, 2);
	cr_expect_eq(p.from[0].ip[15], 2);
	cr_expect_eq(p.from[1].ip[0], 0);
	cr_expect_eq(READ("--source", "localhost"), -EINVAL);
	cr_expect(strstr(err.text, "\"localhost\" is no address"), "%s", err.text);
	cr_expect_eq(READ("--source", "127.0.0.2:99"), -EINVAL);
}

Test(bench_plan, response_codes_are_written_with_a_point)
{
	const char *const wrong[] = { "205", "2.5", "1.01", "6.00", "2.32", "2.0x", "", "2.050" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_expect_eq(READ("--expect", wrong[i]), -EINVAL, "%s", wrong[i]);
		cr_expect(strstr(err.text, "no response code"), "%s", err.text);
	}
	cr_assert_eq(READ("--expect", "2.31"), 0);
	cr_expect_eq(p.expect, 0x5f);
}

static void refused(int r, const char *why)
{
	cr_expect_eq(r, -EINVAL);
	cr_expect(strstr(err.text, why), "%s", err.text);
}

Test(bench_plan, numbers_that_do_not_fit_together)
{
	refused(READ("-c", "3", "--processes", "4"), "too many for 3 endpoints");
	refused(READ("-c", "60000"), "use --processes 2");
	refused(READ("-c", "50000", "-w", "4096"), "under way");
	refused(READ("--count", "2", "--processes", "3"), "too many for 2 requests");
	refused(READ("--observe", "--rate", "5"), "--rate");
	refused(READ("--trigger", "coap://h/x"), "--observe");
	cr_expect_eq(READ("-c", "100000", "--processes", "5"), 0, "%s", err.text);
}

/* --- shares -------------------------------------------------------------------------- */

Test(bench_plan, shares_are_the_whole)
{
	struct bench_plan mine;
	uint64_t endpoints = 0, count = 0;
	double rate = 0;

	p = (struct bench_plan){ .endpoints = 100, .processes = 7, .count = 1003, .rate = 5000,
				 .cpu = 2 };
	for (unsigned k = 0; k < 7; k++) {
		mine = bench_plan_share(&p, k);
		cr_expect(mine.endpoints == 14 || mine.endpoints == 15);
		cr_expect_eq(mine.processes, 1);
		cr_expect_eq(mine.cpu, 2 + (int)k);
		endpoints += mine.endpoints;
		count += mine.count;
		rate += mine.rate;
	}
	cr_expect_eq(endpoints, 100);
	cr_expect_eq(count, 1003);
	cr_expect(rate > 4999.99 && rate < 5000.01);
}

Test(bench_plan, each_process_begins_with_other_addresses)
{
	p = (struct bench_plan){ .endpoints = 100, .processes = 2, .nfrom = 4, .cpu = -1 };
	for (uint8_t i = 0; i < 4; i++)
		p.from[i].ip[15] = i;
	cr_expect_eq(bench_plan_share(&p, 0).from[0].ip[15], 0);
	cr_expect_eq(bench_plan_share(&p, 1).from[0].ip[15], 2);
	cr_expect_eq(bench_plan_share(&p, 1).from[2].ip[15], 0);
	cr_expect_eq(bench_plan_share(&p, 1).cpu, -1);
}

/* --- addresses of ours ----------------------------------------------------------------- */

static void towards(const char *ip, uint32_t endpoints)
{
	p = (struct bench_plan){ .endpoints = endpoints };
	cr_assert(inet_pton(AF_INET6, ip, p.to.ip) == 1);
	bench_plan_spread(&p);
}

Test(bench_plan, many_endpoints_on_the_loopback_have_many_addresses)
{
	towards("::ffff:127.0.0.1", 100000);
	cr_assert_eq(p.nfrom, 7);
	for (unsigned i = 0; i < 7; i++) {
		cr_expect(addr_is_v4(p.from[i].ip));
		cr_expect_eq(p.from[i].ip[12], 127);
		cr_expect_eq(p.from[i].ip[13], 1);
		cr_expect_eq(p.from[i].ip[15], i + 1);
	}
}

Test(bench_plan, elsewhere_the_system_chooses)
{
	towards("::ffff:127.0.0.1", 1000);
	cr_expect_eq(p.nfrom, 0);
	towards("::1", 100000);
	cr_expect_eq(p.nfrom, 0);
	towards("::ffff:192.0.2.1", 100000);
	cr_expect_eq(p.nfrom, 0);
}

Test(bench_plan, addresses_that_were_given_are_taken)
{
	p = (struct bench_plan){ .endpoints = 100000, .nfrom = 1 };
	cr_assert(inet_pton(AF_INET6, "::ffff:127.0.0.1", p.to.ip) == 1);
	bench_plan_spread(&p);
	cr_expect_eq(p.nfrom, 1);
}
