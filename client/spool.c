#include "client/spool.h"

#include "client/pour.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST 4096u             /* bytes of memory to begin with */
#define PIECE (64u << 10)       /* bytes copied at a time */

struct spool {
	uint8_t *memory;        /* or NULL */
	size_t room;            /* of it */
	uint64_t n;
	int fd;                 /* -1 while everything is in memory */
	char *path;             /* of the user's, links followed; NULL: none */
	char *temporary;        /* the file beside it, until it has its name */
	void *map;              /* of spool_span() */
	size_t map_n;
};

static int nameless(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	char name[PATH_MAX];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has O_TMPFILE. */
	snprintf(name, sizeof name, "%s/coap.XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "no temporary file in %s: %s; TMPDIR can name "
			       "another directory", dir, strerror(errno));
	unlink(name);
	return fd;
}

/* The permissions that a new file gets; asked only by changing them for a moment. */
static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static int beside(struct spool *s, mode_t mode, struct err *err)
{
	const char *slash = strrchr(s->path, '/');
	int dir = slash ? (int)(slash - s->path) + 1 : 0;

	if (asprintf(&s->temporary, "%.*s.coap.XXXXXX", dir, s->path) < 0) {
		s->temporary = NULL;
		return err_set(err, -ENOMEM, "no memory for %s", s->path);
	}
	s->fd = mkostemp(s->temporary, O_CLOEXEC);
	if (s->fd < 0) {
		int code = -errno;

		free(s->temporary);
		s->temporary = NULL;
		return err_set(err, code, "cannot write %s: %s", s->path, strerror(-code));
	}
	if (fchmod(s->fd, mode) == 0)
		return 0;
	return err_set(err, -errno, "cannot write %s: %s", s->path, strerror(errno));
}

/* Whether it is a link, to nothing that is there. */
static bool leads_nowhere(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int aim(struct spool *s, const char *path, struct err *err)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	if (!there && leads_nowhere(path))
		return err_set(err, -ENOENT, "cannot write %s: it is a link that leads nowhere",
			       path);
	s->path = there && S_ISREG(st.st_mode) ? realpath(path, NULL) : strdup(path);
	if (!s->path)
		return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	if ((there && S_ISDIR(st.st_mode)) || !*path || path[strlen(path) - 1] == '/')
		return err_set(err, -EISDIR, "cannot write \"%s\": it is a directory; name a "
			       "file in it", path);
	if (!there)
		return beside(s, new_mode(), err);
	if (access(path, W_OK) < 0)
		return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	/* What a stranger's bytes become runs in nobody's name. */
	return S_ISREG(st.st_mode) ? beside(s, st.st_mode & 0777, err) : 0;
}

int spool_open(struct spool **out, const char *path, struct err *err)
{
	struct spool *s = calloc(1, sizeof *s);
	int rc;

	*out = NULL;
	if (!s)
		return err_set(err, -ENOMEM, "no memory for the body");
	s->fd = -1;
	rc = path ? aim(s, path, err) : 0;
	if (rc)
		spool_close(s);
	else
		*out = s;
	return rc;
}

static void unmap(struct spool *s)
{
	if (s->map)
		munmap(s->map, s->map_n);
	s->map = NULL;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	unmap(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->temporary)
		unlink(s->temporary);
	free(s->temporary);
	free(s->path);
	free(s->memory);
	free(s);
}

uint64_t spool_size(const struct spool *s)
{
	return s->n;
}

/* --- filling ------------------------------------------------------------------- */

static int failed(const struct spool *s, int code, struct err *err)
{
	return err_set(err, code, "cannot keep the body%s%s: %s", s->path ? " in " : "",
		       s->path ? s->path : "", strerror(-code));
}

