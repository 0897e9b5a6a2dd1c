#include "config/pool.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)16 * 1024)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct pool {
	struct block *blocks;   /* the newest first */
};

static void *must_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p) {
		fputs("out of memory while the site file was read\n", stderr);
		exit(EXIT_FAILURE);
	}
	return p;
}

struct pool *pool_new(void)
{
	return must_alloc(sizeof(struct pool));
}

void pool_free(struct pool *pool)
{
	struct block *next;

	if (!pool)
		return;
	for (struct block *b = pool->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(pool);
}

static struct block *block_add(struct pool *pool, size_t n)
{
	size_t size = n > BLOCK ? n : BLOCK;
	struct block *b = must_alloc(sizeof *b + size);

	b->size = size;
	b->next = pool->blocks;
	return pool->blocks = b;
}

void *pool_get(struct pool *pool, size_t n)
{
	struct block *b = pool->blocks;
	void *p;

	assert(n < SIZE_MAX / 2);
	n = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!b || b->size - b->used < n)
		b = block_add(pool, n);
	p = b->bytes + b->used;
	b->used += n;
	return p;
}

void *pool_array(struct pool *pool, size_t count, size_t size)
{
	assert(count < SIZE_MAX / 2 / size);
	return pool_get(pool, count * size);
}

char *pool_copy(struct pool *pool, const void *p, size_t n)
{
	char *copy = pool_get(pool, n + 1);

	if (n)
		memcpy(copy, p, n);
	return copy;
}
