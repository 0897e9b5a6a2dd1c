/* mixed - clients in closed loop that mostly read, and repeat what they have put.
 *
 *	mixed [-c CLIENTS] [-w WINDOW] [-s SECONDS] [-u WARMUP] [-n REQUESTS] [-o PERMILLE]
 *	      [-r PERMILLE] [-a FROM] [-b TO] [-k] [-i] [-p PID] [-f CELLS]
 *	      HOST PORT GETPATH POSTPATH
 *
 * Each client has a socket of its own and WINDOW confirmable requests under way, for SECONDS or, with
 * -n, until there have been so many.  Message IDs go up by one and come round.  -o of a thousand
 * requests are POSTs, whose payload is a number that no other has; -r of a thousand POSTs are sent
 * once more, byte for byte, between FROM and TO seconds later (-k: requests of the same client later).
 * What is due when the time is over is sent then, with nothing else beside it.
 *
 * CELLS is the file in which the module behind POSTPATH counts how often each number was executed
 * (one 32-bit word each).  It is read at the end: a number answered 2.xx was executed once, any other
 * not at all.  Without CELLS nobody knows, and nothing is judged.
 *
 * Requests of one client that are alike in length leave in one piece; with -i clients take turns after
 * each request, so that no two beside each other are of the same one.
 *
 * What is unanswered for PATIENCE counts as lost and is sent again.  Prints a line of JSON; status 1
 * when anything was lost or wrong, or a POST was executed otherwise than its answer says. */
#include "cpu.h"
#include "times.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS_MOST 256u
#define WINDOW_MOST 32u
#define ROOM 64u                /* of a request */
#define DIGITS 9
#define NO_ID UINT32_MAX
#define OF_POST 0x80000000u     /* in tokens */
#define MIDS 65536u
#define PATIENCE_NS 10000000000u
#define REPEATS 4u
#define LOOK_NS 500000000u
#define CODE_2(code) ((code) >> 5 == 2)

static struct {
	unsigned clients, window, posts, repeated;
	double seconds, warmup, from, to;
	uint64_t requests;
	bool by_requests, single;
	const char *pid, *cells, *host, *port, *get, *post;
} plan = { .clients = 16, .window = 16, .posts = 10, .repeated = 1000, .seconds = 2,
	   .warmup = 0.3, .from = 2, .to = 10 };

struct flight {
	uint64_t since_ns, sent_ns;
	uint32_t token;         /* 0: none under way */
	uint32_t id;            /* of a POST, NO_ID */
	uint16_t mid;
	bool again;             /* it is a repetition */
	uint8_t repeats;        /* for want of an answer */
};

/* A POST that will be sent once more. */
struct due {
	uint64_t at;            /* ns, or requests of the client */
	uint32_t id;
	uint16_t mid;
};

struct client {
	int fd;
	uint16_t mid;
	uint64_t asked;
	struct flight flight[WINDOW_MOST];
	struct due *heap;       /* soonest first */
	size_t due, room;
};

static struct client clients[CLIENTS_MOST];
static uint32_t next_id, max_id = 1u << 25, next_token = 1;
static uint8_t *first, *second; /* codes that POSTs were answered, 0: none */
static uint32_t *cells;
static bool running;
static unsigned under_way;
static uint64_t waiting;        /* POSTs that are to be sent once more */
static uint64_t random_state = 0x9e3779b97f4a7c15u;
static struct times took;
static int poller;

static struct {
	uint64_t asked, answered, gets, posts, repeated, lost, unanswered, stray, wrong, unsent;
	uint64_t same, otherwise, refused, executed, twice, missing, unasked;
	uint64_t code[256];
} stat_;

/* What one client sends at a time. */
static struct {
	uint8_t bytes[WINDOW_MOST][ROOM];
	size_t n[WINDOW_MOST];
	unsigned count;
} out;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) * n >> 32);
}

/* --- what is due once more -------------------------------------------------------------- */

static void swap(struct due *a, struct due *b)
{
	struct due t = *a;

	*a = *b;
	*b = t;
}

static void heap_put(struct client *c, struct due d)
{
	size_t i = c->due;

	if (c->due == c->room) {
		c->room = c->room ? 2 * c->room : 1024;
		c->heap = realloc(c->heap, c->room * sizeof *c->heap);
		if (!c->heap)
			fail("memory");
	}
	c->heap[c->due++] = d;
	for (; i && c->heap[(i - 1) / 2].at > c->heap[i].at; i = (i - 1) / 2)
		swap(&c->heap[i], &c->heap[(i - 1) / 2]);
	waiting++;
}

static struct due heap_take(struct client *c)
{
	struct due d = c->heap[0];
	size_t i = 0, k;

