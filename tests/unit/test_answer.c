/* Replies that do not fit one message (RFC 7959 2.4, 3.3). */
#include <criterion/criterion.h>

#include "resource/answer.h"
#include "stage.h"

#include <stdio.h>

static struct stage *s;
static unsigned length;         /* of what the modules below say */
static uint64_t lie;            /* bytes that a read gives beyond what is wanted */

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(answer, .fini = teardown);

static char letter(uint64_t i)
{
	return (char)('a' + i / 16 % 26);
}

static void say(coapd_task *task, uint64_t from, uint64_t n)
{
	for (uint64_t i = from; i < from + n; i++) {
		uint8_t c = (uint8_t)letter(i);

		coapd_reply_data(task, (coapd_span){ &c, 1 });
	}
}

/* All at once, whatever the method. */
static enum coapd_verdict whole_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	coapd_reply(task, coapd_code(coapd_request(task)) == COAPD_POST ? COAPD_201_CREATED :
		    COAPD_205_CONTENT);
	coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, COAPD_OCTET_STREAM);
	say(task, 0, length);
	return COAPD_DONE;
}

/* In parts. */
static enum coapd_verdict seek_hook(void *self, coapd_task *task,
				    const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_READ) {
		say(task, event->offset, event->want + lie);
		return COAPD_DONE;
	}
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_reply_body(task, length, coapd_text("tag"));
	return COAPD_DONE;
}

STAGE_MODULE(whole, whole_hook, .flags = 0);
STAGE_MODULE(seek, seek_hook, .flags = 0);

static void open_stage(const struct coapd_module *module, unsigned n)
{
	s = stage_one("/x", module);
	length = n;
	lie = 0;
}

/* The answer as "2.05 block=1/1/16 size2=40 etag=8 pay=16 at 16", which is what the
 * payload's letters say; only what is there. */
static char text[160];

static size_t add(size_t n, const char *what, unsigned long long v)
{
	return n + (size_t)snprintf(text + n, sizeof text - n, "%s%llu", what, v);
}

static const char *told(void)
{
	struct rig_sent r;
	struct span etag;
	uint64_t v;
	char code[CODE_TEXT];
	size_t n;

	if (!rig_take(s->rig, &r))
		return "nothing";
	n = (size_t)snprintf(text, sizeof text, "%s", code_print(r.m.code, code));
	if (message_option_uint(&r.m, OPT_BLOCK2, &v)) {
		n = add(n, " block=", v >> 4);
		n = add(n, "/", v >> 3 & 1);
		n = add(n, "/", 16ull << (v & 7));
	}
	if (message_option_uint(&r.m, OPT_SIZE2, &v))
		n = add(n, " size2=", v);
	if (message_option(&r.m, OPT_ETAG, 0, &etag))
		n = add(n, " etag=", etag.n);
	n = add(n, " pay=", r.m.payload.n);
	if (r.m.payload.n && r.m.code != COAP_INTERNAL_ERROR)
		add(n, " at ", (unsigned long long)(r.m.payload.p[0] - 'a') * 16);
	return text;
}

static uint16_t mid;

static const char *ask(uint8_t method, const char *options)
{
	stage_ask(s, method, ++mid, options);
	return told();
}

#define expect(method, options, what) cr_assert_str_eq(ask(method, options), what, "%s", text)

Test(answer, of_a_representation_is_made_anew_for_each_block)
{
	open_stage(&whole, 40);
	expect(COAP_GET, "11=x", "2.05 pay=40 at 0");
	expect(COAP_GET, "11=x 23=#00", "2.05 block=0/1/16 size2=40 etag=8 pay=16 at 0");
	expect(COAP_GET, "11=x 23=#10", "2.05 block=1/1/16 etag=8 pay=16 at 16");
	expect(COAP_GET, "11=x 23=#20", "2.05 block=2/0/16 etag=8 pay=8 at 32");
	expect(COAP_GET, "11=x 23=#30", "4.00 pay=0");
	cr_assert_eq(s->rig->e.space.ctl->live[SLAB_ASSEMBLY], 0);
}

