#include "worker/trace.h"

#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void remove_tap(struct trace *t, unsigned i)
{
	close(t->tap[i].fd);
	t->tap[i] = t->tap[--t->n];
}

/* Readers that left while there was nothing to tell them. */
static void reap(struct trace *t)
{
	for (unsigned i = t->n; i--;) {
		struct pollfd p = { .fd = t->tap[i].fd };

		if (poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR))
			remove_tap(t, i);
	}
}

bool trace_add(struct trace *t, const struct order *whom, int fd)
{
	reap(t);
	if (t->n == TRACE_TAPS) {
		close(fd);
		return false;
	}
	t->tap[t->n++] = (struct trace_tap){ .fd = fd, .whom = *whom };
	return true;
}

void trace_close(struct trace *t)
{
	while (t->n)
		remove_tap(t, t->n - 1);
}

static void tell(struct trace *t, struct trace_head *h, const uint8_t *data, size_t n)
{
	struct iovec iov[2] = { { h, sizeof *h }, { (void *)(uintptr_t)data, n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	for (unsigned i = t->n; i--;) {
		struct trace_tap *tap = &t->tap[i];

		if (!order_is_about(&tap->whom, &h->peer))
			continue;
		h->left_out = tap->left_out;
		if (sendmsg(tap->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			continue;
		if (errno == EPIPE || errno == ECONNRESET)
			remove_tap(t, i);
		else
			tap->left_out++;
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct addr here(const struct local *l, const uint16_t *ports)
{
	struct addr a = { .scope = l->ifindex, .port = l->sock < WORKER_SOCKS ? ports[l->sock] : 0 };

	memcpy(a.ip, l->ip, sizeof a.ip);
	return a;
}

void trace_received(struct trace *t, const struct space *s, const uint16_t *ports,
		    unsigned slot, unsigned i)
{
	const struct batch *b = batch_of(s);
	struct trace_head h = { .at_ns = now_ns(), .slot = slot };

	for (; i < b->rx_n; i++) {
		const struct rx_dgram *d = &b->rx[i];

		h.peer = addr_from_sin6(&d->from);
		h.here = here(&d->to, ports);
		h.len = d->len;
		tell(t, &h, d->data, d->len < sizeof d->data ? d->len : sizeof d->data);
	}
}

void trace_sent(struct trace *t, const struct space *s, const uint16_t *ports, unsigned slot,
		unsigned i)
{
	const struct batch *b = batch_of(s);
	struct trace_head h = { .at_ns = now_ns(), .slot = slot, .sent = 1 };

	for (; i < space_tx_n(s); i++) {
		const struct tx_dgram *d = &b->tx[i];

		h.peer = d->to;
		h.here = here(&d->from, ports);
		h.len = d->len;
		tell(t, &h, d->data, d->len < sizeof d->data ? d->len : sizeof d->data);
	}
}
