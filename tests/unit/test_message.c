#include "coap/message.h"
#include "coap/path_hash.h"
#include "vectors.h"

static bool parse(const char *bytes, size_t n, struct message *m)
{
	*m = (struct message){ .code = COAP_GET };
	return message_parse_body(span_of(bytes, n), m);
}

#define PARSE(literal, m) parse(literal, sizeof literal - 1, m)

Test(message, body_splits_into_options_and_payload)
{
	struct message m;

	cr_assert(PARSE("", &m));
	cr_assert_eq(m.options.n, 0);
	cr_assert_eq(m.payload.n, 0);
	cr_assert(PARSE("\xb1" "a" "\x01" "b", &m));
	cr_assert_eq(m.options.n, 4);
	cr_assert_eq(m.payload.n, 0);
	cr_assert(PARSE("\xb1" "a" "\xff" "\xff\xff", &m));
	cr_assert_eq(m.options.n, 2);
	cr_assert_span(m.payload, span_str("\xff\xff"));
	cr_assert(PARSE("\xff" "x", &m));
	cr_assert_eq(m.options.n, 0);
	cr_assert_span(m.payload, span_str("x"));
}

Test(message, E3_marker_without_payload)
{
	struct message m;

	cr_assert(!PARSE("\xff", &m));
	cr_assert(!PARSE("\xb1" "a" "\xff", &m));
	cr_assert(PARSE("\xb1" "a" "\xff" "\0", &m));
}

Test(message, E24_nibble_15_is_malformed)
{
	struct message m;

	cr_assert(!PARSE("\xf0", &m));
	cr_assert(!PARSE("\x0f", &m));
	cr_assert(!PARSE("\xb1" "a" "\xf1" "a" "\xff" "x", &m));
}

Test(message, E25_option_past_the_end)
{
	struct message m;

	cr_assert(!PARSE("\xb2" "a", &m));
	cr_assert(!PARSE("\xe0\xfe\xf2" "\x10", &m));
	/* An option may not reach over the payload marker either: it takes it. */
	cr_assert(PARSE("\xb2" "a" "\xff", &m));
	cr_assert_eq(m.options.n, 3);
}

/* The body of a request with two Content-Formats, three paths, Size1 too long. */
#define MIXED "\xb1" "a" "\x01" "b" "\x01" "c" "\x11\x28" "\x01\x29" "\xd5\x23" "12345"

Test(message, options_are_found_in_order)
{
	struct message m;
	struct span s;

	cr_assert(PARSE(MIXED, &m));
	cr_assert(message_option(&m, OPT_URI_PATH, 0, &s));
	cr_assert_span(s, span_str("a"));
	cr_assert(message_option(&m, OPT_URI_PATH, 2, &s));
	cr_assert_span(s, span_str("c"));
	cr_assert(!message_option(&m, OPT_URI_PATH, 3, &s));
	cr_assert(!message_option(&m, OPT_URI_HOST, 0, &s));
	cr_assert(!message_option(&m, 65000, 0, &s));
}

Test(message, walk_meets_each_and_ends)
{
	struct message_walk walk;
	struct message m;
	struct span s;

	cr_assert(PARSE(MIXED, &m));
	walk = message_walk(&m, OPT_URI_PATH);
	cr_assert(message_walk_next(&walk, &s));
	cr_assert_span(s, span_str("a"));
	cr_assert(message_walk_next(&walk, &s));
	cr_assert(message_walk_next(&walk, &s));
	cr_assert_span(s, span_str("c"));
	cr_assert(!message_walk_next(&walk, &s));
	walk = message_walk(&m, OPT_URI_QUERY);
	cr_assert(!message_walk_next(&walk, &s));
}

Test(message, E27_repeated_elective_keeps_the_first)
{
	struct message m;
	struct span s;
	uint64_t v;

	cr_assert(PARSE(MIXED, &m));
	cr_assert(message_option_uint(&m, OPT_CONTENT_FORMAT, &v));
	cr_assert_eq(v, 40);
	cr_assert(!message_option(&m, OPT_CONTENT_FORMAT, 1, &s));
}

Test(message, E27_etag_repeats_in_requests_only)
{
	struct message m;
	struct span s;

	cr_assert(PARSE("\x41" "a" "\x01" "b", &m));
	cr_assert(message_option(&m, OPT_ETAG, 1, &s));
	cr_assert_span(s, span_str("b"));
	m.code = COAP_CONTENT;
	cr_assert(message_option(&m, OPT_ETAG, 0, &s));
	cr_assert(!message_option(&m, OPT_ETAG, 1, &s));
}

