#include "resource/watches.h"

#include "resource/resources.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

unsigned watches_max(size_t mounts)
{
	return (unsigned)mounts * COAPD_WATCHES;
}

int watches_init(struct watches *w, unsigned n)
{
	*w = (struct watches){ .n = n, .thread = pthread_self() };
	w->watch = calloc(n + 1, sizeof *w->watch);
	return w->watch ? 0 : -ENOMEM;
}

void watches_free(struct watches *w)
{
	free(w->watch);
	*w = (struct watches){ .n = 0 };
}

static void tell_loop(const struct watches *w, unsigned i)
{
	if (w->loop)
		w->loop->set(w->loop->arg, i, w->watch[i].fd, w->watch[i].events);
}

void watches_begin(struct watches *w, const struct watching *loop)
{
	w->loop = loop;
	for (unsigned i = 0; i < w->n; i++)
		if (w->watch[i].mount)
			tell_loop(w, i);
}

static void end(struct watches *w, unsigned i)
{
	w->watch[i] = (struct watch){ .fd = -1 };
	tell_loop(w, i);
}

void watches_drop(struct watches *w, const struct coapd_mount *m)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->watch[i].mount == m)
			end(w, i);
}

/* Of a mount; NULL: none. */
static struct watch *find(struct watches *w, const struct coapd_mount *m, int fd)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->watch[i].mount == m && w->watch[i].fd == fd)
			return &w->watch[i];
	return NULL;
}

static struct watch *find_free(struct watches *w, const struct coapd_mount *m)
{
	struct watch *found = NULL;
	unsigned theirs = 0;

	for (unsigned i = 0; i < w->n; i++) {
		if (w->watch[i].mount == m)
			theirs++;
		else if (!w->watch[i].mount && !found)
			found = &w->watch[i];
	}
	return theirs < COAPD_WATCHES ? found : NULL;
}

/* Of files and directories the kernel never says that they are ready. */
static int can_be_watched(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int probe = epoll_create1(EPOLL_CLOEXEC), status;

	if (probe < 0)
		return -errno;
	status = epoll_ctl(probe, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
	close(probe);
	return status;
}

int watches_set(struct watches *w, struct coapd_mount *m, int fd, int events,
		coapd_watchfn *fn)
{
	struct watch *there = find(w, m, fd);
	int status;

	if (!pthread_equal(w->thread, pthread_self()))
		return -EPERM;
	if (events & ~(COAPD_READABLE | COAPD_WRITABLE) || (events && !fn))
		return -EINVAL;
	if (!events) {
		if (there)
			end(w, (unsigned)(there - w->watch));
		return there ? 0 : -ENOENT;
	}
	status = can_be_watched(fd);
	if (status)
		return status;
	if (!there)
		there = find_free(w, m);
	if (!there)
		return -EMFILE;
	*there = (struct watch){ .mount = m, .fn = fn, .fd = fd, .events = events };
	tell_loop(w, (unsigned)(there - w->watch));
	return 0;
}

void watches_run(struct resources *R, struct engine *e, unsigned i, int events)
{
	/* A copy: the function may end it, and another one may take its place. */
	struct watch w = R->watches.watch[i];
	uint64_t before;

	events &= w.events;
	if (!w.mount || !events)
		return;
	before = call_enter(e, w.mount);
	w.fn(w.mount->self, w.fd, events);
	call_leave(e, w.mount, before);
}
