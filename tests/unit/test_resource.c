/* From a request in hand to the module and back. */
#include <criterion/criterion.h>

#include "stage.h"

#define expect(text) cr_assert_str_eq(stage_next(s), text)
#define expect_get(options, text) cr_assert_str_eq(stage_get(s, options), text)

static struct stage *s;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(resource, .fini = teardown);

/* --- modules of the test -------------------------------------------------------- */

static enum coapd_verdict tree_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	return stage_say(task, "tree");
}

static enum coapd_verdict decline_hook(void *self, coapd_task *task,
				       const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	coapd_after(task, 0, 1000);
	coapd_reply(task, COAPD_400_BAD_REQUEST);
	return COAPD_DECLINE;
}

STAGE_MODULE(leaf, stage_leaf, .flags = 0);
STAGE_MODULE(tree, tree_hook, .flags = COAPD_F_TREE);
STAGE_MODULE(decline, decline_hook, .flags = COAPD_F_TREE);

static void several(void)
{
	const struct resource_mount_spec specs[] = {
		stage_spec("/", &tree), stage_spec("/a", &leaf), stage_spec("/a/b", &decline),
	};

	s = stage_new(specs, 3);
}

/* --- routing ------------------------------------------------------------------------ */

Test(resource, the_longest_mount_answers)
{
	several();
	expect_get("11=a", "ACK 2.05 pay=leaf");
	cr_assert_eq(s->seen_where, 2);
	cr_assert_eq(s->rig->e.space.ctl->where, 0);
	expect_get("11=x 11=y", "ACK 2.05 pay=tree|x|y");
	cr_assert_eq(s->seen_where, 1);
	expect_get(NULL, "ACK 2.05 pay=tree");
}

Test(resource, a_mount_that_declines_is_passed_over)
{
	several();
	expect_get("11=a 11=b", "ACK 2.05 pay=tree|a|b");
	cr_assert_eq(s->runs, 2);
	cr_assert_eq(stage_tasks(s), 0);
	teardown();
	s = stage_one("/a", &decline);
	expect_get("11=a", "ACK 4.04 pay=");
	expect("nothing");
}

Test(resource, E32_a_slash_at_the_end_is_another_resource)
{
	s = stage_one("/a", &leaf);
	expect_get("11=a", "ACK 2.05 pay=leaf");
	expect_get("11=a 11=", "ACK 4.04 pay=");
	expect_get("11=a 11=b", "ACK 4.04 pay=");
	teardown();
	s = stage_one("/a", &tree);
	expect_get("11=a 11=", "ACK 2.05 pay=tree|");
	teardown();
	s = stage_one("/", &leaf);
	expect_get(NULL, "ACK 2.05 pay=leaf");
	expect_get("11=", "ACK 4.04 pay=");
}

Test(resource, E31_a_slash_inside_a_segment_is_no_separator)
{
	s = stage_one("/a/b", &leaf);
	expect_get("11=a 11=b", "ACK 2.05 pay=leaf");
	expect_get("11=a/b", "ACK 4.04 pay=");
}

Test(resource, E31_invalid_utf8_in_a_path_is_refused)
{
	s = stage_one("/", &tree);
	expect_get("11=#ff", "ACK 4.02 pay=option 11 Uri-Path has a wrong value");
	cr_assert_eq(s->runs, 0);
}

Test(resource, E33_any_host_and_port_are_served_as_none)
{
	s = stage_one("/a", &leaf);
	expect_get("3=example.org 11=a", "ACK 2.05 pay=leaf");
	expect_get("7=#1633 11=a", "ACK 2.05 pay=leaf");
	expect_get("11=a", "ACK 2.05 pay=leaf");
}

Test(resource, E39_unknown_path_is_404)
{
	s = stage_one("/a", &leaf);
	expect_get("11=b", "ACK 4.04 pay=");
	expect_get(NULL, "ACK 4.04 pay=");
	expect_get("11=A", "ACK 4.04 pay=");
	cr_assert_eq(s->runs, 0);
}

Test(resource, E39_unknown_method_is_405)
{
	s = stage_one("/a", &leaf);
	stage_ask(s, 8, 1, "11=a");
	expect("ACK 4.05 pay=");
	stage_ask(s, 31, 2, "11=a");
	expect("ACK 4.05 pay=");
	stage_ask_type(s, COAP_NON, 8, 3, "11=nowhere");
	expect("NON 4.05 pay=");
	cr_assert_eq(s->runs, 0);
}

/* --- replies -------------------------------------------------------------------------- */

static enum coapd_verdict picky_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_PUT) ||
	    !coapd_offer(task, COAPD_JSON) || !coapd_take(task, COAPD_CBOR))
		return COAPD_DONE;
	return stage_say(task, "fine");
}

STAGE_MODULE(picky, picky_hook, .flags = COAPD_F_RETRY);

Test(resource, E34_accept_is_406_only_when_present_and_not_offered)
{
	s = stage_one("/a", &picky);
	expect_get("11=a", "ACK 2.05 pay=fine");
	expect_get("11=a 17=#32", "ACK 2.05 pay=fine");
	expect_get("11=a 17=#0032", "ACK 2.05 pay=fine");
	expect_get("11=a 17=#", "ACK 4.06 pay=");
	expect_get("11=a 17=#3c", "ACK 4.06 pay=");
}

