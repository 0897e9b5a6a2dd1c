/* Observers of what modules serve: from a change to what is sent. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "exchange/observer.h"
#include "resource/notices.h"
#include "resource/resources.h"
#include "stage.h"

#define expect(text) cr_assert_str_eq(stage_next(s), text)

static struct stage *s;
static const char *state;
static size_t large;            /* bytes of state instead */
static bool seekable, waits, declines, private, silent;
static uint64_t max_age, format;
static enum coapd_notify how;
static coapd_mount *mount;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(notices, .fini = teardown);

/* --- the module ------------------------------------------------------------------------ */

static uint8_t byte_at(size_t i)
{
	return (uint8_t)('a' + i / 16 % 26);
}

static void body(coapd_task *task, size_t from, size_t n)
{
	uint8_t bytes[4096];

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(from + i);
	coapd_reply_data(task, (coapd_span){ bytes, n });
}

static void show(coapd_task *task)
{
	if (!silent && how == COAPD_NOTIFY_AS_ASKED)
		coapd_observe(task);
	else if (!silent)
		coapd_observe_as(task, how);
	if (private)
		call_private(task);
	coapd_reply(task, state ? COAPD_205_CONTENT : COAPD_404_NOT_FOUND);
	if (format)
		coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, format);
	if (max_age)
		coapd_add_uint(task, COAPD_OPT_MAX_AGE, max_age);
	if (seekable)
		coapd_reply_body(task, large, coapd_text("tag"));
	else if (large)
		body(task, 0, large);
	else if (state)
		coapd_reply_data(task, coapd_text(state));
}

static enum coapd_verdict state_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	mount = coapd_task_mount(task);
	if (event->what == COAPD_EV_READ) {
		body(task, (size_t)event->offset, event->want);
		return COAPD_DONE;
	}
	stage_note(event);
	if (event->what == COAPD_EV_RENDER && waits)
		return coapd_after(task, 0, 1) ? COAPD_WAIT : COAPD_WAIT;
	if (event->what == COAPD_EV_RENDER && declines)
		return COAPD_DECLINE;
	show(task);
	return COAPD_DONE;
}

STAGE_MODULE(states, state_hook, .flags = COAPD_F_TREE);

static void begin(void)
{
	state = "one";
	s = stage_one("/a", &states);
}

/* All that is to be looked at is, and what is due is done. */
static void look(void)
{
	struct notices *n = &s->R->notices;
	uint32_t from = 0, word;

	while ((word = changes_next(n->changes, n->seen, &from)) < CHANGES_WORDS)
		notices_word(&s->rig->e, word);
	stage_wait(s, 0);
}

static void change(const char *to, const char *path)
{
	state = to;
	coapd_changed(mount, coapd_text(path), COAPD_CHANGED);
	look();
}

/* What was told last is acknowledged. */
static void acknowledge(void)
{
	const struct batch *b = batch_of(&s->rig->e.space);

	rig_msg(s->rig, 1, COAP_ACK, COAP_EMPTY,
		(uint16_t)(b->tx[0].data[2] << 8 | b->tx[0].data[3]), "", "");
	rig_commit(s->rig);
}

static uint32_t observers(void)
{
	return s->rig->e.space.ctl->live[SLAB_OBSERVER];
}

/* --- what is told -------------------------------------------------------------------------- */

Test(notices, a_change_is_told_with_the_next_value)
{
	begin();
	cr_assert_str_eq(stage_get(s, "6= 11=a"), "ACK 2.05 6=#e84800 pay=one");
	change("two", "");
	expect("CON 2.05 6=#e84801 pay=two");
	expect("nothing");
	cr_assert_eq(stage_counter(s, COUNT_RENDERS), 1);
}

Test(notices, observers_of_a_closed_one_are_told_when_it_is_open)
{
	static uint32_t gate;
	struct resource_mount_spec spec = stage_spec("/a", &states);

	state = "one";
	spec.gate = &gate;
	s = stage_new(&spec, 1);
	stage_get(s, "6= 11=a");
	gate = 1;
	change("two", "");
	stage_wait(s, 5000);
	expect("nothing");
	cr_assert_eq(s->runs, 1);
	gate = 0;
	stage_wait(s, 1000);
	expect("CON 2.05 6=#eb3600 pay=two");
}

Test(notices, only_the_path_that_changed_is_told)
{
	begin();
	stage_get(s, "6= 11=a 11=b 11=c");
	change("two", "");
	expect("nothing");
	change("two", "b");
	expect("nothing");
	change("two", "b/c");
	expect("CON 2.05 6=#e84801 pay=two");
}

Test(notices, E69_who_does_not_call_it_is_not_observed)
{
	begin();
	silent = true;
	cr_assert_str_eq(stage_get(s, "6= 11=a"), "ACK 2.05 pay=one");
	silent = false;
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 pay=one");
	state = NULL;
	cr_assert_str_eq(stage_get(s, "6= 11=a"), "ACK 4.04 pay=");
	cr_assert_eq(observers(), 0);
}

