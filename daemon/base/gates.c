#include "base/gates.h"

#include <errno.h>
#include <sys/mman.h>

int gates_make(struct gates *g, size_t n, struct err *err)
{
	*g = (struct gates){ .n = n };
	if (!n)
		return 0;
	g->shut = mmap(NULL, n * sizeof *g->shut, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g->shut != MAP_FAILED)
		return 0;
	*g = (struct gates){ .n = 0 };
	return err_set(err, -errno, "no memory to close resources");
}

void gates_free(struct gates *g)
{
	if (g->shut)
		munmap(g->shut, g->n * sizeof *g->shut);
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