	c->heap[0] = c->heap[--c->due];
	while ((k = 2 * i + 1) < c->due) {
		k += k + 1 < c->due && c->heap[k + 1].at < c->heap[k].at;
		if (c->heap[i].at <= c->heap[k].at)
			break;
		swap(&c->heap[i], &c->heap[k]);
		i = k;
	}
	waiting--;
	return d;
}

static void repeat_later(struct client *c, const struct flight *f, uint64_t now)
{
	double unit = plan.by_requests ? 1 : 1e9;
	double after = plan.from + (plan.to - plan.from) * random_below(1001) / 1000;

	heap_put(c, (struct due){ (plan.by_requests ? c->asked : now) + (uint64_t)(after * unit),
				  f->id, f->mid });
}

/* By requests there would be no end once there are no others. */
static bool is_due(const struct client *c, uint64_t now)
{
	if (!c->due)
		return false;
	return plan.by_requests ? !running || c->heap[0].at <= c->asked : c->heap[0].at <= now;
}

/* --- requests --------------------------------------------------------------------------- */

static size_t write_request(const struct flight *f, uint8_t *bytes)
{
	char digits[DIGITS + 1] = { 0 };
	uint32_t id = f->id;

	if (id == NO_ID)
		return wire_request(bytes, WIRE_CON, WIRE_GET, f->mid, f->token, plan.get, NULL);
	for (int i = DIGITS - 1; i >= 0; i--, id /= 10)
		digits[i] = (char)('0' + id % 10);
	return wire_request(bytes, WIRE_CON, WIRE_POST, f->mid, f->token, plan.post, digits);
}

/* What goes first: one that is due once more.  False: there is nothing to ask. */
static bool choose(struct client *c, struct flight *f, uint64_t now)
{
	*f = (struct flight){ .since_ns = now, .sent_ns = now, .id = NO_ID };
	if (is_due(c, now)) {
		struct due d = heap_take(c);

		f->id = d.id;
		f->mid = d.mid;
		f->token = OF_POST | d.id;
		f->again = true;
		stat_.repeated++;
		return true;
	}
	if (!running)
		return false;
	f->mid = c->mid++;
	if (random_below(1000) < plan.posts && next_id < max_id)
		f->id = next_id++;
	f->token = f->id == NO_ID ? next_token : OF_POST | f->id;
	if (f->id == NO_ID)
		next_token = next_token % (OF_POST - 1) + 1;
	c->asked++;
	stat_.asked++;
	if (plan.requests && stat_.asked >= plan.requests)
		running = false;
	return true;
}

/* In pieces: a run of equal length is one message, which the kernel cuts up. */
static void leave(struct client *c)
{
	static _Alignas(8) uint8_t control[WINDOW_MOST][CMSG_SPACE(sizeof(uint16_t))];
	struct mmsghdr m[WINDOW_MOST];
	struct iovec iov[WINDOW_MOST];
	unsigned pieces = 0;

	for (unsigned i = 0, k; i < out.count; i = k, pieces++) {
		struct msghdr *h = &m[pieces].msg_hdr;
		struct cmsghdr *cmsg;
		uint16_t size = (uint16_t)out.n[i];

		for (k = i; k < out.count && out.n[k] == out.n[i]; k++)
			iov[k] = (struct iovec){ out.bytes[k], out.n[k] };
		*h = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = k - i };
		if (k - i < 2)
			continue;
		h->msg_control = control[pieces];
		h->msg_controllen = sizeof control[pieces];
		cmsg = CMSG_FIRSTHDR(h);
		cmsg->cmsg_level = IPPROTO_UDP;
		cmsg->cmsg_type = UDP_SEGMENT;
		cmsg->cmsg_len = CMSG_LEN(sizeof size);
		memcpy(CMSG_DATA(cmsg), &size, sizeof size);
	}
	for (unsigned i = 0; i < pieces;) {
		int r = sendmmsg(c->fd, m + i, pieces - i, 0);

		stat_.unsent += r <= 0;
		i += r > 0 ? (unsigned)r : 1;
	}
	out.count = 0;
}

/* At most so many as may be under way. */
static void ask(struct client *c, uint64_t now)
{
	for (unsigned i = 0; i < plan.window; i++) {
		struct flight *f = &c->flight[i];

		if (f->token)
			continue;
		if (!choose(c, f, now)) {
			f->token = 0;
			break;
		}
		under_way++;
		out.n[out.count] = write_request(f, out.bytes[out.count]);
		out.count++;
	}
	leave(c);
}

/* --- answers ---------------------------------------------------------------------------- */

static void account_post(struct client *c, const struct flight *f, unsigned code, uint64_t now)
{
	if (f->again) {
		second[f->id] = (uint8_t)code;
		return;
	}
	stat_.posts++;
	first[f->id] = (uint8_t)code;
	if (random_below(1000) < plan.repeated)
		repeat_later(c, f, now);
}

