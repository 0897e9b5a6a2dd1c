/* What is said each time is made once. */
#include <criterion/criterion.h>

#include "stage.h"

#define expect_get(options, text) cr_assert_str_eq(stage_get(s, options), text)

static struct stage *s;
static char text[512];
static bool declines;           /* the mount at /a does */

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(prepared, .fini = teardown);

static enum coapd_verdict say_hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	return stage_say(task, coapd_query(task, "y", NULL) ? "why" : text[0] ? text : "said");
}

static enum coapd_verdict peer_hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	coapd_peer(task);
	return stage_say(task, "peer");
}

static enum coapd_verdict wrong_hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	coapd_reply(task, COAPD_404_NOT_FOUND);
	return COAPD_DONE;
}

STAGE_MODULE(plain, say_hook, .flags = COAPD_F_TREE);
STAGE_MODULE(constant, say_hook, .flags = COAPD_F_TREE | COAPD_F_CONSTANT);
STAGE_MODULE(personal, peer_hook, .flags = COAPD_F_CONSTANT);
STAGE_MODULE(absent, wrong_hook, .flags = COAPD_F_CONSTANT);

Test(prepared, each_way_of_asking_is_made_once)
{
	s = stage_one("/a", &constant);
	expect_get("11=a", "ACK 2.05 pay=said");
	expect_get("11=a", "ACK 2.05 pay=said");
	cr_expect_eq(s->runs, 1);
	expect_get("11=a 11=b", "ACK 2.05 pay=said|b");
	expect_get("11=a 11=c", "ACK 2.05 pay=said|c");
	expect_get("11=a 11=b", "ACK 2.05 pay=said|b");
	expect_get("11=a 11=c", "ACK 2.05 pay=said|c");
	cr_expect_geq(s->runs, 3);
	expect_get("11=a 15=x", "ACK 2.05 pay=said");
	expect_get("11=a 15=y", "ACK 2.05 pay=why");
	cr_expect_eq(stage_counter(s, COUNT_REQUESTS), 8);
}

Test(prepared, others_are_asked_each_time)
{
	s = stage_one("/a", &plain);
	expect_get("11=a", "ACK 2.05 pay=said");
	expect_get("11=a", "ACK 2.05 pay=said");
	cr_expect_eq(s->runs, 2);
	teardown();
	s = stage_one("/a", &constant);
	for (unsigned i = 0; i < 2; i++) {
		stage_ask(s, COAP_POST, (uint16_t)(77 + i), "11=a");
		cr_expect_str_eq(stage_next(s), "ACK 2.05 pay=said");
		stage_send(s, 1, COAP_GET, (uint16_t)(87 + i), "11=a", "x");
		cr_expect_str_eq(stage_next(s), "ACK 2.05 pay=said");
	}
	cr_expect_eq(s->runs, 4);
	for (unsigned i = 0; i < 2; i++)
		expect_get("6= 11=a", "ACK 2.05 pay=said");
	cr_expect_eq(s->runs, 6);
}

Test(prepared, what_is_for_one_peer_is_made_for_each)
{
	s = stage_one("/a", &personal);
	expect_get("11=a", "ACK 2.05 14=# pay=peer");
	expect_get("11=a", "ACK 2.05 14=# pay=peer");
	cr_expect_eq(s->runs, 2);
	teardown();
	s = stage_one("/a", &absent);
	expect_get("11=a", "ACK 4.04 pay=");
	expect_get("11=a", "ACK 4.04 pay=");
	cr_expect_eq(s->runs, 2);
}

Test(prepared, what_is_long_is_made_each_time)
{
	memset(text, 'x', 300);
	s = stage_one("/a", &constant);
	stage_get(s, "11=a");
	stage_get(s, "11=a");
	cr_expect_eq(s->runs, 2);
}

static enum coapd_verdict off_hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	return declines ? COAPD_DECLINE : stage_say(task, "off");
}

STAGE_MODULE(off, off_hook, .flags = COAPD_F_TREE);

Test(prepared, a_longer_mount_that_declined_is_asked_again)
{
	const struct resource_mount_spec specs[] = {
		stage_spec("/", &constant), stage_spec("/a", &off),
	};

	declines = true;
	s = stage_new(specs, 2);
	expect_get("11=b", "ACK 2.05 pay=said|b");
	expect_get("11=b", "ACK 2.05 pay=said|b");
	cr_expect_eq(s->runs, 1);
	expect_get("11=a", "ACK 2.05 pay=said|a");
	declines = false;
	expect_get("11=a", "ACK 2.05 pay=off");
}

Test(prepared, a_closed_one_says_so)
{
	static uint32_t gate;
	struct resource_mount_spec spec = stage_spec("/a", &constant);

	spec.gate = &gate;
	s = stage_new(&spec, 1);
	expect_get("11=a", "ACK 2.05 pay=said");
	gate = 1;
	expect_get("11=a", "ACK 5.00 pay=the resource is closed for a while");
	gate = 0;
	expect_get("11=a", "ACK 2.05 pay=said");
	cr_expect_eq(s->runs, 1);
}
