/* swarm - many endpoints that ask a server at a rate, whether it answers or not.
 *
 *	swarm [-e ENDPOINTS] [-r RATE] [-s SECONDS] [-p PID] [-m POST] [-f] [-l PORT] [-n RUN]
 *	      PORT PATH
 *
 * Endpoints are addresses of 127.0.0.0/8 and a few ports, so that as many as there are to be
 * take no socket each, and what they cost the kernel is the server's part alone.  They take
 * turns; nothing is sent twice; latency is counted from when a request was due.  With -f each
 * asks once, as fast as it goes, and again until it has its answer: so that the server
 * knows them.  They are the same in each run that has the same first port of four (-l), and
 * begin with other message IDs in each of up to 128 runs (-n).  Prints an object of JSON; status 1 if an answer is missing or wrong.
 *
 * It never sleeps: it has a core to itself. */
#include "cpu.h"
#include "times.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS 4u
#define BATCH 32u
#define ROOM 256u               /* of a message either way */
#define FLIGHTS (1u << 20)      /* the tokens of so many requests are known; a power of 2 */
#define BASE 0x7f010001u        /* 127.1.0.1 */
#define MIDS 512u               /* of one run */
#define ENDPOINTS_MAX 1000000u
#define WARMUP_NS 500000000u
#define DRAIN_NS 1000000000u
#define AGAIN_NS 500000000u     /* -f: after so long without an answer */
#define GIVE_UP_NS 120000000000u /* -f */
#define WINDOW 32u              /* -f: asked at a time */
#define PAYLOAD "twenty bytes of it.."

static struct {
	uint32_t endpoints;
	double rate, seconds;
	const char *pid, *path;
	bool post, fill;
	uint16_t port, from;
	unsigned run;
} plan = { .endpoints = 1, .rate = 1000, .seconds = 2 };

struct flight {
	uint64_t due;           /* when it was to leave; 0: it is answered */
	uint32_t endpoint;
};

static struct flight flights[FLIGHTS];
static uint16_t mids[ENDPOINTS_MAX];
static int fds[SOCKETS];
static struct times times;
static struct {
	uint64_t sent, answered, wrong, unsent, again;
} count;

static struct {
	uint8_t bytes[BATCH][ROOM];
	_Alignas(8) uint8_t control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct sockaddr_in peer[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr msg[BATCH];
	unsigned n;
} out[SOCKETS], in;

static void fail(const char *what)
{
	fprintf(stderr, "swarm: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- sockets ----------------------------------------------------------------------------- */

static int open_socket(unsigned s)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(plan.from ? (uint16_t)(plan.from + s) : 0) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, room = 16 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on))
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	return fd;
}

static uint32_t address_of(uint32_t endpoint)
{
	return BASE + endpoint / SOCKETS;
}

static void leave(unsigned s)
{
	unsigned done = 0;

	while (done < out[s].n) {
		int r = sendmmsg(fds[s], out[s].msg + done, out[s].n - done, 0);

		if (r <= 0)
			count.unsent++;
		done += r > 0 ? (unsigned)r : 1;
	}
	out[s].n = 0;
}

/* The request with this number, of this endpoint; it leaves with the others of its socket. */
static void ask(uint32_t number, uint32_t endpoint, uint64_t due)
{
	unsigned s = endpoint % SOCKETS, i = out[s].n++;
	struct in_pktinfo from = { .ipi_spec_dst = { htonl(address_of(endpoint)) } };
	struct msghdr *h = &out[s].msg[i].msg_hdr;
	struct cmsghdr *c;

	flights[number % FLIGHTS] = (struct flight){ due, endpoint };
	out[s].iov[i] = (struct iovec){ out[s].bytes[i],
		wire_request(out[s].bytes[i], WIRE_CON, plan.post ? WIRE_POST : WIRE_GET,
			     mids[endpoint]++, number, plan.path, plan.post ? PAYLOAD : NULL) };
	out[s].peer[i] = (struct sockaddr_in){ .sin_family = AF_INET,
					       .sin_port = htons(plan.port),
					       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	*h = (struct msghdr){ .msg_name = &out[s].peer[i], .msg_namelen = sizeof out[s].peer[i],
			      .msg_iov = &out[s].iov[i], .msg_iovlen = 1,
			      .msg_control = out[s].control[i],
			      .msg_controllen = sizeof out[s].control[i] };
	c = CMSG_FIRSTHDR(h);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof from);
	memcpy(CMSG_DATA(c), &from, sizeof from);
	count.sent++;
	if (out[s].n == BATCH)
		leave(s);
}

static void leave_all(void)
{
	for (unsigned s = 0; s < SOCKETS; s++)
		leave(s);
}

/* --- answers ----------------------------------------------------------------------------- */

static double us_at(unsigned permille)
{
	return (double)times_at(&times, permille) / 1e3;
}

