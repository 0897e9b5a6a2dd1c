#include "coap/block.h"

#include <assert.h>

#include "coap/option.h"

enum block_verdict block_parse(struct span value, struct block *out)
{
	uint64_t v;

	if (value.n > 3 || !option_uint(value, &v))
		return BLOCK_LENGTH;
	if ((v & 7) > BLOCK_SZX_MAX)
		return BLOCK_RESERVED;
	out->num = (uint32_t)(v >> 4);
	out->more = v & 8;
	out->szx = v & 7;
	return BLOCK_OK;
}

uint32_t block_uint(const struct block *b)
{
	assert(b->num <= BLOCK_NUM_MAX && b->szx <= BLOCK_SZX_MAX);
	return b->num << 4 | (uint32_t)b->more << 3 | b->szx;
}
