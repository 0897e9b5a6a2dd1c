/* works.c - works beside the loop, wakes and counts, and loses nothing when a worker dies;
 * for tests of coapd-module-test alone.
 *
 * POST gives the payload back turned around, by a job; the jobs that were lost are begun
 * again.  GET waits for a bell that one task of the daemon rings two seconds after somebody
 * began to wait. */
#include <coapd/module.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum { JOB, BELL, WAITER };             /* tags */
enum { DONE, LOST, RUNG };

static const char *const counters[] = { [DONE] = "done", [LOST] = "lost", [RUNG] = "rung" };

#define WAITERS 8u

/* What the one who rings remembers. */
struct ringer {
	coapd_id waiter[WAITERS];
	unsigned n;
};

static void count(coapd_task *task, unsigned counter)
{
	coapd_count(coapd_task_mount(task), counter, 1);
}

/* --- by a job -------------------------------------------------------------------------- */

static int turn_around(coapd_span in, uint8_t *out, size_t cap)
{
	if (in.n == 5 && memcmp(in.p, "crash", 5) == 0)
		abort();
	if (in.n == 4 && memcmp(in.p, "hang", 4) == 0)
		poll(NULL, 0, 3600 * 1000);
	for (size_t i = 0; i < in.n && i < cap; i++)
		out[i] = in.p[in.n - 1 - i];
	return (int)in.n;
}

static enum coapd_verdict begin_job(coapd_task *task)
{
	coapd_span in = coapd_payload(coapd_request(task));

	if (coapd_job(task, JOB, turn_around, in, in.n) == 0)
		return COAPD_WAIT;
	coapd_reply(task, COAPD_503_UNAVAILABLE);
	return COAPD_DONE;
}

static enum coapd_verdict end_job(coapd_task *task, const struct coapd_event *event)
{
	if (event->status == -EOWNERDEAD) {
		count(task, LOST);
		return begin_job(task);
	}
	count(task, DONE);
	coapd_reply(task, COAPD_204_CHANGED);
	coapd_reply_data(task, event->data);
	return COAPD_DONE;
}

/* --- by the bell ------------------------------------------------------------------------- */

static enum coapd_verdict wait(coapd_task *task)
{
	coapd_id id = coapd_task_id(task);
	coapd_span name = { (const uint8_t *)&id, sizeof id };

	if (coapd_await(task, WAITER) == 0 &&
	    coapd_wake_once(coapd_task_mount(task), coapd_text("bell"), BELL, name) == 0)
		return COAPD_WAIT;
	coapd_reply(task, COAPD_503_UNAVAILABLE);
	return COAPD_DONE;
}

/* The same message may come again. */
static bool is_known(const struct ringer *r, coapd_id id)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->waiter[i] == id)
			return true;
	return false;
}

static void ring(coapd_task *task, struct ringer *r)
{
	for (unsigned i = 0; i < r->n; i++)
		coapd_wake(coapd_task_mount(task), r->waiter[i], WAITER, coapd_text("ding"));
	r->n = 0;
	count(task, RUNG);
}

static enum coapd_verdict ringer(coapd_task *task, const struct coapd_event *event)
{
	struct ringer *r = coapd_scratch(task, sizeof *r);
	coapd_id id;

	if (event->what == COAPD_EV_TIMER)
		ring(task, r);
	if (event->what == COAPD_EV_WOKEN && event->data.n == sizeof id && r->n < WAITERS) {
		memcpy(&id, event->data.p, sizeof id);
		if (!r->n)
			coapd_after(task, JOB, 2000);
		if (!is_known(r, id))
			r->waiter[r->n++] = id;
	}
	coapd_await(task, BELL);
	return COAPD_WAIT;
}

/* --- the hook ------------------------------------------------------------------------------ */

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	(void)conf, (void)self;
	return coapd_task_start(mount, coapd_text("bell"), COAPD_ONCE, coapd_text(""), NULL);
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	(void)self;
	if (!coapd_request(task))
		return ringer(task, event);
	if (event->what == COAPD_EV_JOB)
		return end_job(task, event);
	if (event->what == COAPD_EV_WOKEN) {
		coapd_reply(task, COAPD_205_CONTENT);
		coapd_reply_data(task, event->data);
		return COAPD_DONE;
	}
	if (!coapd_allow(task, COAPD_ALLOW_GET | COAPD_ALLOW_POST))
		return COAPD_DONE;
	return coapd_code(coapd_request(task)) == COAPD_POST ? begin_job(task) : wait(task);
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof coapd_module,
	.name = "works",
	.version = "1",
	.summary = "works beside the loop, wakes and counts",
	.flags = COAPD_F_RETRY,
	.open = open_mount,
	.handle = handle,
	.counters = counters,
	.ncounters = sizeof counters / sizeof *counters,
};
