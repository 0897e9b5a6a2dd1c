/* Descriptors of modules in the loop of their worker. */
#include <criterion/criterion.h>

#include "worker/watcher.h"

#include <unistd.h>

static struct ev_loop *loop;
static struct watcher w;
static int p[2];
static unsigned told, which;
static int last;

static void ready(void *arg, unsigned i, int events)
{
	cr_assert_eq(arg, p);
	told++;
	which = i;
	last = events;
}

static void setup(void)
{
	struct err err;

	loop = ev_loop_new(EVBACKEND_EPOLL);
	w.ready = ready;
	w.arg = p;
	cr_assert_eq(watcher_open(&w, loop, 3, &err), 0);
	cr_assert_eq(pipe(p), 0);
}

static void teardown(void)
{
	watcher_close(&w);
	ev_loop_destroy(loop);
}

TestSuite(watcher, .init = setup, .fini = teardown);

static void set(unsigned i, int fd, int events)
{
	w.watching.set(w.watching.arg, i, fd, events);
}

Test(watcher, tells_who_is_ready_for_what)
{
	set(2, p[0], COAPD_READABLE);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(told, 0);
	cr_assert_eq(write(p[1], "x", 1), 1);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(told, 1);
	cr_assert_eq(which, 2);
	cr_assert_eq(last, COAPD_READABLE);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(told, 2, "for as long as it is so");
	set(2, -1, 0);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(told, 2);
	set(1, p[1], COAPD_READABLE | COAPD_WRITABLE);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(which, 1);
	cr_assert_eq(last, COAPD_WRITABLE);
}
