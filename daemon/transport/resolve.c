#include "transport/resolve.h"

#include "base/ascii.h"
#include "base/quote.h"
#include "transport/hostname.h"
#include "transport/literal.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRY_MS 2000
#define TRIES 3

struct question {
	struct question *next;
	struct resolver *resolver;
	resolve_done *done;     /* NULL: nobody waits for it any more */
	void *arg;
	uint16_t port;
	bool answered;
	struct resolved answer;
	char host[];            /* as it was asked for */
};

/* A socket of c-ares. */
struct watch {
	struct watch *next;
	struct resolver *resolver;
	ev_io io;
};

struct resolver {
	struct ev_loop *loop;
	ares_channel channel;
	bool own_servers;       /* those of the conf, not the system's */
	struct question *questions;     /* in the order they were asked */
	struct watch *watches;
	ev_timer timeout;       /* the earliest that c-ares waits for */
	ev_timer turn;          /* something is answered and not told */
};

/* --- order ------------------------------------------------------------------------ */

void resolve_take_turns(struct addr *list, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		bool wanted = !addr_is_v4(list[i - 1].ip);
		unsigned from = i;
		struct addr a;

		while (from < n && addr_is_v4(list[from].ip) != wanted)
			from++;
		if (from == n)
			return;
		a = list[from];
		memmove(list + i + 1, list + i, (from - i) * sizeof *list);
		list[i] = a;
	}
}

/* Whether there is a way to it; says nothing to anybody. */
static bool routed(const struct addr *a)
{
	struct sockaddr_in6 sin6 = addr_to_sin6(a);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return true;
	yes = connect(fd, (struct sockaddr *)&sin6, sizeof sin6) == 0;
	close(fd);
	return yes;
}

/* c-ares has sorted by RFC 6724.  Addresses that no way leads to, like those of IPv6 on a
 * host that has none, stay last, as its rule 1 wants; the others take turns. */
static void order(struct resolved *answer)
{
	struct addr away[RESOLVE_MAX];
	unsigned near = 0, far = 0;

	for (unsigned i = 0; i < answer->n; i++)
		if (routed(&answer->addr[i]))
			answer->addr[near++] = answer->addr[i];
		else
			away[far++] = answer->addr[i];
	memcpy(answer->addr + near, away, far * sizeof *away);
	resolve_take_turns(answer->addr, near);
}

/* --- what is told ----------------------------------------------------------------- */

#define SERVERS_TEXT 160

/* " (asked 192.0.2.53:53)", or nothing. */
static const char *servers_print(const struct resolver *r, char out[SERVERS_TEXT])
{
	struct ares_addr_port_node *all = NULL;
	size_t n = 0;

	out[0] = 0;
	if (ares_get_servers_ports(r->channel, &all) != ARES_SUCCESS)
		return out;
	for (struct ares_addr_port_node *s = all; s; s = s->next) {
		struct addr a = { .ip = { [10] = 0xff, [11] = 0xff },
				  .port = (uint16_t)(s->udp_port ? s->udp_port : 53) };
		char text[ADDR_TEXT];

		if (s->family == AF_INET)
			memcpy(a.ip + 12, &s->addr.addr4, 4);
		else
			memcpy(a.ip, &s->addr.addr6, 16);
		addr_print(&a, text, sizeof text);
		if (n + strlen(text) + sizeof " (asked " + sizeof ")" > SERVERS_TEXT)
			break;
		n += (size_t)snprintf(out + n, SERVERS_TEXT - n, "%s%s",
				      n ? ", " : " (asked ", text);
	}
	if (n)
		snprintf(out + n, SERVERS_TEXT - n, ")");
	ares_free_data(all);
	return out;
}

/* Of a server that says SERVFAIL or REFUSED c-ares tells no more than of one that is not
 * there: it asks the next one, and in the end there was none. */
