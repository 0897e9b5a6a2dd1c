/* Copies of what a batch holds, over an engine that makes it. */
#include "worker/trace.h"

#include "rig.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rig *r;
static struct trace t;
static int readers[TRACE_TAPS + 1];
static const uint16_t ports[] = { 5683, 40000 };

struct got {
	struct trace_head head;
	uint8_t bytes[2048];
};

static void begin(void)
{
	r = rig_new(NULL);
	t = (struct trace){ .n = 0 };
}

static void end(void)
{
	trace_close(&t);
	rig_free(r);
}

TestSuite(trace, .init = begin, .fini = end);

static bool tap(unsigned i, const struct order *whom)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	readers[i] = pair[0];
	return trace_add(&t, whom, pair[1]);
}

/* Bytes of the datagram that came, -1: none. */
static ssize_t take(unsigned i, struct got *g)
{
	ssize_t n = recv(readers[i], g, sizeof *g, 0);

	return n < 0 ? -1 : n - (ssize_t)sizeof g->head;
}

Test(trace, both_ways_are_shown)
{
	struct order all = { .all = 1 };
	struct addr one = rig_peer(1);
	struct got g;

	cr_assert(tap(0, &all));
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=x");
	trace_received(&t, &r->e.space, ports, 3, 0);
	trace_sent(&t, &r->e.space, ports, 3, 0);
	cr_assert_eq(take(0, &g), 8);
	cr_expect_eq(g.head.sent, 0);
	cr_expect_eq(g.head.slot, 3);
	cr_expect_eq(g.head.len, 8);
	cr_expect(addr_eq(&g.head.peer, &one));
	cr_expect_eq(g.head.here.port, ports[rig_local().sock]);
	cr_expect_eq(g.bytes[1], COAP_GET);
	cr_assert_gt(take(0, &g), 4);
	cr_expect_eq(g.head.sent, 1);
	cr_expect_eq(g.bytes[1], COAP_CONTENT);
	cr_expect_eq(take(0, &g), -1);
	trace_sent(&t, &r->e.space, ports, 3, 1);
	cr_expect_eq(take(0, &g), -1, "from the second on there is nothing");
}

Test(trace, only_those_of_the_peer)
{
	struct order two = { .peer = rig_peer(2) };
	struct got g;

	cr_assert(tap(0, &two));
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=x");
	trace_received(&t, &r->e.space, ports, 0, 0);
	trace_sent(&t, &r->e.space, ports, 0, 0);
	cr_expect_eq(take(0, &g), -1);
}

Test(trace, nobody_is_waited_for)
{
	struct order all = { .all = 1 };
	struct got g;
	unsigned n = 0;

	cr_assert(tap(0, &all));
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=x");
	for (unsigned i = 0; i < 5000; i++)
		trace_received(&t, &r->e.space, ports, 0, 0);
	cr_expect_gt(t.tap[0].left_out, 0);
	while (take(0, &g) >= 0)
		n++;
	cr_expect_eq(n + t.tap[0].left_out, 5000);
	trace_received(&t, &r->e.space, ports, 0, 0);
	take(0, &g);
	cr_expect_eq(g.head.left_out, t.tap[0].left_out, "it is told");
}

Test(trace, who_leaves_is_forgotten)
{
	struct order all = { .all = 1 };

	for (unsigned i = 0; i < TRACE_TAPS; i++)
		cr_assert(tap(i, &all));
	cr_expect_not(tap(TRACE_TAPS, &all), "there are too many");
	close(readers[1]);
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=x");
	trace_received(&t, &r->e.space, ports, 0, 0);
	cr_expect_eq(t.n, TRACE_TAPS - 1);
	close(readers[2]);
	cr_expect(tap(1, &all));
	cr_expect(tap(2, &all), "nothing passed since the other one left");
	cr_expect_eq(t.n, TRACE_TAPS);
}
