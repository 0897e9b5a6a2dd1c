#include "worker/budget.h"

#include "worker/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

static int map_one(struct budget *b, int memfd)
{
	unsigned i = b->limit.n;

	b->at[i] = mmap(NULL, sizeof(struct space_ctl), PROT_READ, MAP_SHARED, memfd, 0);
	if (b->at[i] == MAP_FAILED)
		return -errno;
	b->used[i] = slot_body_pages(b->at[i]);
	b->limit.n++;
	return 0;
}

int budget_open(struct budget *b, const int *memfds, unsigned n, uint64_t bytes,
		struct err *err)
{
	int r = 0;

	*b = (struct budget){ .used = calloc(n + 1, sizeof *b->used),
			      .at = calloc(n + 1, sizeof *b->at) };
	b->limit.pages = bytes / WINDOWS_PAGE;
	b->limit.used = b->used;
	if (!b->used || !b->at)
		r = -ENOMEM;
	for (unsigned i = 0; i < n && r == 0; i++)
		r = map_one(b, memfds[i]);
	if (r == 0)
		return 0;
	budget_close(b);
	return err_set(err, r, "cannot look into the memory of %u slots: %s", n, strerror(-r));
}

void budget_close(struct budget *b)
{
	for (unsigned i = 0; i < b->limit.n; i++)
		munmap(b->at[i], sizeof(struct space_ctl));
	free(b->at);
	free(b->used);
	*b = (struct budget){ .limit = { .n = 0 } };
}
