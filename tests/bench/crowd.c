/* crowd - observers of one resource, each with a socket of its own.
 *
 *	crowd HOST PORT OBSERVERS con|non PATH
 *
 * Registers them all (confirmably or not), says so, and then does what lines on its
 * standard input say:
 *
 *	want STATE      tells when all have been told this state last
 *	tell            tells how it is now
 *	leave           takes all back (Observe 1), and tells when that is answered
 *
 * What it tells is a line of JSON.  A request that is unanswered for 2 s is made again.
 * Each notification is compared with the one before as RFC 7641 3.4 says: "back" counts
 * those that were not newer, unless they were the same once more ("again"), as a
 * confirmable one may be.  It ends with its standard input; exit status 1 when something
 * went back, an observation ended, or was never begun. */
#include "times.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPEAT_MS 2000u
#define UNDER_WAY 200u          /* requests of ours at a time */
#define STATE_MAX 64u
#define FRESH_NS (128 * 1000000000ull)
#define HALF (1 << 23)

struct observer {
	int fd;
	uint32_t token;
	bool asked, answered;   /* its request in hand: registering, or leaving */
	bool observing, wanted; /* was told the state that is wanted */
	unsigned mid;
	uint64_t due_ms, told_ns;
	int64_t observe;
	uint8_t state[STATE_MAX];
	size_t n;
};

static struct {
	uint64_t told, again, back, ended, unobserved, stray, repeats, refused, malformed;
} stat_;

static struct observer *observers;
static unsigned nobservers, next, under_way, answered, have;
static const char *path;
static unsigned type, leaving;
static int poller;
static char want[STATE_MAX + 1];
static bool wanting;
static uint64_t since_ns;
static struct times took;
static char line[128];
static size_t line_n;
static bool over;

/* --- requests ------------------------------------------------------------------------- */

static void transmit(struct observer *o, uint64_t ms)
{
	uint8_t out[64];
	size_t n = wire_observe(out, leaving ? WIRE_CON : type, o->mid, o->token, path, leaving);

	o->due_ms = ms + REPEAT_MS;
	if (send(o->fd, out, n, 0) < 0)
		stat_.refused++;
}

static void ask_more(void)
{
	uint64_t ms = wire_ms();

	for (; next < nobservers && under_way < UNDER_WAY; next++) {
		struct observer *o = &observers[next];

		o->mid = (o->mid + 1) & 0xffff;
		o->asked = true;
		o->answered = false;
		under_way++;
		transmit(o, ms);
	}
}

static void repeat_late(void)
{
	uint64_t ms = wire_ms();

	for (unsigned i = 0; under_way && i < next; i++) {
		struct observer *o = &observers[i];

		if (!o->asked || o->answered || ms < o->due_ms)
			continue;
		stat_.repeats++;
		transmit(o, ms);
	}
}

/* --- what is told --------------------------------------------------------------------- */

/* RFC 7641 3.4. */
static bool newer(const struct observer *o, int64_t observe, uint64_t ns)
{
	int64_t v1 = o->observe, v2 = observe;

	return (v1 < v2 && v2 - v1 < HALF) || (v1 > v2 && v1 - v2 > HALF) ||
	       ns > o->told_ns + FRESH_NS;
}

static bool same_state(const struct observer *o, const struct wire_rest *r)
{
	return r->n == o->n && memcmp(r->payload, o->state, o->n) == 0;
}

static bool as_wanted(const struct observer *o)
{
	return o->n == strlen(want) && memcmp(o->state, want, o->n) == 0;
}

/* Whether all have what is wanted depends on each that was told something. */
static void look(struct observer *o, uint64_t ns)
{
	bool is = wanting && as_wanted(o);

	if (is && !o->wanted)
		times_add(&took, ns - since_ns);
	have += (unsigned)is - (unsigned)o->wanted;
	o->wanted = is;
}

static void told(struct observer *o, const struct wire_rest *r)
{
	uint64_t ns = wire_ns();

	stat_.told++;
	if (o->observing && o->observe == r->observe && same_state(o, r)) {
		stat_.again++;
		return;
	}
	if (o->observing && !newer(o, r->observe, ns)) {
		stat_.back++;
		return;
	}
	o->observing = true;
	o->observe = r->observe;
	o->told_ns = ns;
	o->n = r->n < STATE_MAX ? r->n : STATE_MAX;
	if (o->n)
		memcpy(o->state, r->payload, o->n);
	look(o, ns);
}

static void answer(struct observer *o)
{
	if (!o->asked || o->answered)
		return;
	o->answered = true;
	under_way--;
	answered++;
}