/* The address that a datagram came to: whose answer it is. */
static uint32_t came_to(struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	struct in_pktinfo to;

	if (!c || c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
		return 0;
	memcpy(&to, CMSG_DATA(c), sizeof to);
	return ntohl(to.ipi_addr.s_addr);
}

static void take(unsigned s, struct mmsghdr *m, uint64_t now)
{
	struct wire_head head;
	struct flight *f;

	if (wire_head(m->msg_hdr.msg_iov->iov_base, m->msg_len, &head) || head.type != WIRE_ACK ||
	    head.code >> 5 != 2) {
		count.wrong++;
		return;
	}
	f = &flights[head.token % FLIGHTS];
	if (f->endpoint % SOCKETS != s || address_of(f->endpoint) != came_to(&m->msg_hdr)) {
		count.wrong++;
		return;
	}
	if (!f->due)
		return;                 /* it was asked twice */
	times_add(&times, now > f->due ? now - f->due : 0);
	f->due = 0;
	count.answered++;
}

static void receive(unsigned s)
{
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		in.iov[i] = (struct iovec){ in.bytes[i], ROOM };
		in.msg[i].msg_hdr = (struct msghdr){
			.msg_iov = &in.iov[i], .msg_iovlen = 1, .msg_control = in.control[i],
			.msg_controllen = sizeof in.control[i] };
	}
	n = recvmmsg(fds[s], in.msg, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(s, &in.msg[i], wire_ns());
}

static void receive_all(void)
{
	for (unsigned s = 0; s < SOCKETS; s++)
		receive(s);
}

/* --- the two ways ---------------------------------------------------------------------------- */

/* Numbers are endpoints here. */
static void fill(void)
{
	uint32_t next = 0;
	uint64_t begin = wire_ns(), scanned = begin;

	while (count.answered < plan.endpoints && !count.wrong) {
		uint64_t now = wire_ns();

		if (now - begin > GIVE_UP_NS)
			return;

		for (; next < plan.endpoints && next - count.answered < WINDOW; next++)
			ask(next, next, now);
		for (uint32_t i = 0; now - scanned > AGAIN_NS && i < next; i++)
			if (flights[i].due && now - flights[i].due > AGAIN_NS) {
				count.again++;
				ask(i, i, now);
			}
		scanned = now - scanned > AGAIN_NS ? now : scanned;
		leave_all();
		receive_all();
	}
}

static uint32_t number;         /* of the next request */

/* Asks what is due until then. */
static void run_until(uint64_t begin, uint64_t end)
{
	uint64_t now;

	while ((now = wire_ns()) < end) {
		uint64_t due = (uint64_t)((double)(now - begin) / 1e9 * plan.rate);

		for (unsigned n = 0; number < due && n < BATCH; n++, number++)
			ask(number, number % plan.endpoints,
			    begin + (uint64_t)((double)number / plan.rate * 1e9));
		leave_all();
		receive_all();
	}
}

static void forget(void)
{
	memset(&times, 0, sizeof times);
	memset(&count, 0, sizeof count);
}

static void drain(void)
{
	uint64_t end = wire_ns() + DRAIN_NS;

	while (count.answered < count.sent && wire_ns() < end)
		receive_all();
}

/* What was asked before the time that counts is answered before it begins. */
static void open_loop(uint64_t *cpu, double *took)
{
	uint64_t begin = wire_ns(), start;

	run_until(begin, begin + WARMUP_NS);
	drain();
	forget();
	number = 0;
	begin = wire_ns();
	start = cpu_ns_of(plan.pid);
	if (plan.pid && !start)
		fail(plan.pid);
	run_until(begin, begin + (uint64_t)(plan.seconds * 1e9));
	*took = (double)(wire_ns() - begin) / 1e9;
	drain();
	*cpu = cpu_ns_of(plan.pid) - start;
}

/* --- the program --------------------------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: swarm [-e ENDPOINTS] [-r RATE] [-s SECONDS] [-p PID] [-m POST] "
		"[-f] [-l PORT] [-n RUN] PORT PATH\n");
	return 2;
}

static bool read_arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "e:r:s:p:m:fl:n:")) != -1)
		switch (c) {
		case 'e':
			plan.endpoints = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			plan.rate = strtod(optarg, NULL);
			break;
		case 's':
			plan.seconds = strtod(optarg, NULL);
			break;
		case 'p':
			plan.pid = optarg;
			break;
		case 'm':
			plan.post = strcmp(optarg, "POST") == 0;
			break;
		case 'l':
			plan.from = (uint16_t)atoi(optarg);
			break;
		case 'n':
			plan.run = (unsigned)atoi(optarg);
			break;
		case 'f':
			plan.fill = true;
			break;
		default:
			return false;
		}
	if (argc - optind != 2 || !plan.endpoints || plan.endpoints > ENDPOINTS_MAX ||
	    plan.rate <= 0 || plan.seconds <= 0)
		return false;
	plan.port = (uint16_t)atoi(argv[optind]);
	plan.path = argv[optind + 1];
	return true;
}

int main(int argc, char **argv)
{
	double took = 0;
	uint64_t cpu = 0;

	if (!read_arguments(argc, argv))
		return usage();
	for (unsigned s = 0; s < SOCKETS; s++)
		fds[s] = open_socket(s);
	for (uint32_t i = 0; i < plan.endpoints; i++)
		mids[i] = (uint16_t)(i * 7919u + plan.run * MIDS);
	if (plan.fill)
		fill();
	else
		open_loop(&cpu, &took);
	printf("{\"endpoints\": %u, \"sent\": %ju, \"answered\": %ju, \"wrong\": %ju, "
	       "\"unsent\": %ju, \"again\": %ju, \"per_second\": %.0f, \"cpu_us\": %.4f, "
	       "\"p50\": %.2f, \"p99\": %.2f, \"p999\": %.2f, \"max\": %.2f}\n", plan.endpoints,
	       (uintmax_t)count.sent, (uintmax_t)count.answered, (uintmax_t)count.wrong,
	       (uintmax_t)count.unsent, (uintmax_t)count.again,
	       took > 0 ? (double)count.sent / took : 0,
	       count.answered ? (double)cpu / 1e3 / (double)count.answered : 0, us_at(500),
	       us_at(990), us_at(999), (double)times.most_ns / 1e3);
	return count.wrong || count.answered < (plan.fill ? plan.endpoints : count.sent);
}
