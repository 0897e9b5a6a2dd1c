/* segments - what UDP_SEGMENT saves a server that has several datagrams for one peer.
 *
 *	segments BYTES
 *
 * Sends datagrams of so many bytes over the loopback from a socket like coapd's (both families,
 * not connected, with the address to send from), in bursts to one peer, 32 datagrams a batch:
 * bursts of 1, 2, 4 ... 32, each as messages of sendmmsg() and as one message with UDP_SEGMENT,
 * in turns.  A child on another core takes what comes.  Prints, for each length of bursts, the
 * nanoseconds of the processor for a datagram, medians of nine turns, as a row of a table. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define BATCH 32u
#define PEERS 32u
#define TURNS 9u
#define BATCHES 400u
#define MOST 1472u

struct message {
	_Alignas(8) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
				    CMSG_SPACE(sizeof(uint16_t))];
};

static struct {
	int server, peer[PEERS];
	struct sockaddr_in6 to[PEERS];
	uint8_t bytes[BATCH * MOST];
	struct message message[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr h[BATCH];
} b;

static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

static int bound(struct sockaddr_in6 *at)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof *at;

	*at = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof *at) ||
	    getsockname(fd, (struct sockaddr *)at, &n)) {
		perror("segments");
		exit(2);
	}
	return fd;
}

/* Takes all that comes to peers, until it is killed. */
static void drain(void)
{
	uint8_t in[MOST];

	pin(1);
	for (;;)
		for (unsigned i = 0; i < PEERS; i++)
			while (recv(b.peer[i], in, sizeof in, MSG_DONTWAIT) > 0)
				;
}

static void prepare(struct msghdr *m, unsigned i, size_t at, size_t n, unsigned peer, size_t size)
{
	struct in6_pktinfo from = { .ipi6_addr = IN6ADDR_LOOPBACK_INIT };
	uint16_t segment = (uint16_t)size;
	struct cmsghdr *c;

	b.iov[i] = (struct iovec){ b.bytes + at, n };
	*m = (struct msghdr){ .msg_name = &b.to[peer], .msg_namelen = sizeof b.to[peer],
			      .msg_iov = &b.iov[i], .msg_iovlen = 1,
			      .msg_control = b.message[i].control,
			      .msg_controllen = sizeof b.message[i].control };
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof from);
	memcpy(CMSG_DATA(c), &from, sizeof from);
	if (n == size) {
		m->msg_controllen = CMSG_SPACE(sizeof from);
		return;
	}
	c = CMSG_NXTHDR(m, c);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof segment);
	memcpy(CMSG_DATA(c), &segment, sizeof segment);
}

/* A batch in bursts; returns how many messages it is. */
static unsigned lay_out(unsigned burst, size_t size, bool segments)
{
	unsigned n = 0, step = segments ? burst : 1;

	for (unsigned i = 0; i < BATCH; i += step, n++)
		prepare(&b.h[n].msg_hdr, n, i * size, step * size, i / burst, size);
	return n;
}

/* Nanoseconds of the processor for a datagram. */
static double measure(unsigned burst, size_t size, bool segments)
{
	unsigned n = lay_out(burst, size, segments);
	struct timespec t0, t1;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	for (unsigned i = 0; i < BATCHES; i++)
		for (unsigned k = 0; k < n;) {
			int r = sendmmsg(b.server, b.h + k, n - k, 0);

			if (r < 0) {
				perror("sendmmsg");
				exit(2);
			}
			k += (unsigned)r;
		}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	return ((double)(t1.tv_sec - t0.tv_sec) * 1e9 + (double)(t1.tv_nsec - t0.tv_nsec)) /
	       BATCHES / BATCH;
}

static int order(const void *a, const void *c)
{
	double x = *(const double *)a, y = *(const double *)c;

	return (x > y) - (x < y);
}

static void compare(unsigned burst, size_t size)
{
	double each[TURNS], whole[TURNS];

	for (unsigned i = 0; i < TURNS; i++) {
		each[i] = measure(burst, size, false);
		whole[i] = measure(burst, size, burst > 1);
	}
	qsort(each, TURNS, sizeof *each, order);
	qsort(whole, TURNS, sizeof *whole, order);
	printf("| %zu | %u | %.0f | %.0f | %.2f |\n", size, burst, each[TURNS / 2],
	       whole[TURNS / 2], whole[TURNS / 2] / each[TURNS / 2]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	size_t size = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct sockaddr_in6 at;
	pid_t child;

	if (!size || size > MOST) {
		fprintf(stderr, "usage: segments BYTES (1 to %u)\n", MOST);
		return 2;
	}
	for (unsigned i = 0; i < PEERS; i++)
		b.peer[i] = bound(&b.to[i]);
	b.server = bound(&at);
	child = fork();
	if (child == 0)
		drain();
	pin(0);
	for (unsigned burst = 1; burst <= BATCH; burst *= 2)
		compare(burst, size);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}
