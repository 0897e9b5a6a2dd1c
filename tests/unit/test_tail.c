/* Datagrams as lines, from a socket that a test writes. */
#include "desk_help.h"

#include "worker/trace.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2] = { -1, -1 }, ended = -1, refused;
static struct order asked;
static char text[INQUIRY_LINE];
static struct inquiry a;

static int begin_trace(void *arg, const struct order *o)
{
	(void)arg;
	asked = *o;
	return refused ? refused : pair[0];
}

static void end_trace(void *arg, int fd)
{
	(void)arg;
	ended = fd;
}

static void begin(void)
{
	help_open_engine();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	help_desk.trace_begin = begin_trace;
	help_desk.trace_end = end_trace;
}

TestSuite(tail, .init = begin, .fini = help_close);

static const char *step(bool more)
{
	struct record r = record_of(text, sizeof text - 1);

	cr_expect_eq(a.step(&a, &r), more);
	*r.out.p = 0;
	return text;
}

static void ask(const char *request)
{
	cr_assert(inquiry_begin(&a, &help_desk, span_str(request)));
}

Test(tail, datagrams_are_lines)
{
	struct {
		struct trace_head head;
		uint8_t bytes[4];
	} d = { .head = { .at_ns = 1234567000, .slot = 1, .sent = 1, .len = 4,
			  .left_out = 2 },
		.bytes = { 0x60, 0x45, 0x12, 0x34 } };

	addr_parse("[::1]:1001", &d.head.peer);
	addr_parse("[::1]:5683", &d.head.here);
	ask("{\"do\":\"trace\"}");
	cr_expect_str_eq(step(true), "\"tracing\":true");
	cr_expect_eq(asked.all, 1);
	cr_expect_eq(a.wait, pair[0]);
	cr_expect_str_eq(step(true), "", "nothing has come");
	cr_assert_eq(send(pair[1], &d, sizeof d.head + 4, 0), sizeof d.head + 4);
	cr_expect_str_eq(step(true), "\"at_us\":1234567,\"way\":\"sent\",\"peer\":\"[::1]:1001\","
				     "\"here\":\"[::1]:5683\",\"slot\":1,\"left_out\":2,"
				     "\"bytes\":\"60451234\"");
	cr_assert_eq(send(pair[1], "short", 5, 0), 5);
	cr_expect_str_eq(step(true), "", "what is none is passed over");
	a.end(&a);
	cr_expect_eq(ended, pair[0]);
}

Test(tail, of_one_peer)
{
	ask("{\"do\":\"trace\",\"peer\":\"[::2]:5\"}");
	step(true);
	cr_expect_eq(asked.all, 0);
	cr_expect_eq(asked.peer.port, 5);
}

Test(tail, too_many_are_told)
{
	refused = -EBUSY;
	ask("{\"do\":\"trace\"}");
	cr_expect(strstr(step(false), "\"error\":\"others look on"));
	cr_expect_null(a.end);
}