static int no_server(const struct question *q, struct err *err)
{
	char servers[SERVERS_TEXT];

	return err_set(err, -EAGAIN, "cannot look up %s: no DNS server answers, or only that it "
		       "failed%s; check %s, or write the address instead of the name", q->host,
		       servers_print(q->resolver, servers),
		       q->resolver->own_servers ? "the servers given" :
		       "the network and /etc/resolv.conf");
}

static int refused(const struct question *q, int code, int status, struct err *err)
{
	char servers[SERVERS_TEXT];

	return err_set(err, code, "cannot look up %s: %s%s; try again later, or another DNS "
		       "server", q->host, ares_strerror(status),
		       servers_print(q->resolver, servers));
}

/* Letters beyond ASCII are not what DNS usually knows a name by (RFC 5891). */
static const char *hint(const char *host)
{
	for (; *host; host++)
		if (*host == '%' || !ascii_is_graph((uint8_t)*host))
			return "write letters beyond ASCII in their xn-- form";
	return "is it spelled right?";
}

#define HOST_SHOWN 80u

static int bad_host(const char *host, struct err *err)
{
	char text[4 * HOST_SHOWN + 3];          /* "\xNN" each, between quotes */
	struct writer w = writer_of(text, sizeof text - 1);
	size_t shown = quote_write(&w, span_str(host), HOST_SHOWN, false);

	*w.p = 0;
	return err_set(err, -EINVAL, "%s%s is neither a host's name nor an address", text,
		       host[shown] ? "..." : "");
}

/* What a status of c-ares means for a person. */
static int explain(const struct question *q, int status, struct err *err)
{
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
		return err_set(err, -ENOENT, "%s has no address: the name exists, but neither with "
			       "an IPv6 nor with an IPv4 address", q->host);
	case ARES_ENOTFOUND:
		return err_set(err, -ENOENT, "there is no host %s: DNS and /etc/hosts do not know "
			       "the name; %s", q->host, hint(q->host));
	case ARES_EBADNAME:
	case ARES_EBADSTR:
		return bad_host(q->host, err);
	case ARES_ECONNREFUSED:
	case ARES_ETIMEOUT:
		return no_server(q, err);
	case ARES_EFORMERR:
	case ARES_ESERVFAIL:
	case ARES_ENOTIMP:
	case ARES_EREFUSED:
		return refused(q, -EAGAIN, status, err);
	default:
		return refused(q, -EIO, status, err);
	}
}

/* --- answers ---------------------------------------------------------------------- */

static struct addr from_node(const struct ares_addrinfo_node *node)
{
	struct addr a = { .ip = { [10] = 0xff, [11] = 0xff } };

	if (node->ai_family == AF_INET6)
		return addr_from_sin6((const struct sockaddr_in6 *)node->ai_addr);
	memcpy(a.ip + 12, &((const struct sockaddr_in *)node->ai_addr)->sin_addr, 4);
	return a;
}

static void add(struct resolved *answer, struct addr a, uint16_t port)
{
	a.port = port;
	for (unsigned i = 0; i < answer->n; i++)
		if (addr_eq(&answer->addr[i], &a))
			return;
	if (answer->n < RESOLVE_MAX)
		answer->addr[answer->n++] = a;
}

/* A name can have link-local addresses, but no zone to go with them: they are left out. */
static void take(struct question *q, const struct ares_addrinfo *info)
{
	struct resolved *answer = &q->answer;
	struct addr linklocal = { 0 };

	for (struct ares_addrinfo_node *i = info->nodes; i; i = i->ai_next) {
		struct addr a = from_node(i);

		if (addr_is_linklocal(a.ip) && a.scope == 0)
			linklocal = a;
		else
			add(answer, a, q->port);
	}
	if (answer->n)
		order(answer);
	else if (addr_is_linklocal(linklocal.ip))
		answer->status = literal_needs_zone(&linklocal, &answer->err);
	else
		answer->status = explain(q, ARES_ENODATA, &answer->err);
}

static void drop(struct question *q)
{
	struct question **at = &q->resolver->questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	free(q);
}

