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

Test(bytes, few_are_copied_and_no_more)
{
	uint8_t from[40], to[42];

	for (size_t n = 0; n <= sizeof from; n++) {
		for (size_t i = 0; i < sizeof from; i++)
			from[i] = (uint8_t)(i + 1);
		memset(to, 0xee, sizeof to);
		bytes_copy(to + 1, from, n);
		cr_assert_eq(memcmp(to + 1, from, n), 0, "%zu bytes", n);
		cr_assert(to[0] == 0xee && to[n + 1] == 0xee, "%zu bytes", n);
	}
}

Test(bytes, every_byte_of_a_span_is_compared)
{
	uint8_t a[12] = "hello world", b[12];

	for (size_t n = 0; n <= sizeof a; n++) {
		memcpy(b, a, sizeof b);
		cr_assert(span_eq(span_of(a, n), span_of(b, n)));
		for (size_t i = 0; i < n; i++) {
			b[i] ^= 1;
			cr_assert(!span_eq(span_of(a, n), span_of(b, n)), "byte %zu of %zu", i, n);
			b[i] ^= 1;
		}
	}
	cr_assert(!span_eq(span_of(a, 3), span_of(a, 4)));
}
