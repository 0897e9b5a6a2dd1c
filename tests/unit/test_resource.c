/* From a request in hand to the module and back. */
#include <criterion/criterion.h>

#include "stage.h"

#include <errno.h>
#include <stdio.h>

#define expect(text) cr_assert_str_eq(stage_next(s), text)
#define expect_get(options, text) cr_assert_str_eq(stage_get(s, options), text)

static struct stage *s;
static unsigned runs, deaths;           /* of hooks; how often they are to die yet */
static unsigned last_attempt;
static uint32_t seen_where;

static uint64_t counter(enum counter c)
{
	return rig_counter(s->rig, c);
}

static uint32_t tasks_live(void)
{
	return s->rig->e.space.ctl->live[TASK_SLAB];
}

static void open_stage(const struct resource_mount_spec *specs, size_t n)
{
	s = stage_new(specs, n);
}

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(resource, .fini = teardown);

/* --- modules of the test -------------------------------------------------------- */

#define MODULE(module, hook, ...) \
	static const struct coapd_module module = { \
		.abi = COAPD_ABI, .size = sizeof module, .name = #module, \
		.handle = hook, __VA_ARGS__ }

static void note(const struct coapd_event *event)
{
	runs++;
	last_attempt = event->attempt;
	seen_where = s->rig->e.space.ctl->where;
	if (deaths) {
		deaths--;
		stage_die();
	}
}

/* Says who it is and what is left of the path. */
static enum coapd_verdict say(coapd_task *task, const char *name)
{
	coapd_span segment;

	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_data(task, coapd_text(name));
	for (unsigned i = 0; coapd_path(task, i, &segment); i++) {
		coapd_reply_data(task, coapd_text("|"));
		coapd_reply_data(task, segment);
	}
	return COAPD_DONE;
}

static enum coapd_verdict leaf_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	note(event);
	return say(task, "leaf");
}

static enum coapd_verdict tree_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	note(event);
	return say(task, "tree");
}

static enum coapd_verdict decline_hook(void *self, coapd_task *task,
				       const struct coapd_event *event)
{
	(void)self;
	note(event);
	coapd_after(task, 0, 1000);
	coapd_reply(task, COAPD_400_BAD_REQUEST);
	return COAPD_DECLINE;
}

MODULE(leaf, leaf_hook, .flags = 0);
MODULE(again, leaf_hook, .flags = COAPD_F_RETRY);
MODULE(tree, tree_hook, .flags = COAPD_F_TREE);
MODULE(decline, decline_hook, .flags = COAPD_F_TREE);

static void one(const char *path, const struct coapd_module *desc)
{
	struct resource_mount_spec spec = stage_spec(path, desc);

	open_stage(&spec, 1);
}

static void several(void)
{
	const struct resource_mount_spec specs[] = {
		stage_spec("/", &tree), stage_spec("/a", &leaf), stage_spec("/a/b", &decline),
	};

	open_stage(specs, 3);
}

/* --- routing ------------------------------------------------------------------------ */

Test(resource, the_longest_mount_answers)
{
	several();
	expect_get("11=a", "ACK 2.05 pay=leaf");
	cr_assert_eq(seen_where, 2);
	cr_assert_eq(s->rig->e.space.ctl->where, 0);
	expect_get("11=x 11=y", "ACK 2.05 pay=tree|x|y");
	cr_assert_eq(seen_where, 1);
	expect_get(NULL, "ACK 2.05 pay=tree");
}

Test(resource, a_mount_that_declines_is_passed_over)
{
	several();
	expect_get("11=a 11=b", "ACK 2.05 pay=tree|a|b");
	cr_assert_eq(runs, 2);
	cr_assert_eq(tasks_live(), 0);
	teardown();
	one("/a", &decline);
	expect_get("11=a", "ACK 4.04 pay=");
	expect("nothing");
}

