#include "client/meter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct meter m;
static struct err err;

static uint64_t burn(uint64_t ns)
{
	struct timespec t;
	uint64_t used;

	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		used = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	} while (used < ns);
	return used;
}

static const char *self(void)
{
	static char text[32];

	snprintf(text, sizeof text, "%d", (int)getpid());
	return text;
}

Test(meter, reads_what_a_process_uses)
{
	struct meter_reading before, after;
	uint64_t used;

	cr_assert_eq(meter_parse(&m, self(), &err), 0, "%s", err.text);
	before = meter_read(&m);
	used = burn(30000000);
	after = meter_read(&m);
	cr_expect_gt(before.rss_kib, 100);
	cr_expect_gt(after.cpu_ns, before.cpu_ns);
	/* The kernel's own account of the same. */
	cr_expect(after.cpu_ns > used / 10 * 9 && after.cpu_ns < used * 2, "%lu of %lu",
		  after.cpu_ns, used);
}

Test(meter, children_count_once_though_they_are_named_too)
{
	struct meter_reading alone, with;
	char text[64], byte;
	int go[2], done[2];
	pid_t child;

	cr_assert(pipe(go) == 0 && pipe(done) == 0);
	child = fork();
	if (child == 0) {
		burn(60000000);
		(void)!write(done[1], "d", 1);
		_exit(read(go[0], &byte, 1) != 1);
	}
	cr_assert(read(done[0], &byte, 1) == 1);
	snprintf(text, sizeof text, "%d", (int)child);
	cr_assert_eq(meter_parse(&m, text, &err), 0);
	alone = meter_read(&m);
	snprintf(text, sizeof text, "%d,%d", (int)getpid(), (int)child);
	cr_assert_eq(meter_parse(&m, text, &err), 0);
	with = meter_read(&m);
	cr_assert_eq(meter_parse(&m, self(), &err), 0);
	cr_expect_geq(alone.cpu_ns, 50000000);
	cr_expect_geq(meter_read(&m).cpu_ns, alone.cpu_ns);
	cr_expect_lt(with.cpu_ns, 2 * alone.cpu_ns);
	(void)!write(go[1], "g", 1);
	waitpid(child, NULL, 0);
}

Test(meter, process_that_has_ended_counts_nothing)
{
	char byte;
	int go[2];
	pid_t child;
	char text[32];

	cr_assert(pipe(go) == 0);
	child = fork();
	if (child == 0)
		_exit(read(go[0], &byte, 1) != 1);
	snprintf(text, sizeof text, "%d", (int)child);
	cr_assert_eq(meter_parse(&m, text, &err), 0);
	cr_expect_gt(meter_read(&m).rss_kib, 0);
	(void)!write(go[1], "g", 1);
	waitpid(child, NULL, 0);
	cr_expect_eq(meter_read(&m).cpu_ns, 0);
	cr_expect_eq(meter_read(&m).rss_kib, 0);
	cr_expect_eq(meter_parse(&m, text, &err), -EINVAL);
	cr_expect(strstr(err.text, "there is no process"), "%s", err.text);
}

Test(meter, what_is_no_list_of_processes)
{
	const char *const wrong[] = { "", "x", "1,", ",1", "1;2", "-1", "0", "1 2",
				      "99999999999999999999" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_expect_eq(meter_parse(&m, wrong[i], &err), -EINVAL, "%s", wrong[i]);
		cr_expect(strstr(err.text, "no list of process IDs"), "%s", err.text);
	}
}

Test(meter, a_list_has_an_end)
{
	char text[256] = "";

	for (unsigned i = 0; i <= METER_PIDS; i++)
		strcat(text, i ? ",1" : "1");
	cr_expect_eq(meter_parse(&m, text, &err), -EINVAL);
	cr_expect(strstr(err.text, "more than 16"), "%s", err.text);
}
