/* flood - an open loop: GETs at a rate, whether they are answered or not.
 *
 *	flood HOST PORT PATH RATE SECONDS
 *
 * 256 sockets take turns, each with 16 requests at a time that leave as one (UDP_SEGMENT), so
 * that one core can ask for more than another one answers.  No request has a message ID that its
 * socket used before.  Prints a line of JSON: how many were sent, how many of them were answered
 * 2.05 within the time, and the same for the second half of it. */
#include "wire.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define SOCKETS 256u
#define AT_ONCE 16u
#define ROOM 64u

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static struct {
	int fd;
	unsigned mid;
} from[SOCKETS];

static uint64_t sent, answered, wrong, full;
static int poller;
static const char *path;

static void ask(unsigned i)
{
	uint8_t out[AT_ONCE * ROOM];
	size_t n = 0;

	for (unsigned k = 0; k < AT_ONCE; k++) {
		from[i].mid = (from[i].mid + 1) & 0xffff;
		n += wire_request(out + n, WIRE_CON, WIRE_GET, from[i].mid, from[i].mid + 1, path,
				  NULL);
	}
	if (send(from[i].fd, out, n, MSG_DONTWAIT) < 0)
		full++;
	sent += AT_ONCE;
}

static void take(const uint8_t *p, size_t n)
{
	struct wire_head h;

	if (wire_head(p, n, &h) == 0 && h.type == WIRE_ACK && h.code == WIRE_CODE(2, 5) &&
	    h.token == h.mid + 1)
		answered++;
	else
		wrong++;
}

static void drain(int fd)
{
	static uint8_t in[32][ROOM];
	static struct iovec iov[32];
	static struct mmsghdr h[32];
	int n;

	for (unsigned i = 0; i < 32; i++) {
		iov[i] = (struct iovec){ in[i], ROOM };
		h[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(fd, h, 32, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(in[i], h[i].msg_len);
}

static void work(void)
{
	struct epoll_event ev[64];
	int n = epoll_wait(poller, ev, 64, 0);

	for (int i = 0; i < n; i++)
		drain(ev[i].data.fd);
}

static void open_all(const char *host, const char *port)
{
	uint8_t one[ROOM];
	int segment = (int)wire_request(one, WIRE_CON, WIRE_GET, 0, 0, path, NULL);
	int room = 1 << 20;

	poller = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < SOCKETS; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		from[i].fd = ev.data.fd = wire_socket(host, port);
		(void)setsockopt(from[i].fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
		if (setsockopt(from[i].fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment)) {
			perror("UDP_SEGMENT");
			exit(2);
		}
		epoll_ctl(poller, EPOLL_CTL_ADD, from[i].fd, &ev);
	}
}

int main(int argc, char **argv)
{
	uint64_t began, length, now, half_sent = 0, half_answered = 0, half_at = 0;
	double rate;
	unsigned next = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: flood HOST PORT PATH RATE SECONDS\n");
		return 2;
	}
	path = argv[3];
	rate = atof(argv[4]) / 1e9;
	length = (uint64_t)(atof(argv[5]) * 1e9);
	open_all(argv[1], argv[2]);
	began = wire_ns();
	while ((now = wire_ns() - began) < length) {
		if ((double)sent < rate * (double)now)
			ask(next++ % SOCKETS);
		else
			work();
		if (next % 8 == 0)
			work();
		if (!half_at && now >= length / 2) {
			half_at = now;
			half_sent = sent;
			half_answered = answered;
		}
	}
	printf("{\"sent\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"full\":%"
	       PRIu64 ",\"offered_s\":%.0f,\"goodput_s\":%.0f}\n", sent, answered, wrong, full,
	       (double)(sent - half_sent) * 1e9 / (double)(now - half_at),
	       (double)(answered - half_answered) * 1e9 / (double)(now - half_at));
	return 0;
}