Test(resource, E32_a_slash_at_the_end_is_another_resource)
{
	one("/a", &leaf);
	expect_get("11=a", "ACK 2.05 pay=leaf");
	expect_get("11=a 11=", "ACK 4.04 pay=");
	expect_get("11=a 11=b", "ACK 4.04 pay=");
	teardown();
	one("/a", &tree);
	expect_get("11=a 11=", "ACK 2.05 pay=tree|");
	teardown();
	one("/", &leaf);
	expect_get(NULL, "ACK 2.05 pay=leaf");
	expect_get("11=", "ACK 4.04 pay=");
}

Test(resource, E31_a_slash_inside_a_segment_is_no_separator)
{
	one("/a/b", &leaf);
	expect_get("11=a 11=b", "ACK 2.05 pay=leaf");
	expect_get("11=a/b", "ACK 4.04 pay=");
}

Test(resource, E31_invalid_utf8_in_a_path_is_refused)
{
	one("/", &tree);
	expect_get("11=#ff", "ACK 4.02 pay=option 11 Uri-Path has a wrong value");
	cr_assert_eq(runs, 0);
}

Test(resource, E33_any_host_and_port_are_served_as_none)
{
	one("/a", &leaf);
	expect_get("3=example.org 11=a", "ACK 2.05 pay=leaf");
	expect_get("7=#1633 11=a", "ACK 2.05 pay=leaf");
	expect_get("11=a", "ACK 2.05 pay=leaf");
}

Test(resource, E39_unknown_path_is_404)
{
	one("/a", &leaf);
	expect_get("11=b", "ACK 4.04 pay=");
	expect_get(NULL, "ACK 4.04 pay=");
	expect_get("11=A", "ACK 4.04 pay=");
	cr_assert_eq(runs, 0);
}

Test(resource, E39_unknown_method_is_405)
{
	one("/a", &leaf);
	stage_ask(s, 8, 1, "11=a");
	expect("ACK 4.05 pay=");
	stage_ask(s, 31, 2, "11=a");
	expect("ACK 4.05 pay=");
	stage_ask_type(s, COAP_NON, 8, 3, "11=nowhere");
	expect("NON 4.05 pay=");
	cr_assert_eq(runs, 0);
}

/* --- replies -------------------------------------------------------------------------- */

static enum coapd_verdict picky_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	note(event);
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_PUT) ||
	    !coapd_offer(task, COAPD_JSON) || !coapd_take(task, COAPD_CBOR))
		return COAPD_DONE;
	return say(task, "fine");
}

MODULE(picky, picky_hook, .flags = COAPD_F_RETRY);

Test(resource, E34_accept_is_406_only_when_present_and_not_offered)
{
	one("/a", &picky);
	expect_get("11=a", "ACK 2.05 pay=fine");
	expect_get("11=a 17=#32", "ACK 2.05 pay=fine");
	expect_get("11=a 17=#0032", "ACK 2.05 pay=fine");
	expect_get("11=a 17=#", "ACK 4.06 pay=");
	expect_get("11=a 17=#3c", "ACK 4.06 pay=");
}

Test(resource, E35_unknown_content_format_is_415)
{
	one("/a", &picky);
	stage_ask(s, COAP_PUT, 1, "11=a 12=#3c");
	expect("ACK 2.05 pay=fine");
	stage_ask(s, COAP_PUT, 2, "11=a 12=#32");
	expect("ACK 4.15 pay=");
	stage_ask(s, COAP_PUT, 3, "11=a 12=#");
	expect("ACK 4.15 pay=");
	stage_ask(s, COAP_PUT, 4, "11=a");
	expect("ACK 2.05 pay=fine");
}

Test(resource, E39_a_module_refuses_methods_with_405)
{
	one("/a", &picky);
	stage_ask(s, COAP_POST, 1, "11=a");
	expect("ACK 4.05 pay=");
	stage_ask(s, COAP_IPATCH, 2, "11=a");
	expect("ACK 4.05 pay=");
}

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

MODULE(bad, bad_hook, .flags = COAPD_F_RETRY);

Test(resource, mistakes_of_a_module_are_500_and_counted)
{
	one("/a", &bad);
	for (misdeed = 0; misdeed <= 5; misdeed++)
		expect_get("11=a", "ACK 5.00 pay=");
	cr_assert_eq(counter(COUNT_MODULE_FAILED), 6);
	cr_assert_eq(tasks_live(), 0);
	cr_assert_eq(slab_room(&s->rig->e.space, engine_slab(&s->rig->e, TASK_SLAB)),
		     STAGE_TASKS);
}

