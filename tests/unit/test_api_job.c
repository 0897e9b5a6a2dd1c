/* Tasks that await jobs. */
#include <criterion/criterion.h>

#include "resource/resources.h"
#include "stage.h"

#include <errno.h>
#include <semaphore.h>

#define TAG 4

static struct stage *s;
static struct jobs jobs;
static sem_t told, go, begun;
static int status, got;
static unsigned wanted;
static bool replaces, cancels, ends;
static char data[8];

static void ready(void *arg)
{
	(void)arg;
	sem_post(&told);
}

static int shout(coapd_span in, uint8_t *out, size_t cap)
{
	(void)cap;
	for (size_t i = 0; i < in.n; i++)
		out[i] = (uint8_t)(in.p[i] - 32);
	return (int)in.n;
}

static int wait_for_go(coapd_span in, uint8_t *out, size_t cap)
{
	(void)in, (void)out, (void)cap;
	sem_post(&begun);
	sem_wait(&go);
	return 0;
}

static enum coapd_verdict again(coapd_task *task)
{
	status = coapd_job(task, TAG, shout, coapd_text("new"), 3);
	return COAPD_WAIT;
}

static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_TIMER)
		return again(task);
	if (event->what == COAPD_EV_JOB) {
		cr_assert_eq(event->tag, TAG);
		got = event->status;
		memcpy(data, event->data.p ? event->data.p : (const uint8_t *)"",
		       event->data.n);
		return stage_say(task, "heard");
	}
	status = coapd_job(task, TAG, wanted ? wait_for_go : shout, coapd_text("abc"), 3);
	if (cancels)
		coapd_cancel(task, TAG);
	if (replaces)
		coapd_after(task, 0, 10);
	return ends ? stage_say(task, "over") : COAPD_WAIT;
}

STAGE_MODULE(worker, hook, .flags = 0);

static void setup(void)
{
	sem_init(&told, 0, 0);
	sem_init(&go, 0, 0);
	sem_init(&begun, 0, 0);
	s = stage_one("/a", &worker);
	cr_assert_eq(jobs_init(&jobs, 1, 2, ready, NULL), 0);
	resources_jobs(s->R, &jobs);
	got = 1000;
}

static void teardown(void)
{
	sem_post(&go);
	cr_assert(jobs_end(&jobs, 2000));
	stage_free(s);
}

TestSuite(api_job, .init = setup, .fini = teardown);

Test(api_job, its_result_is_an_event)
{
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert_eq(status, 0);
	sem_wait(&told);
	cr_assert(resource_pending(s->R, &s->rig->e));
	stage_wait(s, 0);
	cr_assert_eq(got, 3);
	cr_assert_str_eq(data, "ABC");
	cr_assert_str_eq(stage_next(s), "ACK 2.05 pay=heard");
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert(!resource_pending(s->R, &s->rig->e));
}

Test(api_job, dies_with_its_worker_and_that_is_told)
{
	wanted = 1;
	stage_ask(s, COAP_GET, 1, "11=a");
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(got, -EOWNERDEAD);
	cr_assert_str_eq(stage_next(s), "ACK 2.05 pay=heard");
	cr_assert_eq(stage_counter(s, COUNT_JOB_LOST), 1);
	cr_assert_eq(stage_tasks(s), 0);
}

Test(api_job, after_a_loss_another_may_be_begun)
{
	replaces = true;
	stage_ask(s, COAP_GET, 1, "11=a");
	s->rig->e.now += 10;    /* timer and loss are told in one go */
	stage_crash(s);
	sem_wait(&told);
	s->deaths = 1;
	stage_wait(s, 0);
	cr_assert(s->died);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(got, -EOWNERDEAD);
	cr_assert_eq(s->last_attempt, 1);
	cr_assert_eq(stage_tasks(s), 0);
}

Test(api_job, a_replaced_one_is_dropped)
{
	wanted = 1;
	replaces = true;
	stage_ask(s, COAP_GET, 1, "11=a");
	sem_wait(&begun);
	stage_wait(s, 10);
	cr_assert_eq(status, 0);
	cr_assert_eq(got, 1000);
	sem_post(&go);
	sem_wait(&told);
	sem_wait(&told);
	stage_wait(s, 0);
	cr_assert_str_eq(data, "NEW");
	cr_assert_eq(s->runs, 3);
	cr_assert(!jobs_busy(&jobs));
}

Test(api_job, a_cancelled_one_does_not_begin)
{
	cancels = true;
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert_str_eq(stage_next(s), "ACK 5.00 pay=", "it waits for nothing");
	cr_assert_eq(jobs.started, 0);
	cr_assert(!jobs_busy(&jobs));
}

Test(api_job, one_of_a_hook_that_ends_does_not_begin)
{
	ends = true;
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert_str_eq(stage_next(s), "ACK 2.05 pay=over");
	cr_assert_eq(jobs.started, 0);
	cr_assert(!jobs_busy(&jobs));
}

Test(api_job, when_there_are_too_many)
{
	wanted = 1;
	for (uint16_t i = 0; i < 3; i++)
		stage_ask(s, COAP_GET, (uint16_t)(i + 1), "11=a");
	cr_assert_eq(status, -EAGAIN);
	cr_assert_eq(stage_counter(s, COUNT_FULL_JOBS), 1);
	for (unsigned i = 0; i < 2; i++)
		sem_post(&go);
}

static struct coapd_task t;

Test(api_job, mistakes)
{
	static uint8_t bytes[COAPD_JOB_BYTES + 1];

	t.mount = &s->R->mount[0];
	t.engine = &s->rig->e;
	cr_assert_eq(coapd_job(&t, COAPD_TAGS, shout, coapd_text(""), 0), -EINVAL);
	cr_assert_eq(coapd_job(&t, 0, NULL, coapd_text(""), 0), -EINVAL);
	cr_assert_eq(coapd_job(&t, 0, shout, (coapd_span){ bytes, sizeof bytes }, 0), -E2BIG);
	cr_assert_eq(coapd_job(&t, 0, shout, coapd_text("a"), COAPD_JOB_BYTES), -E2BIG);
	resources_jobs(s->R, NULL);
	cr_assert_eq(coapd_job(&t, 0, shout, coapd_text(""), 0), -ENOTSUP);
}
