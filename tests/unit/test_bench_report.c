#include "client/bench_report.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

static struct bench_plan plan;
static struct bench_result result;
static struct bench_report report = { "coap://h/x", &plan, &result, true };

/* 1000 answers in two seconds, and a few mishaps. */
static void fill(void)
{
	struct bench_tally *t = &result.tally;

	plan = (struct bench_plan){ .endpoints = 16, .window = 4, .processes = 1 };
	*t = (struct bench_tally){ .carried = 64, .started = 1002, .answered = 1000,
				   .drained = 63, .lost = 3, .wrong = 10, .bytes = 12000,
				   .wall_ns = 2000000000, .cpu_ns = 500000000 };
	t->code[0x45] = 990;
	t->code[0x84] = 10;
	for (unsigned i = 1; i <= 1000; i++)
		histogram_add(&t->latency, i * 1000);
	result.begin = (struct meter_reading){ 1000000000, 3000 };
	result.end = (struct meter_reading){ 1004000000, 4000 };
	result.idle = (struct meter_reading){ 0, 2000 };
}

TestSuite(bench_report, .init = fill);

static const char *written(int (*write_it)(const struct bench_report *r, int fd))
{
	static char text[8192];
	ssize_t n;
	int p[2];

	cr_assert(pipe(p) == 0);
	cr_assert_eq(write_it(&report, p[1]), 0);
	n = read(p[0], text, sizeof text - 1);
	cr_assert(n > 0);
	text[n] = 0;
	return text;
}

static void has(const char *text, const char *part)
{
	cr_expect(strstr(text, part), "no \"%s\" in\n%s", part, text);
}

Test(bench_report, text_says_it_all)
{
	const char *text = written(bench_report_text);

	has(text, "coap://h/x: 16 endpoints, window 4, 2.00 s\n");
	has(text, "500 requests/s: 1000 answered\n");
	has(text, "codes: 2.05 x 990 4.04 x 10 (12.0 bytes of payload each)\n");
	has(text, "lost                    3");
	has(text, "wrong                  10");
	has(text, "latency in us: p50 ");
	has(text, "server: 4.00 us of CPU each, 0 % of a processor, 4000 KiB of memory\n");
	has(text, "generator: 500.00 us of CPU each, 25 % of a processor\n");
	cr_expect(!strstr(text, "reset"), "what did not happen is left out:\n%s", text);
}

Test(bench_report, a_generator_at_its_limit_is_told)
{
	result.tally.cpu_ns = 1950000000;
	has(written(bench_report_text), "use --processes");
	plan.busy = true;
	cr_expect(!strstr(written(bench_report_text), "use --processes"));
}

Test(bench_report, server_that_was_not_named_is_not_reported)
{
	report.metered = false;
	cr_expect(!strstr(written(bench_report_text), "server:"));
	cr_expect(!strstr(written(bench_report_json), "\"server\""));
}

static double number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	cr_assert(json_is_number(v), "%s", key);
	return json_number_value(v);
}

Test(bench_report, json_has_every_count)
{
	json_t *o = json_loads(written(bench_report_json), 0, NULL);
	struct bench_count c;

	cr_assert(o);
	for (unsigned i = 0; bench_tally_count(&result.tally, i, &c); i++)
		cr_expect_eq((uint64_t)number(o, c.name), c.n, "%s", c.name);
	cr_expect_str_eq(json_string_value(json_object_get(o, "mode")), "closed");
	cr_expect_eq(number(o, "per_second"), 500);
	cr_expect_eq(number(o, "seconds"), 2);
	cr_expect_eq(number(json_object_get(o, "codes"), "4.04"), 10);
	cr_expect_eq(number(json_object_get(o, "latency_us"), "n"), 1000);
	cr_expect_eq(number(json_object_get(o, "latency_us"), "max"), 1000);
	cr_expect_eq(number(json_object_get(o, "server"), "cpu_us"), 4);
	cr_expect_eq(number(json_object_get(o, "generator"), "cpu_percent"), 25);
	cr_expect(!json_object_get(o, "rate"));
	cr_expect(!json_object_get(o, "round_us"));
}

Test(bench_report, open_loop_says_what_was_planned)
{
	json_t *o;

	plan.rate = 700;
	has(written(bench_report_text), "700 requests/s planned");
	o = json_loads(written(bench_report_json), 0, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(o, "mode")), "open");
	cr_expect_eq(number(o, "rate"), 700);
}

Test(bench_report, observers_are_reported_by_notifications)
{
	const char *text;
	json_t *o;

	plan.observe = true;
	result.tally.registered = 64;
	result.tally.notifications = 640;
	histogram_add(&result.tally.round, 5000000);
	text = written(bench_report_text);
	has(text, "320 notifications/s: 640 to 64 observers\n");
	has(text, "from trigger to observer in us: p50 ");
	has(text, "from trigger to the last observer in us: p50 5000.0 ");
	has(text, "server: 6.25 us of CPU each");
	has(text, "16000 bytes of memory for an observer");
	o = json_loads(written(bench_report_json), 0, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(o, "mode")), "observe");
	cr_expect_eq(number(o, "per_second"), 320);
	cr_expect_eq(number(json_object_get(o, "round_us"), "n"), 1);
	cr_expect_eq(number(json_object_get(o, "server"), "bytes_per_observer"), 16000);
}

Test(bench_report, nothing_at_all_is_no_division_by_it)
{
	json_t *o;

	result = (struct bench_result){ .tally = { .wall_ns = 0 } };
	has(written(bench_report_text), "0 requests/s: 0 answered\n");
	o = json_loads(written(bench_report_json), 0, NULL);
	cr_assert(o);
	cr_expect_eq(number(o, "per_second"), 0);
	cr_expect_eq(number(json_object_get(o, "server"), "cpu_us"), 0);
}

Test(bench_report, a_full_disk_is_an_error)
{
	int fd = open("/dev/full", O_WRONLY);

	cr_assert_geq(fd, 0);
	cr_expect_eq(bench_report_text(&report, fd), -ENOSPC);
	cr_expect_eq(bench_report_json(&report, fd), -ENOSPC);
}