static void take(struct observer *o, const uint8_t *p, size_t n)
{
	struct wire_head h;
	struct wire_rest r;
	uint8_t ack[4];

	if (wire_head(p, n, &h) < 0 || wire_rest(p, n, &r) < 0) {
		stat_.malformed++;
		return;
	}
	if (h.type == WIRE_CON && send(o->fd, ack, wire_empty(ack, WIRE_ACK, h.mid), 0) < 0)
		stat_.refused++;
	if (h.token != o->token || h.code == WIRE_EMPTY ||
	    (o->answered && (leaving || (h.type == WIRE_ACK && h.mid == o->mid)))) {
		stat_.stray++;          /* a request was made again, or this was under way */
		return;
	}
	if (h.code != WIRE_CODE(2, 5)) {
		stat_.ended++;
		o->observing = false;
	} else if (r.observe >= 0) {
		told(o, &r);
	} else if (!leaving) {
		stat_.unobserved++;
	} else {
		o->observing = false;
	}
	/* A notification with the token may come before the answer; it does for one. */
	if (!leaving || r.observe < 0)
		answer(o);
}

static void readable(struct observer *o)
{
	uint8_t in[WIRE_MAX];
	ssize_t n = 0;

	for (int i = 0; i < 16 && (n = wire_receive(o->fd, in, &stat_.refused)) >= 0; i++)
		take(o, in, (size_t)n);
}

/* --- commands ------------------------------------------------------------------------- */

static void figure(const char *name, uint64_t n)
{
	printf(",\"%s\":%" PRIu64, name, n);
}

static unsigned observing(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nobservers; i++)
		n += observers[i].observing;
	return n;
}

static void tell(void)
{
	printf("{\"observers\":%u", observing());
	figure("have", have);
	figure("told", stat_.told);
	figure("again", stat_.again);
	figure("back", stat_.back);
	figure("ended", stat_.ended);
	figure("unobserved", stat_.unobserved);
	figure("stray", stat_.stray);
	figure("malformed", stat_.malformed);
	figure("repeats", stat_.repeats);
	figure("refused", stat_.refused);
	printf(",\"p50_ms\":%.1f,\"last_ms\":%.1f}\n", (double)times_at(&took, 500) / 1e6,
	       (double)took.most_ns / 1e6);
	fflush(stdout);
}

static void ask_all(void)
{
	next = answered = 0;
	ask_more();
}

static void begin_to_want(const char *state)
{
	memset(want, 0, sizeof want);
	memcpy(want, state, strnlen(state, STATE_MAX));
	memset(&took, 0, sizeof took);
	since_ns = wire_ns();
	wanting = true;
	for (unsigned i = 0; i < nobservers; i++)
		look(&observers[i], since_ns);
}

static void obey(const char *text)
{
	if (strncmp(text, "want ", 5) == 0) {
		begin_to_want(text + 5);
	} else if (strcmp(text, "leave") == 0) {
		leaving = 1;
		ask_all();
	} else {
		tell();
	}
}

static void command(void)
{
	ssize_t n = read(0, line + line_n, sizeof line - 1 - line_n);
	char *end;

	if (n <= 0) {
		over = n == 0 || errno != EAGAIN;
		return;
	}
	line_n += (size_t)n;
	line[line_n] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		obey(line);
		line_n -= (size_t)(end + 1 - line);
		memmove(line, end + 1, line_n + 1);
	}
}

/* --- the loop ------------------------------------------------------------------------- */

static void work(void)
{
	struct epoll_event ev[256];
	int n = epoll_wait(poller, ev, 256, 50);
	bool were = answered == nobservers;

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr)
			readable(ev[i].data.ptr);
		else
			command();
	}
	ask_more();
	repeat_late();
	if (!were && answered == nobservers)
		tell();
	if (wanting && have == nobservers) {
		tell();
		wanting = false;
	}
}

/* As many descriptors as that takes, and a few. */
static void room_for(unsigned n)
{
	struct rlimit have_now, wanted = { n + 32, n + 32 };

	getrlimit(RLIMIT_NOFILE, &have_now);
	if (have_now.rlim_cur >= wanted.rlim_cur)
		return;
	if (have_now.rlim_max > wanted.rlim_max)
		wanted.rlim_max = have_now.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &wanted) < 0) {
		fprintf(stderr, "crowd: %u descriptors: %s\n", n + 32, strerror(errno));
		exit(2);
	}
}

static void make_observers(const char *host, const char *port)
{
	struct epoll_event in = { .events = EPOLLIN, .data.ptr = NULL };

	room_for(nobservers);
	poller = epoll_create1(EPOLL_CLOEXEC);
	fcntl(0, F_SETFL, O_NONBLOCK);
	epoll_ctl(poller, EPOLL_CTL_ADD, 0, &in);
	observers = calloc(nobservers, sizeof *observers);
	for (unsigned i = 0; observers && i < nobservers; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &observers[i] };

		observers[i].fd = wire_socket(host, port);
		observers[i].token = i + 1;
		observers[i].mid = i * 7919;
		epoll_ctl(poller, EPOLL_CTL_ADD, observers[i].fd, &ev);
	}
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: crowd HOST PORT OBSERVERS con|non PATH\n");
		return 2;
	}
	nobservers = (unsigned)atoi(argv[3]);
	type = strcmp(argv[4], "non") == 0 ? WIRE_NON : WIRE_CON;
	path = argv[5];
	make_observers(argv[1], argv[2]);
	ask_all();
	while (!over)
		work();
	return stat_.back || stat_.ended || stat_.unobserved;
}
