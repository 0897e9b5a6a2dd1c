#include "worker/where.h"

#include "base/counter.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int where_open(struct where *p, int memfd, struct err *err)
{
	void *at = mmap(NULL, sizeof *p->ctl, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);

	if (at == MAP_FAILED)
		return err_set(err, -errno, "cannot look into the memory of a slot: %s",
			       strerror(errno));
	p->ctl = at;
	if (p->ctl->where & SPACE_OPENS)
		p->ctl->counter[COUNT_OPEN_LOST]++;
	space_set(&p->ctl->where, 0);
	return 0;
}

void where_forget(int memfd)
{
	static const uint32_t nowhere = 0;

	/* If it cannot, the adoption of the slot will. */
	(void)!pwrite(memfd, &nowhere, sizeof nowhere, offsetof(struct space_ctl, where));
}

void where_close(struct where *p)
{
	if (p->ctl)
		munmap(p->ctl, sizeof *p->ctl);
	p->ctl = NULL;
}

uint32_t *where_word(struct where *p)
{
	return p->ctl ? &p->ctl->where : NULL;
}
