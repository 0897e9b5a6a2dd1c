/* Bodies that go to their module part by part. */
#include <criterion/criterion.h>

#include "exchange/assembly.h"
#include "exchange/exchange.h"
#include "resource/upload.h"
#include "stage.h"

#include <stdio.h>

#define CAP 80u         /* five of the blocks below */
#define IDLE 60000u     /* stage.c */

static struct stage *s;
static char log_[512];  /* what the module was told */
static char wants;      /* what it does next: one of the letters below, 0: goes on */
static uint16_t mid;

static void teardown(void)
{
	if (s)
		stage_free(s);
}

TestSuite(upload, .fini = teardown);

/* --- a module that writes down what it is told ----------------------------------------- */

static void write_down(coapd_task *task, const struct coapd_event *event)
{
	static const char *const name[] = { [COAPD_EV_REQUEST] = "first", [COAPD_EV_PART] = "part",
					    [COAPD_EV_CANCEL] = "cancel",
					    [COAPD_EV_TIMER] = "timer" };
	coapd_span p = coapd_payload(coapd_request(task));
	uint32_t *parts = coapd_scratch(task, sizeof *parts);
	size_t n = strlen(log_);

	snprintf(log_ + n, sizeof log_ - n, "%s@%u%s=%.*s/%zu#%u ", name[event->what],
		 (unsigned)event->offset, event->last ? "!" : "", p.n > 1 || !p.n ? 2 : 1, p.n ? (const char *)p.p : "--",
		 p.n, *parts);
	++*parts;
}

static enum coapd_verdict parts_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	write_down(task, event);
	stage_note(event);
	switch (event->what == COAPD_EV_REQUEST || event->what == COAPD_EV_PART ? wants : 0) {
	case 'e':       /* an error */
		coapd_reply(task, COAPD_409_CONFLICT);
		return COAPD_DONE;
	case 'w':       /* waits */
		return coapd_after(task, 1, 100) ? COAPD_DONE : COAPD_WAIT;
	case 'n':       /* waits for nothing */
		return COAPD_WAIT;
	case 'd':
		return COAPD_DECLINE;
	case 'm':       /* always wants more */
		return COAPD_MORE;
	default:
		break;
	}
	if (!event->last)
		return COAPD_MORE;
	coapd_reply(task, COAPD_204_CHANGED);
	return COAPD_DONE;
}

STAGE_MODULE(parts, parts_hook, .flags = COAPD_F_STREAM | COAPD_F_RETRY);
STAGE_MODULE(opaque, parts_hook, .flags = COAPD_F_STREAM);

static void open_stage(const struct coapd_module *module)
{
	struct resource_mount_spec spec = stage_spec("/x", module);

	spec.body_size = CAP;
	s = stage_new(&spec, 1);
	log_[0] = wants = 0;
	mid = 100;
}

static const char *told(void)
{
	static char text[sizeof log_];

	strcpy(text, log_);
	log_[0] = 0;
	return text;
}

#define expect_told(text) do { \
	const char *told_ = told(); \
	cr_assert_str_eq(told_, text, "%s", told_); \
} while (0)

/* One block of 16 bytes << szx (or n bytes, if it is the last), the answer's code and
 * Block1. */
static const char *put_as(unsigned peer, uint16_t id, unsigned num, bool more, unsigned szx, size_t n,
			  const char *others)
{
	char options[120], payload[1100];

	for (size_t i = 0; i < n; i++)
		payload[i] = (char)('a' + num % 26);
	payload[n] = 0;
	snprintf(options, sizeof options, "11=x 27=#%02x%s", num << 4 | more << 3 | szx, others);
	stage_send(s, peer, COAP_PUT, id, options, n ? payload : NULL);
	return s->died ? "died" : stage_next(s);
}

static const char *put(unsigned num, bool more)
{
	return put_as(1, ++mid, num, more, 0, more ? 16 : 7, "");
}

#define expect_put(num, more, text) do { \
	const char *put_ = put(num, more); \
	cr_assert_str_eq(put_, text, "%s", put_); \
} while (0)

#define expect_empty() do { \
	cr_assert_eq(stage_tasks(s), 0); \
	cr_assert_eq(s->rig->e.space.ctl->live[SLAB_EXCHANGE], 0); \
} while (0)

