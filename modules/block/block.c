/* block - one body of any size: what was put there last, the same in every worker.
 *
 * It is a file in the mount's directory (coapd_directory()):
 *
 *	+-----------------+----------------+----------------------+
 *	| task, 8 bytes   | format, 8      | the body             |
 *	+-----------------+----------------+----------------------+
 *
 * What comes is written to a file of another name and put in its place whole, by
 * rename(), so that whoever reads has one body or the other.  A part is written at
 * its offset, and the task says whose body it is: doing either again after a crash
 * does no harm. */
#include <coapd/module.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_FORMAT UINT64_MAX

enum { STORED, BYTES, GIVEN_UP };

static const char *const counters[] = {
	[STORED] = "stored", [BYTES] = "bytes", [GIVEN_UP] = "given-up",
};

struct head {
	uint64_t task;          /* whose body it is */
	uint64_t format;
	uint64_t existed;       /* there was one before it */
};

struct block {
	int dir;
	int fd;                 /* the body that was asked for last; -1 none */
};

/* What an upload remembers. */
struct upload {
	bool existed;           /* there was a body when it began */
};

static int
open_mount(coapd_mount *mount, const void *conf, void **self)
{
	const char *path = coapd_directory(mount);
	struct block *b = calloc(1, sizeof *b);

	(void)conf;
	if (!b)
		return -ENOMEM;
	b->fd = -1;
	b->dir = path ? open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC) : -1;
	if (b->dir >= 0) {
		*self = b;
		return 0;
	}
	coapd_log(mount, COAPD_LOG_ERROR, "there is no directory to keep the body in: "
		  "see runtime-directory in coapd-site(5)");
	free(b);
	return errno ? -errno : -ENOENT;
}

static void
close_mount(void *self)
{
	struct block *b = self;

	if (b->fd >= 0)
		close(b->fd);
	close(b->dir);
	free(b);
}

/* --- the body as it is now -------------------------------------------------------- */

struct state {
	bool exists;
	struct head head;
	uint64_t size;
	uint64_t etag;
};

