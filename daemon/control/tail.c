#include "control/tail.h"

#include "worker/trace.h"

#include <errno.h>
#include <sys/socket.h>

struct shown {
	struct trace_head head;
	uint8_t bytes[DGRAM_RX_MAX];
};

static void end(struct inquiry *a)
{
	a->desk->trace_end(a->desk->arg, a->wait);
}

static bool begin(struct inquiry *a, struct record *line)
{
	int fd = a->desk->trace_begin(a->desk->arg, &a->whom);

	a->part = 1;
	if (fd < 0) {
		record_text(line, "error", fd == -EBUSY ?
			    "others look on already, as many as can" :
			    "the workers cannot be reached");
		return false;
	}
	a->wait = fd;
	a->end = end;
	record_bool(line, "tracing", true);
	return true;
}

static void write_address(struct record *r, const char *key, const struct addr *at)
{
	char text[ADDR_TEXT];

	record_text(r, key, addr_print(at, text, sizeof text));
}

static void write_shown(struct record *r, const struct shown *s, size_t n)
{
	record_uint(r, "at_us", s->head.at_ns / 1000);
	record_text(r, "way", s->head.sent ? "sent" : "received");
	write_address(r, "peer", &s->head.peer);
	write_address(r, "here", &s->head.here);
	record_uint(r, "slot", s->head.slot);
	record_uint(r, "left_out", s->head.left_out);
	record_hex(r, "bytes", span_of(s->bytes, n));
}

bool tail_step(struct inquiry *a, struct record *line)
{
	struct shown s;
	ssize_t n;

	if (a->part == 0)
		return begin(a, line);
	n = recv(a->wait, &s, sizeof s, MSG_DONTWAIT);
	if (n >= (ssize_t)sizeof s.head)
		write_shown(line, &s, (size_t)n - sizeof s.head);
	return true;
}