static uint32_t streams(void)
{
	struct engine *e = &s->rig->e;
	uint32_t n = 0;

	for (uint32_t i = 0; i < slab_used(&e->space, engine_slab(e, SLAB_ASSEMBLY)); i++) {
		const struct assembly *a = slab_at(engine_slab(e, SLAB_ASSEMBLY), i);

		n += slab_live(engine_slab(e, SLAB_ASSEMBLY), i) &&
		     a->state == ASSEMBLY_STREAMING;
	}
	return n;
}

/* --- parts ------------------------------------------------------------------------------- */

Test(upload, parts_come_one_by_one)
{
	open_stage(&parts);
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
	expect_told("first@0=aa/16#0 ");
	expect_put(1, true, "ACK 2.31 27=#18 pay=");
	expect_told("part@16=bb/16#1 ");
	cr_assert_eq(stage_tasks(s), 1);
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
	expect_told("part@32!=cc/7#2 ");
	expect_empty();
	cr_assert_eq(s->rig->e.space.ctl->live[SLAB_BODY_SMALL], 0);
}

Test(upload, a_body_in_one_message_is_a_request_that_is_last)
{
	open_stage(&parts);
	stage_send(s, 1, COAP_PUT, 1, "11=x", "hello");
	cr_assert_str_eq(stage_next(s), "ACK 2.04 pay=");
	expect_put(0, false, "ACK 2.04 27=# pay=");
	expect_told("first@0!=he/5#0 first@0!=aa/7#0 ");
	expect_empty();
}

Test(upload, E46_gap_in_a_stream_is_refused)
{
	open_stage(&parts);
	expect_put(1, true, "ACK 4.08 27=#18 pay=");
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
	expect_put(2, true, "ACK 4.08 27=#28 pay=");
	expect_put(2, false, "ACK 4.08 27=#20 pay=");
	expect_put(1, true, "ACK 2.31 27=#18 pay=");
	expect_told("first@0=aa/16#0 part@16=bb/16#1 ");
}

Test(upload, E50_repeated_part_of_a_stream_is_acknowledged_and_not_given)
{
	open_stage(&parts);
	put(0, true);
	put(1, true);
	expect_put(1, true, "ACK 2.31 27=#18 pay=");
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
	expect_put(1, false, "ACK 4.08 27=#10 pay=");
	expect_told("first@0=aa/16#0 part@16=bb/16#1 part@32!=cc/7#2 ");
	stage_wait(s, IDLE);
	expect_put(2, false, "ACK 4.08 27=#20 pay=");
	cr_assert_eq(s->rig->e.space.ctl->live[SLAB_ASSEMBLY], 0);
}

Test(upload, E48_byte_offset_of_a_stream_stays_when_the_size_changes)
{
	open_stage(&parts);
	s->rig->e.conf.szx = s->rig->conf.szx = 0;
	cr_assert_str_eq(put_as(1, 1, 0, true, 1, 32, ""), "ACK 2.31 27=#08 pay=");
	cr_assert_str_eq(put_as(1, 2, 2, true, 0, 16, ""), "ACK 2.31 27=#28 pay=");
	cr_assert_str_eq(put_as(1, 3, 3, false, 0, 1, ""), "ACK 2.04 27=#30 pay=");
	expect_told("first@0=aa/32#0 part@32=cc/16#1 part@48!=d/1#2 ");
}

Test(upload, E51_streams_side_by_side_by_their_request_tag)
{
	open_stage(&parts);
	put_as(1, 1, 0, true, 0, 16, " 292=#01");
	put_as(1, 2, 0, true, 0, 16, " 292=#02");
	cr_assert_eq(streams(), 2);
	put_as(1, 3, 1, false, 0, 3, " 292=#02");
	put_as(1, 4, 1, true, 0, 16, " 292=#01");
	put_as(2, 5, 0, true, 0, 16, " 292=#01");
	cr_assert_eq(streams(), 2);
	expect_told("first@0=aa/16#0 first@0=aa/16#0 part@16!=bb/3#1 part@16=bb/16#1 "
		    "first@0=aa/16#0 ");
}

/* --- ends ---------------------------------------------------------------------------------- */

