/* A reply while it is built. */
#include <criterion/criterion.h>

#include "resource/reply.h"

static struct reply reply;
static uint8_t bytes[COAPD_REPLY_MAX + 64];
static struct message written;

static struct span own_payload(void)
{
	return span_of(reply.payload, reply.npayload);
}

/* Writes the reply and reads it back. */
static bool write_reply(size_t room)
{
	struct writer w = writer_of(bytes, room);

	if (!reply_write(&reply, own_payload(), &w))
		return false;
	cr_assert(message_parse_body(span_of(bytes, (size_t)(w.p - bytes)), &written));
	return true;
}

#define expect_wrong(why) \
	do { \
		cr_assert(!write_reply(sizeof bytes)); \
		cr_assert_str_eq(reply.wrong, why); \
	} while (0)

Test(reply, options_are_sorted_and_equals_keep_their_order)
{
	static const struct { uint16_t number; const char *value; } expected[] = {
		{ OPT_ETAG, "e" }, { OPT_LOCATION_PATH, "first" },
		{ OPT_LOCATION_PATH, "second" }, { OPT_CONTENT_FORMAT, "" },
		{ OPT_MAX_AGE, "<" }, { 65000, "far" },
	};
	struct option_iter it;
	struct option o = { 0 };

	reply_begin(&reply, COAP_CREATED);
	reply_add(&reply, 65000, span_str("far"));
	reply_add_uint(&reply, OPT_MAX_AGE, 60);
	reply_add(&reply, OPT_LOCATION_PATH, span_str("first"));
	reply_add_uint(&reply, OPT_CONTENT_FORMAT, 0);
	reply_add(&reply, OPT_LOCATION_PATH, span_str("second"));
	reply_add(&reply, OPT_ETAG, span_str("e"));
	cr_assert(write_reply(sizeof bytes));
	it = option_iter(written.options);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		cr_assert(option_next(&it, &o));
		cr_assert_eq(o.number, expected[i].number);
		cr_assert(span_eq(o.value, span_str(expected[i].value)));
	}
	cr_assert(!option_next(&it, &o));
}

Test(reply, payload_in_pieces)
{
	char full[COAPD_REPLY_MAX - 5];

	memset(full, 'x', sizeof full);
	reply_begin(&reply, COAP_CONTENT);
	reply_data(&reply, span_str("he"));
	reply_data(&reply, span_of(NULL, 0));
	reply_data(&reply, span_str("llo"));
	reply_data(&reply, span_of(full, sizeof full));
	cr_assert(write_reply(sizeof bytes));
	cr_assert_eq(written.payload.n, COAPD_REPLY_MAX);
	cr_assert_eq(memcmp(written.payload.p, "hellox", 6), 0);
}

Test(reply, one_byte_too_much_is_a_mistake)
{
	static const char full[COAPD_REPLY_MAX];

	reply_begin(&reply, COAP_CONTENT);
	reply_data(&reply, span_of(full, sizeof full));
	reply_data(&reply, span_str("x"));
	reply_data(&reply, span_str("y"));
	expect_wrong("more than 65536 bytes of payload");
}

Test(reply, the_first_mistake_is_told)
{
	reply_begin(&reply, COAP_CONTENT);
	for (unsigned i = 0; i <= REPLY_OPTIONS; i++)
		reply_add_uint(&reply, 65000, i);
	reply_data(&reply, span_of(bytes, sizeof bytes));
	expect_wrong("more than 32 options");
}

Test(reply, option_bytes_are_bounded)
{
	static const char half[REPLY_VALUES / 2 + 1];

	reply_begin(&reply, COAP_CONTENT);
	reply_add(&reply, 65000, span_of(half, sizeof half));
	reply_add(&reply, 65000, span_of(half, sizeof half - 2));
	cr_assert_str_eq(reply.wrong, "");
	reply_add(&reply, 65000, span_str("x"));
	expect_wrong("more than 1024 bytes of options");
}

Test(reply, a_reply_has_a_response_code)
{
	reply_clear(&reply);
	expect_wrong("no reply was made");
	reply_begin(&reply, COAP_GET);
	expect_wrong("0.01 is no response code");
	reply_begin(&reply, COAP_CSM);
	expect_wrong("7.01 is no response code");
	reply_begin(&reply, COAP_CHANGED);
	cr_assert(write_reply(sizeof bytes));
	cr_assert_eq(written.payload.n, 0);
}

Test(reply, options_a_peer_would_refuse_are_mistakes)
{
	reply_begin(&reply, COAP_CONTENT);
	reply_add_uint(&reply, OPT_URI_PATH, 1);
	expect_wrong("option Uri-Path does not belong here");
	reply_begin(&reply, COAP_CONTENT);
	reply_add_uint(&reply, OPT_MAX_AGE, 1);
	reply_add_uint(&reply, OPT_MAX_AGE, 2);
	expect_wrong("option Max-Age is repeated");
	reply_begin(&reply, COAP_CONTENT);
	reply_add(&reply, OPT_ETAG, span_str("ninebytes"));
	cr_assert(!write_reply(sizeof bytes));
}

Test(reply, beginning_anew_forgets_everything)
{
	reply_begin(&reply, COAP_CONTENT);
	reply_add_uint(&reply, OPT_URI_PATH, 1);
	reply_data(&reply, span_of(bytes, sizeof bytes));
	reply_begin(&reply, COAP_NOT_FOUND);
	cr_assert(write_reply(sizeof bytes));
	cr_assert_eq(written.options.n, 0);
	cr_assert_eq(written.payload.n, 0);
}

Test(reply, what_does_not_fit_the_datagram_is_a_mistake)
{
	reply_begin(&reply, COAP_CONTENT);
	reply_data(&reply, span_str("0123456789"));
	cr_assert(write_reply(11));
	cr_assert(!write_reply(10));
	cr_assert_str_eq(reply.wrong, "the reply does not fit a datagram");
}

Test(reply, E29_numbers_are_sent_without_leading_zeros)
{
	struct span value;

	reply_begin(&reply, COAP_CONTENT);
	reply_add_uint(&reply, OPT_MAX_AGE, 0);
	reply_add_uint(&reply, OPT_SIZE2, 256);
	cr_assert(reply_option(&reply, OPT_MAX_AGE, &value));
	cr_assert_eq(value.n, 0);
	cr_assert(reply_option(&reply, OPT_SIZE2, &value));
	cr_assert(span_eq(value, span_of("\x01\x00", 2)));
	cr_assert(!reply_option(&reply, OPT_ETAG, &value));
}