static void arm_turn(struct resolver *r)
{
	ev_timer_stop(r->loop, &r->turn);
	ev_timer_set(&r->turn, 0., 0.);
	ev_timer_start(r->loop, &r->turn);
}

/* The answer waits for its turn: whoever is told may do what c-ares does not bear within
 * its own calls. */
static void settle(struct question *q)
{
	q->answered = true;
	arm_turn(q->resolver);
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct question *q = arg;

	(void)timeouts;
	if (!q->done) {
		drop(q);
	} else {
		if (status == ARES_SUCCESS && info)
			take(q, info);
		else
			q->answer.status = explain(q, status, &q->answer.err);
		settle(q);
	}
	if (info)
		ares_freeaddrinfo(info);
}

/* Tells one answer; what is called may do anything, closing the resolver included. */
static void on_turn(struct ev_loop *loop, ev_timer *w, int events)
{
	struct resolver *r = w->data;
	struct question *q = r->questions;
	struct resolved answer;
	resolve_done *done;
	void *arg;

	(void)loop;
	(void)events;
	while (q && !q->answered)
		q = q->next;
	if (!q)
		return;
	answer = q->answer;
	done = q->done;
	arg = q->arg;
	drop(q);
	arm_turn(r);
	done(arg, &answer);
}

/* --- c-ares on the loop ------------------------------------------------------------- */

/* To be called after whatever may change what c-ares waits for. */
static void arm(struct resolver *r)
{
	struct timeval tv;

	ev_timer_stop(r->loop, &r->timeout);
	if (!ares_timeout(r->channel, NULL, &tv))
		return;
	ev_timer_set(&r->timeout, (double)tv.tv_sec + (double)tv.tv_usec / 1e6, 0.);
	ev_timer_start(r->loop, &r->timeout);
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	struct resolver *r = w->data;

	(void)loop;
	(void)events;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(r);
}

/* c-ares may close the socket, so that w is gone afterwards. */
static void on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct resolver *r = ((struct watch *)w->data)->resolver;
	int fd = w->fd;

	(void)loop;
	ares_process_fd(r->channel, events & EV_READ ? fd : ARES_SOCKET_BAD,
			events & EV_WRITE ? fd : ARES_SOCKET_BAD);
	arm(r);
}

static struct watch **find_watch(struct resolver *r, int fd)
{
	struct watch **at = &r->watches;

	while (*at && (*at)->io.fd != fd)
		at = &(*at)->next;
	return at;
}

static struct watch *add_watch(struct resolver *r, int fd)
{
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;            /* its questions time out */
	w->resolver = r;
	ev_io_init(&w->io, on_socket, fd, 0);
	w->io.data = w;
	w->next = r->watches;
	r->watches = w;
	return w;
}

static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = data;
	struct watch **at = find_watch(r, fd), *w = *at;
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (!w && events)
		w = add_watch(r, fd);
	if (!w)
		return;
	ev_io_stop(r->loop, &w->io);
	if (events) {
		ev_io_set(&w->io, fd, events);
		ev_io_start(r->loop, &w->io);
	} else {
		*at = w->next;
		free(w);
	}
}

/* --- questions ---------------------------------------------------------------------- */

static void ask(struct question *q, const char *name)
{
	static const struct ares_addrinfo_hints hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM,
		.ai_flags = ARES_AI_ENVHOSTS };

	ares_getaddrinfo(q->resolver->channel, name, NULL, &hints, on_answer, q);
	arm(q->resolver);
}

static void answer_literal(struct question *q, const char *ip, const char *zone)
{
	struct resolved *answer = &q->answer;
	struct addr a;

	answer->status = literal_parse(ip, zone, &a, &answer->err);
	if (answer->status == 0)
		add(answer, a, q->port);
}

