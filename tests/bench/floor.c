/* floor - what a server can be at best: one that answers every request with the same text.
 *
 *	floor PORT [BURN]
 *
 * Receives and sends as coapd does: libev, recvmmsg() and sendmmsg() of up to 32 datagrams, one
 * socket for both families, each answer from the address that was asked.  Of a request it
 * looks at type and token; before it answers it takes the processor for BURN nanoseconds.  Port 0 is
 * one that the kernel picks; which, it prints. */
#include "echo.h"

#include <ev.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 32
#define ROOM 1536u

static struct {
	uint8_t in[BATCH][ROOM], out[BATCH][64];
	_Alignas(8) uint8_t control[BATCH][128];
	struct sockaddr_in6 peer[BATCH];
	struct mmsghdr rx[BATCH], tx[BATCH];
	struct iovec rx_iov[BATCH], tx_iov[BATCH];
} b;

static uint64_t burn_ns;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void burn(void)
{
	uint64_t end = now() + burn_ns;

	while (now() < end)
		;
}

static void prepare(void)
{
	for (unsigned i = 0; i < BATCH; i++) {
		b.rx_iov[i] = (struct iovec){ b.in[i], ROOM };
		b.rx[i].msg_hdr = (struct msghdr){
			.msg_name = &b.peer[i], .msg_namelen = sizeof b.peer[i],
			.msg_iov = &b.rx_iov[i], .msg_iovlen = 1,
			.msg_control = b.control[i], .msg_controllen = sizeof b.control[i] };
	}
}

/* Of those that were used. */
static void again(int n)
{
	for (int i = 0; i < n; i++) {
		b.rx[i].msg_hdr.msg_namelen = sizeof b.peer[i];
		b.rx[i].msg_hdr.msg_controllen = sizeof b.control[i];
	}
}

static void send_all(int fd, unsigned n)
{
	for (unsigned i = 0; i < n;) {
		int r = sendmmsg(fd, b.tx + i, n - i, MSG_DONTWAIT);

		i += r > 0 ? (unsigned)r : 1;   /* one that cannot be sent is lost */
	}
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	int n = recvmmsg(w->fd, b.rx, BATCH, MSG_DONTWAIT, NULL);
	unsigned k = 0;

	(void)loop;
	(void)revents;
	for (int i = 0; i < n; i++) {
		size_t length = echo_answer(b.in[i], b.rx[i].msg_len, b.out[k]);

		if (!length)
			continue;
		if (burn_ns)
			burn();
		echo_address(&b.tx[k].msg_hdr, &b.rx[i].msg_hdr);
		b.tx_iov[k] = (struct iovec){ b.out[k], length };
		b.tx[k].msg_hdr.msg_iov = &b.tx_iov[k];
		b.tx[k++].msg_hdr.msg_iovlen = 1;
	}
	send_all(w->fd, k);
	again(n);
}

int main(int argc, char **argv)
{
	struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL);
	ev_io w;
	int fd;

	if (argc < 2 || argc > 3 || !loop) {
		fprintf(stderr, "usage: floor PORT [BURN]\n");
		return 2;
	}
	fd = echo_socket((uint16_t)atoi(argv[1]));
	if (fd < 0) {
		perror("floor");
		return 2;
	}
	if (argc > 2)
		burn_ns = strtoull(argv[2], NULL, 10);
	prepare();
	ev_io_init(&w, on_readable, fd, EV_READ);
	ev_io_start(loop, &w);
	ev_run(loop, 0);
	return 0;
}