static int write_at(int fd, struct span bytes, uint64_t offset)
{
	while (bytes.n) {
		ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes.p += n;
		bytes.n -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* Room for n bytes in memory. */
static bool grow(struct spool *s, size_t n)
{
	size_t room = s->room ? s->room : FIRST;
	uint8_t *p;

	while (room < n)
		room *= 2;
	if (room == s->room)
		return true;
	p = realloc(s->memory, room);
	if (!p)
		return false;
	s->memory = p;
	s->room = room;
	return true;
}

/* What is in memory goes into a file. */
static int move_out(struct spool *s, struct err *err)
{
	int fd = nameless(err), rc;

	if (fd < 0)
		return fd;
	s->fd = fd;
	rc = write_at(fd, span_of(s->memory, (size_t)s->n), 0);
	if (rc)
		return failed(s, rc, err);
	free(s->memory);
	s->memory = NULL;
	s->room = 0;
	return 0;
}

int spool_add(struct spool *s, struct span bytes, struct err *err)
{
	int rc;

	unmap(s);
	if (s->fd < 0 && s->n + bytes.n <= SPOOL_MEMORY) {
		if (!grow(s, (size_t)s->n + bytes.n))
			return failed(s, -ENOMEM, err);
		if (bytes.n)
			memcpy(s->memory + s->n, bytes.p, bytes.n);
		s->n += bytes.n;
		return 0;
	}
	if (s->fd < 0 && (rc = move_out(s, err)))
		return rc;
	rc = write_at(s->fd, bytes, s->n);
	if (rc)
		return failed(s, rc, err);
	s->n += bytes.n;
	return 0;
}

void spool_restart(struct spool *s)
{
	unmap(s);
	s->n = 0;
	/* Bytes that stay behind its end are cut off by spool_finish(). */
}

/* --- emptying ------------------------------------------------------------------ */

bool spool_read(const struct spool *s, uint64_t offset, uint8_t *out, size_t n)
{
	if (offset > s->n || n > s->n - offset)
		return false;
	if (s->fd < 0) {
		if (n)
			memcpy(out, s->memory + offset, n);
		return true;
	}
	while (n) {
		ssize_t got = pread(s->fd, out, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

struct span spool_span(struct spool *s)
{
	if (s->fd < 0 || s->n == 0)
		return span_of(s->memory, (size_t)s->n);
	unmap(s);
	s->map = mmap(NULL, (size_t)s->n, PROT_READ, MAP_SHARED, s->fd, 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return span_of(NULL, 0);
	}
	s->map_n = (size_t)s->n;
	return span_of(s->map, s->map_n);
}

int spool_write(const struct spool *s, int fd)
{
	uint8_t piece[PIECE];
	int rc = 0;

	if (s->fd < 0)
		return pour_all(fd, span_of(s->memory, (size_t)s->n));
	for (uint64_t at = 0; rc == 0 && at < s->n; at += PIECE) {
		size_t n = s->n - at < PIECE ? (size_t)(s->n - at) : PIECE;

		rc = spool_read(s, at, piece, n) ? pour_all(fd, span_of(piece, n)) : -EIO;
	}
	return rc;
}

/* Into something that is no regular file: there is no other name to prepare it under. */
static int finish_special(struct spool *s)
{
	int fd = pour_open(s->path), rc;

	if (fd < 0)
		return fd;
	rc = spool_write(s, fd);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* The bytes are on the disk before the name is: after a crash the file is the old one
 * or the whole new one. */
static int finish_file(struct spool *s)
{
	if (ftruncate(s->fd, (off_t)s->n) < 0 || fsync(s->fd) < 0 ||
	    rename(s->temporary, s->path) < 0)
		return -errno;
	free(s->temporary);
	s->temporary = NULL;
	return 0;
}

int spool_finish(struct spool *s, struct err *err)
{
	int rc;

	if (!s->path)
		return 0;
	rc = s->temporary ? finish_file(s) : finish_special(s);
	return rc ? err_set(err, rc, "cannot write %s: %s", s->path, strerror(-rc)) : 0;
}
