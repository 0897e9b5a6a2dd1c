#include "base/gates.h"

#include <sys/mman.h>

int gates_make(struct gates *g, size_t n, struct err *err)
{
	int rc;

	*g = (struct gates){ .n = n };
	rc = shared_make(&g->memory, "coapd-gates", n * sizeof *g->shut);
	g->shut = g->memory.at;
	return rc ? err_set(err, rc, "no memory to close resources") : 0;
}

int gates_take_over(struct gates *g, int fd, size_t n, struct err *err)
{
	int rc;

	*g = (struct gates){ .n = n };
	rc = shared_take(&g->memory, fd, n * sizeof *g->shut);
	g->shut = g->memory.at;
	return rc ? err_set(err, rc, "resources are not closed as this program does it") : 0;
}

void gates_free(struct gates *g)
{
	shared_free(&g->memory);
	*g = (struct gates){ .n = 0 };
}

void gates_set(const struct gates *g, size_t mount, bool shut)
{
	if (g->shut && mount < g->n)
		__atomic_store_n(&g->shut[mount], shut, __ATOMIC_RELAXED);
}

void gates_protect(const struct gates *g)
{
	/* It is a safeguard: where it cannot be had, nothing else is missing. */
	if (g->shut)
		(void)mprotect(g->shut, g->n * sizeof *g->shut, PROT_READ);
}

const uint32_t *gates_word(const struct gates *g, size_t mount)
{
	return g && g->shut && mount < g->n ? &g->shut[mount] : NULL;
}
