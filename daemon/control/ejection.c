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
	a->until = a->desk->now_ms() + a->desk->site->control_timeout_ms / 2;
	return true;
}

static bool has_answered(const struct inquiry *a, unsigned worker)
{
	return worker < INQUIRY_WORKERS && a->answered[worker / 64] >> worker % 64 & 1;
}

/* Hanging, dead or about to start: what is in their slots stays. */
static void tell_missing(const struct inquiry *a, struct record *line)
{
	record_begin(line, "missing", '[');
	for (unsigned i = 0; i < a->desk->nworkers; i++)
		if (!has_answered(a, i))
			record_uint(line, NULL, i);
	record_end(line, ']');
}

/* All of them have answered, or those that have not never will or take too long. */
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
	if (a->answers < a->desk->nworkers)
		tell_missing(a, line);
}

static void add(struct inquiry *a, const struct kick_counts *c)
{
	a->answers++;
	a->sum[0] += c->observers;
	a->sum[1] += c->exchanges;
	a->sum[2] += c->requests;
	a->sum[3] += c->bodies;
	if (c->worker < INQUIRY_WORKERS)
		a->answered[c->worker / 64] |= (uint64_t)1 << c->worker % 64;
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
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (a->desk->now_ms() >= a->until)
			tell(a, line);
		return true;
	}
	if (n == (ssize_t)sizeof c)
		add(a, &c);
	else
		tell(a, line);
	return true;
}