Test(message, E28_elective_of_wrong_length_is_not_seen)
{
	struct message m;
	struct span s;
	uint64_t v;

	cr_assert(PARSE(MIXED, &m));
	cr_assert(!message_option_uint(&m, OPT_SIZE1, &v));
	/* An empty ETag is none, the one after it counts. */
	cr_assert(PARSE("\x40" "\x01" "b", &m));
	cr_assert(message_option(&m, OPT_ETAG, 0, &s));
	cr_assert_span(s, span_str("b"));
	/* Of an option that may stand once, the second does not replace the first. */
	cr_assert(PARSE("\xc3" "123" "\x01\x28", &m));
	cr_assert(!message_option_uint(&m, OPT_CONTENT_FORMAT, &v));
}

Test(message, E29_uint_with_leading_zeros)
{
	struct message m;
	uint64_t v;

	cr_assert(PARSE("\xc2\x00\x28", &m));
	cr_assert(message_option_uint(&m, OPT_CONTENT_FORMAT, &v));
	cr_assert_eq(v, 40);
}

Test(message, E30_reserved_numbers_do_not_disturb)
{
	struct message m;
	struct span s;

	/* 0, Uri-Path, 128, 132, 136, 140 */
	cr_assert(PARSE("\x01" "z" "\xb1" "a" "\xd0\x68" "\x40" "\x40" "\x40", &m));
	cr_assert(message_option(&m, OPT_URI_PATH, 0, &s));
	cr_assert_span(s, span_str("a"));
	cr_assert(message_option(&m, 140, 0, &s));
	cr_assert_eq(s.n, 0);
	/* Each by itself, with a short head and with a longer one. */
	cr_assert(PARSE("\x01" "z", &m));
	cr_assert(message_option(&m, 0, 0, &s));
	cr_assert(PARSE("\xd0\x7f", &m));
	cr_assert(message_option(&m, 140, 0, &s));
}

Test(message, payload_takes_a_marker_and_none_takes_nothing)
{
	uint8_t out[8];
	struct writer w = writer_of(out, sizeof out);

	message_write_payload(&w, span_of(NULL, 0));
	cr_assert_eq(w.p - out, 0);
	message_write_payload(&w, span_str("hi"));
	cr_assert_eq(w.p - out, 3);
	cr_assert_arr_eq(out, "\xff" "hi", 3);
}

Test(message, its_path_is_noted)
{
	uint64_t hash = path_hash_add(path_hash_add(PATH_HASH, span_str("a")),
				      span_str("longer than 8"));
	struct message m;

	cr_assert(PARSE("\x31" "h" "\x81" "a" "\x0d\0" "longer than 8" "\x11\x28", &m));
	cr_assert_span(m.path, span_of("\x81" "a" "\x0d\0" "longer than 8", 17));
	cr_expect_eq(m.path_hash, hash);
	cr_assert(PARSE("\xb1" "b", &m));
	cr_expect_eq(m.path_hash, path_hash_add(PATH_HASH, span_str("b")));
	cr_assert(PARSE("\xc1\x28", &m));
	cr_expect_eq(m.path.n, 0);
	cr_expect_eq(m.path_hash, PATH_HASH);
}

Test(message, what_is_plain_need_not_be_checked)
{
	static const struct {
		const char *bytes;
		uint8_t n, code;
		bool plain;
	} of[] = {
		{ "\xb1" "a", 2, COAP_GET, true },
		{ "\xb9" "123456789", 10, COAP_GET, true },
		{ "\xb9" "12345678\xff", 10, COAP_GET, false },
		{ "\xb1" "a", 2, COAP_CONTENT, false },
		{ "\xb1" ".", 2, COAP_GET, false },
		{ "\xb2" "..", 3, COAP_GET, false },
		{ "\xb3" "..a", 4, COAP_GET, true },
		{ "\xb1" "\xff", 2, COAP_GET, false },
		{ "\xb1" "a\x61\x28\x03" "123", 8, COAP_GET, false },  /* a second Accept, too long */
		{ "\x31" "h\x01" "h", 4, COAP_GET, false },             /* Uri-Host twice */
		{ "\xd1\0\x02", 3, COAP_GET, false },                  /* an abbreviation */
		{ "\xd0\x0c", 2, COAP_GET, false },                     /* 25 is nobody's */
		{ "\xd0\x0d", 2, COAP_GET, true },                      /* 26 may be */
	};
	struct option_set all = { ~0ull }, none = { 0 };

	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		struct message m = { .code = of[i].code };

		cr_assert(message_parse_body(span_of(of[i].bytes, of[i].n), &m));
		cr_expect_eq(m.plain, of[i].plain, "%zu", i);
		cr_expect_eq(message_check(&m, &all, NULL),
			     option_check(m.options, m.code, &all, NULL), "%zu", i);
		cr_expect_eq(message_check(&m, &none, NULL),
			     option_check(m.options, m.code, &none, NULL), "%zu", i);
	}
}
