/* crashload - clients in closed loop that count what a crash costs them.
 *
 *	crashload HOST PORT CLIENTS SECONDS CELLS
 *
 * Each client has a socket of its own and one request outstanding, in turn a CON
 * GET of /hello and a CON POST to /count, whose payload is a number that no other
 * request has.  CELLS is the file in which the module behind /count counts how
 * often each number was executed (one 32-bit word each); it is read at the end.
 *
 * A transmission that is unanswered for 10 s, which no machine takes to answer one
 * that has not been lost, counts as lost and is repeated, four times at most.  Prints one
 * line of JSON; exit status 0 when nothing was lost, no GET was answered otherwise than
 * 2.05, and no POST was executed other than its answer says: 2.04 once, 5.00 at most once.  How long answers took
 * is from the first transmission. */
#include "times.h"
#include "wire.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 10000u
#define REPEATS 4
#define NO_ID UINT32_MAX

enum answer { UNANSWERED, ANSWERED_204, ANSWERED_500, ANSWERED_ELSE };

struct client {
	int fd;
	bool busy, asked_post;
	unsigned mid, repeats;
	uint32_t token, id;
	uint64_t since_ns;      /* first transmission */
	uint64_t due_ms;
	size_t n;
	uint8_t out[64];
};

static struct {
	uint64_t gets, posts, lost, given_up, get_500, get_else, post_500, post_else;
	uint64_t stray, refused, executed, twice, missing, else_code;
} stat_;

static struct times took;

static struct client *clients;
static unsigned nclients;
static uint8_t *answers;        /* enum answer per POST */
static uint32_t next_id, max_id, next_token = 1;
static unsigned busy;
static int poller;

static void transmit(struct client *c, uint64_t ms)
{
	c->due_ms = ms + PATIENCE_MS;
	if (send(c->fd, c->out, c->n, 0) < 0)
		stat_.refused++;
}

static void ask(struct client *c)
{
	char text[16];

	c->mid = (c->mid + 1) & 0xffff;
	c->token = next_token++;
	c->asked_post = !c->asked_post && next_id < max_id;
	c->id = c->asked_post ? next_id++ : NO_ID;
	snprintf(text, sizeof text, "%" PRIu32, c->id);
	c->n = c->asked_post ?
		wire_request(c->out, WIRE_CON, WIRE_POST, c->mid, c->token, "/count", text) :
		wire_request(c->out, WIRE_CON, WIRE_GET, c->mid, c->token, "/hello", NULL);
	c->repeats = 0;
	c->busy = true;
	c->since_ns = wire_ns();
	busy++;
	transmit(c, c->since_ns / 1000000u);
}

static void account_get(unsigned code)
{
	stat_.gets++;
	if (code == WIRE_CODE(5, 0)) {
		stat_.get_500++;
	} else if (code != WIRE_CODE(2, 5)) {
		stat_.get_else++;
		stat_.else_code = code;
	}
}

static void account_post(uint32_t id, unsigned code)
{
	stat_.posts++;
	if (code == WIRE_CODE(2, 4)) {
		answers[id] = ANSWERED_204;
	} else if (code == WIRE_CODE(5, 0)) {
		answers[id] = ANSWERED_500;
		stat_.post_500++;
	} else {
		answers[id] = ANSWERED_ELSE;
		stat_.post_else++;
		stat_.else_code = code;
	}
}

static void finish(struct client *c)
{
	c->busy = false;
	busy--;
}

/* One datagram; true when it ended the client's request. */
static bool take(struct client *c, const uint8_t *p, size_t n)
{
	struct wire_head h;
	uint8_t ack[4];

	if (wire_head(p, n, &h) < 0 || !c->busy || h.token != c->token ||
	    (h.type == WIRE_ACK && h.mid != c->mid)) {
		bool empty_ack = n == 4 && h.type == WIRE_ACK && h.mid == c->mid;

		stat_.stray += !empty_ack;
		return false;
	}
	if (h.type == WIRE_CON && send(c->fd, ack, wire_empty(ack, WIRE_ACK, h.mid), 0) < 0)
		stat_.refused++;
	if (c->asked_post)
		account_post(c->id, h.code);
	else
		account_get(h.code);
	times_add(&took, wire_ns() - c->since_ns);
	finish(c);
	return true;
}

