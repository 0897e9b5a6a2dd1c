/* Tasks that are no requests: how they run, end, and outlive workers. */
#include <criterion/criterion.h>

#include "resource/background.h"
#include "resource/resources.h"
#include "stage.h"

static struct stage *s;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(background, .fini = teardown);

/* A hook that runs, counts in its scratch at each tick, and ends after three. */
static unsigned events[16], nevents, count;
static enum coapd_verdict verdict;

static enum coapd_verdict ticker(void *self, coapd_task *task, const struct coapd_event *event)
{
	uint32_t *n = coapd_scratch(task, sizeof *n);

	(void)self;
	stage_note(event);
	events[nevents++ % 16] = event->what;
	if (event->what == COAPD_EV_REQUEST)
		return stage_say(task, "asked");
	cr_assert_null(coapd_request(task));
	count = ++*n;
	if (verdict != COAPD_WAIT)
		return verdict;
	coapd_after(task, 3, 100);
	return *n == 13 ? COAPD_DONE : COAPD_WAIT;
}

STAGE_MODULE(tick, ticker, .flags = 0);

static ref_t begin(void)
{
	static const uint32_t ten = 10;
	ref_t made;

	if (!s) {
		s = stage_one("/a", &tick);
		verdict = COAPD_WAIT;
		nevents = count = 0;
	}
	made = background_start(&s->rig->e, &s->R->mount[0], 0, &ten, sizeof ten);
	rig_commit(s->rig);
	return made;
}

Test(background, runs_and_goes_on_until_it_is_done)
{
	cr_assert_neq(begin(), 0);
	cr_assert_eq(s->runs, 0, "not before the event is over");
	stage_wait(s, 0);
	cr_assert_eq(events[0], COAPD_EV_RUN);
	cr_assert_eq(count, 11);
	stage_wait(s, 99);
	cr_assert_eq(s->runs, 1);
	stage_wait(s, 1);
	cr_assert_eq(events[1], COAPD_EV_TIMER);
	stage_wait(s, 100);
	cr_assert_eq(count, 13);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(s->rig->e.background_n, 0);
	stage_wait(s, 1000);
	cr_assert_eq(s->runs, 3);
}

/* Who asks is turned away; what nobody asked for is not. */
Test(background, goes_on_where_requests_are_turned_away)
{
	static uint32_t gate = 1;
	struct resource_mount_spec spec = stage_spec("/a", &tick);

	spec.gate = &gate;
	s = stage_new(&spec, 1);
	verdict = COAPD_WAIT;
	nevents = count = 0;
	begin();
	stage_wait(s, 0);
	stage_wait(s, 100);
	cr_assert_eq(count, 12);
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 5.00 pay=the resource is closed for a while");
	cr_assert_eq(s->runs, 2);
}

Test(background, goes_on_with_the_next_worker)
{
	begin();
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(events[0], COAPD_EV_RUN, "it had not run yet");
	stage_crash(s);
	stage_wait(s, 50);
	cr_assert_eq(s->runs, 1, "RUN comes once");
	stage_wait(s, 50);
	cr_assert_eq(count, 12, "its scratch and its timer went on");
	cr_assert_eq(s->rig->e.background_n, 1);
}

Test(background, event_that_killed_a_worker_comes_again_with_the_old_scratch)
{
	begin();
	s->deaths = 1;
	stage_wait(s, 0);
	cr_assert(s->died);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(s->last_attempt, 1);
	cr_assert_eq(events[0], COAPD_EV_RUN);
	cr_assert_eq(count, 11);
}

Test(background, is_ended_when_it_keeps_killing)
{
	begin();
	s->deaths = 10;
	for (unsigned i = 0; i < COAPD_ATTEMPTS; i++) {
		stage_wait(s, 0);
		cr_assert(s->died);
		stage_crash(s);
	}
	stage_wait(s, 0);
	cr_assert(!s->died);
	cr_assert_eq(s->runs, COAPD_ATTEMPTS);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(stage_counter(s, COUNT_TASK_FAILED), 1);
}

Test(background, is_ended_for_verdicts_that_mean_nothing)
{
	static const enum coapd_verdict wrong[] = { COAPD_DECLINE, (enum coapd_verdict)77 };

	for (unsigned i = 0; i < 2; i++) {
		begin();
		verdict = wrong[i];
		stage_wait(s, 0);
		cr_assert_eq(stage_tasks(s), 0);
		cr_assert_eq(stage_counter(s, COUNT_TASK_FAILED), i + 1);
	}
}

static enum coapd_verdict idler(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	(void)task;
	return COAPD_WAIT;
}

STAGE_MODULE(idle, idler, .flags = 0);

