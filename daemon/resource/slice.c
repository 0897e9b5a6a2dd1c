#include "resource/slice.h"

bool slice_wanted(const struct message *request, struct slice *out)
{
	struct span value;

	*out = (struct slice){ .block = { .szx = BLOCK_SZX_MAX } };
	out->asked = message_option(request, OPT_BLOCK2, 0, &value);
	return !out->asked || block_parse(value, &out->block) == BLOCK_OK;
}

bool slice_of(struct slice *s, size_t total, bool *need)
{
	size_t at = block_offset(&s->block);

	if (at && at >= total)
		return false;
	s->block.more = total - at > block_size(&s->block);
	*need = s->asked || s->block.more;
	return true;
}
