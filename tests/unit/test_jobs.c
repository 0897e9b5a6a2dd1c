/* Jobs on threads: begun with the commit, bounded, over with their worker. */
#include <criterion/criterion.h>

#include "resource/jobs.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>

#define TASK ((ref_t)7 << 56 | 5)

static struct jobs j;
static sem_t told, go, begun;

static void ready(void *arg)
{
	(void)arg;
	sem_post(&told);
}

static void setup(void)
{
	sem_init(&told, 0, 0);
	sem_init(&go, 0, 0);
	sem_init(&begun, 0, 0);
	cr_assert_eq(jobs_init(&j, 2, 3, ready, NULL), 0);
}

static void teardown(void)
{
	cr_assert(jobs_end(&j, 2000));
}

TestSuite(jobs, .init = setup, .fini = teardown);

static int reverse(coapd_span in, uint8_t *out, size_t cap)
{
	cr_assert_eq(cap, 100);
	for (size_t i = 0; i < in.n; i++)
		out[i] = in.p[in.n - 1 - i];
	return (int)in.n;
}

static int wait_for_go(coapd_span in, uint8_t *out, size_t cap)
{
	(void)in, (void)out, (void)cap;
	sem_post(&begun);
	sem_wait(&go);
	return 0;
}

static int boast(coapd_span in, uint8_t *out, size_t cap)
{
	(void)in, (void)out;
	return (int)cap + 1;
}

static int signals_blocked(coapd_span in, uint8_t *out, size_t cap)
{
	sigset_t set;

	(void)in, (void)out, (void)cap;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, SIGTERM) && sigismember(&set, SIGUSR1) ? -EPIPE : 0;
}

static struct job *begin(coapd_jobfn *fn, const char *in, uint8_t tag)
{
	struct job *job = jobs_take(&j, fn, coapd_text(in), 100);

	if (job) {
		jobs_prepare(&j, job, TASK, tag);
		jobs_go(&j);
	}
	return job;
}

Test(jobs, bytes_in_bytes_out)
{
	struct job *job = jobs_take(&j, reverse, coapd_text("abc"), 100);

	jobs_prepare(&j, job, TASK, 2);
	cr_assert_eq(j.started, 0, "threads start lazily");
	cr_assert(jobs_busy(&j));
	jobs_go(&j);
	cr_assert_eq(j.started, 1);
	sem_wait(&told);
	cr_assert_null(jobs_done(&j, 6), "it is of another slot");
	cr_assert_eq(jobs_done(&j, 7), job);
	cr_assert_eq(job->status, 3);
	cr_assert_eq(job->tag, 2);
	cr_assert_eq(jobs_result(job).n, 3);
	cr_assert_eq(memcmp(jobs_result(job).p, "cba", 3), 0);
	jobs_release(&j, job);
	cr_assert_null(jobs_done(&j, 7));
	cr_assert(!jobs_busy(&j));
}

Test(jobs, there_are_as_many_as_there_may_be)
{
	struct job *job;

	for (unsigned i = 0; i < 3; i++)
		cr_assert(begin(wait_for_go, "", 0));
	cr_assert_null(jobs_take(&j, reverse, coapd_text(""), 0));
	cr_assert_eq(j.started, 2);
	for (unsigned i = 0; i < 3; i++)
		sem_post(&go);
	for (unsigned i = 0; i < 3; i++) {
		sem_wait(&told);
		job = jobs_done(&j, 7);
		cr_assert(job);
		jobs_release(&j, job);
	}
	cr_assert(!jobs_busy(&j));
}

Test(jobs, forgotten_ones_are_for_nobody)
{
	for (uint8_t i = 0; i < 3; i++)
		begin(wait_for_go, "", i);
	jobs_forget(&j, TASK, 0);
	jobs_forget(&j, TASK, 1);
	jobs_forget(&j, TASK + 1, 2);
	for (unsigned i = 0; i < 3; i++)
		sem_post(&go);
	for (unsigned i = 0; i < 3 && jobs_busy(&j); i++) {
		struct job *job;

		sem_wait(&told);
		job = jobs_done(&j, 7);
		if (!job)
			continue;
		cr_assert_eq(job->tag, 2);
		jobs_release(&j, job);
	}
	cr_assert_null(jobs_done(&j, 7));
	cr_assert(!jobs_busy(&j));
}

Test(jobs, who_says_too_much_is_not_believed)
{
	struct job *job = begin(boast, "", 0);

	sem_wait(&told);
	cr_assert_eq(jobs_done(&j, 7), job);
	cr_assert_eq(job->status, -EOVERFLOW);
	cr_assert_eq(jobs_result(job).n, 0);
}

Test(jobs, signals_are_not_for_threads)
{
	struct job *job = begin(signals_blocked, "", 0);

	sem_wait(&told);
	cr_assert_eq(jobs_done(&j, 7), job);
	cr_assert_eq(job->status, -EPIPE);
}

Test(jobs, one_that_does_not_end_is_not_waited_for)
{
	begin(wait_for_go, "", 0);
	sem_wait(&begun);
	cr_assert(!jobs_end(&j, 0));
	sem_post(&go);
}

Test(jobs, without_threads_there_are_none)
{
	struct jobs none;

	cr_assert_eq(jobs_init(&none, 0, 3, ready, NULL), 0);
	cr_assert_null(jobs_take(&none, reverse, coapd_text(""), 0));
	cr_assert(jobs_end(&none, 0));
}

Test(jobs, those_who_invent_time_wait_and_hold_back)
{
	struct job *job = jobs_take(&j, reverse, (coapd_span){ (const uint8_t *)"ab", 2 }, 100);

	cr_assert_not(jobs_working(&j));
	jobs_prepare(&j, job, TASK, 0);
	cr_assert_not(jobs_working(&j), "it begins with the commit");
	jobs_go(&j);
	jobs_wait(&j);
	cr_assert_not(jobs_working(&j));
	j.until = job->order;
	cr_assert_null(jobs_done(&j, 7));
	j.until = job->order + 1;
	cr_assert_eq(jobs_done(&j, 7), job);
	jobs_release(&j, job);
}
