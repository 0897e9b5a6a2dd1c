#include "supervisor/memory.h"

#include "worker/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* posix_fallocate() would loop over the pages where fallocate() is missing. */
static int reserve(int fd, size_t size)
{
	while (fallocate(fd, 0, 0, (off_t)size) < 0)
		if (errno != EINTR)
			return -errno;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	return 0;
}

static int make_one(struct memory *m, unsigned slot)
{
	void *at;
	int rc;

	m->fd[slot] = memfd_create("coapd-slot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (m->fd[slot] < 0)
		return -errno;
	rc = reserve(m->fd[slot], m->size);
	if (rc)
		return rc;
	at = mmap(NULL, m->size, PROT_READ, MAP_SHARED, m->fd[slot], 0);
	if (at == MAP_FAILED)
		return -errno;
	m->at[slot] = at;
	return madvise(at, m->size, MADV_DONTFORK) < 0 ? -errno : 0;
}

/* What the kernel thinks can be had without pushing others out; SIZE_MAX if it
 * does not say. */
static size_t available(void)
{
	char line[128];
	unsigned long long kib = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && !kib && fgets(line, sizeof line, f))
		(void)sscanf(line, "MemAvailable: %llu", &kib);
	if (f)
		fclose(f);
	return kib ? (size_t)kib << 10 : SIZE_MAX;
}

int memory_make(struct memory *m, unsigned n, size_t size, struct err *err)
{
	/* Asked for more than there is, the kernel would hand it out all the same
	 * and then kill somebody for it. */
	int rc = size > available() / n ? -ENOMEM : 0;

	*m = (struct memory){ .n = n, .size = size };
	m->fd = malloc(n * sizeof *m->fd);
	m->at = calloc(n, sizeof *m->at);
	if (!m->fd || !m->at)
		rc = -ENOMEM;
	for (unsigned i = 0; i < n && m->fd; i++)
		m->fd[i] = -1;
	for (unsigned i = 0; i < n && rc == 0; i++)
		rc = make_one(m, i);
	if (rc == 0)
		return 0;
	memory_free(m);
	return err_set(err, rc, "cannot reserve %zu MiB of memory for %u slots: %s; lower "
		       "the limits or free memory", n * (size >> 10) >> 10, n,
		       strerror(-rc));
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
