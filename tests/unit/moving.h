/* moving.h - for tests: an engine's memory goes over into another layout. */
#ifndef UNIT_MOVING_H
#define UNIT_MOVING_H

#include "base/import.h"
#include "exchange/body.h"
#include "rig.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

/* Has the legend of an engine that is empty yet tell of windows as well. */
static inline void moving_begin(struct rig *r, const struct windows_def *w)
{
	r->def.windows = *w;
	rig_crash(r);
}

static inline uint64_t moving_size(const struct space_def *def)
{
	return space_size(def) + windows_size(&def->windows);
}

/* Memory like a slot's, in a file of its own, with all that is in mem and its windows;
 * pages that are zero are none. */
static inline int moving_file(const struct space_def *def, const void *mem, const void *windows)
{
	size_t n = space_size(def), all = moving_size(def);
	int fd = memfd_create("slot", MFD_CLOEXEC);
	static const uint8_t zero[WINDOWS_PAGE];

	cr_assert_eq(ftruncate(fd, (off_t)all), 0);
	unpoison(mem, n);
	for (size_t at = 0; at < all; at += WINDOWS_PAGE) {
		const uint8_t *page = at < n ? (const uint8_t *)mem + at :
					       (const uint8_t *)windows + (at - n);

		if (memcmp(page, zero, WINDOWS_PAGE) != 0)
			cr_assert_eq(pwrite(fd, page, WINDOWS_PAGE, (off_t)at), WINDOWS_PAGE);
	}
	return fd;
}

/* Pages that there are of the windows. */
static inline uint64_t moving_pages(int fd, const struct space_def *def)
{
	uint64_t n = 0;
	off_t end = lseek(fd, 0, SEEK_END), at = lseek(fd, (off_t)space_size(def), SEEK_DATA);

	while (at >= 0 && at < end) {
		off_t hole = lseek(fd, at, SEEK_HOLE);

		n += (uint64_t)(hole - at) / WINDOWS_PAGE;
		at = lseek(fd, hole, SEEK_DATA);
	}
	return n;
}

static inline void *moving_map(int fd, const struct space_def *def, int how)
{
	void *at = mmap(NULL, moving_size(def), PROT_READ | PROT_WRITE, how, fd, 0);

	cr_assert(at != MAP_FAILED);
	return at;
}

/* The engine goes on in a copy of new memory; the windows are where w says. */
static inline void moving_end(struct rig *r, struct windows *w, const struct space_def *def,
			      const void *mem)
{
	size_t n = space_size(def);
	enum space_state state;
	uint64_t now = r->e.now;
	const struct xfer_source *source = r->e.source;

	engine_close(&r->e);
	free(r->mem);
	r->def = *def;
	r->mem = aligned_alloc(WINDOWS_PAGE, n);
	memcpy(r->mem, mem, n);
	w->at = aligned_alloc(WINDOWS_PAGE, windows_size(&def->windows));
	memcpy(w->at, (const uint8_t *)mem + n, windows_size(&def->windows));
	w->def = &r->def.windows;
	cr_assert_eq(engine_open(&r->e, r->mem, &r->def, 3, &(struct hash_key){ { 0 } },
				 &r->conf, &state), 0);
	cr_assert_eq(state, SPACE_OLD);
	r->e.now = now;
	r->e.source = source;
}

#endif