Test(notices, E57_observe_1_leaves)
{
	begin();
	stage_get(s, "6= 11=a");
	cr_assert_eq(observers(), 1);
	cr_assert_str_eq(stage_get(s, "6=#01 11=a"), "ACK 2.05 pay=one");
	cr_assert_eq(observers(), 0);
}

Test(notices, a_plain_answer_ends_what_stood_under_that_token)
{
	begin();
	stage_get(s, "6= 11=a");
	state = NULL;
	cr_assert_str_eq(stage_get(s, "6= 11=a"), "ACK 4.04 pay=");
	cr_assert_eq(observers(), 0);
}

Test(notices, E60_E68_what_is_gone_ends_it_without_observe)
{
	begin();
	stage_get(s, "6= 11=a");
	change(NULL, "");
	expect("CON 4.04 pay=");
	cr_assert_eq(observers(), 0);
}

/* Another resource's word says nothing of this one. */
static void find_namesake(char path[8])
{
	const struct changes *c = s->R->notices.changes;
	uint32_t word = changes_word(c, mount->id, "", 0);

	for (unsigned i = 0; ; i++) {
		snprintf(path, 8, "x%u", i);
		if (changes_word(c, mount->id, path, strlen(path)) == word)
			return;
	}
}

Test(notices, E68_what_another_with_its_word_has_lost_is_not_lost)
{
	char path[8];

	begin();
	stage_get(s, "6= 11=a");
	find_namesake(path);
	state = "two";
	coapd_changed(mount, coapd_text(path), COAPD_GONE);
	look();
	expect("CON 2.05 6=#e84801 pay=two");
	cr_assert_eq(observers(), 1);
}

Test(notices, E68_what_is_there_again_is_told_as_it_is)
{
	begin();
	stage_get(s, "6= 11=a");
	coapd_changed(mount, coapd_text(""), COAPD_GONE);
	change("again", "");
	expect("CON 2.05 6=#e84801 pay=again");
	cr_assert_eq(observers(), 1);
}

/* The server chooses, for each (4.5). */
Test(notices, E62_told_as_the_hook_says)
{
	begin();
	how = COAPD_NOTIFY_NON;
	stage_get(s, "6= 11=a");
	change("two", "");
	cr_assert(strncmp(stage_next(s), "NON 2.05", 8) == 0);
	how = COAPD_NOTIFY_CON;
	stage_wait(s, 1000000);
	change("three", "");
	cr_assert(strncmp(stage_next(s), "CON 2.05", 8) == 0);
	acknowledge();
	how = COAPD_NOTIFY_NON;
	change("four", "");
	cr_assert(strncmp(stage_next(s), "NON 2.05", 8) == 0);
	stage_wait(s, 1000000);
	change(NULL, "");
	expect("CON 4.04 pay=");
}

Test(notices, another_format_is_not_acceptable)
{
	begin();
	format = 50;
	stage_get(s, "6= 11=a");
	format = 60;
	change("two", "");
	expect("CON 4.06 pay=");
	cr_assert_eq(observers(), 0);
}

Test(notices, what_cannot_be_made_is_an_error)
{
	begin();
	stage_get(s, "6= 11=a");
	waits = true;
	change("two", "");
	expect("CON 5.00 pay=");
	cr_assert_eq(stage_tasks(s), 0);
	acknowledge();
	waits = false;
	stage_get(s, "6= 11=a");
	declines = true;
	change("two", "");
	expect("CON 4.04 pay=");
}

Test(notices, E66_the_first_block_of_a_large_one)
{
	begin();
	large = 2000;
	stage_get(s, "6= 11=a 23=#02");
	change("two", "");
	cr_assert(strncmp(stage_next(s), "CON 2.05 4=#", 12) == 0);
	acknowledge();
	seekable = true;
	change("two", "");
	cr_assert_str_eq(stage_next(s),
			 "CON 2.05 4=#746167 6=#e84802 23=#0a 28=#07d0 "
			 "pay=aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd");
}

Test(notices, E67_max_age_is_of_the_time_of_sending)
{
	begin();
	max_age = 9;
	stage_get(s, "6= 11=a");
	change("two", "");
	expect("CON 2.05 6=#e84801 14=#09 pay=two");
	max_age = 6;
	stage_wait(s, 3000);
	expect("CON 2.05 6=#e9bf00 14=#06 pay=two");
}

/* --- many ------------------------------------------------------------------------------------ */

static void enter(unsigned peer)
{
	rig_msg(s->rig, peer, COAP_CON, COAP_GET, (uint16_t)(500 + peer), "t", "6= 11=a");
	resource_request(s->R, &s->rig->e, &s->rig->in.request, 0);
	engine_commit(&s->rig->e, 1);
}

