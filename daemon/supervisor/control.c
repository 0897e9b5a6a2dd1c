#include "supervisor/control.h"

#include "base/clock.h"
#include "control/server.h"
#include "supervisor/closing.h"
#include "supervisor/estate.h"
#include "worker/slot.h"
#include "worker/trace.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Somebody looks on: workers write into one end, the server reads the other. */
struct look {
	int read, write;        /* -1: it is free */
	struct order order;
};

struct control {
	struct look look[TRACE_TAPS];
	bool louder[LOG_PARTS_N];       /* another level than the site's */
	struct door door;
	struct server *server;
	struct desk desk;
	struct view slot[];     /* [nslots] */
};

/* --- what is told and done -------------------------------------------------------------- */

static const char *phase(void *arg)
{
	const struct supervisor *sv = arg;

	return crew_phase_name(sv->crew.phase);
}

static void tell_worker(void *arg, unsigned number, struct desk_worker *out)
{
	const struct supervisor *sv = arg;
	const struct crew_worker *w = &sv->crew.worker[number];
	const struct process *p = &(w->leaves ? sv->old : sv->now)->process[number];

	*out = (struct desk_worker){ .pid = p->pid, .state = crew_state_name(w->state),
				     .age_ms = p->pid ? clock_ms() - w->born : 0,
				     .starts = p->starts };
}

static void tell_trouble(void *arg, unsigned mount, struct desk_trouble *out)
{
	closing_tell(arg, mount, out);
}

/* As if somebody had sent it: what follows begins in the loop. */
static void stop(void *arg)
{
	struct supervisor *sv = arg;

	log_notice("asked to stop at the control socket");
	ev_feed_event(sv->loop, &sv->signal[SIG_TERM], EV_SIGNAL);
}

/* --- looking on ---------------------------------------------------------------------------- */

static void send_look(const struct process *p, const struct look *l)
{
	int rc;

	if (p->control < 0 || l->write < 0)
		return;
	rc = order_send(p->control, &l->order, l->write);
	if (rc)
		log_debug("cannot reach worker %u: %s", p->number, strerror(-rc));
}

static void send_to_all(struct supervisor *sv, const struct order *o, int fd)
{
	for (unsigned w = 0; w < sv->now->nworkers; w++) {
		const struct process *p = &sv->now->process[w];
		int rc = p->control < 0 || p->held || sv->crew.worker[w].state == CREW_STARTING ? 0 :
			 order_send(p->control, o, fd);

		if (rc)
			log_debug("cannot reach worker %u: %s", w, strerror(-rc));
	}
}

/* Our own copy of what they write to goes at once, so the end is theirs. */
static int ask(void *arg, const struct order *o)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	send_to_all(arg, o, pair[1]);
	close(pair[1]);
	return pair[0];
}

static int trace_begin(void *arg, const struct order *o)
{
	struct supervisor *sv = arg;
	int pair[2];

	for (unsigned i = 0; i < TRACE_TAPS; i++) {
		struct look *l = &sv->control->look[i];

		if (l->write >= 0)
			continue;
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
			return -errno;
		*l = (struct look){ .read = pair[0], .write = pair[1], .order = *o };
		l->order.what = WORKER_TRACE;
		/* Those that start are told once they are ready. */
		send_to_all(sv, &l->order, l->write);
		return l->read;
	}
	return -EBUSY;
}

static struct order log_order(unsigned part)
{
	return (struct order){ .what = WORKER_LOG, .part = part,
			       .level = log_level_of((enum log_part)part) };
}

static void set_log(void *arg, unsigned which, enum log_level level)
{
	struct supervisor *sv = arg;

	for (unsigned part = 0; part < LOG_PARTS_N; part++) {
		struct order o;

		if (which != part && which != LOG_PARTS_N)
			continue;
		log_set_level((enum log_part)part, level);
		sv->control->louder[part] = true;
		o = log_order(part);
		send_to_all(sv, &o, -1);
	}
}

/* As many places as there were are filled: the slots are the same ones. */
static void fill_site(struct control *c, const struct supervisor *sv)
{
	const struct generation *seen = sv->old && !sv->old->strange ? sv->old : sv->now;

	for (unsigned i = 0; i < sv->nslots; i++)
		view_open(&c->slot[i], seen->strange ? NULL : seen->memory.at[i], &seen->def);
	c->desk.site = sv->now->site;
	c->desk.nworkers = sv->now->nworkers;
	c->desk.modules = &sv->now->counts;
}

/* What was counted so far is seen until the new rows have it. */
void control_renew(struct control *c, const struct supervisor *sv)
{
	const struct counts *before = c ? c->desk.modules : NULL;
	uid_t user;

	if (!c)
		return;
	if (door_user(sv->now->site->user, &user, NULL) == 0 && user != c->door.user)
		door_give(&c->door, user);
	fill_site(c, sv);
	/* The log is as the new site wants it. */
	memset(c->louder, 0, sizeof c->louder);
	if (sv->old)
		c->desk.modules = before;
}

static int reload(void *arg, bool upgrade)
{
	return reload_ask(arg, upgrade);
}

static void close_look(struct look *l)
{
	if (l->write >= 0) {
		close(l->read);
		close(l->write);
	}
	l->read = l->write = -1;
}

static void trace_end(void *arg, int fd)
{
	struct supervisor *sv = arg;

	for (unsigned i = 0; i < TRACE_TAPS; i++)
		if (sv->control->look[i].read == fd)
			close_look(&sv->control->look[i]);
}

void control_worker_ready(struct control *c, const struct process *p)
{
	for (unsigned i = 0; c && i < TRACE_TAPS; i++)
		send_look(p, &c->look[i]);
	for (unsigned part = 0; c && part < LOG_PARTS_N; part++) {
		struct order o = log_order(part);

		if (c->louder[part])
			(void)order_send(p->control, &o, -1);
	}
}