Test(upload, E47_too_much_of_a_stream_is_refused_and_undone)
{
	open_stage(&parts);
	for (unsigned i = 0; i < 5; i++)
		put(i, true);
	told();
	expect_put(5, false, "ACK 4.13 27=#50 60=#50 pay=");
	expect_told("cancel@0=--/0#5 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
	cr_assert_eq(stage_counter(s, COUNT_TOO_LARGE), 1);
}

Test(upload, E55_announced_size_of_a_stream_is_refused_at_once)
{
	open_stage(&parts);
	cr_assert_str_eq(put_as(1, 1, 0, true, 0, 16, " 60=#51"), "ACK 4.13 27=#08 60=#50 pay=");
	cr_assert_str_eq(put_as(1, 2, 0, true, 6, 1024, ""), "ACK 4.13 27=#0e 60=#50 pay=");
	expect_told("");
	cr_assert_eq(s->rig->e.space.ctl->live[SLAB_ASSEMBLY], 0);
	cr_assert_str_eq(put_as(1, 3, 0, true, 0, 16, " 60=#50"), "ACK 2.31 27=#08 pay=");
}

Test(upload, E53_silence_ends_a_stream)
{
	open_stage(&parts);
	put(0, true);
	stage_wait(s, IDLE - 1);
	put(1, true);
	stage_wait(s, IDLE - 1);
	told();
	cr_assert_eq(streams(), 1);
	stage_wait(s, 1);
	expect_told("cancel@0=--/0#2 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
	cr_assert_eq(stage_counter(s, COUNT_ASSEMBLY_LOST), 1);
	expect_put(2, false, "ACK 4.08 27=#20 pay=");
}

Test(upload, a_client_that_begins_anew_ends_what_it_began)
{
	open_stage(&parts);
	put(0, true);
	put(1, true);
	told();
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
	expect_told("cancel@0=--/0#2 first@0=aa/16#0 ");
	cr_assert_eq(stage_tasks(s), 1);
	cr_assert_eq(streams(), 1);
}

Test(upload, the_module_may_end_it_early)
{
	open_stage(&parts);
	put(0, true);
	told();
	wants = 'e';
	expect_put(1, true, "ACK 4.09 27=#10 pay=");
	expect_told("part@16=bb/16#1 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
	expect_put(2, true, "ACK 4.08 27=#28 pay=");
}

Test(upload, mistakes_of_the_module_end_it)
{
	open_stage(&parts);
	put(0, true);
	told();
	wants = 'm';
	expect_put(1, false, "ACK 5.00 27=#10 pay=");
	expect_told("part@16!=bb/7#1 cancel@0=--/0#1 ");
	wants = 'n';
	expect_put(0, true, "ACK 5.00 27=#08 pay=");
	expect_told("first@0=aa/16#0 cancel@0=--/0#0 ");
	wants = 'd';
	expect_put(0, true, "ACK 4.04 27=#08 pay=");
	expect_told("first@0=aa/16#0 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
}

/* --- limits -------------------------------------------------------------------------------- */

Test(upload, no_more_than_there_may_be)
{
	char tag[12];

	open_stage(&parts);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(tag, sizeof tag, " 292=#%02x", i);
		cr_assert(strstr(put_as(1, ++mid, 0, true, 0, 16, tag), "2.31"));
	}
	told();
	cr_assert_str_eq(put_as(1, ++mid, 0, true, 0, 16, " 292=#aa"), "ACK 5.03 14=#05 pay=");
	expect_told("");
	cr_assert_eq(stage_tasks(s), 4);
	stage_wait(s, IDLE);
	expect_empty();
	told();
	cr_assert_str_eq(put_as(1, ++mid, 0, true, 0, 16, " 292=#aa"), "ACK 2.31 27=#08 pay=");
}

Test(upload, none_begins_while_the_worker_leaves)
{
	open_stage(&parts);
	put(0, true);
	resources_drain(s->R);
	expect_put(1, true, "ACK 2.31 27=#18 pay=");
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
	expect_put(0, true, "ACK 5.03 14=#05 pay=");
	cr_assert_eq(stage_counter(s, COUNT_SHED), 1);
}

/* --- waits --------------------------------------------------------------------------------- */

Test(upload, a_part_may_wait)
{
	open_stage(&parts);
	put(0, true);
	wants = 'w';
	expect_put(1, true, "nothing");
	expect_put(2, true, "ACK 5.03 14=#05 pay=");
	expect_told("first@0=aa/16#0 part@16=bb/16#1 ");
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "ACK 2.31 27=#18 pay=");
	expect_told("timer@16=bb/16#2 ");
	cr_assert_eq(s->rig->e.waiting_n, 0);
	expect_put(2, false, "nothing");
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "ACK 2.04 27=#20 pay=");
	expect_told("part@32!=cc/7#3 timer@32!=cc/7#4 ");
	expect_empty();
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
}

Test(upload, a_part_that_waits_outlives_the_worker)
{
	open_stage(&parts);
	put(0, true);
	wants = 'w';
	put(1, true);
	stage_crash(s);
	cr_assert_eq(stage_tasks(s), 1);
	cr_assert_eq(streams(), 1);
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "ACK 2.31 27=#18 pay=");
	wants = 0;
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
}

