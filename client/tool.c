#include "client/tool.h"

#include "client/errand.h"
#include "client/signals.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* --- signals -------------------------------------------------------------------- */

static void on_signal(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct tool *t = w->data;
	struct signalfd_siginfo info;

	(void)loop, (void)events;
	if (read(t->signals, &info, sizeof info) != sizeof info)
		return;
	if (++t->interrupted == 1 && t->interrupt) {
		t->interrupt(t);
		return;
	}
	tool_stop(t);
	/* It stays there for whoever is to wait on the way out (pour.h). */
	raise((int)info.ssi_signo);
}

static int open_signals(struct tool *t, struct err *err)
{
	sigset_t set;

	signals_set(&set);
	/* A full disk and a closed pipe are errors of a write, not the end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return err_set(err, -errno, "cannot watch for signals: %s", strerror(errno));
	ev_io_init(&t->signal_ready, on_signal, t->signals, EV_READ);
	t->signal_ready.data = t;
	ev_io_start(t->loop, &t->signal_ready);
	return 0;
}

void tool_child(void)
{
	sigset_t set;

	signals_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

/* --- what the network tells -------------------------------------------------------- */

static struct errand *errand_of(struct tool *t, uint64_t owner)
{
	return owner && owner <= t->nerrands ? t->errands[owner - 1] : NULL;
}

static void on_response(void *arg, const struct response *r)
{
	struct tool *t = arg;
	struct errand *e = errand_of(t, r->owner);

	t->inside = true;
	if (e)
		errand_response(e, r);
	t->inside = false;
}

static void on_xfer(void *arg, enum xfer_verdict verdict, const struct xfer_event *x)
{
	struct tool *t = arg;
	struct errand *e = errand_of(t, x->owner);

	t->inside = true;
	if (e)
		errand_xfer(e, verdict, x);
	t->inside = false;
}

static void on_obs(void *arg, enum obs_verdict verdict, const struct obs_event *o)
{
	struct tool *t = arg;
	struct errand *e = errand_of(t, o->owner);

	t->inside = true;
	if (e)
		errand_obs(e, verdict, o);
	t->inside = false;
}

static void on_datagram(void *arg, const struct net_datagram *d)
{
	struct tool *t = arg;

	show_datagram(&t->show, d);
}

static void on_ready(void *arg)
{
	struct tool *t = arg;

	for (unsigned i = 0; i < t->nerrands; i++)
		if (t->errands[i] && !errand_ready(t->errands[i]))
			return;
}

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n)
{
	struct tool *t = arg;

	(void)owner;
	return source_read(&t->source, offset, out, n);
}

/* --- its life ---------------------------------------------------------------------- */

/* What opens next must not become standard input or output by chance: a closed one is
 * made one that cannot be read, or written. */
static void hold_standard(void)
{
	if (fcntl(STDIN_FILENO, F_GETFD) < 0)
		(void)!open("/dev/null", O_WRONLY);
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		(void)!open("/dev/null", O_RDONLY);
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		(void)!open("/dev/null", O_RDWR);
}

int tool_open(struct tool *t, const struct arguments *args, struct err *err)
{
	hold_standard();
	*t = (struct tool){ .args = args, .signals = -1, .source.fd = -1 };
	show_open(&t->show, args, stderr);
	t->read = (struct xfer_source){ read_body, t };
	/* Not the default one, which would reap our commands before we hear of them. */
	t->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!t->loop)
		return err_set(err, -ENOSYS, "the system has no epoll");
	return open_signals(t, err);
}

int tool_net(struct tool *t, unsigned errands, struct err *err)
{
	struct net_conf conf = {
		.params = PARAMS_DEFAULT,
		.sockets = 1,
		.requests = 2 * errands + 2,
		.xfers = errands + 1,
		.observations = errands + 1,
		.per_endpoint = 2 * errands + 2,
		.loss_permille = t->args->loss_permille > 0 ?
			(unsigned)t->args->loss_permille : 0,
		.source = &t->read,
	};
	const struct net_hooks hooks = {
		.response = on_response, .xfer = on_xfer, .obs = on_obs,
		.datagram = t->show.verbose ? on_datagram : NULL, .ready = on_ready, .arg = t,
	};
	int rc;

	t->errands = calloc(errands ? errands : 1, sizeof *t->errands);
	if (!t->errands)
		return err_set(err, -ENOMEM, "no memory for %u URIs", errands);
	t->room = errands;
	rc = resolver_open(&t->resolver, t->loop, NULL, err);
	return rc ? rc : net_open(&t->net, t->loop, &conf, &hooks, err);
}

void tool_run(struct tool *t)
{
	if (t->open && !t->interrupted)
		ev_run(t->loop, 0);
}

void tool_stop(struct tool *t)
{
	ev_break(t->loop, EVBREAK_ALL);
}

void tool_close(struct tool *t)
{
	if (t->resolver)
		resolver_close(t->resolver);
	if (t->net)
		net_close(t->net);
	if (t->signals >= 0) {
		ev_io_stop(t->loop, &t->signal_ready);
		close(t->signals);
	}
	if (t->loop)
		ev_loop_destroy(t->loop);
	source_close(&t->source);
	show_close(&t->show);
	free(t->errands);
}