static void take(struct client *c, const uint8_t *p, size_t n, uint64_t now)
{
	struct wire_head h;
	struct flight *f = c->flight, *end = f + plan.window;

	if (wire_head(p, n, &h) < 0 || h.type != WIRE_ACK) {
		stat_.wrong++;
		return;
	}
	while (f < end && (f->token != h.token || !f->token))
		f++;
	if (f == end || f->mid != h.mid) {
		stat_.stray++;
		return;
	}
	stat_.answered++;
	stat_.code[h.code]++;
	times_add(&took, now - f->since_ns);
	if (f->id != NO_ID) {
		account_post(c, f, h.code, now);
	} else {
		stat_.gets++;
		stat_.wrong += h.code != WIRE_CODE(2, 5);
	}
	f->token = 0;
	under_way--;
}

static void receive(struct client *c)
{
	static uint8_t bytes[WINDOW_MOST][WIRE_MAX];
	struct mmsghdr m[WINDOW_MOST];
	struct iovec iov[WINDOW_MOST];
	unsigned most = plan.single ? 1 : plan.window;
	uint64_t now;
	int n;

	for (unsigned i = 0; i < most; i++) {
		iov[i] = (struct iovec){ bytes[i], WIRE_MAX };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(c->fd, m, most, MSG_DONTWAIT, NULL);
	now = wire_ns();
	for (int i = 0; i < n; i++)
		take(c, bytes[i], m[i].msg_len, now);
	ask(c, now);
}

/* --- in between ------------------------------------------------------------------------- */

static void look_at(struct client *c, struct flight *f, uint64_t now)
{
	if (!f->token || now - f->sent_ns < PATIENCE_NS)
		return;
	stat_.lost++;
	if (f->repeats++ == REPEATS) {
		stat_.unanswered++;
		f->token = 0;
		under_way--;
		return;
	}
	f->sent_ns = now;
	out.n[0] = write_request(f, out.bytes[0]);
	out.count = 1;
	leave(c);
}

/* What is unanswered, and what is due at a client that nothing comes for. */
static void look_after(uint64_t now)
{
	for (unsigned i = 0; i < plan.clients; i++) {
		for (unsigned k = 0; k < plan.window; k++)
			look_at(&clients[i], &clients[i].flight[k], now);
		if (is_due(&clients[i], now))
			ask(&clients[i], now);
	}
}

static void turn(void)
{
	static uint64_t looked;
	struct epoll_event ev[CLIENTS_MOST];
	int n = epoll_wait(poller, ev, CLIENTS_MOST, 1);
	uint64_t now;

	for (int i = 0; i < n; i++)
		receive(ev[i].data.ptr);
	now = wire_ns();
	if (n > 0 && now - looked < LOOK_NS)
		return;
	looked = now;
	look_after(now);
}

/* --- what came of it ---------------------------------------------------------------------- */

static void audit(void)
{
	for (uint32_t id = 0; id < next_id; id++) {
		bool done = CODE_2(first[id]) || CODE_2(second[id]);

		if (second[id] && CODE_2(first[id])) {
			stat_.same += second[id] == first[id];
			stat_.otherwise += second[id] != first[id];
		}
		stat_.refused += !CODE_2(first[id]);
		if (!cells)
			continue;
		stat_.executed += cells[id];
		stat_.twice += cells[id] > 1;
		stat_.missing += done && !cells[id];
		stat_.unasked += !done && cells[id];
	}
}

static void figure(const char *name, uint64_t n)
{
	printf(", \"%s\": %" PRIu64, name, n);
}

static void figure_us(const char *name, double ns)
{
	printf(", \"%s\": %.4f", name, ns / 1e3);
}

static void report(const struct times *t, uint64_t answered, uint64_t ns, uint64_t cpu)
{
	uint64_t least = UINT64_MAX;
	const char *comma = "";

	for (unsigned i = 0; i < plan.clients; i++)
		least = clients[i].asked < least ? clients[i].asked : least;
	printf("{\"seconds\": %.2f", (double)ns / 1e9);
	figure("per_second", (uint64_t)((double)answered * 1e9 / (double)ns));
	figure_us("cpu_us", answered ? (double)cpu / (double)answered : 0);
	figure_us("p50", (double)times_at(t, 500));
	figure_us("p99", (double)times_at(t, 990));
	figure_us("p999", (double)times_at(t, 999));
	figure("rounds", least / MIDS);
	figure("answered", stat_.answered);
	figure("gets", stat_.gets);
	figure("posts", stat_.posts);
	figure("repeated", stat_.repeated);
	figure("same", stat_.same);
	figure("otherwise", stat_.otherwise);
	figure("refused", stat_.refused);
	figure("executed", stat_.executed);
	figure("twice", stat_.twice);
	figure("missing", stat_.missing);
	figure("unasked", stat_.unasked);
	figure("lost", stat_.lost);
	figure("unanswered", stat_.unanswered);
	figure("stray", stat_.stray);
	figure("wrong", stat_.wrong);
	figure("unsent", stat_.unsent);
	printf(", \"codes\": {");
	for (unsigned i = 0; i < 256; i++)
		if (stat_.code[i]) {
			printf("%s\"%u.%02u\": %" PRIu64, comma, i >> 5, i & 31, stat_.code[i]);
			comma = ", ";
		}
	printf("}}\n");
}

static bool all_right(void)
{
	return !(stat_.twice | stat_.missing | stat_.unasked | stat_.lost | stat_.unanswered |
		 stat_.wrong | stat_.unsent);
}

/* --- the program ---------------------------------------------------------------------------- */

static void map_cells(void)
{
	int fd = open(plan.cells, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail(plan.cells);
	max_id = (uint32_t)((size_t)st.st_size / sizeof *cells);
	cells = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (cells == MAP_FAILED)
		fail(plan.cells);
	close(fd);
}

static void make_clients(void)
{
	poller = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < plan.clients; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &clients[i] };

		clients[i].fd = wire_socket(plan.host, plan.port);
		clients[i].mid = (uint16_t)(i * 7919u);
		epoll_ctl(poller, EPOLL_CTL_ADD, clients[i].fd, &ev);
	}
}

