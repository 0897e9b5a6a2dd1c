#include "resource/slice.h"

bool slice_wanted(const struct message *request, uint32_t szx, struct slice *out)
{
	struct span value;

	*out = (struct slice){ .block = { .szx = (uint8_t)szx } };
	out->asked = message_option(request, OPT_BLOCK2, 0, &value);
	if (out->asked && block_parse(value, &out->block) != BLOCK_OK)
		return false;
	if (out->block.szx > szx) {
		out->block.num <<= out->block.szx - szx;
		out->block.szx = (uint8_t)szx;
	}
	return true;
}

bool slice_of(struct slice *s, uint64_t total, bool *need)
{
	uint64_t at = (uint64_t)s->block.num * block_size(&s->block);

	if (at && at >= total)
		return false;
	s->block.more = total - at > block_size(&s->block);
	*need = s->asked || s->block.more;
	return true;
}