Test(answer, larger_than_a_message_comes_in_blocks_unasked)
{
	open_stage(&whole, 3000);
	expect(COAP_GET, "11=x", "2.05 block=0/1/1024 size2=3000 etag=8 pay=1024 at 0");
	expect(COAP_GET, "11=x 23=#26", "2.05 block=2/0/1024 etag=8 pay=952 at 384");
	expect(COAP_FETCH, "11=x 23=#26", "2.05 block=2/0/1024 etag=8 pay=952 at 384");
}

Test(answer, is_cut_as_small_as_the_site_says)
{
	open_stage(&whole, 100);
	s->rig->e.conf.szx = 1;
	expect(COAP_GET, "11=x", "2.05 block=0/1/32 size2=100 etag=8 pay=32 at 0");
	expect(COAP_GET, "11=x 23=#12", "2.05 block=2/1/32 etag=8 pay=32 at 64");
}

Test(answer, is_read_where_it_is_wanted)
{
	open_stage(&seek, 1u << 28);
	expect(COAP_GET, "11=x",
	       "2.05 block=0/1/1024 size2=268435456 etag=3 pay=1024 at 0");
	expect(COAP_GET, "11=x 23=#3ffff6", "2.05 block=262143/0/1024 etag=3 pay=1024 at 32");
	expect(COAP_GET, "11=x 23=#400006", "4.00 pay=0");
	cr_assert_eq(s->runs, 5, "a hook and a read for each block, no read beyond the end");
}

Test(answer, small_bodies_are_read_at_once)
{
	open_stage(&seek, 20);
	expect(COAP_GET, "11=x", "2.05 etag=3 pay=20 at 0");
	length = 0;
	expect(COAP_GET, "11=x", "2.05 etag=3 pay=0");
}

Test(answer, a_read_that_gives_something_else_is_a_mistake)
{
	open_stage(&seek, 20);
	lie = 1;
	expect(COAP_GET, "11=x", "5.00 pay=0");
	lie = 0;
	expect(COAP_PUT, "11=x", "5.00 pay=0");
	cr_assert_eq(stage_counter(s, COUNT_MODULE_FAILED), 2);
}

/* What a POST is answered cannot be made again: it is kept, once executed. */
Test(answer, to_an_unsafe_request_is_kept_for_its_later_blocks)
{
	open_stage(&whole, 40);
	expect(COAP_POST, "11=x 23=#00", "2.01 block=0/1/16 size2=40 pay=16 at 0");
	expect(COAP_POST, "11=x 23=#10", "2.01 block=1/1/16 pay=16 at 16");
	expect(COAP_POST, "11=x 23=#20", "2.01 block=2/0/16 pay=8 at 32");
	expect(COAP_POST, "11=x 23=#10", "2.01 block=1/1/16 pay=16 at 16");
	expect(COAP_POST, "11=x 23=#30", "4.00 pay=0");
	cr_assert_eq(s->runs, 1);
	stage_crash(s);
	expect(COAP_POST, "11=x 23=#20", "2.01 block=2/0/16 pay=8 at 32");
	cr_assert_eq(s->runs, 1);
}

Test(answer, E53_a_late_block2_after_the_state_expired)
{
	open_stage(&whole, 40);
	(void)ask(COAP_POST, "11=x 23=#00");
	stage_wait(s, 61000);
	expect(COAP_POST, "11=x 23=#10", "4.08 pay=0");
	cr_assert_eq(s->runs, 1);
	cr_assert_eq(engine_root(&s->rig->e)->body_pages, 0);
}

Test(answer, no_room_to_keep_it)
{
	open_stage(&whole, 40);
	s->budget.pages = 0;
	expect(COAP_POST, "11=x 23=#00", "5.03 pay=0");
}