Test(resource, E35_unknown_content_format_is_415)
{
	s = stage_one("/a", &picky);
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
	s = stage_one("/a", &picky);
	stage_ask(s, COAP_POST, 1, "11=a");
	expect("ACK 4.05 pay=");
	stage_ask(s, COAP_IPATCH, 2, "11=a");
	expect("ACK 4.05 pay=");
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

STAGE_MODULE(longer, long_hook, .flags = 0);

Test(resource, a_reply_is_sliced_for_who_asks)
{
	s = stage_one("/a", &longer);
	expect_get("11=a 23=#", "ACK 2.05 4=#63d840b4d218c934 12=# 23=#08 28=#21 pay=0123456789abcdef");
	expect_get("11=a 23=#10", "ACK 2.05 4=#63d840b4d218c934 12=# 23=#18 pay=ghijklmnopqrstuv");
	expect_get("11=a 23=#20", "ACK 2.05 4=#63d840b4d218c934 12=# 23=#20 pay=w");
	expect_get("11=a", "ACK 2.05 12=# pay=0123456789abcdefghijklmnopqrstuvw");
	expect_get("11=a 23=#06", "ACK 2.05 4=#63d840b4d218c934 12=# 23=#06 pay=0123456789abcdefghijklmnopqrstuvw");
}

Test(resource, E42_and_E45_of_a_sliced_reply)
{
	s = stage_one("/a", &longer);
	expect_get("11=a 23=#07", "ACK 4.00 pay=");
	expect_get("11=a 23=#30", "ACK 4.00 pay=");
	expect_get("11=a 23=#fffff0", "ACK 4.00 pay=");
}

/* --- conditions -------------------------------------------------------------------------- */

static enum coapd_verdict tagged_hook(void *self, coapd_task *task,
				      const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (!coapd_current(task, true, coapd_text("now")))
		return COAPD_DONE;
	coapd_reply(task, COAPD_205_CONTENT);
	return COAPD_DONE;
}

STAGE_MODULE(tagged, tagged_hook, .flags = COAPD_F_CONDITIONS);

Test(resource, conditions_come_to_modules_that_judge_them)
{
	const struct resource_mount_spec specs[] = {
		stage_spec("/a", &leaf), stage_spec("/t", &tagged),
	};

	s = stage_new(specs, 2);
	expect_get("1=now 11=a", "ACK 4.02 pay=the resource judges no conditions");
	expect_get("5=# 11=a", "ACK 4.02 pay=the resource judges no conditions");
	cr_assert_eq(s->runs, 0);
	expect_get("1=now 11=t", "ACK 2.05 pay=");
	expect_get("1=old 11=t", "ACK 4.12 pay=");
	expect_get("5=# 11=t", "ACK 4.12 pay=");
	expect_get("4=now 11=t", "ACK 2.03 4=#6e6f77 pay=");
}

/* --- closed ------------------------------------------------------------------------------ */

static uint32_t gate;

#define CLOSED "ACK 5.00 pay=the resource is closed for a while"

static void gated(void)
{
	struct resource_mount_spec specs[] = {
		stage_spec("/", &tree), stage_spec("/a", &leaf), stage_spec("/b", &decline),
	};

	specs[0].gate = &gate;
	s = stage_new(specs, 3);
	gate = 1;
}

Test(resource, a_closed_one_is_answered_without_its_module)
{
	gated();
	expect_get("11=x", CLOSED);
	expect_get("1=now 11=x", CLOSED);
	cr_assert_eq(s->runs, 0);
	cr_assert_eq(stage_counter(s, COUNT_CLOSED), 2);
	expect_get("11=a", "ACK 2.05 pay=leaf");
	gate = 0;
	expect_get("11=x", "ACK 2.05 pay=tree|x");
	cr_assert_eq(stage_counter(s, COUNT_CLOSED), 2);
}

Test(resource, a_closed_one_is_met_behind_one_that_declines)
{
	gated();
	expect_get("11=b", CLOSED);
	cr_assert_eq(s->runs, 1, "that of the one before it");
	expect_get("11=a 11=x", CLOSED);
}

Test(resource, no_body_is_gathered_for_a_closed_one)
{
	gated();
	stage_send(s, 1, COAP_PUT, 1, "11=x 27=#08", "0123456789abcdef");
	expect(CLOSED);
	cr_assert_eq(s->rig->e.space.ctl->live[SLAB_ASSEMBLY], 0);
}

/* A request for a mount's own path, and nothing else in it, goes another way. */
Test(resource, a_closed_one_is_not_asked_for_what_is_plain)
{
	struct resource_mount_spec spec = stage_spec("/a", &leaf);

	spec.gate = &gate;
	s = stage_new(&spec, 1);
	gate = 1;
	expect_get("11=a", CLOSED);
	cr_assert_eq(s->runs, 0);
	gate = 0;
	expect_get("11=a", "ACK 2.05 pay=leaf");
}

Test(resource, a_body_in_one_message_is_not_longer_than_the_mount_takes)
{
	struct resource_mount_spec spec = stage_spec("/a", &leaf);

	spec.body_size = 16;
	s = stage_new(&spec, 1);
	stage_send(s, 1, COAP_PUT, 1, "11=a", "0123456789abcdefg");
	expect("ACK 4.13 60=#10 pay=");
	cr_assert_eq(s->runs, 0);
	stage_send(s, 1, COAP_PUT, 2, "11=a", "0123456789abcdef");
	expect("ACK 2.05 pay=leaf");
}
