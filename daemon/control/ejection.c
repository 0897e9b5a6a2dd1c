#include "control/ejection.h"

#include "exchange/kick.h"
#include "worker/worker.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(struct inquiry *a)
{
	close(a->wait);
}

static bool begin(struct inquiry *a, struct record *line)
{
	struct order o = a->whom;
	int fd;

	o.what = WORKER_KICK;
	fd = a->desk->ask(a->desk->arg, &o);
	if (fd < 0) {
		record_text(line, "error", "the workers cannot be reached");
		return false;
	}
	a->part = 1;
	a->wait = fd;
	a->end = end;
	return true;
}

/* All of them have answered. */
static void tell(struct inquiry *a, struct record *line)
{
	end(a);
	a->end = NULL;
	a->wait = -1;
	a->part = 2;
	record_uint(line, "workers", a->answers);
	record_uint(line, "observers", a->sum[0]);
	record_uint(line, "exchanges", a->sum[1]);
	record_uint(line, "requests", a->sum[2]);
	record_uint(line, "bodies", a->sum[3]);
}

bool ejection_step(struct inquiry *a, struct record *line)
{
	struct kick_counts c;
	ssize_t n;

	if (a->part == 0)
		return begin(a, line);
	if (a->part == 2) {
		record_bool(line, "end", true);
		return false;
	}
	n = recv(a->wait, &c, sizeof c, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n != (ssize_t)sizeof c) {
		tell(a, line);
		return true;
	}
	a->answers++;
	a->sum[0] += c.observers;
	a->sum[1] += c.exchanges;
	a->sum[2] += c.requests;
	a->sum[3] += c.bodies;
	return true;
}