static enum coapd_verdict long_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	(void)event;
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, 0);
	coapd_reply_data(task, coapd_text("0123456789abcdefghijklmnopqrstuvw"));
	return COAPD_DONE;
}

MODULE(longer, long_hook, .flags = 0);

Test(resource, a_reply_is_sliced_for_who_asks)
{
	one("/a", &longer);
	expect_get("11=a 23=#", "ACK 2.05 12=# 23=#08 pay=0123456789abcdef");
	expect_get("11=a 23=#10", "ACK 2.05 12=# 23=#18 pay=ghijklmnopqrstuv");
	expect_get("11=a 23=#20", "ACK 2.05 12=# 23=#20 pay=w");
	expect_get("11=a", "ACK 2.05 12=# pay=0123456789abcdefghijklmnopqrstuvw");
	expect_get("11=a 23=#06", "ACK 2.05 12=# 23=#06 pay=0123456789abcdefghijklmnopqrstuvw");
}

Test(resource, E42_and_E45_of_a_sliced_reply)
{
	one("/a", &longer);
	expect_get("11=a 23=#07", "ACK 4.00 pay=");
	expect_get("11=a 23=#30", "ACK 4.00 pay=");
	expect_get("11=a 23=#fffff0", "ACK 4.00 pay=");
}

/* --- deaths ------------------------------------------------------------------------------ */

Test(resource, a_safe_request_is_delivered_again)
{
	one("/a", &leaf);
	deaths = 2;
	stage_ask(s, COAP_GET, 1, "11=a");
	cr_assert(s->died);
	cr_assert_eq(s->rig->e.space.ctl->where, 1);
	stage_crash(s);
	cr_assert(s->died);
	cr_assert_eq(last_attempt, 1);
	stage_crash(s);
	cr_assert_eq(last_attempt, 2);
	cr_assert_eq(runs, 3);
	cr_assert_eq(s->rig->e.space.ctl->where, 0);
	expect("ACK 2.05 pay=leaf");
	expect("nothing");
}

Test(resource, an_unsafe_request_runs_once_and_is_answered_500)
{
	one("/a", &leaf);
	deaths = 1;
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_crash(s);
	cr_assert_eq(runs, 1);
	expect("ACK 5.00 pay=");
	expect("nothing");
	cr_assert_eq(counter(COUNT_EXEC_LOST), 1);
	/* And so is its duplicate. */
	stage_ask(s, COAP_POST, 1, "11=a");
	expect("ACK 5.00 pay=");
	cr_assert_eq(runs, 1);
}

Test(resource, an_unsafe_request_to_an_idempotent_module_is_delivered_again)
{
	one("/a", &again);
	deaths = 1;
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_crash(s);
	cr_assert_eq(runs, 2);
	expect("ACK 2.05 pay=leaf");
	cr_assert_eq(counter(COUNT_EXEC_LOST), 0);
}

Test(resource, a_request_that_keeps_killing_is_skipped)
{
	one("/a", &leaf);
	deaths = 100;
	stage_ask(s, COAP_GET, 1, "11=a");
	for (unsigned i = 0; i < 5; i++)
		stage_crash(s);
	cr_assert_eq(runs, COAPD_ATTEMPTS);
	cr_assert_eq(counter(COUNT_RX_POISON), 1);
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
	note(event);
	if (m->times < 3) {
		after_status = coapd_after(task, (uint8_t)(m->times + 1), 1000);
		return COAPD_WAIT;
	}
	snprintf(text, sizeof text, "%u", m->times);
	return say(task, text);
}

MODULE(twice, twice_hook, .flags = 0);
MODULE(twice_again, twice_hook, .flags = COAPD_F_RETRY);

