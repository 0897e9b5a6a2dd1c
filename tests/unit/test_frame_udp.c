#include <criterion/criterion.h>

#include "coap/frame_udp.h"
#include "vectors.h"

static uint8_t buffer[TOKEN_MAX + 16];

static enum frame_verdict parse(const char *bytes, size_t n, struct message *m)
{
	return frame_udp_parse(span_of(bytes, n), m);
}

#define PARSE(literal, m) parse(literal, sizeof literal - 1, m)

Test(frame_udp, E1_other_versions_and_runts_are_ignored)
{
	struct message m;

	cr_assert_eq(PARSE("\x00\x01\x12\x34", &m), FRAME_IGNORE);
	cr_assert_eq(PARSE("\x80\x01\x12\x34", &m), FRAME_IGNORE);
	cr_assert_eq(PARSE("\xc0\x01\x12\x34", &m), FRAME_IGNORE);
	/* Even where the rest is malformed: the format is not known. */
	cr_assert_eq(PARSE("\x8f\x01\x12\x34\xff", &m), FRAME_IGNORE);
	for (size_t n = 0; n < 4; n++)
		cr_assert_eq(parse("\x40\x01\x12", n, &m), FRAME_IGNORE);
	cr_assert_eq(PARSE("\x40\x01\x12\x34", &m), FRAME_OK);
}

/* A token of n bytes, written and parsed again. */
static void token_round_trip(size_t n, unsigned tkl)
{
	static uint8_t token[TOKEN_MAX];
	struct writer w = writer_of(buffer, sizeof buffer);
	struct message m;

	memset(token, 0xa5, n);
	frame_udp_head(&w, COAP_NON, COAP_GET, 0x1234, span_of(token, n));
	cr_assert(!w.full);
	cr_assert_eq((size_t)(w.p - buffer), frame_udp_head_size(n));
	cr_assert_eq(buffer[0] & 15, tkl);
	cr_assert_eq(frame_udp_parse(span_of(buffer, (size_t)(w.p - buffer)), &m), FRAME_OK);
	cr_assert(span_eq(m.token, span_of(token, n)));
	cr_assert_eq(m.mid, 0x1234);
	/* One byte short of its token, or of its length: malformed. */
	cr_assert_eq(frame_udp_parse(span_of(buffer, (size_t)(w.p - buffer) - 1), &m),
		     n ? FRAME_ERROR : FRAME_IGNORE);
}

