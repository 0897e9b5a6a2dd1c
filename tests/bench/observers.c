/* observers - thousands of clients that observe one resource and are told of each new state.
 *
 *	observers HOST PORT PATH OBSERVERS ROUNDS HOLD
 *
 * Each has a socket of its own and registers by a CON GET; registrations are repeated until they
 * are answered.  A round is a PUT of its number, and is over when every observer has been told
 * that number, or none was for 60 s.  Confirmable notifications are acknowledged: at once, or,
 * with HOLD, when so many acknowledgements wait or nothing more comes, all in one go, which is
 * the worst that they can do to the server's receive buffer.
 *
 * Meanwhile one more client asks for the resource, a hundred times in a round at most: how many
 * notifications came between a GET and its answer is how long it had to wait behind them.
 * Prints one line of JSON for each round; exit status 0 when each was seen by all. */
#include "cpu.h"
#include "wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64u             /* registrations under way */
#define AGAIN_MS 1000u
#define PATIENCE_MS 60000u
#define QUIET_MS 5              /* nothing came for so long: what was held goes */
#define OBSERVE_OPTION 6
#define PAYLOAD 0xff

struct client {
	int fd;
	bool registered;
	unsigned mid, acked;    /* message IDs: of its request, of what it acknowledged last */
	uint32_t round;         /* that it was told last */
	uint64_t due_ms;
};

static struct {
	uint64_t notifications, repeated, refused, gets, behind_most, gets_lost;
} stat_;

static struct client *clients, writer, prober;
static uint32_t n, next, registered, round_, seen, hold;
static int poller;
static bool put_done, prober_busy;
static uint64_t behind;         /* notifications since the last GET */
static struct { struct client *c; unsigned mid; } *held;
static uint32_t nheld;
static const char *path;

static void transmit(struct client *c, const uint8_t *p, size_t len)
{
	if (send(c->fd, p, len, 0) < 0)
		stat_.refused++;
}

/* --- acknowledgements -------------------------------------------------------------------- */

static void acknowledge(struct client *c, unsigned mid)
{
	uint8_t ack[4];

	transmit(c, ack, wire_empty(ack, WIRE_ACK, mid));
}

static void release(void)
{
	for (uint32_t i = 0; i < nheld; i++)
		acknowledge(held[i].c, held[i].mid);
	nheld = 0;
}

static void confirm(struct client *c, unsigned mid)
{
	if (!hold) {
		acknowledge(c, mid);
		return;
	}
	held[nheld].c = c;
	held[nheld++].mid = mid;
	if (nheld == hold)
		release();
}

/* --- requests ----------------------------------------------------------------------------- */

/* The GET with Observe 0 in front of its path: 6 comes before 11. */
static void ask_to_observe(struct client *c)
{
	uint8_t plain[64], out[64];
	size_t head = 4 + WIRE_TOKEN;
	size_t len = wire_request(plain, WIRE_CON, WIRE_GET, c->mid, (uint32_t)(c - clients) + 1,
				  path, NULL);

	memcpy(out, plain, head);
	out[head] = OBSERVE_OPTION << 4;
	memcpy(out + head + 1, plain + head, len - head);
	out[head + 1] = (uint8_t)(plain[head] - (OBSERVE_OPTION << 4));
	transmit(c, out, len + 1);
	c->due_ms = wire_ms() + AGAIN_MS;
}

static void put(void)
{
	uint8_t out[64];
	char text[16];

	snprintf(text, sizeof text, "%08" PRIu32, round_);
	transmit(&writer, out, wire_request(out, WIRE_CON, 3, writer.mid, round_, path, text));
	writer.due_ms = wire_ms() + AGAIN_MS;
}

static void probe(bool again)
{
	uint8_t out[64];

	if (!again)
		prober.mid = (prober.mid + 1) & 0xffff;
	transmit(&prober, out, wire_request(out, WIRE_CON, WIRE_GET, prober.mid, prober.mid, path,
					    NULL));
	prober.due_ms = wire_ms() + AGAIN_MS;
	prober_busy = true;
	behind = again ? behind : 0;
}

/* --- what comes ---------------------------------------------------------------------------- */

/* The number that is the payload, 0: there is none. */
static uint32_t number(const uint8_t *p, size_t len)
{
	return len > 9 && p[len - 9] == PAYLOAD ? (uint32_t)strtoul((const char *)p + len - 8, NULL,
								    10) : 0;
}

static void told(struct client *c, const struct wire_head *h, const uint8_t *p, size_t len)
{
	uint32_t now = number(p, len);

	if (h->type == WIRE_CON) {
		confirm(c, h->mid);
		stat_.repeated += c->acked == h->mid + 1;
		c->acked = h->mid + 1;
	}
	stat_.notifications++;
	behind++;
	if (now == round_ && c->round != round_)
		seen++;
	c->round = now;
}

