#include "base/changes.h"

#define STRIDE 64u      /* words compared at a time: most have not changed */

uint32_t changes_next(const struct changes *c, uint64_t seen[CHANGES_WORDS], uint32_t *from)
{
	uint32_t i = *from;

	while (i < CHANGES_WORDS) {
		uint64_t now;

		if (i % STRIDE == 0 && memcmp(&c->word[i], &seen[i], STRIDE * sizeof now) == 0) {
			i += STRIDE;
			continue;
		}
		now = changes_value(c, i);
		if (now != seen[i]) {
			seen[i] = now;
			*from = i + 1;
			return i;
		}
		i++;
	}
	*from = CHANGES_WORDS;
	return CHANGES_WORDS;
}
