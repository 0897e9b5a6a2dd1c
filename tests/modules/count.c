/* count.c - counts how often each request was executed, for tests alone.
 *
 * POST with a decimal number as payload adds one to that element of an array of
 * 32-bit words in a file, outside of slot memory, so that a second execution
 * after a crash would show.  The effect is opaque: no COAPD_F_RETRY. */
#include <coapd/module.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct conf {
	const char *file;
};

struct count {
	uint32_t *cells;
	size_t n, bytes;
};

static int map(struct count *c, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	c->bytes = (size_t)st.st_size;
	c->n = c->bytes / sizeof *c->cells;
	c->cells = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return c->cells == MAP_FAILED ? -errno : 0;
}

static int count_open(coapd_mount *mount, const void *conf, void **self)
{
	const char *file = ((const struct conf *)conf)->file;
	struct count *c = calloc(1, sizeof *c);
	int fd = open(file, O_RDWR | O_CLOEXEC);
	int err = !c ? -ENOMEM : fd < 0 ? -errno : map(c, fd);

	if (fd >= 0)
		close(fd);
	if (err) {
		coapd_log(mount, COAPD_LOG_ERROR, "cannot map %s", file);
		free(c);
		return err;
	}
	*self = c;
	return 0;
}

static void count_close(void *self)
{
	struct count *c = self;

	munmap(c->cells, c->bytes);
	free(c);
}

/* The payload as a number below n; n when it is none. */
static size_t number(coapd_span s, size_t n)
{
	size_t v = 0;

	if (s.n < 1 || s.n > 9)
		return n;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return n;
		v = v * 10 + (s.p[i] - '0');
	}
	return v < n ? v : n;
}

static enum coapd_verdict
count_handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	struct count *c = self;
	size_t i;

	(void)event;
	if (!coapd_allow(task, COAPD_ALLOW_POST))
		return COAPD_DONE;
	i = number(coapd_payload(coapd_request(task)), c->n);
	if (i == c->n) {
		coapd_reply(task, COAPD_400_BAD_REQUEST);
		return COAPD_DONE;
	}
	__atomic_fetch_add(&c->cells[i], 1, __ATOMIC_RELAXED);
	coapd_reply(task, COAPD_204_CHANGED);
	return COAPD_DONE;
}

static const struct coapd_row rows[] = {
	{ "file", "string", NULL, "1..4000", "bytes", "The file to count in.",
	  offsetof(struct conf, file) },
};

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "count",
	.version = "1",
	.summary = "counts executions",
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = count_open,
	.close = count_close,
	.handle = count_handle,
};
