/* Datagrams that are longer than is received, and tokens that are longer than is kept. */
#include <criterion/criterion.h>

#include "rig.h"

#define expect(r, text) cr_assert_str_eq(rig_next(r), text)

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(input_size, .init = setup, .fini = teardown);

/* A datagram of n bytes that begins so; the rest is payload, or whatever came before. */
static void long_one(unsigned peer, const char *begins, size_t m, size_t n)
{
	static uint8_t buf[70000];

	memset(buf, 'x', sizeof buf);
	memcpy(buf, begins, m);
	rig_serve_raw(r, peer, buf, n);
}

Test(input_size, a_body_that_does_not_fit_is_to_come_in_blocks)
{
	long_one(1, "\x42\x03\0\7tk\xff", 7, DGRAM_RX_MAX + 1);
	expect(r, "ACK 4.13 mid=7 tok=tk pay=");
	long_one(1, "\x42\x03\0\7tk\xff", 7, 65507);
	expect(r, "ACK 4.13 mid=7 tok=tk pay=");
	long_one(1, "\x52\x03\0\7tk\xff", 7, 2000);
	expect(r, "NON 4.13 mid=1 tok=tk pay=");
	cr_assert_eq(rig_counter(r, COUNT_RX_TRUNCATED), 3);
	cr_assert_eq(rig_counter(r, COUNT_REQUESTS), 0);
	cr_assert_eq(r->runs, 0);
}

Test(input_size, what_does_not_fit_and_is_no_request_is_rejected)
{
	long_one(1, "\x42\x45\0\7tk\xff", 7, 2000);
	expect(r, "RST 0.00 mid=7 tok= pay=");
	long_one(1, "\x40\x00\0\7", 4, 2000);
	expect(r, "RST 0.00 mid=7 tok= pay=");
	long_one(1, "\x62\x45\0\7tk\xff", 7, 2000);       /* an acknowledgement */
	expect(r, "nothing");
	long_one(1, "\x40\x03\0\7\xbe\7\0", 7, 2000); /* an option that was cut */
	expect(r, "RST 0.00 mid=7 tok= pay=");
	long_one(1, "\x80\x03\0\7", 4, 2000);
	expect(r, "nothing");
}

Test(input_size, E2_a_token_longer_than_is_kept_is_reset_and_counted)
{
	r->e.conf.limits.token_length = 1024;
	long_one(1, "\x4e\x01\0\7\3\xf3", 6, 6 + 1280);     /* 1,280 */
	expect(r, "RST 0.00 mid=7 tok= pay=");
	long_one(1, "\x4e\x01\0\7\xfe\xce", 6, 65507);    /* as long as IPv4 brings */
	expect(r, "RST 0.00 mid=7 tok= pay=");
	long_one(1, "\x5e\x01\0\7\xfe\xce", 6, 65507);
	expect(r, "nothing");
	cr_assert_eq(rig_counter(r, COUNT_LONG_TOKEN), 3);
	long_one(1, "\x4e\x01\0\7\xff\xff", 6, 65507);    /* 65,804: not all of it is there */
	expect(r, "RST 0.00 mid=7 tok= pay=");
	cr_assert_eq(rig_counter(r, COUNT_LONG_TOKEN), 3);
	cr_assert_eq(rig_counter(r, COUNT_RX_MALFORMED), 4);
}
