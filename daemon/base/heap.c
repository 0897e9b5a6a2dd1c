#include "base/heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int heap_init(struct heap *h, uint32_t cap)
{
	*h = (struct heap){ .cap = cap };
	h->entry = calloc(cap ? cap : 1, sizeof *h->entry);
	h->pos = calloc(cap ? cap : 1, sizeof *h->pos);
	if (!h->entry || !h->pos) {
		heap_free(h);
		return -ENOMEM;
	}
	heap_clear(h);
	return 0;
}

void heap_free(struct heap *h)
{
	free(h->entry);
	free(h->pos);
	*h = (struct heap){ 0 };
}

void heap_clear(struct heap *h)
{
	h->n = 0;
	if (h->cap)
		memset(h->pos, 0xff, (size_t)h->cap * sizeof *h->pos);
}

static void place(struct heap *h, uint32_t at, struct heap_entry e)
{
	h->entry[at] = e;
	h->pos[e.item] = at;
}

static void sift_up(struct heap *h, uint32_t at)
{
	struct heap_entry e = h->entry[at];

	while (at && h->entry[(at - 1) / 2].at > e.at) {
		place(h, at, h->entry[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(h, at, e);
}

static void sift_down(struct heap *h, uint32_t at)
{
	struct heap_entry e = h->entry[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->entry[child + 1].at < h->entry[child].at)
			child++;
		if (h->entry[child].at >= e.at)
			break;
		place(h, at, h->entry[child]);
		at = child;
	}
	place(h, at, e);
}

void heap_set(struct heap *h, uint32_t item, uint64_t at)
{
	uint32_t p;

	assert(item < h->cap);
	p = h->pos[item];
	if (p == HEAP_NONE) {
		p = h->n++;
		place(h, p, (struct heap_entry){ at, item });
	} else {
		h->entry[p].at = at;
	}
	sift_down(h, p);
	sift_up(h, h->pos[item]);
}

void heap_remove(struct heap *h, uint32_t item)
{
	uint32_t p, last;

	assert(item < h->cap);
	p = h->pos[item];
	if (p == HEAP_NONE)
		return;
	h->pos[item] = HEAP_NONE;
	last = --h->n;
	if (p == last)
		return;
	place(h, p, h->entry[last]);
	item = h->entry[p].item;
	sift_down(h, p);
	sift_up(h, h->pos[item]);
}
