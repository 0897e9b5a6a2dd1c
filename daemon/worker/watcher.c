#include "worker/watcher.h"

#include <errno.h>
#include <stdlib.h>

static void on_ready(struct ev_loop *loop, ev_io *io, int revents)
{
	struct watcher *w = io->data;
	int events = (revents & EV_READ ? COAPD_READABLE : 0) |
		     (revents & EV_WRITE ? COAPD_WRITABLE : 0);

	(void)loop;
	w->ready(w->arg, (unsigned)(io - w->io), events);
}

static void set(void *arg, unsigned i, int fd, int events)
{
	struct watcher *w = arg;
	ev_io *io = &w->io[i];

	ev_io_stop(w->loop, io);
	if (!events)
		return;
	ev_io_init(io, on_ready, fd, (events & COAPD_READABLE ? EV_READ : 0) |
				     (events & COAPD_WRITABLE ? EV_WRITE : 0));
	io->data = w;
	ev_io_start(w->loop, io);
}

int watcher_open(struct watcher *w, struct ev_loop *loop, unsigned n, struct err *err)
{
	w->watching = (struct watching){ .set = set, .arg = w };
	w->loop = loop;
	w->n = n;
	w->io = calloc(n + 1, sizeof *w->io);
	if (!w->io)
		return err_set(err, -ENOMEM, "no memory to watch descriptors of modules");
	for (unsigned i = 0; i < n; i++)
		ev_init(&w->io[i], on_ready);
	return 0;
}

void watcher_close(struct watcher *w)
{
	for (unsigned i = 0; i < w->n; i++)
		ev_io_stop(w->loop, &w->io[i]);
	free(w->io);
	w->io = NULL;
	w->n = 0;
}
