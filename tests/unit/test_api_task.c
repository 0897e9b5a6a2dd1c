/* What modules are told when they begin tasks. */
#include <criterion/criterion.h>

#include "resource/resources.h"
#include "stage.h"

#include <errno.h>

static struct stage *s;
static int opened[4], started[20];
static coapd_id id, of_run;
static unsigned starts, runs;

static const coapd_span nothing = { NULL, 0 };

static int open_hook(coapd_mount *mount, const void *conf, void **self)
{
	uint8_t long_one[COAPD_SCRATCH + 1] = { 0 };

	(void)conf;
	(void)self;
	opened[0] = coapd_task_start(mount, nothing, 0, nothing, NULL);
	opened[1] = coapd_task_start(mount, nothing, 2, nothing, NULL);
	opened[2] = coapd_task_start(mount, nothing, COAPD_ONCE,
				     (coapd_span){ long_one, sizeof long_one }, NULL);
	return 0;
}

static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	coapd_mount *mount = coapd_task_mount(task);

	(void)self;
	if (event->what == COAPD_EV_RUN) {
		runs++;
		of_run = coapd_task_id(task);
		cr_assert_str_eq(coapd_scratch(task, 5), "seed");
		return COAPD_DONE;
	}
	started[19] = coapd_task_start(mount, nothing, COAPD_ONCE, nothing, NULL);
	for (unsigned i = 0; i < starts; i++)
		started[i] = coapd_task_start(mount, nothing, 0, coapd_text("seed"), &id);
	stage_note(event);
	return stage_say(task, "begun");
}

STAGE_MODULE(starter, hook, .open = open_hook);

static void setup(void)
{
	s = stage_one("/a", &starter);
}

static void teardown(void)
{
	stage_free(s);
}

TestSuite(api_task, .init = setup, .fini = teardown);

Test(api_task, open_may_ask_for_one_of_a_key_alone)
{
	cr_assert_eq(opened[0], -EINVAL);
	cr_assert_eq(opened[1], -EINVAL);
	cr_assert_eq(opened[2], -EINVAL);
}

Test(api_task, a_hook_begins_tasks_of_its_own)
{
	starts = 1;
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 pay=begun");
	cr_assert_eq(started[0], 0);
	cr_assert_eq(started[19], -EINVAL, "COAPD_ONCE is for open()");
	cr_assert_eq(runs, 0);
	stage_wait(s, 0);
	cr_assert_eq(runs, 1);
	cr_assert_neq(id, 0);
	cr_assert_eq(of_run, id);
}

Test(api_task, what_a_hook_began_goes_with_it_when_it_dies)
{
	starts = 2;
	s->deaths = 1;
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert(s->died);
	starts = 0;
	stage_crash(s);
	cr_assert_str_eq(stage_next(s), "ACK 2.05 pay=begun");
	cr_assert_eq(stage_tasks(s), 0);
	stage_wait(s, 0);
	cr_assert_eq(runs, 0);
}

Test(api_task, limits_are_told)
{
	starts = 4;
	stage_get(s, "11=a");
	cr_assert_eq(started[2], 0);
	cr_assert_eq(started[3], -EAGAIN);
	cr_assert_eq(id, 0);
	stage_wait(s, 0);
	cr_assert_eq(runs, 3);
}

Test(api_task, not_without_a_hook)
{
	cr_assert_eq(coapd_task_start(&s->R->mount[0], nothing, 0, nothing, NULL), -EINVAL);
}
