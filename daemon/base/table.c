#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

int table_init(struct table *t, uint32_t cap)
{
	uint32_t n = 16;

	while (n < cap && n < 1u << 31)
		n <<= 1;
	t->bucket = malloc((size_t)n * sizeof *t->bucket);
	if (!t->bucket)
		return -ENOMEM;
	t->mask = n - 1;
	table_clear(t);
	return 0;
}

void table_free(struct table *t)
{
	free(t->bucket);
	t->bucket = NULL;
}

void table_clear(struct table *t)
{
	memset(t->bucket, 0xff, ((size_t)t->mask + 1) * sizeof *t->bucket);
}
