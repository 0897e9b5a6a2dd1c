#include "client/pour.h"

#include "client/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EACH_MS 20              /* between two looks for a reader */

/* Waits until something can be written, or for so many ms at most; -1: as long as it
 * takes.  0, or -EINTR. */
static int wait_for(int fd, int ms)
{
	sigset_t set;
	struct pollfd p[2] = { { .fd = fd, .events = POLLOUT }, { .events = POLLIN } };
	int rc = 0;

	signals_set(&set);
	p[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	while (poll(p, 2, ms) < 0 && errno == EINTR)
		;
	if (p[1].revents && !p[0].revents)
		rc = -EINTR;
	if (p[1].fd >= 0)
		close(p[1].fd);
	return rc;
}

static int wait_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) != 0 ? 0 : wait_for(fd, -1);
}

int pour_open(const char *path)
{
	int fd, rc = 0;

	/* Nothing tells when somebody opens the other end. */
	while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 && errno == ENXIO && !rc)
		rc = wait_for(-1, EACH_MS);
	return fd >= 0 ? fd : rc ? rc : -errno;
}

/* No more at a time than a pipe with any room takes without waiting. */
const char *pour_error(int rc)
{
	return rc == -EBADF ? "it is closed" : strerror(-rc);
}

int pour_all(int fd, struct span bytes)
{
	while (bytes.n) {
		ssize_t n;
		int rc = wait_room(fd);

		if (rc)
			return rc;
		n = write(fd, bytes.p, bytes.n < PIPE_BUF ? bytes.n : PIPE_BUF);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return 0;
}

static void flush(struct pour *p)
{
	if (p->rc == 0)
		p->rc = pour_all(p->fd, span_of(p->buffer, p->n));
	p->n = 0;
}

void pour_span(struct pour *p, struct span bytes)
{
	while (bytes.n) {
		size_t n = sizeof p->buffer - p->n;

		if (n > bytes.n)
			n = bytes.n;
		memcpy(p->buffer + p->n, bytes.p, n);
		p->n += n;
		bytes.p += n;
		bytes.n -= n;
		if (p->n == sizeof p->buffer)
			flush(p);
	}
}

void pour_text(struct pour *p, const char *text)
{
	pour_span(p, span_str(text));
}

int pour_end(struct pour *p)
{
	flush(p);
	return p->rc;
}
