#include "base/shared.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct shared *s, int fd, size_t n)
{
	void *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*s = (struct shared){ .at = at, .n = n, .fd = fd };
	return 0;
}

int shared_make(struct shared *s, const char *name, size_t n)
{
	int fd, rc;

	*s = (struct shared){ .at = NULL };
	if (!n)
		return 0;
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = ftruncate(fd, (off_t)n) < 0 ? -errno : map(s, fd, n);
	if (rc)
		close(fd);
	return rc;
}

int shared_take(struct shared *s, int fd, size_t n)
{
	struct stat st;
	int rc = fstat(fd, &st) < 0 ? -errno : 0;

	*s = (struct shared){ .at = NULL };
	if (rc == 0 && (!n || st.st_size != (off_t)n))
		rc = -EINVAL;
	if (rc == 0)
		rc = map(s, fd, n);
	if (rc)
		close(fd);
	return rc;
}

void shared_free(struct shared *s)
{
	if (s->at) {
		munmap(s->at, s->n);
		close(s->fd);
	}
	*s = (struct shared){ .at = NULL };
}
