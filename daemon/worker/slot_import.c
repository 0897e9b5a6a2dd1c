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
		     size_t n, uint64_t size, int old, const struct import_socks *socks,
		     struct err *err)
{
	int rc = import_begin(i, to, def, from, n, size, socks, err);

	if (!rc)
		rc = body_import(i, old, err);
	if (rc)
		return rc;
	forget_received(i);
	import_end(i);
	return 0;
}

/* How much of it is to be copied when it is changed: its windows are not. */
static int measure(struct legend *l, int old, uint64_t size, size_t *n, struct err *err)
{
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, old, 0);
	int rc;

	if (at == MAP_FAILED)
		return err_set(err, -ENOMEM, "cannot map it: %s", strerror(errno));
	rc = legend_read(l, at, size, size, err);
	*n = rc ? 0 : (size_t)legend_end(l, size);
	munmap(at, size);
	return rc;
}

int slot_import(void *to, const struct space_def *def, int old, const struct import_socks *socks,
		struct err *err)
{
	struct import *i;
	struct stat st;
	void *from;
	size_t n = 0;
	int rc;

	if (import_is_late(to, def))
		return -EALREADY;
	if (fstat(old, &st) < 0 || st.st_size <= 0)
		return err_set(err, -EINVAL, "it is no memory");
	i = malloc(sizeof *i);
	rc = i ? measure(&i->old, old, (uint64_t)st.st_size, &n, err) :
		 err_set(err, -ENOMEM, "no memory to take it over");
	if (rc) {
		free(i);
		return rc;
	}
	/* What is rolled back in it is rolled back in our copy. */
	from = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, old, 0);
	rc = from == MAP_FAILED ? err_set(err, -ENOMEM, "cannot map it: %s", strerror(errno)) :
	     take_over(i, to, def, from, n, (uint64_t)st.st_size, old, socks, err);
	free(i);
	if (from != MAP_FAILED)
		munmap(from, n);
	return rc;
}
