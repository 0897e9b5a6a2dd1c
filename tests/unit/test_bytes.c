#include "base/bytes.h"

#include <criterion/criterion.h>

Test(bytes, spans_compare_by_content)
{
	uint8_t one[] = { 1, 2, 0, 3 };

	cr_assert(span_eq(span_of("ab", 2), span_str("ab")));
	cr_assert(!span_eq(span_str("ab"), span_str("abc")));
	cr_assert(!span_eq(span_str("ab"), span_str("ac")));
	cr_assert(span_eq(span_of(NULL, 0), span_str("")));
	cr_assert(span_eq(span_of(one, 4), span_of("\1\2\0\3", 4)));
}

Test(bytes, reader_reads_network_order)
{
	static const uint8_t in[] = { 0x01, 0x02, 0x03, 0xaa, 0xbb };
	struct reader r = reader_of(span_of(in, sizeof in));
	struct span s;

	cr_assert_eq(read_u8(&r), 1);
	cr_assert_eq(read_u16(&r), 0x0203);
	s = read_span(&r, 2);
	cr_assert(span_eq(s, span_of(in + 3, 2)));
	cr_assert_eq(reader_left(&r), 0);
	cr_assert(!r.bad);
}

Test(bytes, reader_error_sticks)
{
	static const uint8_t in[] = { 1, 2, 3 };
	struct reader r = reader_of(span_of(in, sizeof in));

	cr_assert_eq(read_span(&r, 4).n, 0);
	cr_assert(r.bad);
	cr_assert_eq(read_u8(&r), 0);
	cr_assert_eq(read_u16(&r), 0);
	cr_assert_eq(reader_left(&r), 0);
	cr_assert(r.bad);
}

Test(bytes, reader_past_the_end_by_any_width)
{
	uint8_t one = 7;
	struct reader r = reader_of(span_of(&one, 1));

	read_u16(&r);
	cr_assert(r.bad);
	cr_assert_eq(r.p, r.end);
	r = reader_of(span_of(&one, 1));
	cr_assert_eq(read_span(&r, SIZE_MAX).n, 0);
	cr_assert(r.bad);
}

Test(bytes, nothing_can_be_read_from_nothing)
{
	struct reader r = reader_of(span_of(NULL, 0));

	cr_assert_eq(read_span(&r, 0).n, 0);
	cr_assert(!r.bad);
	cr_assert_eq(read_u8(&r), 0);
	cr_assert(r.bad);
}

Test(bytes, writer_writes_network_order)
{
	uint8_t out[8] = { 0 };
	struct writer w = writer_of(out, sizeof out);

	write_u8(&w, 1);
	write_u16(&w, 0x0203);
	write_bytes(&w, "\4\5", 2);
	write_span(&w, span_str("\6"));
	write_span(&w, span_of(NULL, 0));
	cr_assert(!w.full);
	cr_assert_eq(writer_left(&w), 2);
	cr_assert_eq(memcmp(out, "\1\2\3\4\5\6\0\0", 8), 0);
}

Test(bytes, writer_error_sticks_and_nothing_more_is_written)
{
	uint8_t out[4] = { 0, 0, 0, 0x77 };
	struct writer w = writer_of(out, 3);

	write_u16(&w, 0x0102);
	write_u16(&w, 0x0304);
	cr_assert(w.full);
	write_u8(&w, 5);
	write_bytes(&w, "x", 1);
	cr_assert_eq(out[2], 0);
	cr_assert_eq(out[3], 0x77);
	cr_assert_eq(writer_left(&w), 1);
}

Test(bytes, writer_without_room_takes_only_nothing)
{
	struct writer w = writer_of(NULL, 0);

	write_bytes(&w, NULL, 0);
	cr_assert(!w.full);
	write_bytes(&w, "x", 1);
	cr_assert(w.full);
}