/* --- where it is --------------------------------------------------------------------------- */

/* A service manager may name several, with colons in between (systemd.exec(5)). */
static bool find_place(const struct site *site, char *path, size_t n)
{
	const char *given = getenv("RUNTIME_DIRECTORY");

	if (site->control_socket[0])
		snprintf(path, n, "%s", site->control_socket);
	else if (given && given[0] == '/')
		snprintf(path, n, "%.*s/control", (int)strcspn(given, ":"), given);
	else if (site->runtime_at)
		snprintf(path, n, "%s/control", site->runtime_at);
	else
		return false;
	return true;
}

static void fill_desk(struct control *c, struct supervisor *sv)
{
	for (unsigned i = 0; i < TRACE_TAPS; i++)
		c->look[i].read = c->look[i].write = -1;
	c->desk = (struct desk){ .slot = c->slot, .nslots = sv->nslots, .phase = phase,
				 .worker = tell_worker, .trouble = tell_trouble, .stop = stop,
				 .reload = reload, .now_ms = clock_ms, .set_log = set_log, .ask = ask,
				 .trace_begin = trace_begin, .trace_end = trace_end,
				 .started_ms = clock_ms(), .arg = sv };
	if (sv->left && estate_number(sv->left, "started"))
		c->desk.started_ms = estate_number(sv->left, "started");
	fill_site(c, sv);
}

/* The one before left it open. */
static int open_door(struct control *c, const struct supervisor *sv, const char *path, uid_t user,
		     struct err *err)
{
	int fd = -1, lock = -1;

	if (sv->left) {
		fd = bag_take(&sv->left->bag, "control");
		lock = bag_take(&sv->left->bag, "lock");
	}
	return fd >= 0 && lock >= 0 ? door_take_over(&c->door, path, user, fd, lock, err) :
	       door_open(&c->door, path, user, err);
}

/* Those who waited for the end of this, and those who asked nothing. */
static void resume_askers(struct control *c, const struct supervisor *sv)
{
	unsigned n = 0;
	int idle;

	while (sv->left && (idle = bag_take(&sv->left->bag, "idle.%u", n++)) >= 0)
		server_welcome(c->server, idle);
	for (unsigned i = 0; sv->left && i < 2 * WAITERS; i++) {
		int reload = bag_take(&sv->left->bag, "reload.%u", i);
		int upgrade = bag_take(&sv->left->bag, "upgrade.%u", i);

		if (reload >= 0)
			server_resume(c->server, reload, false);
		if (upgrade >= 0)
			server_resume(c->server, upgrade, true);
	}
}

/* What was asked of the log here goes on, unless a new site has it. */
static void resume_levels(struct control *c, struct supervisor *sv)
{
	const json_t *levels = sv->left && estate_text(sv->left, "verdict") ?
			       json_object_get(sv->left->root, "log") : NULL;

	for (unsigned part = 0; part < LOG_PARTS_N && part < json_array_size(levels); part++) {
		json_int_t level = json_integer_value(json_array_get(levels, part));

		c->louder[part] = level != (json_int_t)log_level_of((enum log_part)part);
		log_set_level((enum log_part)part, (enum log_level)level);
	}
}

void control_leave(const struct control *c, json_t *text, struct bag *bag)
{
	unsigned n = 0;
	bool upgrade;
	int fd;

	if (!c)
		return;
	if (json_object_set_new(text, "started", json_integer((json_int_t)c->desk.started_ms)) < 0)
		bag->full = true;
	bag_put(bag, c->door.fd, "control");
	bag_put(bag, c->door.lock, "lock");
	for (unsigned i = 0; i < 2 * WAITERS; i++) {
		fd = server_asker(c->server, &n, &upgrade);
		bag_put(bag, fd, upgrade ? "upgrade.%u" : "reload.%u", i);
	}
	n = 0;
	for (unsigned i = 0; (fd = server_idler(c->server, &n)) >= 0; i++)
		bag_put(bag, fd, "idle.%u", i);
}

static int serve(struct control *c, struct supervisor *sv, const char *path, struct err *err)
{
	struct server_conf conf = { .door = &c->door, .desk = &c->desk, .loop = sv->loop,
				    .connections = sv->now->site->control_connections,
				    .timeout_s = (double)sv->now->site->control_timeout_ms / 1e3 };
	uid_t user;
	int rc = door_user(sv->now->site->user, &user, err);

	if (rc == 0)
		rc = open_door(c, sv, path, user, err);
	if (rc)
		return site_blame(sv->now->site, "control.socket", rc, err);
	fill_desk(c, sv);
	if (server_open(&c->server, &conf)) {
		door_shut(&c->door);
		return err_set(err, -ENOMEM, "control: no memory for connections");
	}
	resume_askers(c, sv);
	resume_levels(c, sv);
	log_info("control socket: %s", path);
	return 0;
}

int control_open(struct control **out, struct supervisor *sv, struct err *err)
{
	char path[PATH_MAX];
	int rc;

	*out = NULL;
	if (strcmp(sv->now->site->control_socket, "none") == 0)
		return 0;
	if (!find_place(sv->now->site, path, sizeof path)) {
		log_warn("there is no directory for the control socket: coapctl will not find "
			 "this coapd; name a path in control.socket");
		return 0;
	}
	*out = calloc(1, sizeof **out + sv->nslots * sizeof (*out)->slot[0]);
	if (!*out)
		return err_set(err, -ENOMEM, "control: out of memory");
	rc = serve(*out, sv, path, err);
	if (rc) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	server_close(c->server);
	door_shut(&c->door);
	free(c);
}
