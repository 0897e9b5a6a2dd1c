#include "warm.h"

#include "listing.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BLOCK 1024u             /* the longest that a client asks for at a time (RFC 7959 2.2) */
#define AHEAD 131072u           /* the next ones are wanted soon */

/* Some file systems cannot tell; of those that are memory it is known. */
static bool is_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static bool is_read_at_once(int fd, uint64_t size, uint64_t offset)
{
	uint8_t bytes[BLOCK];
	size_t n = offset >= size ? 0 : size - offset < BLOCK ? (size_t)(size - offset) : BLOCK;
	struct iovec v = { bytes, n };
	ssize_t got = n ? preadv2(fd, &v, 1, (off_t)offset, RWF_NOWAIT) : 0;

	if (got < 0 && errno == EOPNOTSUPP)
		return is_memory(fd);
	/* Less than there was: it has become shorter meanwhile, or the rest is not there. */
	return got == (ssize_t)n;
}

bool warm_is(int root, const char *path, uint64_t offset)
{
	struct stat st;
	int fd = tree_read_cached(root, path, &st);
	bool warm;

	if (fd < 0)
		return errno != EAGAIN;
	warm = S_ISREG(st.st_mode) && is_read_at_once(fd, (uint64_t)st.st_size, offset);
	close(fd);
	return warm;
}

/* --- the job, on a thread beside the loop --------------------------------------------------- */

struct wanted {
	uint64_t offset;
	int root;               /* open as long as the mount is, and that is as long as a job runs */
	char path[TREE_PATH];
};

static void read_part(int fd, uint64_t offset)
{
	uint8_t bytes[16384];
	ssize_t n = 1;

	for (size_t at = 0; at < AHEAD && n > 0; at += (size_t)n)
		n = pread(fd, bytes, sizeof bytes, (off_t)(offset + at));
}

/* The path is resolved as ever: nothing leads out of the root here either. */
static int fetch(coapd_span in, uint8_t *out, size_t cap)
{
	struct wanted w = { .path = "" };
	struct stat st;
	int fd;

	(void)out, (void)cap;
	memcpy(&w, in.p, in.n);
	fd = tree_read(w.root, w.path, &st);
	if (fd < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		read_part(fd, w.offset);
	else
		listing_warm(fd);
	close(fd);
	return 0;
}

int warm_begin(coapd_task *task, uint8_t tag, int root, const char *path, uint64_t offset)
{
	struct wanted w = { .offset = offset, .root = root };
	size_t n = strlen(path);

	memcpy(w.path, path, n + 1);
	return coapd_job(task, tag, fetch,
			 (coapd_span){ (const uint8_t *)&w, offsetof(struct wanted, path) + n + 1 },
			 0);
}