static void readable(struct client *c, bool more)
{
	uint8_t in[WIRE_MAX];
	ssize_t n = 0;

	for (int i = 0; i < 16 && (n = wire_receive(c->fd, in, &stat_.refused)) >= 0; i++)
		if (take(c, in, (size_t)n) && more)
			ask(c);
}

static void repeat_late(uint64_t ms)
{
	for (unsigned i = 0; i < nclients; i++) {
		struct client *c = &clients[i];

		if (!c->busy || ms < c->due_ms)
			continue;
		if (c->repeats == 0)
			stat_.lost++;
		if (c->repeats++ == REPEATS) {
			stat_.given_up++;
			finish(c);
			continue;
		}
		transmit(c, ms);
	}
}

static void work(bool more)
{
	struct epoll_event ev[64];
	int n = epoll_wait(poller, ev, 64, 50);

	for (int i = 0; i < n; i++)
		readable(ev[i].data.ptr, more);
	repeat_late(wire_ms());
}

/* Compares what was executed with what was answered. */
static void audit(const uint32_t *cells)
{
	for (uint32_t id = 0; id < next_id; id++) {
		stat_.executed += cells[id];
		stat_.twice += cells[id] > 1;
		stat_.missing += answers[id] == ANSWERED_204 && cells[id] == 0;
	}
}

static const uint32_t *map_cells(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(file);
		exit(2);
	}
	max_id = (uint32_t)((size_t)st.st_size / sizeof(uint32_t));
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror(file);
		exit(2);
	}
	close(fd);
	return p;
}

static void make_clients(const char *host, const char *port)
{
	poller = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(nclients, sizeof *clients);
	for (unsigned i = 0; i < nclients; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &clients[i] };

		clients[i].fd = wire_socket(host, port);
		clients[i].mid = i * 7919;
		clients[i].asked_post = i & 1;
		epoll_ctl(poller, EPOLL_CTL_ADD, clients[i].fd, &ev);
	}
}

static void figure(const char *name, uint64_t n)
{
	printf(",\"%s\":%" PRIu64, name, n);
}

static void figure_ms(const char *name, uint64_t ns)
{
	printf(",\"%s\":%.2f", name, (double)ns / 1e6);
}

static bool report(double seconds)
{
	printf("{\"seconds\":%.2f", seconds);
	figure("gets", stat_.gets);
	figure("posts", stat_.posts);
	figure("executed", stat_.executed);
	figure("lost", stat_.lost);
	figure("given_up", stat_.given_up);
	figure("get_500", stat_.get_500);
	figure("get_else", stat_.get_else);
	figure("post_500", stat_.post_500);
	figure("post_else", stat_.post_else);
	figure("else_code", stat_.else_code);
	figure("executed_twice", stat_.twice);
	figure("answered_not_executed", stat_.missing);
	figure("stray", stat_.stray);
	figure("refused", stat_.refused);
	figure_ms("p50_ms", times_at(&took, 500));
	figure_ms("p99_ms", times_at(&took, 990));
	figure_ms("p999_ms", times_at(&took, 999));
	figure_ms("slowest_ms", took.most_ns);
	printf("}\n");
	return !(stat_.lost || stat_.get_500 || stat_.get_else || stat_.post_else ||
		 stat_.twice || stat_.missing || stat_.refused);
}

int main(int argc, char **argv)
{
	const uint32_t *cells;
	uint64_t begin, end;

	if (argc != 6) {
		fprintf(stderr, "usage: crashload HOST PORT CLIENTS SECONDS CELLS\n");
		return 2;
	}
	nclients = (unsigned)atoi(argv[3]);
	cells = map_cells(argv[5]);
	answers = calloc(max_id + 1, 1);
	make_clients(argv[1], argv[2]);
	begin = wire_ms();
	end = begin + (uint64_t)(atof(argv[4]) * 1000);
	for (unsigned i = 0; i < nclients; i++)
		ask(&clients[i]);
	while (wire_ms() < end)
		work(true);
	while (busy)                    /* each ends by an answer or by REPEATS */
		work(false);
	audit(cells);
	return report((double)(wire_ms() - begin) / 1000) ? 0 : 1;
}
