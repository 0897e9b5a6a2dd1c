/* Hooks that die, and hooks that wait. */
#include <criterion/criterion.h>

#include "stage.h"

#include <errno.h>
#include <stdio.h>

#define expect(text) cr_assert_str_eq(stage_next(s), text)

static struct stage *s;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(call, .fini = teardown);

STAGE_MODULE(leaf, stage_leaf, .flags = 0);
STAGE_MODULE(again, stage_leaf, .flags = COAPD_F_RETRY);

/* --- deaths ------------------------------------------------------------------------------ */

Test(call, a_safe_request_is_delivered_again)
{
	s = stage_one("/a", &leaf);
	s->deaths = 2;
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert(s->died);
	cr_assert_eq(s->rig->e.space.ctl->where, 1);
	stage_crash(s);
	cr_assert(s->died);
	cr_assert_eq(s->last_attempt, 1);
	stage_crash(s);
	cr_assert_eq(s->last_attempt, 2);
	cr_assert_eq(s->runs, 3);
	cr_assert_eq(s->rig->e.space.ctl->where, 0);
	expect("ACK 2.05 pay=leaf");
	expect("nothing");
}

Test(call, an_unsafe_request_runs_once_and_is_answered_500)
{
	s = stage_one("/a", &leaf);
	s->deaths = 1;
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_crash(s);
	cr_assert_eq(s->runs, 1);
	expect("ACK 5.00 pay=");
	expect("nothing");
	cr_assert_eq(stage_counter(s, COUNT_EXEC_LOST), 1);
	/* And so is its duplicate. */
	stage_ask(s, COAP_POST, 1, "11=a");
	expect("ACK 5.00 pay=");
	cr_assert_eq(s->runs, 1);
}

Test(call, an_unsafe_request_to_an_idempotent_module_is_delivered_again)
{
	s = stage_one("/a", &again);
	s->deaths = 1;
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_crash(s);
	cr_assert_eq(s->runs, 2);
	expect("ACK 2.05 pay=leaf");
	cr_assert_eq(stage_counter(s, COUNT_EXEC_LOST), 0);
}

Test(call, a_request_that_keeps_killing_is_answered_500)
{
	s = stage_one("/a", &leaf);
	s->deaths = 100;
	stage_ask(s, COAP_GET, 1, "11=a");
	for (unsigned i = 0; i < 5; i++)
		stage_crash(s);
	cr_assert_eq(s->runs, COAPD_ATTEMPTS);
	expect("ACK 5.00 pay=");
	cr_assert_eq(stage_counter(s, COUNT_MODULE_FAILED), 1);
	cr_assert_eq(stage_counter(s, COUNT_RX_POISON), 0);
}

/* --- waiting ------------------------------------------------------------------------------- */

struct memory {
	uint32_t times;
	coapd_id id;
};

static coapd_id first_id;
static int after_status;

/* Waits one second twice, with a count in its scratch. */
static enum coapd_verdict twice_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	struct memory *m = coapd_scratch(task, sizeof *m);
	char text[16];

	(void)self;
	if (event->what == COAPD_EV_REQUEST)
		first_id = m->id = coapd_task_id(task);
	cr_assert_eq(coapd_task_id(task), m->id);
	cr_assert_eq(event->what == COAPD_EV_TIMER, m->times > 0);
	cr_assert_eq(event->tag, m->times ? m->times + 1 : 0);
	m->times++;
	stage_note(event);
	if (m->times < 3) {
		after_status = coapd_after(task, (uint8_t)(m->times + 1), 1000);
		return COAPD_WAIT;
	}
	snprintf(text, sizeof text, "%u", m->times);
	return stage_say(task, text);
}

STAGE_MODULE(twice, twice_hook, .flags = 0);
STAGE_MODULE(twice_again, twice_hook, .flags = COAPD_F_RETRY);

Test(call, a_task_goes_on_when_its_time_comes)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("nothing");
	cr_assert_eq(stage_tasks(s), 1);
	stage_wait(s, 999);
	cr_assert_eq(s->runs, 1);
	expect("ACK 0.00 pay=");
	stage_wait(s, 1);
	cr_assert_eq(s->runs, 2);
	expect("nothing");
	stage_wait(s, 1000);
	cr_assert_eq(s->runs, 3);
	expect("CON 2.05 pay=3");
	expect("nothing");
	cr_assert_eq(stage_tasks(s), 0);
}