Test(notices, one_is_made_for_all_who_share_it)
{
	begin();
	for (unsigned i = 1; i <= 6; i++)
		enter(i);
	change("two", "");
	for (unsigned i = 0; i < 6; i++)
		cr_assert(strncmp(stage_next(s), "CON 2.05", 8) == 0);
	expect("nothing");
	cr_assert_eq(stage_counter(s, COUNT_RENDERS), 1);
}

Test(notices, what_is_for_one_alone_is_made_for_each)
{
	begin();
	private = true;
	for (unsigned i = 1; i <= 6; i++)
		enter(i);
	change("two", "");
	cr_assert_eq(stage_counter(s, COUNT_RENDERS), 6);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 6);
}

Test(notices, at_the_limit_of_messages_it_waits)
{
	begin();
	s->rig->e.conf.limits.exchanges = 2;
	for (unsigned i = 1; i <= 3; i++)
		enter(i);
	change("two", "");
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 2);
	s->rig->e.conf.limits.exchanges = 3;
	stage_wait(s, 100);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 3);
}

/* --- how many at a time -------------------------------------------------------------------------- */

static struct {
	unsigned peer;
	uint16_t mid;
} told[4];

static void acknowledge_one(unsigned i)
{
	rig_msg(s->rig, told[i].peer, COAP_ACK, COAP_EMPTY, told[i].mid, "", "");
	rig_commit(s->rig);
}

/* Four of six are told. */
static void tell_six(void)
{
	struct rig_sent sent;

	begin();
	s->rig->e.flight.room = 4;
	for (unsigned i = 1; i <= 6; i++)
		enter(i);
	while (rig_take(s->rig, &sent))
		;
	change("two", "");
	for (unsigned i = 0; i < 4; i++) {
		cr_assert(rig_take(s->rig, &sent));
		told[i].peer = sent.to.port - 1000u;
		told[i].mid = sent.m.mid;
	}
	cr_assert_not(rig_take(s->rig, &sent));
}

Test(notices, others_wait_until_some_have_been_acknowledged)
{
	tell_six();
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 4);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS_PACED), 1);
	acknowledge_one(0);
	stage_wait(s, 0);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 4, "one is not worth the while");
	cr_assert_eq(engine_next(&s->rig->e), s->rig->e.now + FLIGHT_STEP_MS);
	acknowledge_one(1);
	cr_assert_eq(engine_next(&s->rig->e), s->rig->e.now, "they are due");
	stage_wait(s, 0);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 6);
}

Test(notices, who_does_not_acknowledge_holds_others_up_for_a_while_only)
{
	tell_six();
	stage_wait(s, FLIGHT_MS - 2 * FLIGHT_STEP_MS);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 4);
	stage_wait(s, 2 * FLIGHT_STEP_MS);
	cr_assert_eq(stage_counter(s, COUNT_NOTIFICATIONS), 6);
	cr_assert_eq(stage_counter(s, COUNT_RETRANSMITS), 0);
}

Test(notices, a_successor_knows_what_is_under_way)
{
	tell_six();
	stage_crash(s);
	s->rig->e.flight.room = 4;
	cr_assert_eq(flight_n(&s->rig->e.flight, s->rig->e.now), 4);
}

/* --- deaths ------------------------------------------------------------------------------------ */

Test(notices, a_change_that_was_not_looked_at_outlives_the_worker)
{
	begin();
	stage_get(s, "6= 11=a");
	state = "two";
	coapd_changed(mount, coapd_text(""), COAPD_CHANGED);
	stage_crash(s);
	notices_adopted(s->R, &s->rig->e);
	stage_wait(s, 0);
	expect("CON 2.05 6=#e84801 pay=two");
}

Test(notices, a_hook_that_kills_is_given_up)
{
	begin();
	stage_get(s, "6= 11=a");
	s->deaths = 9;
	change("two", "");
	for (unsigned i = 1; i < COAPD_ATTEMPTS; i++) {
		stage_crash(s);
		notices_adopted(s->R, &s->rig->e);
		stage_wait(s, 0);
		cr_assert_eq(s->last_attempt, i);
	}
	stage_crash(s);
	notices_adopted(s->R, &s->rig->e);
	stage_wait(s, 0);
	expect("CON 5.00 pay=");
	cr_assert_eq(observers(), 0);
}

Test(notices, what_nobody_knows_to_have_happened_may_have_changed)
{
	struct notices *n;
	uint32_t from = 0, words = 0;
	struct request r = { .rx = 0 };
	uint8_t bytes[64];

	begin();
	n = &s->R->notices;
	frame_udp_parse(span_of(bytes, rig_build(bytes, sizeof bytes, COAP_CON, COAP_PUT, 1, "t",
						 "11=a 11=b 11=c", NULL)), &r.msg);
	notices_lost(s->R, &r);
	while (changes_next(n->changes, n->seen, &from) < CHANGES_WORDS)
		words++;
	cr_assert_eq(words, 3, "b/c, b and the mount itself");
}
