#include "supervisor/memory.h"

#include "worker/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* posix_fallocate() would loop over the pages where fallocate() is missing. */
static int allocate(int fd, size_t from, size_t to)
{
	while (from < to && fallocate(fd, 0, (off_t)from, (off_t)(to - from)) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int reserve(int fd, const struct memory_need *need)
{
	size_t from = need->late_n ? need->late_at : need->size, to = from + need->late_n;
	int rc;

	if (ftruncate(fd, (off_t)(need->size + need->sparse)) < 0)
		return -errno;
	rc = allocate(fd, 0, from);
	if (rc == 0)
		rc = allocate(fd, to, need->size);
	if (rc)
		return rc;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	return 0;
}

static int map_one(struct memory *m, unsigned slot)
{
	void *at = mmap(NULL, m->size, PROT_READ, MAP_SHARED, m->fd[slot], 0);

	if (at == MAP_FAILED)
		return -errno;
	m->at[slot] = at;
	return madvise(at, m->size, MADV_DONTFORK) < 0 ? -errno : 0;
}

static int make_one(struct memory *m, unsigned slot, const struct memory_need *need)
{
	int rc;

	m->fd[slot] = memfd_create("coapd-slot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (m->fd[slot] < 0)
		return -errno;
	rc = reserve(m->fd[slot], need);
	return rc ? rc : map_one(m, slot);
}

/* The tables, with nothing in them. */
static int begin(struct memory *m, unsigned n, size_t size)
{
	*m = (struct memory){ .n = n, .size = size };
	m->fd = malloc(n * sizeof *m->fd);
	m->at = calloc(n, sizeof *m->at);
	for (unsigned i = 0; i < n && m->fd; i++)
		m->fd[i] = -1;
	return m->fd && m->at ? 0 : -ENOMEM;
}

static size_t mib(size_t size, unsigned n)
{
	return n * (size >> 10) >> 10;
}

int memory_make(struct memory *m, const struct memory_need *need, size_t available,
		struct err *err)
{
	size_t size = need->size;
	unsigned n = need->n;
	int rc;

	available -= available / 8;

	/* Asked for more than there is, the kernel would hand it out all the same
	 * and then kill somebody for it.  Some is left to the workers. */
	if (need->shared > available || size > (available - need->shared) / n) {
		*m = (struct memory){ .n = 0 };
		return err_set(err, -ENOMEM, "%zu MiB of memory for %u slots and %zu MiB for "
			       "bodies are asked for, but only %zu MiB are to be had: lower "
			       "the limits or free memory", mib(size, n), n,
			       (size_t)(need->shared >> 20), available >> 20);
	}
	rc = begin(m, n, size);
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = make_one(m, i, need);
	if (rc == 0)
		return 0;
	memory_free(m);
	if (rc == -EFBIG)
		return err_set(err, rc, "cannot reserve %zu MiB of memory and %zu MiB of address "
			       "space for bodies for each of %u slots, as they are more than a "
			       "file may have: raise the limit (ulimit -f, LimitFSIZE=) or lower "
			       "limits.bodies and limits.body-size", mib(size, 1),
			       (size_t)(need->sparse >> 20), n);
	return err_set(err, rc, "cannot reserve %zu MiB of memory for %u slots: %s; lower "
		       "the limits or free memory", mib(size, n), n, strerror(-rc));
}

int memory_take_over(struct memory *m, unsigned n, const int *fd, size_t size, struct err *err)
{
	int rc = begin(m, n, size);

	for (unsigned i = 0; i < n; i++) {
		if (m->fd)
			m->fd[i] = fd[i];
		else
			close(fd[i]);
	}
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = map_one(m, i);
	if (rc == 0)
		return 0;
	memory_free(m);
	return err_set(err, rc, "cannot go on with the memory of slots: %s", strerror(-rc));
}

void memory_free(struct memory *m)
{
	for (unsigned i = 0; m->at && i < m->n; i++)
		if (m->at[i])
			munmap(m->at[i], m->size);
	for (unsigned i = 0; m->fd && i < m->n; i++)
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	free(m->fd);
	free(m->at);
	*m = (struct memory){ .n = 0 };
}

uint64_t memory_counter(const struct memory *m, enum counter c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < m->n; i++)
		sum += slot_counter(m->at[i], c);
	return sum;
}

void memory_crowd(const struct memory *m, uint64_t *peers, uint64_t *observers)
{
	*peers = *observers = 0;
	for (unsigned i = 0; i < m->n; i++) {
		*peers += slot_peers(m->at[i]);
		*observers += slot_observers(m->at[i]);
	}
}
