#include "client/source.h"

#include "client/edn.h"
#include "coap/content_format.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64u << 10)

/* Bytes of a descriptor that can only be read once; false at its end. */
static ssize_t read_piece(int fd, int signals, uint8_t *piece)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = signals, .events = POLLIN } };
	ssize_t n;

	do {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents)
			return -EINTR;
		n = read(fd, piece, PIECE);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n < 0 ? -errno : n;
}

static int read_pipe(struct source *s, int fd, int signals, struct err *err)
{
	uint8_t piece[PIECE];
	ssize_t n;
	int rc = spool_open(&s->spool, NULL, err);

	if (rc)
		return rc;
	while ((n = read_piece(fd, signals, piece)) > 0) {
		rc = spool_add(s->spool, span_of(piece, (size_t)n), err);
		if (rc)
			return rc;
	}
	if (n == -EINTR)
		return err_set(err, -EINTR, "interrupted while reading %s", s->name);
	if (n == -EBADF)
		return err_set(err, -EBADF, "%s is closed: nothing can be read from it",
			       s->name);
	if (n < 0)
		return err_set(err, (int)n, "cannot read %s: %s", s->name, strerror((int)-n));
	s->n = spool_size(s->spool);
	return 0;
}

static int open_input(struct source *s, int signals, struct err *err)
{
	s->name = "standard input";
	return read_pipe(s, STDIN_FILENO, signals, err);
}

static int open_file(struct source *s, const char *path, int signals, struct err *err)
{
	struct stat st;

	s->name = path;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "cannot read %s: it is a directory", path);
	if (!S_ISREG(st.st_mode))
		return read_pipe(s, s->fd, signals, err);
	s->n = (uint64_t)st.st_size;
	return 0;
}

static int copy(struct source *s, struct span text, struct err *err)
{
	s->memory = malloc(text.n ? text.n : 1);
	if (!s->memory)
		return err_set(err, -ENOMEM, "no memory for the body");
	if (text.n)
		memcpy(s->memory, text.p, text.n);
	s->n = text.n;
	return 0;
}

/* Text for a format that is CBOR is its diagnostic notation. */
static int encode(struct source *s, const char *text, bool sequence, struct err *err)
{
	size_t room = edn_room(strlen(text));
	struct writer w;
	int rc;

	s->memory = malloc(room);
	if (!s->memory)
		return err_set(err, -ENOMEM, "no memory for the body");
	w = writer_of(s->memory, room);
	rc = edn_encode(&w, span_str(text), sequence, err);
	s->n = rc ? 0 : (uint64_t)(w.p - s->memory);
	return rc;
}

static int take_text(struct source *s, const struct arguments *a, struct err *err)
{
	enum content_kind kind = a->content_format < 0 ? CONTENT_OPAQUE :
				 content_format_kind((uint32_t)a->content_format);

	if (kind == CONTENT_CBOR || kind == CONTENT_CBOR_SEQ)
		return encode(s, a->payload, kind == CONTENT_CBOR_SEQ, err);
	return copy(s, span_str(a->payload), err);
}

int source_open(struct source *s, const struct arguments *a, int signals, struct err *err)
{
	const char *file = a->upload;

	*s = (struct source){ .fd = -1 };
	if (!file && a->payload && a->payload[0] == '@')
		file = a->payload + 1;
	if (file)
		return strcmp(file, "-") == 0 ? open_input(s, signals, err) :
						open_file(s, file, signals, err);
	return a->payload ? take_text(s, a, err) : 0;
}

void source_close(struct source *s)
{
	free(s->memory);
	spool_close(s->spool);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct source){ .fd = -1 };
}

static bool file_read(int fd, uint64_t offset, uint8_t *out, size_t n)
{
	while (n) {
		ssize_t got = pread(fd, out, n, (off_t)offset);

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

bool source_read(const struct source *s, uint64_t offset, uint8_t *out, size_t n)
{
	if (s->spool)
		return spool_read(s->spool, offset, out, n);
	if (s->fd >= 0)
		return file_read(s->fd, offset, out, n);
	if (offset > s->n || n > s->n - offset)
		return false;
	memcpy(out, s->memory + offset, n);
	return true;
}
