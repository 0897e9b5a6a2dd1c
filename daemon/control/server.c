#include "control/server.h"

#include "base/log.h"
#include "control/inquiry.h"
#include "control/renewal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT (2 * INQUIRY_LINE)
#define STEPS 32                /* of answers, until others of the loop have their turn */
#define ACCEPTS 16              /* the same for new connections */
#define PAUSE_S 1.              /* when there is no descriptor for one */

struct link {
	struct server *server;
	int fd;                 /* -1: this place is free */
	bool answering;
	bool last;              /* to be ended once all is out */
	uint64_t used;          /* when it last asked: order of the server's own */
	size_t nin;             /* of in */
	size_t from, to;        /* of out: what is not sent yet */
	ev_io io;
	ev_io more;             /* the answer waits for something */
	ev_timer timer;
	ev_timer enough;        /* the answer does not wait any longer */
	struct inquiry inquiry;
	char in[SERVER_REQUEST];
	char out[OUT];
};

struct server {
	struct server_conf conf;
	ev_io accepting;
	ev_timer pause;         /* until it is tried again to accept */
	uint64_t clock;         /* counts what is asked */
	struct link link[];     /* [conf.connections] */
};

/* --- the life of a connection ------------------------------------------------------- */

static void end_answer(struct link *l)
{
	ev_io_stop(l->server->conf.loop, &l->more);
	ev_timer_stop(l->server->conf.loop, &l->enough);
	if (l->inquiry.end)
		l->inquiry.end(&l->inquiry);
	l->inquiry = (struct inquiry){ .wait = -1 };
	l->answering = false;
}

static void drop(struct link *l)
{
	end_answer(l);
	ev_io_stop(l->server->conf.loop, &l->io);
	ev_timer_stop(l->server->conf.loop, &l->timer);
	close(l->fd);
	l->fd = -1;
}

/* All there is was said, and the answer waits for more. */
static bool waits(const struct link *l)
{
	return l->answering && l->inquiry.wait >= 0 && l->from == l->to;
}

static void watch_enough(struct link *l)
{
	struct ev_loop *loop = l->server->conf.loop;
	uint64_t until = l->inquiry.until, now = l->server->conf.desk->now_ms();

	if (!until || ev_is_active(&l->enough))
		return;
	ev_now_update(loop);
	ev_timer_set(&l->enough, until > now ? (double)(until - now) / 1e3 : 0., 0.);
	ev_timer_start(loop, &l->enough);
}

static void watch_more(struct link *l)
{
	struct ev_loop *loop = l->server->conf.loop;

	if (!waits(l)) {
		ev_io_stop(loop, &l->more);
		ev_timer_stop(loop, &l->enough);
		return;
	}
	if (!ev_is_active(&l->more)) {
		ev_io_set(&l->more, l->inquiry.wait, EV_READ);
		ev_io_start(loop, &l->more);
	}
	watch_enough(l);
}

/* Watchers follow the state: to write while there is something to say, else to read. */
static void watch(struct link *l)
{
	struct ev_loop *loop = l->server->conf.loop;
	bool says = (l->answering && !waits(l)) || l->from < l->to;
	int events = says ? EV_WRITE : EV_READ;
	bool owes = says || (l->nin && !l->answering);

	watch_more(l);

	if (!ev_is_active(&l->io) || l->io.events != events) {
		ev_io_stop(loop, &l->io);
		ev_io_modify(&l->io, events);
		ev_io_start(loop, &l->io);
	}
	if (!owes)
		ev_timer_stop(loop, &l->timer);
	else if (!ev_is_active(&l->timer))
		ev_timer_again(loop, &l->timer);
}

/* --- answers ------------------------------------------------------------------------- */

static bool has_room(const struct link *l)
{
	return OUT - l->to >= INQUIRY_LINE;
}

static void make_room(struct link *l)
{
	memmove(l->out, l->out + l->from, l->to - l->from);
	l->to -= l->from;
	l->from = 0;
}

/* One step of the answer; a line that is too long is left out, which is a mistake of
 * ours that must not end the daemon.  False: there is no more for now. */
