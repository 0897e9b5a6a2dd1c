#include "base/windows.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

uint64_t windows_size(const struct windows_def *def)
{
	uint64_t n = 0;

	for (unsigned c = 0; c < WINDOWS_CLASSES; c++) {
		assert(def->class[c].size % WINDOWS_PAGE == 0);
		n += def->class[c].n * def->class[c].size;
	}
	return n;
}

uint8_t *windows_at(const struct windows *w, unsigned class, uint32_t i)
{
	uint64_t off = 0;

	assert(class < WINDOWS_CLASSES && i < w->def->class[class].n);
	for (unsigned c = 0; c < class; c++)
		off += w->def->class[c].n * w->def->class[c].size;
	return w->at + off + i * w->def->class[class].size;
}

void windows_release(const struct windows *w, unsigned class, uint32_t i, uint64_t from,
		     uint64_t to)
{
	const uint64_t mask = WINDOWS_PAGE - 1;
	uint8_t *at = windows_at(w, class, i);

	assert(to <= w->def->class[class].size);
	from = (from + mask) & ~mask;
	to &= ~mask;
	if (from >= to)
		return;
	/* Shared memory is given back to the file, private memory to the system. */
	if (madvise(at + from, to - from, MADV_REMOVE) == 0 ||
	    madvise(at + from, to - from, MADV_DONTNEED) == 0)
		return;
	memset(at + from, 0, to - from);
}
