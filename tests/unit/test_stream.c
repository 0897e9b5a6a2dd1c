/* What is kept of a body that is given on block by block; the whole way is in
 * test_upload.c. */
#include "rig.h"

#include "exchange/stream.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define CAP 64u
#define OWNER 0xabcu

static struct rig *r;
static struct stream_part part;

static void fresh(void)
{
	struct engine_limits limits = rig_limits();

	limits.assemblies = limits.assemblies_per_endpoint = 2;
	r = rig_new(&limits);
	r->e.conf.szx = r->conf.szx = 6;
	r->e.conf.assembly_ms = r->conf.assembly_ms = 1000;
}

static void gone(void)
{
	rig_free(r);
}

TestSuite(stream, .init = fresh, .fini = gone);

/* A block of 16 bytes comes; what is said of it. */
static enum stream_verdict comes(uint16_t mid, const char *block1)
{
	char options[40];

	snprintf(options, sizeof options, "11=x 27=#%s", block1);
	{
		uint8_t bytes[200];
		size_t n = rig_build(bytes, sizeof bytes, COAP_CON, COAP_PUT, mid, "t", options,
				     "0123456789abcdef");

		cr_assert_eq(rig_in(r, 1, bytes, n), INPUT_REQUEST);
	}
	return stream_take(&r->e, &r->in.request, CAP, &part);
}

static void expect_code(const char *code)
{
	char text[CODE_TEXT];
	struct rig_sent sent;

	rig_commit(r);
	cr_assert(rig_take(r, &sent));
	cr_assert_str_eq(code_print(sent.m.code, text), code);
}

static void begin(void)
{
	cr_assert_eq(comes(1, "08"), STREAM_FIRST);
	cr_assert_eq(part.old, 0);
	cr_assert(stream_begin(&r->e, &r->in.request, CAP, OWNER));
	cr_assert_eq(stream_owner(&r->e, r->in.request.assembly), OWNER);
	stream_continue(&r->e, &r->in.request);
	expect_code("2.31");
}

Test(stream, of_one_block_is_none)
{
	cr_assert_eq(comes(1, "00"), STREAM_NONE);
}

Test(stream, next_block_is_a_part_and_another_is_not)
{
	begin();
	cr_assert_eq(comes(2, "28"), STREAM_SETTLED);
	expect_code("4.08");
	cr_assert_eq(comes(3, "18"), STREAM_PART);
	cr_assert_eq(part.offset, 16);
	cr_assert(!part.last);
	stream_continue(&r->e, &r->in.request);
	expect_code("2.31");
	cr_assert_eq(comes(4, "18"), STREAM_SETTLED);
	expect_code("2.31");
}

Test(stream, is_over_where_it_becomes_too_long)
{
	begin();
	cr_assert_eq(comes(2, "48"), STREAM_OVER);
	stream_end(&r->e, r->in.request.assembly);
	assembly_too_large(&r->e, &r->in.request, CAP);
	expect_code("4.13");
	cr_assert_eq(r->e.space.ctl->live[SLAB_ASSEMBLY], 0);
}

Test(stream, given_it_is_answered_and_kept_for_a_while)
{
	begin();
	cr_assert_eq(comes(2, "10"), STREAM_PART);
	cr_assert(part.last);
	stream_give(&r->e, &r->in.request);
	cr_assert_eq(stream_owner(&r->e, r->in.request.assembly), 0);
	request_refuse(&r->e, &r->in.request, COAP_CHANGED, NULL);
	expect_code("2.04");
	cr_assert_eq(comes(3, "10"), STREAM_SETTLED);
	expect_code("2.04");
}

Test(stream, one_that_begins_anew_names_the_old)
{
	ref_t old;

	begin();
	old = assembly_ref(&r->e, assembly_find(&r->e, &r->in.request));
	cr_assert_eq(comes(2, "08"), STREAM_FIRST);
	cr_assert_eq(part.old, old);
	stream_end(&r->e, old);
	cr_assert_eq(stream_owner(&r->e, old), 0);
}

Test(stream, without_an_owner_is_dropped_when_it_is_adopted)
{
	begin();
	rig_crash(r);
	cr_assert_eq(r->e.space.ctl->live[SLAB_ASSEMBLY], 0);
}