Test(frame_udp, E2_extended_token_lengths)
{
	static const struct { size_t n; unsigned tkl; } cases[] = {
		{ 0, 0 }, { 1, 1 }, { 8, 8 }, { 9, 9 }, { 12, 12 }, { 13, 13 },
		{ 14, 13 }, { 268, 13 }, { 269, 14 }, { 270, 14 }, { TOKEN_MAX, 14 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		token_round_trip(cases[i].n, cases[i].tkl);
}

Test(frame_udp, E2_token_length_15_is_malformed)
{
	struct message m;

	cr_assert_eq(PARSE("\x4f\x01\x00\x01" "\xb1" "a", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x4f\x01\x00\x01" "0123456789abcde", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x4f\x01\xbe\xef", &m), FRAME_ERROR);
	cr_assert_eq(m.type, COAP_CON);
	cr_assert_eq(m.code, COAP_GET);
	cr_assert_eq(m.mid, 0xbeef);
}

Test(frame_udp, E2_truncated_length_is_malformed)
{
	struct message m;

	cr_assert_eq(PARSE("\x4d\x01\x00\x01", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x4e\x01\x00\x01", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x4e\x01\x00\x01\x00", &m), FRAME_ERROR);
}

Test(frame_udp, a_token_has_the_length_that_its_head_says)
{
	static const struct {
		struct span datagram;
		size_t n;
	} known[] = {
		{ { (const uint8_t *)"\x44\x01\0\1", 4 }, 4 },
		{ { (const uint8_t *)"\x4d\x01\0\1\2", 5 }, 15 },
		{ { (const uint8_t *)"\x4e\x01\0\1\xff\xff", 6 }, TOKEN_MAX },
		{ { (const uint8_t *)"\x4e\x01\0\1\xff", 5 }, 0 },
		{ { (const uint8_t *)"\x4f\x01\0\1", 4 }, 0 },
		{ { (const uint8_t *)"\x84\x01\0\1", 4 }, 0 },
		{ { (const uint8_t *)"\x44\x01", 2 }, 0 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		cr_expect_eq(frame_udp_token_claimed(known[i].datagram), known[i].n, "%zu", i);
}

Test(frame_udp, the_token_alone)
{
	cr_assert_span(frame_udp_token(span_of("\x42\x01\x00\x07" "ab\xf0", 7)), span_str("ab"));
	cr_assert_span(frame_udp_token(span_of("\x4d\x01\x00\x07\x00" "abcdefghijklm", 18)),
		       span_str("abcdefghijklm"));
	cr_assert_eq(frame_udp_token(span_of("\x40\x01\x00\x07", 4)).n, 0);
	cr_assert_eq(frame_udp_token(span_of("\x42\x01\x00\x07" "a", 5)).n, 0);
	cr_assert_eq(frame_udp_token(span_of("\x4f\x01\x00\x07" "abc", 7)).n, 0);
	cr_assert_eq(frame_udp_token(span_of("\x82\x01\x00\x07" "ab", 6)).n, 0);
	cr_assert_eq(frame_udp_token(span_of(NULL, 0)).n, 0);
}

Test(frame_udp, E4_empty_message_with_anything_is_malformed)
{
	struct message m;

	cr_assert_eq(PARSE("\x40\x00\x00\x07", &m), FRAME_OK);
	cr_assert_eq(PARSE("\x60\x00\x00\x07", &m), FRAME_OK);
	cr_assert_eq(PARSE("\x70\x00\x00\x07", &m), FRAME_OK);
	cr_assert_eq(PARSE("\x41\x00\x00\x07\xaa", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x41\x00\x00\x07", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x40\x00\x00\x07\x10", &m), FRAME_ERROR);
	cr_assert_eq(PARSE("\x40\x00\x00\x07\xff\x61", &m), FRAME_ERROR);
	cr_assert_eq(m.type, COAP_CON);
	cr_assert_eq(m.mid, 7);
}

Test(frame_udp, E5_error_leaves_what_a_reset_needs)
{
	struct message m;

	cr_assert_eq(PARSE("\x52\x45\xca\xfe\x01\x02\xf0", &m), FRAME_ERROR);
	cr_assert_eq(m.type, COAP_NON);
	cr_assert_eq(m.code, COAP_CONTENT);
	cr_assert_eq(m.mid, 0xcafe);
	cr_assert_eq(m.token.n, 0);
	cr_assert_eq(m.options.n, 0);
	cr_assert_eq(m.payload.n, 0);
}

Test(frame_udp, E17_empty_token_is_a_token)
{
	struct message m;

	cr_assert_eq(PARSE("\x40\x01\x00\x01\xb1\x61", &m), FRAME_OK);
	cr_assert_eq(m.token.n, 0);
	cr_assert_eq(m.options.n, 2);
}

Test(frame_udp, empty_messages_are_four_bytes)
{
	struct writer w = writer_of(buffer, sizeof buffer);

	frame_udp_empty(&w, COAP_RST, 0xbeef);
	cr_assert_eq(w.p - buffer, 4);
	cr_assert_arr_eq(buffer, "\x70\x00\xbe\xef", 4);
}

Test(frame_udp, message_is_written_as_it_was_read)
{
	struct writer w = writer_of(buffer, sizeof buffer);
	struct message m;

	cr_assert_eq(PARSE("\x52\x45\xca\xfe\x01\x02\x60\x61\x2a\xff" "hi", &m), FRAME_OK);
	frame_udp_message(&w, &m);
	cr_assert_eq(w.p - buffer, 12);
	cr_assert_arr_eq(buffer, "\x52\x45\xca\xfe\x01\x02\x60\x61\x2a\xff" "hi", 12);
}

Test(frame_udp, too_small_a_buffer_is_told)
{
	struct writer w = writer_of(buffer, 5);

	frame_udp_head(&w, COAP_CON, COAP_GET, 1, span_str("ab"));
	cr_assert(w.full);
}
