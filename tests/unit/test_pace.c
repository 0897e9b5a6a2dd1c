/* Jobs in invented time. */
#include "kit/pace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>

#define SPACE 0u
#define TASK(i) ((ref_t)SPACE << 56 | (i))

static struct site site = { .threads = 4, .limits = { .jobs = 3 } };
static struct pace p;
static unsigned ran;

static int slowly(coapd_span in, uint8_t *out, size_t cap)
{
	(void)in, (void)out, (void)cap;
	poll(NULL, 0, 20);
	return (int)ran++;
}

static void setup(void)
{
	cr_assert(pace_open(&p, &site));
}

static void teardown(void)
{
	cr_assert(pace_close(&p));
}

TestSuite(pace, .init = setup, .fini = teardown);

static void begin(unsigned task)
{
	struct job *job = jobs_take(&p.jobs, slowly, (coapd_span){ NULL, 0 }, 8);

	cr_assert(job);
	jobs_prepare(&p.jobs, job, TASK(task), 0);
	jobs_go(&p.jobs);
}

/* Which task is told now; 0: none. */
static unsigned told(void)
{
	struct job *job = jobs_done(&p.jobs, SPACE);
	unsigned task;

	if (!job)
		return 0;
	task = (unsigned)job->task;
	jobs_release(&p.jobs, job);
	return task;
}

Test(pace, all_run_to_their_end_while_time_stands_still)
{
	cr_expect_not(pace_works(&p));
	begin(1);
	begin(2);
	pace_settle(&p, 1000, 0);
	cr_expect_not(pace_works(&p));
	cr_expect_eq(ran, 2);
	cr_expect_eq(p.next, UINT64_MAX);
	cr_expect_eq(told(), 1);
	cr_expect_eq(told(), 2);
	cr_expect_eq(told(), 0);
}

Test(pace, each_takes_as_long_as_it_is_said_when_it_begins)
{
	begin(1);
	pace_settle(&p, 1000, 500);
	cr_expect_eq(ran, 1, "it has run, and nobody knows");
	cr_expect_eq(p.next, 1500);
	cr_expect_eq(told(), 0);
	begin(2);
	pace_settle(&p, 1200, 900);
	cr_expect_eq(p.next, 1500);
	pace_settle(&p, 1500, 0);
	cr_expect_eq(told(), 1);
	cr_expect_eq(told(), 0);
	cr_expect_eq(p.next, 2100);
	pace_settle(&p, 2100, 0);
	cr_expect_eq(told(), 2);
}

Test(pace, what_begins_now_is_not_told_before_it_is_settled)
{
	pace_settle(&p, 1000, 0);
	begin(1);
	jobs_wait(&p.jobs);
	cr_expect_eq(told(), 0);
	pace_settle(&p, 1000, 0);
	cr_expect_eq(told(), 1);
}

Test(pace, places_are_used_again)
{
	for (unsigned i = 1; i < 10; i++) {
		begin(i);
		pace_settle(&p, i * 1000, 10);
		cr_expect_eq(told(), 0);
		pace_settle(&p, i * 1000 + 10, 10);
		cr_expect_eq(told(), i);
	}
}

Test(pace, what_nobody_waits_for_holds_up_nothing)
{
	begin(1);
	pace_settle(&p, 1000, 5000);
	begin(2);
	pace_settle(&p, 1000, 10);
	jobs_forget(&p.jobs, TASK(1), 0);
	pace_settle(&p, 1010, 10);
	cr_expect_eq(told(), 2);
	cr_expect_eq(p.next, UINT64_MAX);
}

Test(pace, sites_may_have_no_threads, .init = NULL)
{
	struct site none = { .threads = 0, .limits = { .jobs = 3 } };

	cr_assert(pace_open(&p, &none));
	cr_expect_null(jobs_take(&p.jobs, slowly, (coapd_span){ NULL, 0 }, 8));
	pace_settle(&p, 1, 1);
	cr_expect_eq(p.next, UINT64_MAX);
}
