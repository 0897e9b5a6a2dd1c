/* The message that the state of a transfer stands for: which options, in which
 * order, which bytes of the body. */
#include <criterion/criterion.h>

#include "rig.h"
#include "exchange/xfer_message.h"

#include <errno.h>
#include <stdio.h>

static struct rig *r;
static struct xfer x;
static struct message m;        /* what was written */
static uint8_t out[1500];
static bool gives;              /* whether the source does */
static uint64_t asked_at;

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *to, size_t n)
{
	(void)arg;
	cr_assert_eq(owner, 4711);
	asked_at = offset;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(offset + i);
	return gives;
}

static const struct xfer_source source = { read_body, NULL };

static void set_options(const char *text)
{
	uint8_t buf[256];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_GET, 0, NULL, text, NULL) - 4;

	cr_assert_leq(n, XFER_INSIDE);
	x.options = (struct stored){ (uint32_t)n, SLAB_NIL };
	memcpy(x.inside, buf + 4, n);
}

static void setup(void)
{
	r = rig_new(NULL);
	r->e.source = &source;
	gives = true;
	x = (struct xfer){ .owner = 4711, .code = COAP_PUT, .szx = 6, .body_n = 100,
			   .s = { .phase = XFER_WHOLE, .szx = 6 } };
	set_options("4=e 5= 6= 11=p 28= 2049=?");
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(xfer_message, .init = setup, .fini = teardown);

static int written(void)
{
	int n = xfer_write(&r->e, &x, &x.s, out, sizeof out);

	m.code = (uint8_t)x.code;
	if (n >= 0)
		cr_assert(message_parse_body(span_of(out, (size_t)n), &m));
	return n;
}

static void in_state(enum xfer_phase phase, uint32_t szx, uint32_t offset)
{
	x.s.phase = phase;
	x.s.szx = szx;
	x.s.offset = offset;
	cr_assert_gt(written(), 0);
}

/* Numbers of the options. */
static void expect_options(const char *want)
{
	struct option_iter it = option_iter(m.options);
	char text[128] = "";
	struct option o = { 0 };
	size_t n = 0;

	while (option_next(&it, &o))
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", n ? " " : "", o.number);
	cr_assert_str_eq(text, want);
}

static uint64_t uint_of(uint16_t number)
{
	uint64_t v = UINT64_MAX;

	message_option_uint(&m, number, &v);
	return v;
}

Test(xfer_message, a_whole_request_has_the_callers_options_and_all_of_the_body)
{
	in_state(XFER_WHOLE, 6, 0);
	expect_options("4 5 6 11 28 2049");
	cr_assert_eq(m.payload.n, 100);
	cr_assert_eq(m.payload.p[99], 99);
	x.body_n = 0;
	in_state(XFER_WHOLE, 6, 0);
	cr_assert_eq(m.payload.n, 0);
}

Test(xfer_message, a_smaller_size_of_block_is_asked_for_at_once)
{
	x.szx = 2;
	x.body_n = 64;
	in_state(XFER_WHOLE, 2, 0);
	expect_options("4 5 6 11 23 28 2049");
	cr_assert_eq(uint_of(OPT_BLOCK2), 2);
}

Test(xfer_message, the_first_block_tells_the_length_and_later_ones_do_not)
{
	x.s.tag = 0x102;
	in_state(XFER_UPLOAD, 1, 0);
	expect_options("4 5 6 11 27 28 60 292 2049");
	cr_assert_eq(uint_of(OPT_BLOCK1), 0 << 4 | 8 | 1);
	cr_assert_eq(uint_of(OPT_SIZE1), 100);
	cr_assert_eq(uint_of(OPT_REQUEST_TAG), 0x102);
	cr_assert_eq(m.payload.n, 32);
	in_state(XFER_UPLOAD, 1, 32);
	expect_options("4 11 27 28 292 2049");
	cr_assert_eq(uint_of(OPT_BLOCK1), 1 << 4 | 8 | 1);
	cr_assert_eq(m.payload.p[0], 32);
	in_state(XFER_LAST, 1, 96);
	expect_options("4 11 27 28 292 2049");
	cr_assert_eq(uint_of(OPT_BLOCK1), 3 << 4 | 1);
	cr_assert_eq(m.payload.n, 4);
	cr_assert_eq(asked_at, 96);
}

Test(xfer_message, only_the_answer_to_the_last_block_may_be_unwanted)
{
	set_options("11=p 258=?");
	x.s.tag = 1;
	in_state(XFER_WHOLE, 6, 0);
	expect_options("11 258 292");
	in_state(XFER_UPLOAD, 1, 32);
	expect_options("11 27 292");
	in_state(XFER_LAST, 1, 96);
	expect_options("11 27 258 292");
}

Test(xfer_message, the_last_block_asks_for_the_size_of_the_responses)
{
	x.szx = 3;
	x.s.tag = 1;
	in_state(XFER_UPLOAD, 3, 0);
	cr_assert_eq(uint_of(OPT_BLOCK2), UINT64_MAX);
	x.body_n = 200;
	in_state(XFER_LAST, 2, 192);
	cr_assert_eq(uint_of(OPT_BLOCK2), 3, "as wished, not as negotiated for the request");
}

Test(xfer_message, a_later_part_of_the_response_is_asked_for_without_payload)
{
	x.s.tag = 7;
	in_state(XFER_DOWNLOAD, 2, 128);
	expect_options("4 11 23 28 292 2049");
	cr_assert_eq(uint_of(OPT_BLOCK2), 2 << 4 | 2);
	cr_assert_eq(m.payload.n, 0);
}

Test(xfer_message, what_a_fetch_asks_for_goes_with_every_message_if_it_fits_one)
{
	x.code = COAP_FETCH;
	in_state(XFER_DOWNLOAD, 2, 128);
	cr_assert_eq(m.payload.n, 100);
	cr_assert_eq(asked_at, 0);
	x.s.tag = 7;
	in_state(XFER_DOWNLOAD, 2, 128);
	cr_assert_eq(m.payload.n, 0, "not what was sent in blocks");
}

Test(xfer_message, an_echo_goes_between_its_neighbours)
{
	x.s.tag = 7;
	x.s.echo_n = 3;
	memcpy(x.s.echo, "abc", 3);
	in_state(XFER_UPLOAD, 1, 0);
	expect_options("4 5 6 11 27 28 60 252 292 2049");
}

Test(xfer_message, no_room_and_no_body_are_errors)
{
	size_t full;

	x.s.tag = 7;
	in_state(XFER_UPLOAD, 1, 0);
	full = (size_t)written();
	cr_assert_eq(xfer_write(&r->e, &x, &x.s, out, full), (int)full);
	cr_assert_eq(xfer_write(&r->e, &x, &x.s, out, full - 1), -EMSGSIZE);
	x.s.phase = XFER_DOWNLOAD;      /* options alone */
	full = (size_t)written();
	cr_assert_eq(xfer_write(&r->e, &x, &x.s, out, full - 1), -EMSGSIZE);
	x.s.phase = XFER_UPLOAD;
	gives = false;
	cr_assert_eq(written(), -EIO);
	r->e.source = NULL;
	cr_assert_eq(written(), -EIO);
}