Test(call, a_task_survives_its_worker)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_crash(s);
	stage_wait(s, 1000);
	cr_assert_eq(s->runs, 2);
	stage_crash(s);
	stage_wait(s, 1000);
	cr_assert_eq(s->runs, 3);
	expect("CON 2.05 pay=3");
	cr_assert_eq(stage_tasks(s), 0);
}

Test(call, a_safe_task_is_delivered_again_with_its_scratch_as_it_was)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	s->deaths = 2;
	stage_wait(s, 1000);
	cr_assert(s->died);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(s->last_attempt, 1);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(s->last_attempt, 2);
	stage_wait(s, 1000);
	cr_assert_eq(s->last_attempt, 0);
	cr_assert_eq(s->runs, 5);
	expect("CON 2.05 pay=3");
}

Test(call, a_task_that_keeps_killing_is_answered_500)
{
	s = stage_one("/a", &twice_again);
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_wait(s, 500);
	s->deaths = 100;
	stage_wait(s, 500);
	for (unsigned i = 0; i < 5; i++) {
		stage_crash(s);
		stage_wait(s, 0);
		if (stage_tasks(s) == 0)
			break;
	}
	cr_assert_eq(s->runs, 1 + COAPD_ATTEMPTS);
	expect("CON 5.00 pay=");
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(stage_counter(s, COUNT_MODULE_FAILED), 1);
}

Test(call, an_unsafe_task_that_killed_its_worker_is_answered_500)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_wait(s, 500);
	s->deaths = 1;
	stage_wait(s, 500);
	cr_assert(s->died);
	stage_crash(s);
	expect("CON 5.00 pay=");
	cr_assert_eq(s->runs, 2);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(stage_counter(s, COUNT_EXEC_LOST), 1);
	stage_wait(s, 1000);
	cr_assert_eq(s->runs, 2);
}

Test(call, ids_are_not_used_again)
{
	coapd_id id;

	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	id = first_id;
	cr_assert_neq(id, 0);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	cr_assert_eq(stage_tasks(s), 0);
	stage_ask(s, COAP_GET, 2, "11=a");
	cr_assert_neq(first_id, id);
	cr_assert_neq(first_id, 0);
}

static enum coapd_verdict name_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	first_id = coapd_task_id(task);
	stage_note(event);
	return stage_say(task, "named");
}

STAGE_MODULE(named, name_hook, .flags = COAPD_F_RETRY);

/* Nor those of requests that never waited; a death gives the same one again. */
Test(call, ids_of_who_did_not_wait_are_not_used_again)
{
	coapd_id id;

	s = stage_one("/a", &named);
	stage_ask(s, COAP_PUT, 1, "11=a");
	id = first_id;
	stage_ask(s, COAP_PUT, 2, "11=a");
	cr_assert_neq(first_id, id);
	id = first_id;
	s->deaths = 1;
	stage_ask(s, COAP_PUT, 3, "11=a");
	cr_assert_neq(first_id, id);
	id = first_id;
	stage_crash(s);
	cr_assert_eq(first_id, id);
	cr_assert_eq(s->last_attempt, 1);
	cr_assert_eq(stage_tasks(s), 0);
}

/* Is to wait for a second, but answers; later it waits for nothing. */
static enum coapd_verdict fickle_hook(void *self, coapd_task *task,
				      const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (s->runs > 1)
		return COAPD_WAIT;
	cr_assert_eq(coapd_after(task, 0, 1000), 0);
	cr_assert_eq(coapd_await(task, 1), 0);
	return stage_say(task, "now");
}

STAGE_MODULE(fickle, fickle_hook, .flags = 0);

Test(call, nothing_is_awaited_for_another)
{
	s = stage_one("/a", &fickle);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("ACK 2.05 pay=now");
	stage_ask(s, COAP_GET, 2, "11=a");
	expect("ACK 5.00 pay=");
	cr_assert_eq(stage_tasks(s), 0);
}

static enum coapd_verdict smear_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	uint8_t *p = coapd_scratch(task, COAPD_SCRATCH);

	(void)self;
	stage_note(event);
	for (unsigned i = 0; i < COAPD_SCRATCH; i++)
		cr_assert_eq(p[i], 0);
	memset(p, 0xff, COAPD_SCRATCH);
	return stage_say(task, "smeared");
}

STAGE_MODULE(smear, smear_hook, .flags = 0);