Test(resource, a_task_goes_on_when_its_time_comes)
{
	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	expect("nothing");
	cr_assert_eq(tasks_live(), 1);
	stage_wait(s, 999);
	cr_assert_eq(runs, 1);
	expect("ACK 0.00 pay=");
	stage_wait(s, 1);
	cr_assert_eq(runs, 2);
	expect("nothing");
	stage_wait(s, 1000);
	cr_assert_eq(runs, 3);
	expect("CON 2.05 pay=3");
	expect("nothing");
	cr_assert_eq(tasks_live(), 0);
}

Test(resource, a_task_survives_its_worker)
{
	one("/a", &twice);
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_crash(s);
	stage_wait(s, 1000);
	cr_assert_eq(runs, 2);
	stage_crash(s);
	stage_wait(s, 1000);
	cr_assert_eq(runs, 3);
	expect("CON 2.05 pay=3");
	cr_assert_eq(tasks_live(), 0);
}

Test(resource, a_safe_task_is_delivered_again_with_its_scratch_as_it_was)
{
	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	deaths = 2;
	stage_wait(s, 1000);
	cr_assert(s->died);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(last_attempt, 1);
	stage_crash(s);
	stage_wait(s, 0);
	cr_assert_eq(last_attempt, 2);
	stage_wait(s, 1000);
	cr_assert_eq(last_attempt, 0);
	cr_assert_eq(runs, 5);
	expect("CON 2.05 pay=3");
}

Test(resource, a_task_that_keeps_killing_is_answered_500)
{
	one("/a", &twice_again);
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_wait(s, 500);
	deaths = 100;
	stage_wait(s, 500);
	for (unsigned i = 0; i < 5; i++) {
		stage_crash(s);
		stage_wait(s, 0);
		if (tasks_live() == 0)
			break;
	}
	cr_assert_eq(runs, 1 + COAPD_ATTEMPTS);
	expect("CON 5.00 pay=");
	cr_assert_eq(tasks_live(), 0);
	cr_assert_eq(counter(COUNT_MODULE_FAILED), 1);
}

Test(resource, an_unsafe_task_that_killed_its_worker_is_answered_500)
{
	one("/a", &twice);
	stage_ask(s, COAP_POST, 1, "11=a");
	stage_wait(s, 500);
	deaths = 1;
	stage_wait(s, 500);
	cr_assert(s->died);
	stage_crash(s);
	expect("CON 5.00 pay=");
	cr_assert_eq(runs, 2);
	cr_assert_eq(tasks_live(), 0);
	cr_assert_eq(counter(COUNT_EXEC_LOST), 1);
	stage_wait(s, 1000);
	cr_assert_eq(runs, 2);
}

Test(resource, ids_are_not_used_again)
{
	coapd_id id;

	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	id = first_id;
	cr_assert_neq(id, 0);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	cr_assert_eq(tasks_live(), 0);
	stage_ask(s, COAP_GET, 2, "11=a");
	cr_assert_neq(first_id, id);
	cr_assert_neq(first_id, 0);
}

static enum coapd_verdict tags_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	char *order = coapd_scratch(task, 9);

	(void)self;
	note(event);
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
	return event->tag ? COAPD_WAIT : say(task, order);
}

MODULE(tags, tags_hook, .flags = 0);

Test(resource, several_timers_come_in_the_order_of_their_times)
{
	one("/a", &tags);
	stage_ask(s, COAP_GET, 1, "11=a");
	stage_wait(s, 49);
	cr_assert_eq(runs, 1);
	stage_wait(s, 1);
	cr_assert_eq(runs, 2);
	/* Two at once come one by one. */
	stage_wait(s, 1000);
	cr_assert_eq(runs, 4);
	expect("ACK 0.00 pay=");
	expect("CON 2.05 pay=730");
}

Test(resource, at_the_limit_the_newest_is_refused)
{
	one("/a", &twice);
	for (uint16_t i = 0; i < STAGE_TASKS; i++)
		stage_ask_type(s, COAP_NON, COAP_GET, i, "11=a");
	cr_assert_eq(after_status, 0);
	stage_ask(s, COAP_GET, 100, "11=a");
	expect("ACK 5.03 14=#05 pay=");
	cr_assert_eq(after_status, -EAGAIN);
	cr_assert_eq(counter(COUNT_FULL_WAITING), 1);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	for (uint16_t i = 0; i < STAGE_TASKS; i++)
		expect("NON 2.05 pay=3");
	stage_ask(s, COAP_GET, 101, "11=a");
	expect("nothing");
	cr_assert_eq(tasks_live(), 1);
}

