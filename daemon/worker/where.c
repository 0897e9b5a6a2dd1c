#include "worker/where.h"

void where_begin(struct where *p)
{
	if (!p || !p->mount)
		return;
	p->lost++;
	__atomic_store_n(&p->mount, 0, __ATOMIC_RELAXED);
}

uint32_t where_lost(struct where *p)
{
	uint32_t n = p ? p->lost : 0;

	if (p)
		p->lost = 0;
	return n;
}
