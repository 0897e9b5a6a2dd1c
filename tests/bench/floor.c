/* floor - what a server can be at best: one that answers every request with the same text.
 *
 *	floor PORT [BURN]
 *
 * Receives and sends as coapd does: libev, recvmmsg() and sendmmsg() of up to 32 datagrams, one
 * socket for both families, each answer from the address that was asked.  Of a request it
 * looks at type and token; before it answers it takes the processor for BURN nanoseconds.  Port 0 is
 * one that the kernel picks; which, it prints. */
#include <arpa/inet.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 32
#define ROOM 1536u
#define TOKEN 8u
#define REFUSED -1

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

/* 2.05 with Content-Format 0; the length of the answer, 0 if it is no request. */
static size_t answer(const uint8_t *in, size_t n, uint8_t *out)
{
	static const uint8_t rest[] = "\xc0\xff" "hello, world";
	size_t token = n < 4 ? 0 : in[0] & 15u;

	if (n < 4 + token || in[0] >> 6 != 1 || (in[0] >> 4 & 3) > 1 || token > TOKEN || !in[1])
		return 0;
	out[0] = (uint8_t)(((in[0] & 0x30) ? 0x50 : 0x60) | token);
	out[1] = 0x45;
	memcpy(out + 2, in + 2, 2 + token);
	memcpy(out + 4 + token, rest, sizeof rest - 1);
	return 4 + token + sizeof rest - 1;
}

/* The control message goes back as it came, so that the answer leaves where the request
 * arrived; the interface is the kernel's to pick. */
static void address(struct msghdr *to, struct msghdr *from)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(from);

	*to = (struct msghdr){ .msg_name = from->msg_name, .msg_namelen = from->msg_namelen };
	if (!c || c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
		return;
	((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	to->msg_control = c;
	to->msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
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
		size_t length = answer(b.in[i], b.rx[i].msg_len, b.out[k]);

		if (!length)
			continue;
		if (burn_ns)
			burn();
		address(&b.tx[k].msg_hdr, &b.rx[i].msg_hdr);
		b.tx_iov[k] = (struct iovec){ b.out[k], length };
		b.tx[k].msg_hdr.msg_iov = &b.tx_iov[k];
		b.tx[k++].msg_hdr.msg_iovlen = 1;
	}
	send_all(w->fd, k);
	again(n);
}

static int open_socket(uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0, room = 4 << 20;
	socklen_t n = sizeof at;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) ||
	    getsockname(fd, (struct sockaddr *)&at, &n))
		return REFUSED;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	printf("%u\n", ntohs(at.sin6_port));
	fflush(stdout);
	return fd;
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
	fd = open_socket((uint16_t)atoi(argv[1]));
	if (fd == REFUSED) {
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