/* Another inode, time or size is another body. */
static uint64_t
etag_of(const struct stat *st)
{
	uint64_t in[] = { (uint64_t)st->st_ino, (uint64_t)st->st_ctim.tv_sec,
			  (uint64_t)st->st_ctim.tv_nsec, (uint64_t)st->st_size };
	const uint8_t *p = (const uint8_t *)in;
	uint64_t h = 0xcbf29ce484222325u;       /* FNV-1a */

	for (size_t i = 0; i < sizeof in; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

/* Opens what there is, for reads that follow. */
static struct state
look(struct block *b)
{
	struct state s = { .exists = false };
	struct stat st;

	if (b->fd >= 0)
		close(b->fd);
	b->fd = openat(b->dir, "body", O_RDONLY | O_CLOEXEC);
	if (b->fd < 0 || fstat(b->fd, &st) || st.st_size < (off_t)sizeof s.head ||
	    pread(b->fd, &s.head, sizeof s.head, 0) != (ssize_t)sizeof s.head)
		return s;
	s.exists = true;
	s.size = (uint64_t)st.st_size - sizeof s.head;
	s.etag = etag_of(&st);
	return s;
}

static coapd_span
tag(const struct state *s)
{
	coapd_span none = { NULL, 0 }, etag = { (const uint8_t *)&s->etag, sizeof s->etag };

	return s->exists ? etag : none;
}

/* --- reading ------------------------------------------------------------------------ */

static enum coapd_verdict
get(struct block *b, coapd_task *task)
{
	struct state s = look(b);

	if (!s.exists) {
		coapd_reply(task, COAPD_404_NOT_FOUND);
		return COAPD_DONE;
	}
	if (!coapd_current(task, s.exists, tag(&s)) ||
	    (s.head.format != NO_FORMAT && !coapd_offer(task, (uint16_t)s.head.format)))
		return COAPD_DONE;
	coapd_reply(task, COAPD_205_CONTENT);
	if (s.head.format != NO_FORMAT)
		coapd_add_uint(task, COAPD_OPT_CONTENT_FORMAT, s.head.format);
	coapd_reply_body(task, s.size, tag(&s));
	return COAPD_DONE;
}

static enum coapd_verdict
read_part(struct block *b, coapd_task *task, const struct coapd_event *event)
{
	uint8_t bytes[2048];
	size_t n = event->want < sizeof bytes ? event->want : sizeof bytes;
	ssize_t got = pread(b->fd, bytes, n, (off_t)(event->offset + sizeof(struct head)));

	/* Less than was there is an error that the core finds. */
	if (got > 0)
		coapd_reply_data(task, (coapd_span){ bytes, (size_t)got });
	return COAPD_DONE;
}

/* --- writing ------------------------------------------------------------------------- */

static void
name_of(coapd_id task, char name[32])
{
	snprintf(name, 32, "%016" PRIx64 ".part", task);
}

static bool
write_all(int fd, const void *bytes, size_t n, uint64_t at)
{
	return n == 0 || pwrite(fd, bytes, n, (off_t)at) == (ssize_t)n;
}

/* Writes the part that is there; -errno. */
static int
store(const struct block *b, coapd_task *task, const char *name, uint64_t offset)
{
	const coapd_msg *msg = coapd_request(task);
	const struct upload *up = coapd_scratch(task, sizeof *up);
	struct head head = { .task = coapd_task_id(task), .format = NO_FORMAT,
			     .existed = up->existed };
	coapd_span part = coapd_payload(msg);
	int fd = openat(b->dir, name, O_WRONLY | O_CLOEXEC | (offset ? 0 : O_CREAT), 0600);
	bool fine;

	if (fd < 0)
		return -errno;
	errno = EIO;
	(void)coapd_opt_uint(msg, COAPD_OPT_CONTENT_FORMAT, &head.format);
	fine = (offset || write_all(fd, &head, sizeof head, 0)) &&
	       write_all(fd, part.p, part.n, offset + sizeof head) &&
	       /* What a worker that died wrote of this task may have been more. */
	       (offset || part.n == 0 || ftruncate(fd, (off_t)(sizeof head + part.n)) == 0);
	if (!fine)
		part.n = (size_t)errno;
	close(fd);
	return fine ? 0 : -(int)part.n;
}

static void
count(coapd_task *task, unsigned counter, uint64_t n)
{
	coapd_count(coapd_task_mount(task), counter, n);
}

static enum coapd_verdict
answer(coapd_task *task, bool existed)
{
	coapd_reply(task, existed ? COAPD_204_CHANGED : COAPD_201_CREATED);
	return COAPD_DONE;
}

static enum coapd_verdict
fail(struct block *b, coapd_task *task, const char *name, int err)
{
	coapd_log(coapd_task_mount(task), COAPD_LOG_ERROR, "the body cannot be kept: %s",
		  strerror(-err));
	unlinkat(b->dir, name, 0);
	coapd_reply(task, COAPD_500_INTERNAL_ERROR);
	return COAPD_DONE;
}

/* The conditions are those of each part; they count where it begins and where it ends. */
static enum coapd_verdict
put(struct block *b, coapd_task *task, const struct coapd_event *event)
{
	struct upload *up = coapd_scratch(task, sizeof *up);
	coapd_id id = coapd_task_id(task);
	bool first = event->offset == 0, edge = first || event->last;
	struct state s = { .exists = false };
	char name[32];
	int err;

	if (!id) {
		coapd_reply(task, COAPD_503_UNAVAILABLE);
		return COAPD_DONE;
	}
	name_of(id, name);
	if (edge)
		s = look(b);
	if (first)
		up->existed = s.exists;
	/* A worker died between the last part and its answer. */
	if (event->attempt && event->last && s.exists && s.head.task == id)
		return answer(task, s.head.existed);
	if (edge && !coapd_current(task, s.exists, tag(&s))) {
		unlinkat(b->dir, name, 0);
		return COAPD_DONE;
	}
	err = store(b, task, name, event->offset);
	if (!err)
		count(task, BYTES, coapd_payload(coapd_request(task)).n);
	if (!err && !event->last)
		return COAPD_MORE;
	if (!err && renameat(b->dir, name, b->dir, "body"))
		err = -errno;
	if (err)
		return fail(b, task, name, err);
	count(task, STORED, 1);
	return answer(task, up->existed);
}

static enum coapd_verdict
delete(struct block *b, coapd_task *task)
{
	struct state s = look(b);

	if (!coapd_current(task, s.exists, tag(&s)))
		return COAPD_DONE;
	unlinkat(b->dir, "body", 0);
	coapd_reply(task, COAPD_202_DELETED);
	return COAPD_DONE;
}

/* --- the hook -------------------------------------------------------------------------- */

static enum coapd_verdict
request(struct block *b, coapd_task *task, const struct coapd_event *event)
{
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_PUT | COAPD_ALLOW_POST |
			 COAPD_ALLOW_DELETE))
		return COAPD_DONE;
	switch (coapd_code(coapd_request(task))) {
	case COAPD_GET:
		return get(b, task);
	case COAPD_DELETE:
		return delete(b, task);
	default:
		return put(b, task, event);
	}
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	char name[32];

	switch (event->what) {
	case COAPD_EV_REQUEST:
		return request(self, task, event);
	case COAPD_EV_PART:
		return put(self, task, event);
	case COAPD_EV_READ:
		return read_part(self, task, event);
	default:
		break;
	}
	/* COAPD_EV_CANCEL */
	name_of(coapd_task_id(task), name);
	unlinkat(((struct block *)self)->dir, name, 0);
	count(task, GIVEN_UP, 1);
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "block",
	.version = "1",
	.summary = "keeps one body of any size",
	.flags = COAPD_F_STREAM | COAPD_F_RETRY | COAPD_F_CONDITIONS,
	.open = open_mount,
	.close = close_mount,
	.handle = handle,
	.counters = counters,
	.ncounters = sizeof counters / sizeof *counters,
};