static bool go_on(struct link *l)
{
	struct record r = record_of(l->out + l->to, INQUIRY_LINE - 1);
	const uint8_t *start;

	record_begin(&r, NULL, '{');
	start = r.out.p;
	if (!l->inquiry.step(&l->inquiry, &r))
		end_answer(l);
	if (r.out.p == start)
		return l->inquiry.wait < 0;
	record_end(&r, '}');
	if (r.out.full) {
		log_error("control.socket: a line of an answer is longer than %u bytes and is "
			  "left out", INQUIRY_LINE);
		return true;
	}
	*r.out.p = '\n';
	l->to = (size_t)((char *)r.out.p + 1 - l->out);
	return true;
}

static void begin(struct link *l, struct span line)
{
	struct server *sv = l->server;

	sv->conf.desk->counts.requests++;
	l->used = ++sv->clock;
	l->answering = true;
	if (!inquiry_begin(&l->inquiry, sv->conf.desk, line)) {
		sv->conf.desk->counts.bad++;
		l->last = true;
	}
}

/* The next request that is there whole. */
static bool take_request(struct link *l)
{
	char *end = memchr(l->in, '\n', l->nin);
	size_t n;

	if (!end || l->last)
		return false;
	n = (size_t)(end + 1 - l->in);
	begin(l, span_of(l->in, n - 1));
	l->nin -= n;
	memmove(l->in, end + 1, l->nin);
	ev_timer_stop(l->server->conf.loop, &l->timer);
	return true;
}

static void say_too_long(struct link *l)
{
	static const char text[] = "{\"error\":\"a request has at most 4096 bytes\"}\n";

	_Static_assert(SERVER_REQUEST == 4096, "the text says it");
	memcpy(l->out + l->to, text, sizeof text - 1);
	l->to += sizeof text - 1;
	l->server->conf.desk->counts.bad++;
	l->last = true;
}

/* What can be said now, as far as there is room for it. */
static void compose(struct link *l)
{
	make_room(l);
	for (unsigned n = 0; n < STEPS && has_room(l); n++) {
		if (l->answering ? !go_on(l) : !take_request(l))
			break;
	}
	if (!l->answering && !l->last && l->nin == SERVER_REQUEST && has_room(l))
		say_too_long(l);
}

/* False: the connection is over. */
static bool flush(struct link *l)
{
	ssize_t n;

	if (l->from == l->to)
		return true;
	n = send(l->fd, l->out + l->from, l->to - l->from, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	l->from += (size_t)n;
	ev_timer_stop(l->server->conf.loop, &l->timer);         /* it does go on */
	return true;
}

static void serve(struct link *l)
{
	compose(l);
	if (!flush(l) || (l->last && !l->answering && l->from == l->to))
		drop(l);
	else
		watch(l);
}

/* --- events -------------------------------------------------------------------------- */

/* While an answer waits, it is over when the peer says anything, or goes. */
static void take_bytes(struct link *l)
{
	ssize_t n = recv(l->fd, l->in + l->nin, SERVER_REQUEST - l->nin, MSG_DONTWAIT);

	if (n > 0 && !l->answering) {
		l->nin += (size_t)n;
		serve(l);
	} else if (n > 0) {
		drop(l);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		drop(l);
	}
}

static void on_link(struct ev_loop *loop, ev_io *w, int revents)
{
	struct link *l = w->data;

	(void)loop;
	if (revents & EV_READ)
		take_bytes(l);
	else
		serve(l);
}

static void on_more(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	serve(w->data);
}

static void on_enough(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	serve(w->data);
}

static void on_late(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct link *l = w->data;

	(void)loop;
	(void)revents;
	l->server->conf.desk->counts.slow++;
	drop(l);
}

/* --- taking them ---------------------------------------------------------------------- */

/* A free place; else that of the one that asks nothing for longest; NULL: all of them
 * are being answered. */
static struct link *place(struct server *sv)
{
	struct link *oldest = NULL;

	for (unsigned i = 0; i < sv->conf.connections; i++) {
		struct link *l = &sv->link[i];

		if (l->fd < 0)
			return l;
		if (!l->answering && l->from == l->to && (!oldest || l->used < oldest->used))
			oldest = l;
	}
	sv->conf.desk->counts.crowded++;
	if (oldest)
		drop(oldest);
	return oldest;
}

static void refuse(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void settle(struct link *l, int fd)
{
	l->fd = fd;
	l->answering = l->last = false;
	l->nin = l->from = l->to = 0;
	l->used = ++l->server->clock;
	ev_io_set(&l->io, fd, EV_READ);
}

static void take(struct server *sv, int fd)
{
	struct link *l;

	sv->conf.desk->counts.connections++;
	if (!door_admits(sv->conf.door, fd)) {
		sv->conf.desk->counts.strangers++;
		refuse(fd, "{\"error\":\"only root and the user of coapd may ask\"}\n");
		return;
	}
	l = place(sv);
	if (!l) {
		refuse(fd, "{\"error\":\"too many connections\"}\n");
		return;
	}
	settle(l, fd);
	watch(l);
}

static void on_pause_over(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct server *sv = w->data;

	(void)revents;
	ev_io_start(loop, &sv->accepting);
}

/* Who waits stays readable: without a pause the loop would ask in vain all the time. */
static void not_accepted(struct server *sv)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	ev_io_stop(sv->conf.loop, &sv->accepting);
	ev_timer_set(&sv->pause, PAUSE_S, 0.);
	ev_timer_start(sv->conf.loop, &sv->pause);
}

static void on_accept(struct ev_loop *loop, ev_io *w, int revents)
{
	struct server *sv = w->data;

	(void)loop;
	(void)revents;
	for (unsigned n = 0; n < ACCEPTS; n++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			not_accepted(sv);
			return;
		}
		take(sv, fd);
	}
}