Test(call, scratch_is_zero_for_each)
{
	s = stage_one("/a", &smear);
	stage_get(s, "11=a");
	stage_get(s, "11=a");
	cr_assert_eq(s->runs, 2);
}

static enum coapd_verdict tags_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	char *order = coapd_scratch(task, 9);

	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST) {
		cr_assert_eq(coapd_after(task, 8, 1), -EINVAL);
		coapd_after(task, 0, 300);
		coapd_after(task, 7, 100);
		coapd_after(task, 3, 200);
		coapd_after(task, 5, 150);
		coapd_after(task, 7, 50);
		coapd_cancel(task, 5);
		return COAPD_WAIT;
	}
	order[strlen(order)] = (char)('0' + event->tag);
	return event->tag ? COAPD_WAIT : stage_say(task, order);
}

STAGE_MODULE(tags, tags_hook, .flags = 0);

Test(call, several_timers_come_in_the_order_of_their_times)
{
	s = stage_one("/a", &tags);
	stage_ask(s, COAP_GET, 1, "11=a");
	stage_wait(s, 49);
	cr_assert_eq(s->runs, 1);
	stage_wait(s, 1);
	cr_assert_eq(s->runs, 2);
	/* Two at once come one by one. */
	stage_wait(s, 1000);
	cr_assert_eq(s->runs, 4);
	expect("ACK 0.00 pay=");
	expect("CON 2.05 pay=730");
}

Test(call, at_the_limit_the_newest_is_refused)
{
	s = stage_one("/a", &twice);
	for (uint16_t i = 0; i < STAGE_TASKS; i++)
		stage_ask_type(s, COAP_NON, COAP_GET, i, "11=a");
	cr_assert_eq(after_status, 0);
	stage_ask(s, COAP_GET, 100, "11=a");
	expect("ACK 5.03 14=#05 pay=");
	cr_assert_eq(after_status, -EAGAIN);
	cr_assert_eq(stage_counter(s, COUNT_FULL_WAITING), 1);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	for (uint16_t i = 0; i < STAGE_TASKS; i++)
		expect("NON 2.05 pay=3");
	stage_ask(s, COAP_GET, 101, "11=a");
	expect("nothing");
	cr_assert_eq(stage_tasks(s), 1);
}

Test(call, while_draining_nobody_begins_to_wait)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	resources_drain(s->R);
	stage_ask(s, COAP_GET, 2, "11=a");
	expect("ACK 5.03 14=#05 pay=");
	cr_assert_eq(stage_counter(s, COUNT_SHED), 1);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	cr_assert(strstr(stage_next(s), "2.05 pay=3"));
}

/* Another generation goes on with what the first left. */
static void reload(const char *path, const struct coapd_module *desc)
{
	struct resource_mount_spec spec = stage_spec(path, desc);
	struct err err;

	resources_free(s->R);
	s->R = resources_new(&spec, 1, &err);
	cr_assert_not_null(s->R);
}

Test(call, a_task_finds_its_mount_after_a_reload)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	reload("/a", &twice);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	cr_assert(strstr(stage_next(s), "2.05 pay=3"));
}

Test(call, a_task_whose_mount_is_gone_is_answered_503)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	reload("/b", &twice);
	stage_wait(s, 1000);
	expect("ACK 0.00 pay=");
	expect("CON 5.03 14=#05 pay=");
	cr_assert_eq(stage_tasks(s), 0);
}

Test(call, a_task_is_not_given_to_another_module)
{
	s = stage_one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	stage_wait(s, 500);
	reload("/a", &leaf);
	stage_wait(s, 500);
	expect("CON 5.03 14=#05 pay=");
	cr_assert_eq(s->runs, 1);
}

/* --- slow ones ---------------------------------------------------------------------------- */

static uint64_t clock_now, clock_step;

static uint64_t invented(void)
{
	return clock_now += clock_step;
}

Test(call, hooks_that_take_long_are_counted)
{
	s = stage_one("/a", &leaf);
	resources_clock(s->R, invented, 100);
	clock_step = 100;
	stage_get(s, "11=a");
	cr_assert_eq(stage_counter(s, COUNT_SLOW_HOOKS), 0);
	clock_step = 101;
	stage_get(s, "11=a");
	cr_assert_eq(stage_counter(s, COUNT_SLOW_HOOKS), 1);
	resources_clock(s->R, invented, 0);
	stage_get(s, "11=a");
	cr_assert_eq(stage_counter(s, COUNT_SLOW_HOOKS), 1);
}
