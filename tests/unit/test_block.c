#include "coap/block.h"
#include "coap/option.h"
#include "vectors.h"

/* Values that do not decode name the reason, not the verdict. */
static void replay_invalid(struct span value, const char *reason)
{
	struct block b;

	if (strstr(reason, "SZX 7"))
		cr_assert_eq(block_parse(value, &b), BLOCK_RESERVED);
	else
		cr_assert_eq(block_parse(value, &b), BLOCK_LENGTH);
}

Test(block, vectors_of_rfc7959)
{
	json_t *root = vectors_load("format_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "block_option"), i, v) {
		struct blob value;
		struct block b;
		uint8_t out[16];

		hex_decode(vectors_text(v, "hex"), &value);
		if (json_object_get(v, "invalid")) {
			replay_invalid(blob_span(&value), vectors_text(v, "invalid"));
			continue;
		}
		cr_assert_eq(block_parse(blob_span(&value), &b), BLOCK_OK);
		cr_assert_eq(b.num, vectors_number(v, "num"));
		cr_assert_eq(b.more, vectors_number(v, "m"));
		cr_assert_eq(b.szx, vectors_number(v, "szx"));
		cr_assert_eq(block_size(&b), vectors_number(v, "size"));
		cr_assert_span(span_of(out, option_uint_encode(block_uint(&b), out)),
			       blob_span(&value));
	}
	json_decref(root);
}

Test(block, E42_size_exponent_7_is_reserved)
{
	struct block b;

	cr_assert_eq(block_parse(span_str("\x07"), &b), BLOCK_RESERVED);
	cr_assert_eq(block_parse(span_str("\x1f"), &b), BLOCK_RESERVED);
	cr_assert_eq(block_parse(span_str("\x16"), &b), BLOCK_OK);
}

Test(block, E29_leading_zeros)
{
	struct block b;

	cr_assert_eq(block_parse(span_of("\0\0\x1a", 3), &b), BLOCK_OK);
	cr_assert_eq(b.num, 1);
	cr_assert(b.more);
	cr_assert_eq(b.szx, 2);
}

Test(block, offset_of_the_last_block_fits)
{
	struct block b = { .num = BLOCK_NUM_MAX, .szx = BLOCK_SZX_MAX };

	cr_assert_eq(block_offset(&b), 0xfffffu * 1024);
	b = (struct block){ .num = 3, .szx = 2 };
	cr_assert_eq(block_offset(&b), 192);
}