Test(resource, while_draining_nobody_begins_to_wait)
{
	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	resources_drain(s->R);
	stage_ask(s, COAP_GET, 2, "11=a");
	expect("ACK 5.03 14=#05 pay=");
	cr_assert_eq(counter(COUNT_SHED), 1);
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

Test(resource, a_task_finds_its_mount_after_a_reload)
{
	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	reload("/a", &twice);
	stage_wait(s, 1000);
	stage_wait(s, 1000);
	cr_assert(strstr(stage_next(s), "2.05 pay=3"));
}

Test(resource, a_task_whose_mount_is_gone_is_answered_503)
{
	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	reload("/b", &twice);
	stage_wait(s, 1000);
	expect("ACK 0.00 pay=");
	expect("CON 5.03 14=#05 pay=");
	cr_assert_eq(tasks_live(), 0);
}

Test(resource, a_task_is_not_given_to_another_module)
{
	one("/a", &twice);
	stage_ask(s, COAP_GET, 1, "11=a");
	stage_wait(s, 500);
	reload("/a", &leaf);
	stage_wait(s, 500);
	expect("CON 5.03 14=#05 pay=");
	cr_assert_eq(runs, 1);
}

/* --- boot -------------------------------------------------------------------------------------- */

static char trace[64];

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	(void)mount;
	strcat(trace, *(const char *)conf == 'x' ? "!" : "o");
	*self = trace;
	return *(const char *)conf == 'x' ? -EACCES : 0;
}

static void close_mount(void *self)
{
	strcat(self, "c");
}

static const char *const counter_names[] = { "hits", "misses" };

static enum coapd_verdict counting_hook(void *self, coapd_task *task,
					const struct coapd_event *event)
{
	(void)event;
	cr_assert_eq(self, trace);
	coapd_count(coapd_task_mount(task), 1, 5);
	coapd_count(coapd_task_mount(task), 1, -2);
	coapd_count(coapd_task_mount(task), 2, 1);
	return say(task, "counted");
}

MODULE(counting, counting_hook, .open = open_mount, .close = close_mount, .conf_size = 8,
	.counters = counter_names, .ncounters = 2);

Test(resource, mounts_are_opened_and_closed)
{
	const char *name;
	int64_t value;

	one("/a", &counting);
	expect_get("11=a", "ACK 2.05 pay=counted");
	cr_assert(resources_counter(s->R, 0, 0, &name, &value));
	cr_assert_str_eq(name, "hits");
	cr_assert_eq(value, 0);
	cr_assert(resources_counter(s->R, 0, 1, &name, &value));
	cr_assert_eq(value, 3);
	cr_assert(!resources_counter(s->R, 0, 2, &name, &value));
	cr_assert(!resources_counter(s->R, 9, 0, &name, &value));
	teardown();
	s = NULL;
	cr_assert_str_eq(trace, "oc");
}

Test(resource, a_mount_that_does_not_open_closes_all)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/a", &counting), stage_spec("/b", &counting),
		stage_spec("/c", &counting),
	};
	struct err err;

	*(char *)specs[1].conf = 'x';
	cr_assert_null(resources_new(specs, 3, &err));
	cr_assert_str_eq(err.text, "resource /b: module counting does not open: "
				   "Permission denied");
	cr_assert_str_eq(trace, "o!c");
}

Test(resource, two_mounts_of_one_path_are_refused)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/a", &leaf), stage_spec("/a", &tree),
	};
	struct err err;

	cr_assert_null(resources_new(specs, 2, &err));
	cr_assert_str_eq(err.text, "resource /a: mounted twice");
}

Test(resource, no_mounts_at_all)
{
	open_stage(NULL, 0);
	expect_get("11=a", "ACK 4.04 pay=");
	cr_assert(strstr(stage_get(s, "11=.well-known 11=core"), "ACK 2.05"));
}
