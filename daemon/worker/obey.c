#include "worker/obey.h"

#include "base/log.h"
#include "resource/resources.h"
#include "worker/accesslog.h"
#include "worker/order.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop(struct worker *w, enum worker_exit how)
{
	w->exit = how;
	ev_break(w->env.loop, EVBREAK_ALL);
}

static void on_end(struct ev_loop *loop, ev_signal *s, int revents)
{
	(void)loop;
	(void)revents;
	stop(s->data, WORKER_EXIT_OK);
}

static void on_idle(struct ev_loop *loop, ev_prepare *p, int revents)
{
	struct worker *w = p->data;

	(void)loop;
	(void)revents;
	for (unsigned i = 0; i < w->nservices; i++)
		if (!service_idle(&w->services[i]))
			return;
	if (!jobs_busy(&w->jobs))
		stop(w, WORKER_EXIT_OK);
}

static void on_drain_over(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = t->data;

	(void)loop;
	(void)revents;
	log_notice("drain time is over, what still waits is left in its slots");
	stop(w, WORKER_EXIT_OK);
}

static void drain(struct worker *w)
{
	if (ev_is_active(&w->drain))
		return;
	resources_drain(w->env.resources);
	ev_timer_set(&w->drain, (double)w->boot->site->drain_ms / 1e3, 0.);
	ev_timer_start(w->env.loop, &w->drain);
	ev_prepare_start(w->env.loop, &w->idle);
}

/* Taken: fd, if it is one. */
static void command(struct worker *w, const struct order *o, int fd)
{
	switch (o->what) {
	case WORKER_DRAIN:
		drain(w);
		break;
	case WORKER_QUIT:
		stop(w, WORKER_EXIT_OK);
		break;
	case WORKER_KICK:
		services_kick(w->services, w->nservices, w->boot->number, o, fd);
		break;
	case WORKER_LOG:
		log_set_level((enum log_part)o->part, (enum log_level)o->level);
		log_debug("part %u of the log has level %u now", o->part, o->level);
		break;
	case WORKER_LOG_FILE:
		log_file(fd);
		return;
	case WORKER_TRACE:
		if (fd >= 0 && !trace_add(&w->trace, o, fd))
			log_warn("too many look on, one more does not");
		return;
	case WORKER_TURN:
		if (fd >= 0 && w->env.accesslog) {
			accesslog_turn(w->env.accesslog, fd);
			return;
		}
		break;
	default:
		log_warn("the supervisor said %u, which means nothing", (unsigned)o->what);
	}
	if (fd >= 0)
		close(fd);
}

/* If there is no room for it, the supervisor has not read the one before. */
void obey_alive(void *worker)
{
	static const char alive = WORKER_ALIVE;
	const struct worker *w = worker;

	if (!worker_is_alone(w) && w->boot->site->watchdog_ms)
		(void)send(w->boot->control_fd, &alive, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_beat(struct ev_loop *loop, ev_timer *t, int revents)
{
	(void)loop;
	(void)revents;
	obey_alive(t->data);
}

static void begin_beat(struct worker *w)
{
	double period = (double)w->boot->site->watchdog_ms / 1e3 / WORKER_BEATS;

	ev_timer_init(&w->beat, on_beat, period, period);
	w->beat.data = w;
	if (period > 0.)
		ev_timer_start(w->env.loop, &w->beat);
}

static void on_control(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = io->data;
	struct order o;
	int fd, rc = order_take(io->fd, &o, &fd);

	(void)loop;
	(void)revents;
	if (rc < 0)
		stop(w, WORKER_EXIT_ORPHAN);
	else if (rc > 0)
		command(w, &o, fd);
}

/* Nobody is there to be talked to: signals say when it is enough. */
static int up_alone(struct worker *w)
{
	static const int signals[] = { SIGINT, SIGTERM };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		ev_signal_init(&w->end[i], on_end, signals[i]);
		w->end[i].data = w;
		ev_signal_start(w->env.loop, &w->end[i]);
	}
	w->boot->ready(w->boot->arg);
	return 0;
}

void obey_end(struct worker *w)
{
	for (size_t i = 0; worker_is_alone(w) && i < sizeof w->end / sizeof *w->end; i++)
		ev_signal_stop(w->env.loop, &w->end[i]);
}

int obey_begin(struct worker *w, struct err *err)
{
	static const char ready = WORKER_READY;

	if (worker_is_alone(w))
		return up_alone(w);
	ev_io_init(&w->control, on_control, w->boot->control_fd, EV_READ);
	ev_timer_init(&w->drain, on_drain_over, 0., 0.);
	ev_prepare_init(&w->idle, on_idle);
	w->control.data = w->drain.data = w->idle.data = w;
	ev_io_start(w->env.loop, &w->control);
	if (write(w->boot->control_fd, &ready, 1) != 1)
		return err_set(err, -errno, "cannot tell the supervisor: %s", strerror(errno));
	begin_beat(w);
	return 0;
}