Test(upload, beginning_anew_ends_a_part_that_waits)
{
	open_stage(&parts);
	put(0, true);
	wants = 'w';
	put(1, true);
	wants = 0;
	told();
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
	expect_told("cancel@0=--/0#2 first@0=aa/16#0 ");
	cr_assert_eq(s->rig->e.waiting_n, 0);
	cr_assert_eq(stage_tasks(s), 1);
	stage_wait(s, IDLE / 2);
	expect_told("");
}

/* --- deaths -------------------------------------------------------------------------------- */

Test(upload, it_goes_on_after_a_death_between_parts)
{
	open_stage(&parts);
	put(0, true);
	put(1, true);
	stage_crash(s);
	expect_put(2, false, "ACK 2.04 27=#20 pay=");
	expect_told("first@0=aa/16#0 part@16=bb/16#1 part@32!=cc/7#2 ");
}

Test(upload, its_time_runs_on_after_a_death)
{
	open_stage(&parts);
	put(0, true);
	stage_crash(s);
	told();
	stage_wait(s, IDLE);
	expect_told("cancel@0=--/0#1 ");
	cr_assert_eq(streams(), 0);
}

Test(upload, E50_part_comes_again_after_a_death_in_it)
{
	open_stage(&parts);
	put(0, true);
	s->deaths = 1;
	cr_assert_str_eq(put(1, true), "died");
	stage_crash(s);
	cr_assert_str_eq(stage_next(s), "ACK 2.31 27=#18 pay=");
	cr_assert_eq(s->last_attempt, 1);
	expect_told("first@0=aa/16#0 part@16=bb/16#1 part@16=bb/16#1 ");
}

Test(upload, a_part_that_may_not_come_again_ends_it)
{
	open_stage(&opaque);
	put(0, true);
	s->deaths = 1;
	cr_assert_str_eq(put(1, true), "died");
	stage_crash(s);
	cr_assert(strstr(stage_next(s), "ACK 5.00"));
	expect_told("first@0=aa/16#0 part@16=bb/16#1 cancel@0=--/0#1 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
}

Test(upload, the_first_part_that_may_not_come_again_is_undone)
{
	open_stage(&opaque);
	s->deaths = 1;
	cr_assert_str_eq(put(0, true), "died");
	stage_crash(s);
	cr_assert(strstr(stage_next(s), "ACK 5.00"));
	expect_told("first@0=aa/16#0 cancel@0=--/0#0 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
}

Test(upload, a_hook_that_kills_when_it_is_to_undo_is_left_alone)
{
	open_stage(&parts);
	put(0, true);
	s->deaths = 99;
	for (unsigned i = 0; i < COAPD_ATTEMPTS; i++) {
		stage_wait(s, i ? 0 : IDLE);
		cr_assert(s->died);
		stage_crash(s);
	}
	stage_wait(s, 0);
	cr_assert(!s->died);
	expect_empty();
	cr_assert_eq(streams(), 0);
}

/* --- damage -------------------------------------------------------------------------------- */

Test(upload, a_stream_without_its_task_is_dropped)
{
	struct engine *e;

	open_stage(&parts);
	put(0, true);
	e = &s->rig->e;
	((struct task *)slab_at(engine_slab(e, TASK_SLAB), 0))->upload ^= 1;
	stage_crash(s);
	cr_assert_eq(stage_tasks(s), 0);
	cr_assert_eq(streams(), 0);
	cr_assert_eq(stage_counter(s, COUNT_ADOPT_DROPPED), 2);
	stage_wait(s, 2 * IDLE);
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
}

Test(upload, a_part_whose_acknowledgement_is_rejected_cancels_all)
{
	open_stage(&parts);
	expect_put(0, true, "ACK 2.31 27=#08 pay=");
	wants = 'w';
	expect_put(1, true, "nothing");
	s->rig->e.now += 50;
	exchange_send_ack(&s->rig->e, slab_at(engine_slab(&s->rig->e, SLAB_EXCHANGE), 0));
	rig_commit(s->rig);
	stage_reset(s, mid);
	expect_told("first@0=aa/16#0 part@16=bb/16#1 cancel@0=--/0#2 ");
	expect_empty();
	cr_assert_eq(streams(), 0);
	cr_assert_eq(stage_counter(s, COUNT_WITHDRAWN), 1);
}
