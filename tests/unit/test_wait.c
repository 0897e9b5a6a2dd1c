/* What brings waiting tasks back. */
#include <criterion/criterion.h>

#include "resource/resources.h"
#include "resource/wait.h"
#include "stage.h"

#define expect(text) cr_assert_str_eq(stage_next(s), text)

static struct stage *s;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(wait, .fini = teardown);

/* --- a module that awaits something that is no timer --------------------------------- */

#define TAG 2

static coapd_id waiting;
static enum coapd_what got;

static enum coapd_verdict await_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	got = event->what;
	if (event->what == COAPD_EV_READ)
		return stage_say(task, "there");
	waiting = coapd_task_id(task);
	if (!waiting)
		return COAPD_DONE;
	if (event->what == COAPD_EV_REQUEST)
		coapd_after(task, 0, 500);
	task->awaits[TAG] = COAPD_EV_READ;      /* as a function of the interface would */
	return COAPD_WAIT;
}

STAGE_MODULE(await, await_hook, .flags = 0);

static struct coapd_event event_of(enum coapd_what what, uint8_t tag)
{
	return (struct coapd_event){ .what = what, .tag = tag };
}

static bool bring(enum coapd_what what, uint8_t tag)
{
	struct coapd_event event = event_of(what, tag);
	bool taken = resource_event(s->R, &s->rig->e, waiting, &event);

	engine_commit(&s->rig->e, space_rx_next(&s->rig->e.space));
	return taken;
}

static void begin(void)
{
	s = stage_one("/a", &await);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("nothing");
	cr_assert_eq(stage_tasks(s), 1);
}

Test(wait, an_event_of_the_awaited_kind_and_tag_ends_it)
{
	begin();
	cr_assert(!bring(COAPD_EV_TIMER, TAG));
	cr_assert(!bring(COAPD_EV_READ, TAG + 1));
	cr_assert(!bring(COAPD_EV_READ, COAPD_TAGS));
	cr_assert_eq(s->runs, 1);
	cr_assert(bring(COAPD_EV_READ, TAG));
	expect("ACK 2.05 pay=there");
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert(!bring(COAPD_EV_READ, TAG), "it is over");
}

Test(wait, a_timer_comes_beside_it)
{
	begin();
	stage_wait(s, 500);
	cr_assert_eq(got, COAPD_EV_TIMER);
	stage_wait(s, 100000);
	cr_assert_eq(s->runs, 2, "no deadline is left");
	cr_assert(bring(COAPD_EV_READ, TAG));
	cr_assert_eq(got, COAPD_EV_READ);
	cr_assert_eq(stage_tasks(s), 0);
}

Test(wait, it_outlives_the_worker)
{
	begin();
	stage_wait(s, 500);
	stage_crash(s);
	cr_assert_eq(stage_tasks(s), 1);
	cr_assert(bring(COAPD_EV_READ, TAG));
	cr_assert_eq(got, COAPD_EV_READ);
}

static enum coapd_verdict twice_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST)
		return coapd_after(task, 1, 10) ? COAPD_DONE : COAPD_WAIT;
	return stage_say(task, "again");
}

STAGE_MODULE(twice, twice_hook, .flags = 0);

Test(wait, a_hook_that_kills_its_worker_is_told_how_often)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("nothing");
	s->deaths = 1;
	stage_wait(s, 10);
	cr_assert(s->died);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(s->last_attempt, 1);
	expect("ACK 2.05 pay=again");
}

Test(wait, a_request_of_a_closed_one_ends)
{
	static uint32_t gate;
	struct resource_mount_spec spec = stage_spec("/a", &await);

	spec.gate = &gate;
	s = stage_new(&spec, 1);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("nothing");
	gate = 1;
	stage_wait(s, 500);
	expect("ACK 0.00 pay=");
	expect("CON 5.00 pay=the resource is closed for a while");
	cr_assert_eq(s->runs, 1);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(stage_counter(s, COUNT_CLOSED), 1);
}

static enum coapd_verdict cancel_hook(void *self, coapd_task *task,
				      const struct coapd_event *event)
{
	(void)self;
	(void)event;
	if (!coapd_task_id(task))
		return COAPD_DONE;
	task->awaits[TAG] = COAPD_EV_READ;
	coapd_cancel(task, TAG);
	return COAPD_WAIT;
}

STAGE_MODULE(cancel, cancel_hook, .flags = 0);

Test(wait, what_was_cancelled_is_not_awaited)
{
	s = stage_one("/a", &cancel);
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 5.00 pay=");
	cr_assert_eq(stage_tasks(s), 0);
}

/* --- a client that wants no answer any more ------------------------------------------------- */

Test(wait, a_rejected_acknowledgement_ends_the_task)
{
	struct coapd_event event;

	begin();
	stage_reset(s, 1);
	cr_assert_eq(stage_tasks(s), 1, "nothing was acknowledged yet");
	stage_wait(s, 200);
	expect("ACK 0.00 pay=");
	stage_reset(s, 2);
	cr_assert_eq(stage_tasks(s), 1, "of another");
	stage_reset(s, 1);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(s->rig->e.waiting_n, 0);
	cr_assert_eq(s->runs, 1, "the hook is not asked");
	event = event_of(COAPD_EV_READ, TAG);
	cr_assert(!resource_event(s->R, &s->rig->e, waiting, &event));
	stage_wait(s, 1000);
	expect("nothing");
	cr_assert_eq(stage_counter(s, COUNT_WITHDRAWN), 1);
}

Test(wait, a_rejected_acknowledgement_counts_after_a_death_too)
{
	begin();
	stage_wait(s, 200);
	stage_crash(s);
	stage_reset(s, 1);
	cr_assert_eq(stage_tasks(s), 0);
	stage_crash(s);
	cr_assert_eq(stage_counter(s, COUNT_ADOPT_DROPPED), 0);
	stage_reset(s, 1);
	cr_assert_eq(stage_counter(s, COUNT_WITHDRAWN), 1);
}
