/* The task as an object of the slot: its layout, its timers, its adoption. */
#include <criterion/criterion.h>

#include "stage.h"

static struct stage *s;

static enum coapd_verdict hour_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	if (event->what == COAPD_EV_REQUEST) {
		coapd_after(task, 2, 3600000);
		return COAPD_WAIT;
	}
	coapd_reply(task, COAPD_204_CHANGED);
	return COAPD_DONE;
}

static const struct coapd_module hour = {
	.abi = COAPD_ABI, .size = sizeof hour, .name = "hour", .handle = hour_hook,
};

static void setup(void)
{
	struct resource_mount_spec spec = stage_spec("/a", &hour);

	s = stage_new(&spec, 1);
}

static void teardown(void)
{
	stage_free(s);
}

TestSuite(task, .init = setup, .fini = teardown);

/* The only task there is. */
static struct task *waiting(uint16_t mid)
{
	stage_ask(s, COAP_POST, mid, "11=a");
	return slab_at(engine_slab(&s->rig->e, TASK_SLAB), mid - 1u);
}

static uint32_t live(unsigned slab)
{
	return s->rig->e.space.ctl->live[slab];
}

Test(task, holds_numbers_only)
{
	const struct task *t = waiting(1);

	cr_assert_neq(t->mount, 0);
	cr_assert_neq(t->waiting, 0);
	cr_assert_eq(t->at[2], s->rig->e.now + 3600000);
	cr_assert_eq(task_next(t->at), t->at[2]);
	cr_assert_eq(t->attempts, 0);
	cr_assert_eq(sizeof *t % 8, 0);
}

Test(task, earliest_timer_first)
{
	struct task t = { .at = { [1] = 500, [3] = 400, [7] = 600 } };

	cr_assert_eq(task_next(t.at), 400);
	cr_assert_eq(task_due(&t, 399), COAPD_TAGS);
	cr_assert_eq(task_due(&t, 400), 3);
	cr_assert_eq(task_due(&t, 1000), 3);
	t.at[3] = 0;
	cr_assert_eq(task_due(&t, 1000), 1);
	t = (struct task){ .attempts = 0 };
	cr_assert_eq(task_next(t.at), UINT64_MAX);
	cr_assert_eq(task_due(&t, 1000), COAPD_TAGS);
}

Test(task, adoption_arms_the_deadline)
{
	waiting(1);
	stage_crash(s);
	cr_assert_eq(live(TASK_SLAB), 1);
	stage_wait(s, 3600000);
	cr_assert_eq(live(TASK_SLAB), 0);
	cr_assert_str_eq(stage_next(s), "ACK 0.00 pay=");
	cr_assert_str_eq(stage_next(s), "CON 2.04 pay=");
}

/* Adopts after damage: the task goes, and its request with it. */
static void expect_dropped(void)
{
	uint64_t before = rig_counter(s->rig, COUNT_ADOPT_DROPPED);

	stage_crash(s);
	cr_assert_eq(live(TASK_SLAB), 0);
	cr_assert_eq(live(SLAB_EXCHANGE), 0);
	cr_assert_geq(rig_counter(s->rig, COUNT_ADOPT_DROPPED), before + 1);
	stage_wait(s, 4000000);
}

Test(task, without_a_mount_is_dropped)
{
	waiting(1)->mount = 0;
	expect_dropped();
}

Test(task, without_a_timer_is_dropped)
{
	waiting(1)->at[2] = 0;
	expect_dropped();
}

Test(task, with_a_timer_out_of_reach_is_dropped)
{
	waiting(1)->at[5] = s->rig->e.now + UINT32_MAX + 1;
	expect_dropped();
}

Test(task, with_a_foreign_magic_is_dropped)
{
	waiting(1)->object.word ^= 0x00010000;
	expect_dropped();
}

Test(task, whose_request_is_gone_is_dropped)
{
	waiting(1)->waiting ^= 1ull << 32;
	expect_dropped();
}

Test(task, two_of_one_request_are_one)
{
	struct task *first = waiting(1), *second = waiting(2);

	second->waiting = first->waiting;
	stage_crash(s);
	cr_assert_eq(live(TASK_SLAB), 1);
	cr_assert_eq(live(SLAB_EXCHANGE), 1);
	stage_wait(s, 3600000);
	cr_assert_eq(live(TASK_SLAB), 0);
}

Test(task, a_request_that_names_anothers_task_is_dropped)
{
	struct task *first = waiting(1), *second = waiting(2);
	struct engine *e = &s->rig->e;

	exchange_get(e, second->waiting)->owner = exchange_get(e, first->waiting)->owner;
	stage_crash(s);
	cr_assert_eq(live(TASK_SLAB), 1);
	cr_assert_eq(live(SLAB_EXCHANGE), 1);
	cr_assert_eq(e->waiting_n, 1);
}

Test(task, whose_request_was_forgotten_ends_at_its_time)
{
	struct task *t = waiting(1);
	struct request r;

	cr_assert(request_resume(&s->rig->e, t->waiting, &r));
	request_forget(&s->rig->e, &r);
	rig_commit(s->rig);
	stage_wait(s, 3600000);
	cr_assert_eq(live(TASK_SLAB), 0);
	cr_assert_str_eq(stage_next(s), "nothing");
}
