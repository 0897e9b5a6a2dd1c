#include "client/pour.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int pour_all(int fd, struct span bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
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
