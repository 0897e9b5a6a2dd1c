/* Blocks of a representation that is there as a whole (RFC 7959). */
#include <criterion/criterion.h>

#include "resource/slice.h"

static uint8_t bytes[16];
static struct message request;
static struct slice slice;
static bool need;

/* A request with this Block2 value; n 0 is an empty one, NULL none at all. */
static bool wanted(const char *value, size_t n)
{
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	if (value)
		option_write(&ow, OPT_BLOCK2, span_of(value, n));
	request = (struct message){ .code = COAP_GET,
				    .options = span_of(bytes, (size_t)(w.p - bytes)) };
	return slice_wanted(&request, BLOCK_SZX_MAX, &slice);
}

Test(slice, all_in_one_needs_no_option)
{
	cr_assert(wanted(NULL, 0));
	cr_assert(slice_of(&slice, 0, &need));
	cr_assert(!need);
	cr_assert(slice_of(&slice, 1024, &need));
	cr_assert(!need && !slice.block.more);
	cr_assert(slice_of(&slice, 1025, &need));
	cr_assert(need && slice.block.more);
}

Test(slice, who_asks_gets_the_option)
{
	cr_assert(wanted("", 0));
	cr_assert_eq(block_size(&slice.block), 16);
	cr_assert(slice_of(&slice, 10, &need));
	cr_assert(need && !slice.block.more);
	cr_assert(slice_of(&slice, 17, &need));
	cr_assert(need && slice.block.more);
}

/* Blocks of 64 at most: the second of 128 is the third of those (RFC 7959 2.4). */
Test(slice, E48_a_smaller_block_begins_where_the_asked_one_would)
{
	cr_assert(wanted("\x13", 1));
	cr_assert(slice_wanted(&request, 2, &slice));
	cr_assert_eq(slice.block.num, 2);
	cr_assert_eq(block_size(&slice.block), 64);
}

Test(slice, E42_the_reserved_size_is_refused)
{
	cr_assert(!wanted("\x07", 1));
	cr_assert(!wanted("\x17", 1));
	cr_assert(wanted("\x06", 1));
}

Test(slice, E43_the_m_bit_of_a_request_means_nothing)
{
	cr_assert(wanted("\x18", 1));
	cr_assert(slice_of(&slice, 32, &need));
	cr_assert_eq(slice.block.num, 1);
	cr_assert(!slice.block.more);
}

Test(slice, E45_beyond_the_end_is_an_error)
{
	cr_assert(wanted("\x10", 1));
	cr_assert(slice_of(&slice, 17, &need));
	cr_assert(!slice_of(&slice, 16, &need));
	cr_assert(!slice_of(&slice, 0, &need));
	cr_assert(wanted("\xff\xff\xf6", 3));
	cr_assert(!slice_of(&slice, 1024, &need));
}
