#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED           /* since Linux 5.12 */
#define RESOLVE_CACHED 0x20
#endif

static int resolve(int root, const char *path, int flags, uint64_t more)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };

	how.resolve |= more;
	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static int beneath(int root, const char *path, int flags)
{
	return resolve(root, path, flags, 0);
}

/* --- names ---------------------------------------------------------------------- */

static bool is_dots(coapd_span s)
{
	return s.n > 0 && s.n <= 2 && s.p[0] == '.' && s.p[s.n - 1] == '.';
}

static bool is_name(coapd_span s)
{
	return s.n && !is_dots(s) && !memchr(s.p, '/', s.n) && !memchr(s.p, 0, s.n);
}

static bool is_hidden(coapd_span s)
{
	size_t n = strlen(TREE_HIDDEN);

	return s.n >= n && memcmp(s.p, TREE_HIDDEN, n) == 0;
}

uint8_t tree_place(const coapd_task *task, struct place *place)
{
	size_t n = 0;
	coapd_span s;

	place->directory = true;
	for (unsigned i = 0; coapd_path(task, i, &s); i++) {
		/* Only at its end may a path have an empty segment: a slash. */
		place->directory = s.n == 0;
		if (s.n == 0 && !coapd_path(task, i + 1, NULL))
			break;
		if (!is_name(s))
			return COAPD_400_BAD_REQUEST;
		if (is_hidden(s) || s.n > 255 || n + s.n + 2 > sizeof place->path)
			return COAPD_404_NOT_FOUND;
		if (n)
			place->path[n++] = '/';
		memcpy(place->path + n, s.p, s.n);
		n += s.n;
	}
	if (n == 0)
		place->path[n++] = '.';
	place->path[n] = 0;
	place->name = strrchr(place->path, '/');
	place->name = place->name ? place->name + 1 : place->path;
	return 0;
}

/* --- what is there -------------------------------------------------------------- */

int tree_open(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), probe;

	if (fd < 0)
		return -errno;
	probe = beneath(fd, ".", O_RDONLY | O_DIRECTORY);
	if (probe < 0) {
		probe = -errno;
		close(fd);
		return probe;
	}
	close(probe);
	return fd;
}

static bool is_served(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

static bool look(int root, const char *path, struct stat *st, uint64_t more)
{
	int fd = resolve(root, path, O_PATH, more);
	bool fine = fd >= 0 && fstat(fd, st) == 0 && is_served(st);

	if (fd >= 0)
		close(fd);
	return fine;
}

bool tree_look(int root, const char *path, struct stat *st)
{
	return look(root, path, st, 0);
}

/* Opening a device may do something, opening a FIFO may wait: neither is opened. */
static int open_it(int root, const char *path, struct stat *st, uint64_t more)
{
	int fd;

	errno = ENOENT;
	if (!look(root, path, st, more))
		return -1;
	fd = resolve(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, more);
	if (fd < 0 || (fstat(fd, st) == 0 && is_served(st)))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

int tree_read(int root, const char *path, struct stat *st)
{
	return open_it(root, path, st, 0);
}

int tree_read_cached(int root, const char *path, struct stat *st)
{
	int fd = open_it(root, path, st, RESOLVE_CACHED);

	return fd < 0 && errno == EINVAL ? tree_read(root, path, st) : fd;
}

int tree_directory(int root, const char *path)
{
	return beneath(root, path, O_PATH | O_DIRECTORY);
}

bool tree_links(int root, const char *path)
{
	int fd = resolve(root, path, O_PATH, RESOLVE_NO_SYMLINKS), err = errno;

	if (fd >= 0)
		close(fd);
	return fd < 0 && err == ELOOP;
}

int tree_parent(int root, const struct place *place)
{
	char path[TREE_PATH];
	size_t n = (size_t)(place->name - place->path);

	memcpy(path, place->path, n);
	strcpy(path + n, n ? "" : ".");
	return tree_directory(root, path);
}

static bool is_older(int root, const char *name, const struct timespec *then)
{
	struct stat st;

	return fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mtim.tv_sec < then->tv_sec || (st.st_mtim.tv_sec == then->tv_sec &&
						      st.st_mtim.tv_nsec < then->tv_nsec));
}

void tree_sweep(int root, const struct timespec *then)
{
	int fd = beneath(root, ".", O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e; d && (e = readdir(d)); )
		if (strncmp(e->d_name, TREE_HIDDEN, strlen(TREE_HIDDEN)) == 0 &&
		    is_older(root, e->d_name, then))
			unlinkat(root, e->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

uint64_t tree_etag(const struct stat *st)
{
	uint64_t in[] = { (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec,
			  (uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec,
			  (uint64_t)st->st_size, (uint64_t)st->st_ino };
	const uint8_t *p = (const uint8_t *)in;
	uint64_t h = 0xcbf29ce484222325u;       /* FNV-1a */

	for (size_t i = 0; i < sizeof in; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}
