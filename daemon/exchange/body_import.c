#include "exchange/body_import.h"

#include "exchange/body.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int copy(uint8_t *to, int fd, uint64_t from, uint64_t n)
{
	while (n) {
		ssize_t got = pread(fd, to, n, (off_t)from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		to += got;
		from += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return 0;
}

/* What there is of n bytes of the old memory. */
static int copy_pages(uint8_t *to, int fd, uint64_t from, uint64_t n)
{
	uint64_t end = from + n, at = from;

	while (at < end) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA), hole;
		int rc;

		if (data < 0)
			return errno == ENXIO ? 0 : -errno;     /* there is no more */
		if ((uint64_t)data >= end)
			return 0;
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		if ((uint64_t)hole > end)
			hole = (off_t)end;
		rc = copy(to + ((uint64_t)data - from), fd, (uint64_t)data,
			  (uint64_t)hole - (uint64_t)data);
		if (rc)
			return rc;
		at = (uint64_t)hole;
	}
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint32_t pages(uint64_t n)
{
	return (uint32_t)((n + WINDOWS_PAGE - 1) / WINDOWS_PAGE);
}

/* Bytes from the start, and the map behind the longest that there could be. */
static int take_window(struct import *i, const struct legend_slab *old,
		       const struct legend_slab *new, uint32_t k, int fd)
{
	uint8_t *to = (uint8_t *)i->to + new->window_at + k * new->window;
	struct body *b = (void *)((uint8_t *)i->to + new->at + (uint64_t)k * new->size);
	uint64_t from = old->window_at + k * old->window;
	int rc = copy_pages(to, fd, from,
			    least(least(old->tail, new->tail),
				  (uint64_t)b->touched * WINDOWS_PAGE));

	if (rc || b->touched <= pages(old->tail)) {
		if (b->touched > pages(new->tail))
			b->touched = pages(new->tail);
		return rc;
	}
	/* It has had gaps. */
	b->touched = pages(new->window);
	return copy_pages(to + new->tail, fd, from + old->tail,
			  least(old->window - old->tail, new->window - new->tail));
}

static int take_slab(struct import *i, const struct legend_slab *old,
		     const struct legend_slab *new, uint32_t n, int fd)
{
	int rc = 0;

	for (uint32_t k = 0; rc == 0 && k < n; k++) {
		struct body *b = (void *)((uint8_t *)i->to + new->at + (uint64_t)k * new->size);

		if (b->o.word & 1 && old->window)
			rc = take_window(i, old, new, k, fd);
		else
			b->touched = 0;
	}
	return rc;
}

int body_import(struct import *i, int old, struct err *err)
{
	int rc = 0;

	for (unsigned k = 0; rc == 0 && k < i->new.head->nslabs; k++) {
		const struct legend_slab *new = &i->new.slab[k];
		uint32_t was = legend_slab_of(&i->old, new->name);

		if (new->window && was != LEGEND_NONE)
			rc = take_slab(i, &i->old.slab[was], new, i->to->hwm[k], old);
	}
	return rc ? err_set(err, rc, "cannot read its bodies: %s", strerror(-rc)) : 0;
}
