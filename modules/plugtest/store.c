#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A file begins with these 8 bytes, then comes the body:
 *
 *	+---+---+---+---+---+---+---+---+
 *	| p | l | u | g | content format|
 *	+---+---+---+---+---+---+---+---+ */
#define HEAD 8u
static const uint8_t magic[4] = { 'p', 'l', 'u', 'g' };

static const char being_written[] = ".new";

int store_open(struct store *s, const char *directory)
{
	int status = 0;

	if (mkdir(directory, 0700) && errno != EEXIST)
		return -errno;
	s->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return -errno;
	s->lock = openat(s->dir, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0) {
		status = -errno;
		close(s->dir);
	}
	return status;
}

void store_close(struct store *s)
{
	close(s->lock);
	close(s->dir);
}

void store_lock(struct store *s)
{
	while (flock(s->lock, LOCK_EX) && errno == EINTR)
		;
}

void store_unlock(struct store *s)
{
	flock(s->lock, LOCK_UN);
}

/* --- reading ------------------------------------------------------------------------ */

static void read_head(const uint8_t head[HEAD], struct item *out)
{
	out->format = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 |
		      (uint32_t)head[6] << 8 | head[7];
	out->exists = memcmp(head, magic, sizeof magic) == 0 && out->format <= ITEM_NO_FORMAT;
}

static int read_file(int fd, struct item *out)
{
	uint8_t head[HEAD];
	struct iovec parts[] = { { head, sizeof head }, { out->data, sizeof out->data } };
	ssize_t n = readv(fd, parts, 2);
	struct stat st;

	if (n < 0 || fstat(fd, &st))
		return -errno;
	if ((size_t)n < HEAD || st.st_size > (off_t)(HEAD + ITEM_MAX))
		return 0;
	out->n = (size_t)n - HEAD;
	out->written = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	read_head(head, out);
	return 0;
}

int store_read(const struct store *s, const char *name, struct item *out)
{
	int fd, status;

	out->exists = false;
	out->format = ITEM_NO_FORMAT;
	out->n = 0;
	fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	status = read_file(fd, out);
	close(fd);
	return status;
}

bool store_has(const struct store *s, const char *name)
{
	return faccessat(s->dir, name, R_OK, 0) == 0;
}

/* --- writing ------------------------------------------------------------------------- */

/* A full disk takes a part at most. */
static int write_file(int fd, uint32_t format, const uint8_t *data, size_t n)
{
	uint8_t head[HEAD] = { 'p', 'l', 'u', 'g', (uint8_t)(format >> 24),
			       (uint8_t)(format >> 16), (uint8_t)(format >> 8), (uint8_t)format };
	struct iovec parts[] = { { head, sizeof head }, { (void *)(uintptr_t)data, n } };
	ssize_t written = writev(fd, parts, 2);

	if (written < 0)
		return -errno;
	return (size_t)written == HEAD + n ? 0 : -ENOSPC;
}

int store_write(const struct store *s, const char *name, uint32_t format, const uint8_t *data,
		size_t n)
{
	int fd, status;

	fd = openat(s->dir, being_written, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	status = write_file(fd, format, data, n);
	if (close(fd) && !status)
		status = -errno;
	if (!status && renameat(s->dir, being_written, s->dir, name))
		status = -errno;
	if (status)
		unlinkat(s->dir, being_written, 0);
	return status;
}

int store_remove(const struct store *s, const char *name)
{
	return unlinkat(s->dir, name, 0) && errno != ENOENT ? -errno : 0;
}
