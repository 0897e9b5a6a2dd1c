#include "worker/where.h"

#include "base/space.h"

#include <unistd.h>

void where_begin(struct where *p)
{
	if (!p || !p->mount)
		return;
	p->lost++;
	__atomic_store_n(&p->mount, 0, __ATOMIC_RELAXED);
}

void where_forget(int memfd)
{
	static const uint32_t nowhere = 0;

	/* If it cannot, the adoption of the slot will. */
	(void)!pwrite(memfd, &nowhere, sizeof nowhere, offsetof(struct space_ctl, where));
}

uint32_t where_lost(struct where *p)
{
	uint32_t n = p ? p->lost : 0;

	if (p)
		p->lost = 0;
	return n;
}