static void carry_out(void)
{
	uint64_t begin = wire_ns(), cpu, answered, end;
	struct times measured;

	running = true;
	for (unsigned i = 0; i < plan.clients; i++)
		ask(&clients[i], wire_ns());
	while (!plan.requests && wire_ns() - begin < (uint64_t)(plan.warmup * 1e9))
		turn();
	memset(&took, 0, sizeof took);
	begin = plan.requests ? begin : wire_ns();
	answered = plan.requests ? 0 : stat_.answered;
	cpu = cpu_ns_of(plan.pid);
	if (plan.pid && !cpu)
		fail(plan.pid);
	end = begin + (uint64_t)(plan.seconds * 1e9);
	while (running && (plan.requests || wire_ns() < end))
		turn();
	running = false;
	cpu = cpu_ns_of(plan.pid) - cpu;
	answered = stat_.answered - answered;
	end = wire_ns();
	measured = took;
	while (under_way || waiting)
		turn();
	audit();
	report(&measured, answered, end - begin, cpu);
}

static int usage(void)
{
	fprintf(stderr, "usage: mixed [-c CLIENTS] [-w WINDOW] [-s SECONDS] [-u WARMUP] "
		"[-n REQUESTS] [-o PERMILLE] [-r PERMILLE] [-a FROM] [-b TO] [-k] [-i] "
		"[-p PID] [-f CELLS] HOST PORT GETPATH POSTPATH\n");
	return 2;
}

static bool read_option(int c)
{
	switch (c) {
	case 'c': plan.clients = (unsigned)atoi(optarg); break;
	case 'w': plan.window = (unsigned)atoi(optarg); break;
	case 's': plan.seconds = atof(optarg); break;
	case 'u': plan.warmup = atof(optarg); break;
	case 'n': plan.requests = strtoull(optarg, NULL, 10); break;
	case 'o': plan.posts = (unsigned)atoi(optarg); break;
	case 'r': plan.repeated = (unsigned)atoi(optarg); break;
	case 'a': plan.from = atof(optarg); break;
	case 'b': plan.to = atof(optarg); break;
	case 'k': plan.by_requests = true; break;
	case 'i': plan.single = true; break;
	case 'p': plan.pid = optarg; break;
	case 'f': plan.cells = optarg; break;
	default: return false;
	}
	return true;
}

static bool read_arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:w:s:u:n:o:r:a:b:kip:f:")) != -1)
		if (!read_option(c))
			return false;
	if (argc - optind != 4 || plan.clients - 1 >= CLIENTS_MOST ||
	    plan.window - 1 >= WINDOW_MOST || plan.to < plan.from)
		return false;
	plan.host = argv[optind];
	plan.port = argv[optind + 1];
	plan.get = argv[optind + 2];
	plan.post = argv[optind + 3];
	return true;
}

int main(int argc, char **argv)
{
	if (!read_arguments(argc, argv))
		return usage();
	if (plan.cells)
		map_cells();
	first = calloc(max_id, 1);
	second = calloc(max_id, 1);
	if (!first || !second)
		fail("memory");
	make_clients();
	carry_out();
	return all_right() ? 0 : 1;
}