Test(background, is_ended_when_it_waits_for_nothing)
{
	s = stage_one("/a", &idle);
	begin();
	stage_wait(s, 0);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(stage_counter(s, COUNT_TASK_FAILED), 1);
}

static enum coapd_verdict replier(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	coapd_allow(task, COAPD_ALLOW_GET);
	coapd_reply_data(task, coapd_payload(coapd_request(task)));
	coapd_query(task, "x", NULL);
	coapd_path(task, 0, NULL);
	coapd_current(task, true, (coapd_span){ NULL, 0 });
	return COAPD_DONE;
}

STAGE_MODULE(reply, replier, .flags = 0);

Test(background, replies_to_nobody)
{
	s = stage_one("/a", &reply);
	begin();
	stage_wait(s, 0);
	cr_assert_str_eq(stage_next(s), "nothing");
	cr_assert_eq(stage_counter(s, COUNT_TASK_FAILED), 1);
}

Test(background, has_a_limit_that_requests_do_not_reach)
{
	for (unsigned i = 0; i < STAGE_BACKGROUND; i++)
		cr_assert_neq(begin(), 0);
	cr_assert_eq(begin(), 0);
	cr_assert_eq(stage_counter(s, COUNT_FULL_TASKS), 1);
	stage_crash(s);
	cr_assert_eq(begin(), 0, "an adoption counts them anew");
	verdict = COAPD_DONE;
	stage_wait(s, 0);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_neq(begin(), 0);
}

Test(background, a_lower_limit_evicts_none)
{
	for (unsigned i = 0; i < STAGE_BACKGROUND; i++)
		cr_assert_neq(begin(), 0);
	s->rig->conf.limits.tasks = 1;
	stage_crash(s);
	cr_assert_eq(stage_tasks(s), STAGE_BACKGROUND);
	cr_assert_eq(begin(), 0);
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 pay=asked", "requests have their room");
}

Test(background, of_a_mount_that_is_gone_is_ended)
{
	struct task *k;

	begin();
	begin();
	k = slab_at(engine_slab(&s->rig->e, TASK_SLAB), 0);
	k->mount++;
	stage_crash(s);
	cr_assert_eq(stage_tasks(s), 1);
	cr_assert_eq(stage_counter(s, COUNT_TASK_LEFT), 1);
	k = slab_at(engine_slab(&s->rig->e, TASK_SLAB), 1);
	k->mount++;
	stage_wait(s, 0);
	cr_assert_eq(stage_tasks(s), 0, "while it runs too");
	cr_assert_eq(s->runs, 0);
}

/* --- once ---------------------------------------------------------------------------------- */

static int once_open(coapd_mount *mount, const void *conf, void **self)
{
	(void)conf;
	(void)self;
	cr_assert_eq(coapd_task_start(mount, coapd_text("k"), COAPD_ONCE, coapd_text("\12"),
				      NULL), 0);
	return coapd_task_start(mount, coapd_text("k"), COAPD_ONCE, coapd_text("\12"), NULL);
}

STAGE_MODULE(once, ticker, .flags = 0, .open = once_open);

static void begin_in(uint8_t slot)
{
	s->rig->e.space.number = slot;
	stage_begin(s);
}

Test(background, there_is_one_of_a_key)
{
	s = stage_one("/a", &once);
	verdict = COAPD_WAIT;
	begin_in(0);
	cr_assert_eq(stage_tasks(s), 1);
	begin_in(0);
	cr_assert_eq(stage_tasks(s), 1);
	stage_wait(s, 0);
	stage_crash(s);
	begin_in(0);
	cr_assert_eq(stage_tasks(s), 1, "the successor goes on with it");
	stage_wait(s, 100);
	cr_assert_eq(count, 12);
	stage_wait(s, 100);
	cr_assert_eq(stage_tasks(s), 0);
	begin_in(0);
	cr_assert_eq(stage_tasks(s), 1, "the next worker begins it anew");
}

Test(background, the_one_of_a_key_is_in_one_slot_of_all)
{
	unsigned begun = 0;

	s = stage_one("/a", &once);
	resources_slots(s->R, 5);
	verdict = COAPD_DONE;
	for (uint8_t slot = 0; slot < 5; slot++) {
		begin_in(slot);
		begun += stage_tasks(s);
		stage_wait(s, 0);
		cr_assert_eq(stage_tasks(s), 0);
	}
	cr_assert_eq(begun, 1);
}

Test(background, names_tell_mounts_and_keys_apart)
{
	struct coapd_mount a = { .id = 1 }, b = { .id = 2 };

	cr_assert_neq(background_once(&a, span_str("x")), background_once(&b, span_str("x")));
	cr_assert_neq(background_once(&a, span_str("x")), background_once(&a, span_str("y")));
	cr_assert_eq(background_once(&a, span_str("x")), background_once(&a, span_str("x")));
}