static void take(struct client *c, uint8_t *p, size_t len)
{
	struct wire_head h;

	p[len] = 0;
	if (wire_head(p, len, &h) < 0)
		return;
	if (c == &writer) {
		put_done |= h.type == WIRE_ACK && h.mid == c->mid;
	} else if (c == &prober && h.type == WIRE_ACK && h.mid == c->mid) {
		prober_busy = false;
		stat_.gets++;
		if (behind > stat_.behind_most)
			stat_.behind_most = behind;
	} else if (c != &prober && !c->registered) {
		c->registered = true;
		registered++;
	} else if (c != &prober && h.code == WIRE_CODE(2, 5)) {
		told(c, &h, p, len);
	}
}

static void readable(struct client *c)
{
	uint8_t in[WIRE_MAX + 1];
	ssize_t len = recv(c->fd, in, WIRE_MAX, 0);

	if (len < 0 && errno != EAGAIN)
		stat_.refused++;
	if (len >= 0)
		take(c, in, (size_t)len);
}

/* False: nothing came for QUIET_MS. */
static bool work(void)
{
	static struct epoll_event ev[256];
	int k = epoll_wait(poller, ev, 256, QUIET_MS);

	for (int i = 0; i < k; i++)
		readable(ev[i].data.ptr);
	if (k == 0)
		release();
	return k > 0;
}

/* --- phases -------------------------------------------------------------------------------- */

static void register_all(void)
{
	while (registered < n) {
		for (; next < n && next - registered < AT_ONCE; next++)
			ask_to_observe(&clients[next]);
		if (work())
			continue;
		for (uint32_t i = 0; i < next; i++)
			if (!clients[i].registered && clients[i].due_ms < wire_ms())
				ask_to_observe(&clients[i]);
	}
}

static void repeat_late(void)
{
	uint64_t now = wire_ms();

	if (!put_done && writer.due_ms < now)
		put();
	if (prober_busy && prober.due_ms < now) {
		stat_.gets_lost++;
		probe(true);
	}
}

/* Whether all were told.  The round is measured until nothing is to come any more. */
static bool run_round(void)
{
	uint64_t began = wire_ns(), cpu = cpu_ns_of(getenv("SERVER_PID")), last = wire_ms(), all = 0;
	uint32_t before = 0;

	memset(&stat_, 0, sizeof stat_);
	seen = 0;
	behind = 0;
	round_++;
	writer.mid = (writer.mid + 1) & 0xffff;
	put_done = false;
	put();
	while ((seen < n || !put_done) && wire_ms() - last < PATIENCE_MS) {
		if (!prober_busy && (!stat_.gets || behind >= n / 100))
			probe(false);
		(void)work();
		repeat_late();
		if (seen != before)
			last = wire_ms();
		before = seen;
	}
	all = wire_ns() - began;
	while (work() || nheld)
		;
	printf("{\"round\":%" PRIu32 ",\"seen\":%" PRIu32 ",\"ms\":%.1f,\"server_us_each\":%.2f,"
	       "\"notifications\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"gets\":%" PRIu64
	       ",\"gets_lost\":%" PRIu64 ",\"behind_most\":%" PRIu64 ",\"refused\":%" PRIu64 "}\n",
	       round_, seen, (double)all / 1e6, (double)(cpu_ns_of(getenv("SERVER_PID")) - cpu) / 1e3 / n,
	       stat_.notifications, stat_.repeated, stat_.gets, stat_.gets_lost, stat_.behind_most,
	       stat_.refused);
	fflush(stdout);
	return seen == n;
}

static void add(struct client *c, const char *host, const char *port)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	c->fd = wire_socket(host, port);
	c->mid = (unsigned)(c->fd * 7919) & 0xffff;
	epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &ev);
}

static void open_all(const char *host, const char *port)
{
	struct rlimit l;

	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	poller = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(n, sizeof *clients);
	held = calloc(hold + 1, sizeof *held);
	if (!clients || !held)
		exit(2);
	for (uint32_t i = 0; i < n; i++)
		add(&clients[i], host, port);
	add(&writer, host, port);
	add(&prober, host, port);
}

int main(int argc, char **argv)
{
	bool all = true;

	if (argc != 7) {
		fprintf(stderr, "usage: observers HOST PORT PATH OBSERVERS ROUNDS HOLD\n");
		return 2;
	}
	path = argv[3];
	n = (uint32_t)atoi(argv[4]);
	hold = (uint32_t)atoi(argv[6]);
	open_all(argv[1], argv[2]);
	register_all();
	for (int i = atoi(argv[5]); i > 0; i--)
		all &= run_round();
	return all ? 0 : 1;
}
