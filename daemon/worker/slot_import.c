#include "worker/slot_import.h"

#include "base/batch.h"
#include "exchange/body_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What came by a socket that is gone cannot be answered. */
static void forget_received(struct import *i)
{
	struct batch *b = (void *)((uint8_t *)i->to + i->new.head->extra_at);

	if (b->rx_sock != IMPORT_NO_SOCK)
		return;
	b->rx_n = b->rx_sock = 0;
	i->to->commit.s.rx_next = 0;
}

static int take_over(struct import *i, void *to, const struct space_def *def, void *from,
		     int old, uint64_t size, const struct import_socks *socks, struct err *err)
{
	int rc = import_begin(i, to, def, from, size, socks, err);

	if (!rc)
		rc = body_import(i, old, err);
	if (rc)
		return rc;
	forget_received(i);
	import_end(i);
	return 0;
}

int slot_import(void *to, const struct space_def *def, int old, const struct import_socks *socks,
		struct err *err)
{
	struct import *i;
	struct stat st;
	void *from;
	int rc;

	if (import_is_late(to, def))
		return -EALREADY;
	if (fstat(old, &st) < 0 || st.st_size <= 0)
		return err_set(err, -EINVAL, "it is no memory");
	/* What is rolled back in it is rolled back in our copy. */
	from = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_NORESERVE, old, 0);
	if (from == MAP_FAILED)
		return err_set(err, -errno, "cannot map it: %s", strerror(errno));
	i = malloc(sizeof *i);
	rc = i ? take_over(i, to, def, from, old, (uint64_t)st.st_size, socks, err) :
		 err_set(err, -ENOMEM, "no memory to take it over");
	free(i);
	munmap(from, (size_t)st.st_size);
	return rc;
}