/* --- another program takes over ---------------------------------------------------------- */

int server_asker(const struct server *sv, unsigned *from, bool *upgrade)
{
	while (*from < sv->conf.connections) {
		const struct link *l = &sv->link[(*from)++];

		if (l->fd >= 0 && l->answering && renewal_waits(&l->inquiry, upgrade))
			return l->fd;
	}
	*upgrade = false;
	return -1;
}

int server_idler(const struct server *sv, unsigned *from)
{
	while (*from < sv->conf.connections) {
		const struct link *l = &sv->link[(*from)++];

		if (l->fd >= 0 && !l->answering && !l->nin && l->from == l->to)
			return l->fd;
	}
	return -1;
}

void server_welcome(struct server *sv, int fd)
{
	struct link *l = place(sv);

	if (!l) {
		close(fd);
		return;
	}
	settle(l, fd);
	watch(l);
}

void server_resume(struct server *sv, int fd, bool upgrade)
{
	static const char *const line[] = { "{\"do\":\"reload\"}", "{\"do\":\"upgrade\"}" };
	struct link *l = place(sv);

	if (!l) {
		close(fd);
		return;
	}
	settle(l, fd);
	begin(l, span_of(line[upgrade], strlen(line[upgrade])));
	serve(l);
}

int server_open(struct server **out, const struct server_conf *conf)
{
	struct server *sv = calloc(1, sizeof *sv + conf->connections * sizeof sv->link[0]);

	*out = sv;
	if (!sv)
		return -ENOMEM;
	sv->conf = *conf;
	for (unsigned i = 0; i < conf->connections; i++) {
		struct link *l = &sv->link[i];

		l->server = sv;
		l->fd = -1;
		l->inquiry.wait = -1;
		ev_init(&l->io, on_link);
		ev_init(&l->more, on_more);
		ev_init(&l->timer, on_late);
		ev_init(&l->enough, on_enough);
		l->timer.repeat = conf->timeout_s;
		l->io.data = l->more.data = l->timer.data = l->enough.data = l;
	}
	ev_io_init(&sv->accepting, on_accept, conf->door->fd, EV_READ);
	ev_init(&sv->pause, on_pause_over);
	sv->accepting.data = sv->pause.data = sv;
	ev_io_start(conf->loop, &sv->accepting);
	return 0;
}

void server_close(struct server *sv)
{
	if (!sv)
		return;
	ev_io_stop(sv->conf.loop, &sv->accepting);
	ev_timer_stop(sv->conf.loop, &sv->pause);
	for (unsigned i = 0; i < sv->conf.connections; i++)
		if (sv->link[i].fd >= 0)
			drop(&sv->link[i]);
	free(sv);
}