static void begin(struct question *q, const char *zone)
{
	struct resolved *answer = &q->answer;
	char name[HOSTNAME_MAX + 1];

	if (!hostname_decode(q->host, name)) {
		answer->status = bad_host(q->host, &answer->err);
	} else if (hostname_is_localhost(name)) {
		answer_literal(q, "::1", zone);
		answer_literal(q, "127.0.0.1", zone);
		order(answer);
	} else {
		answer_literal(q, name, zone);
		if (answer->status == -ENOENT && !(zone && *zone)) {
			answer->status = 0;
			ask(q, name);
			return;
		}
		if (answer->status == -ENOENT)
			answer->status = err_set(&answer->err, -EINVAL, "the zone \"%s\" stands at "
						 "a name: only an address can have one", zone);
	}
	settle(q);
}

int resolve_start(struct resolver *r, const char *host, const char *zone, uint16_t port,
		  resolve_done *done, void *arg)
{
	size_t n = strlen(host) + 1;
	struct question *q = calloc(1, sizeof *q + n), **end = &r->questions;

	if (!q)
		return -ENOMEM;
	q->resolver = r;
	q->done = done;
	q->arg = arg;
	q->port = port;
	memcpy(q->host, host, n);
	while (*end)
		end = &(*end)->next;
	*end = q;
	begin(q, zone);
	return 0;
}

/* c-ares cancels all of its questions or none, so those that others wait for keep the
 * dropped ones company. */
void resolve_cancel(struct resolver *r, const void *arg)
{
	struct question *q = r->questions, *next;
	bool waited = false;

	for (; q; q = next) {
		next = q->next;
		if (q->arg != arg)
			waited |= q->done && !q->answered;
		else if (q->answered)
			drop(q);
		else
			q->done = NULL;
	}
	if (!waited)
		ares_cancel(r->channel);
	arm(r);
}

/* --- life --------------------------------------------------------------------------- */

static int open_channel(struct resolver *r, const struct resolver_conf *conf, struct err *err)
{
	struct ares_options o = {
		.timeout = (int)(conf->try_ms ? conf->try_ms : TRY_MS),
		.tries = (int)(conf->tries ? conf->tries : TRIES),
		.sock_state_cb = on_socket_state, .sock_state_cb_data = r };
	int status = ares_init_options(&r->channel, &o, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
				       ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS)
		return err_set(err, -EIO, "cannot prepare for DNS: %s; is /etc/resolv.conf as it "
			       "should be?", ares_strerror(status));
	if (!conf->servers)
		return 0;
	r->own_servers = true;
	status = ares_set_servers_ports_csv(r->channel, conf->servers);
	if (status == ARES_SUCCESS && *conf->servers)
		return 0;
	ares_destroy(r->channel);
	return err_set(err, -EINVAL, "\"%s\" is no list of DNS servers: their addresses, with or "
		       "without a port, and commas between them", conf->servers);
}

int resolver_open(struct resolver **out, struct ev_loop *loop, const struct resolver_conf *conf,
		  struct err *err)
{
	static const struct resolver_conf system = { 0 };
	struct resolver *r = calloc(1, sizeof *r);
	int status;

	if (!r)
		return err_set(err, -ENOMEM, "no memory to look up names");
	r->loop = loop;
	ev_timer_init(&r->timeout, on_timeout, 0., 0.);
	ev_timer_init(&r->turn, on_turn, 0., 0.);
	r->timeout.data = r->turn.data = r;
	ares_library_init(ARES_LIB_INIT_ALL);
	status = open_channel(r, conf ? conf : &system, err);
	if (status) {
		ares_library_cleanup();
		free(r);
		return status;
	}
	*out = r;
	return 0;
}

void resolver_close(struct resolver *r)
{
	struct question *next;

	for (struct question *q = r->questions; q; q = next) {
		next = q->next;
		if (q->answered)
			drop(q);
		else
			q->done = NULL;
	}
	ares_destroy(r->channel);
	assert(!r->questions && !r->watches);
	ev_timer_stop(r->loop, &r->timeout);
	ev_timer_stop(r->loop, &r->turn);
	ares_library_cleanup();
	free(r);
}
