/* What follows from the verdicts of hooks. */
#include <criterion/criterion.h>

#include "resource/run.h"
#include "resource/wait.h"
#include "stage.h"

#define expect(text) cr_assert_str_eq(stage_next(s), text)
#define expect_get(options, text) cr_assert_str_eq(stage_get(s, options), text)

static struct stage *s;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(run, .fini = teardown);

static int misdeed;

static enum coapd_verdict bad_hook(void *self, coapd_task *task,
				   const struct coapd_event *event)
{
	(void)self;
	(void)event;
	switch (misdeed) {
	case 0:
		return COAPD_DONE;
	case 1:
		coapd_reply(task, COAPD_GET);
		return COAPD_DONE;
	case 2:
		coapd_reply(task, COAPD_205_CONTENT);
		coapd_add_uint(task, OPT_OBSERVE, 5);
		return COAPD_DONE;
	case 3:
		return COAPD_WAIT;
	case 4:
		coapd_after(task, 3, 10);
		coapd_cancel(task, 3);
		return COAPD_WAIT;
	default:
		return (enum coapd_verdict)2;
	}
}

STAGE_MODULE(bad, bad_hook, .flags = COAPD_F_RETRY);

Test(run, mistakes_of_a_module_are_500_and_counted)
{
	s = stage_one("/a", &bad);
	for (misdeed = 0; misdeed <= 5; misdeed++)
		expect_get("11=a", "ACK 5.00 pay=");
	cr_assert_eq(stage_counter(s, COUNT_MODULE_FAILED), 6);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(slab_room(&s->rig->e.space, engine_slab(&s->rig->e, TASK_SLAB)),
		     STAGE_TASKS + STAGE_BACKGROUND);
}

static enum coapd_verdict late_hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_TIMER)
		return stage_say(task, "late");
	return coapd_after(task, 0, 10) ? COAPD_DONE : COAPD_WAIT;
}

STAGE_MODULE(late, late_hook, .flags = 0);

Test(run, a_request_that_waits_becomes_a_task)
{
	s = stage_one("/a", &late);
	expect_get("11=a", "nothing");
	cr_assert_eq(stage_tasks(s), 1);
	stage_wait(s, 10);
	expect("ACK 2.05 pay=late");
	cr_assert_eq(stage_tasks(s), 0);
}

static enum coapd_verdict stubborn_hook(void *self, coapd_task *task,
					const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	(void)coapd_after(task, 0, 1000);
	return COAPD_WAIT;
}

STAGE_MODULE(stubborn, stubborn_hook, .flags = 0);

Test(run, who_waits_without_a_task_is_503)
{
	s = stage_one("/a", &stubborn);
	for (uint16_t i = 0; i < STAGE_TASKS; i++) {
		stage_ask(s, COAP_GET, i, "11=a");
		expect("nothing");
	}
	stage_ask(s, COAP_GET, 99, "11=a");
	expect("ACK 5.03 14=#05 pay=");
	cr_assert_eq(stage_counter(s, COUNT_FULL_WAITING), 1);
}

Test(run, only_unsafe_methods_of_modules_that_cannot_repeat_are_opaque)
{
	const struct coapd_module retry = { .flags = COAPD_F_RETRY };
	const struct coapd_mount plain = { .desc = &late }, again = { .desc = &retry };

	cr_assert(run_is_opaque(&plain, COAP_POST));
	cr_assert(!run_is_opaque(&plain, COAP_GET));
	cr_assert(!run_is_opaque(&plain, COAP_FETCH));
	cr_assert(!run_is_opaque(&again, COAP_POST));
}
