/* pipe.c - does what bytes say that come out of a FIFO, for tests alone.
 *
 * k dies, s takes long, c changes the state that GET tells and can be observed, t begins a
 * task that says so, w wakes the one that is there once, o takes the descriptor off. */
#include <coapd/module.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

struct conf {
	const char *file;
};

static const struct coapd_row rows[] = {
	{ "file", "string", NULL, "1..4000", "bytes", "The FIFO.", offsetof(struct conf, file) },
};

enum { WOKEN = 3 };

/* Of the mount that was opened last: tests have one. */
static coapd_mount *here;
static unsigned state;

static void obey(int fd, char what)
{
	switch (what) {
	case 'k':
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		break;
	case 's':
		poll(NULL, 0, 300);
		break;
	case 'c':
		state++;
		coapd_changed_here(here, coapd_text(""));
		break;
	case 't':
		coapd_log(here, COAPD_LOG_NOTICE, "start is %d",
			  coapd_task_start(here, coapd_text(""), 0, coapd_text("x"), NULL));
		break;
	case 'w':
		coapd_wake_once(here, coapd_text("once"), WOKEN, coapd_text("hello"));
		break;
	case 'o':
		coapd_log(here, COAPD_LOG_NOTICE, "off is %d", coapd_watch_fd(here, fd, 0, NULL));
		break;
	default:
		coapd_log(here, COAPD_LOG_NOTICE, "read %c", what);
	}
}

static void on_ready(void *self, int fd, int events)
{
	char what;

	(void)self;
	if (!(events & COAPD_READABLE))
		return;
	if (read(fd, &what, 1) == 1)
		obey(fd, what);
	else if (errno != EAGAIN)
		coapd_log(here, COAPD_LOG_NOTICE, "read says %s", strerrorname_np(errno));
}

static int open_mount(coapd_mount *mount, const void *conf, void **self)
{
	const struct conf *c = conf;
	int fd = open(c->file, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	(void)self;
	here = mount;
	if (fd < 0)
		return -errno;
	coapd_task_start(mount, coapd_text("once"), COAPD_ONCE, coapd_text(""), NULL);
	return coapd_watch_fd(mount, fd, COAPD_READABLE, on_ready);
}

static enum coapd_verdict
handle(void *self, coapd_task *task, const struct coapd_event *event)
{
	char text[16];

	(void)self;
	if (event->what == COAPD_EV_WOKEN)
		coapd_log(here, COAPD_LOG_NOTICE, "woken by %.*s", (int)event->data.n,
			  (const char *)event->data.p);
	if (event->what == COAPD_EV_RUN && *(char *)coapd_scratch(task, 1)) {
		coapd_log(here, COAPD_LOG_NOTICE, "a task runs");
		return COAPD_DONE;
	}
	if (event->what == COAPD_EV_RUN || event->what == COAPD_EV_WOKEN) {
		coapd_await(task, WOKEN);
		return COAPD_WAIT;
	}
	coapd_reply(task, COAPD_205_CONTENT);
	coapd_observe(task);
	snprintf(text, sizeof text, "%u", state);
	coapd_reply_data(task, coapd_text(text));
	return COAPD_DONE;
}

const struct coapd_module coapd_module = {
	.abi = COAPD_ABI,
	.size = sizeof(struct coapd_module),
	.name = "pipe",
	.version = "1",
	.summary = "does what a FIFO says",
	.flags = COAPD_F_WATCHES,
	.rows = rows,
	.nrows = sizeof rows / sizeof *rows,
	.conf_size = sizeof(struct conf),
	.open = open_mount,
	.handle = handle,
};
