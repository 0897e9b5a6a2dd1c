#include "client/pour.h"

#include "client/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Waits until something can be written.  0, or -EINTR. */
static int wait_room(int fd)
{
	sigset_t set;
	struct pollfd p[2] = { { .fd = fd, .events = POLLOUT }, { .events = POLLIN } };
	int rc = 0;

	if (poll(p, 1, 0) != 0)
		return 0;
	signals_set(&set);
	p[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (p[1].revents && !p[0].revents)
		rc = -EINTR;
	if (p[1].fd >= 0)
		close(p[1].fd);
	return rc;
}

/* No more at a time than a pipe with any room takes without waiting. */
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
