#include "client/net.h"

#include "coap/frame_udp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A test can have the sockets full. */
static bool full;

int sendmmsg(int fd, struct mmsghdr *h, unsigned n, int flags)
{
	if (full) {
		errno = EAGAIN;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, h, n, flags);
}

/* No observation is made here. */
enum obs_verdict obs_response(struct engine *e, const struct response *r,
			      struct obs_event *out)
{
	(void)e;
	(void)r;
	(void)out;
	return OBS_NOTHING;
}

enum obs_verdict obs_rest(struct engine *e, enum xfer_verdict verdict,
			  const struct xfer_event *x, struct obs_event *out)
{
	(void)e;
	(void)verdict;
	(void)x;
	(void)out;
	return OBS_NOTHING;
}

enum obs_verdict obs_due(struct engine *e, struct obs *o, struct obs_event *out)
{
	(void)e;
	(void)o;
	(void)out;
	return OBS_NOTHING;
}

/* --- bed ------------------------------------------------------------------------ */

static struct bed {
	struct ev_loop *loop;
	struct net *net;
	struct net_conf conf;
	int server;             /* a plain socket that the test plays a server with */
	struct addr at;
	unsigned responses, failures, ready, out, in, lost;
	int status;
	uint64_t owner;
	uint8_t code;
	unsigned go_on;         /* requests that the hook sends, one for each response */
	uint16_t mid;           /* of the last datagram that left */
} b;

static int request(uint64_t owner, unsigned end)
{
	const struct client_request c = {
		.to = b.at, .from = net_local(b.net, end), .code = COAP_GET, .owner = owner };
	ref_t exchange;

	return client_send(net_engine(b.net), &c, &exchange);
}

static void on_response(void *arg, const struct response *r)
{
	cr_assert_eq(arg, &b);
	b.owner = r->owner;
	b.status = r->status;
	if (r->status)
		b.failures++;
	else
		b.responses++;
	b.code = r->msg.code;
	if (b.go_on) {
		b.go_on--;
		cr_expect_eq(request(r->owner + 1, 0), 0);
	}
}

static void on_datagram(void *arg, const struct net_datagram *d)
{
	cr_assert_eq(arg, &b);
	cr_expect(addr_eq(&d->peer, &b.at));
	cr_expect_geq(d->bytes.n, 4);
	cr_expect_geq(d->at, 0);
	*(d->out ? &b.out : &b.in) += 1;
	b.lost += d->lost;
	if (d->out)
		b.mid = (uint16_t)(d->bytes.p[2] << 8 | d->bytes.p[3]);
}

static void on_ready(void *arg)
{
	(void)arg;
	b.ready++;
}

static void open_net(void)
{
	const struct net_hooks hooks = { .response = on_response, .datagram = on_datagram,
					 .ready = on_ready, .arg = &b };
	struct err err;

	cr_assert(net_open(&b.net, b.loop, &b.conf, &hooks, &err) == 0, "%s", err.text);
}

static void bed_open(void)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof sin6;

	b.loop = ev_loop_new(EVBACKEND_EPOLL);
	b.server = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(bind(b.server, (void *)&sin6, sizeof sin6) == 0);
	cr_assert(getsockname(b.server, (void *)&sin6, &len) == 0);
	b.at = addr_from_sin6(&sin6);
	b.conf = (struct net_conf){ .params = PARAMS_DEFAULT, .requests = 8 };
	b.conf.params.nstart = 8;
}

static void bed_close(void)
{
	if (b.net)
		net_close(b.net);
	ev_loop_destroy(b.loop);
	close(b.server);
}

TestSuite(net, .init = bed_open, .fini = bed_close);

/* One request of its own event. */
static void ask(uint64_t owner, unsigned end)
{
	cr_assert(net_begin(b.net));
	cr_assert_eq(request(owner, end), 0);
	net_end(b.net);
}

static bool comes(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 1000) == 1;
}

/* What the server gets, and from whom. */
static size_t got(uint8_t m[64], struct sockaddr_in6 *from)
{
	socklen_t len = sizeof *from;
	ssize_t n;

	cr_assert(comes(b.server), "no request came");
	n = recvfrom(b.server, m, 64, 0, (void *)from, &len);
	cr_assert(n >= 4);
	return (size_t)n;
}

static void say(const struct sockaddr_in6 *to, const uint8_t *m, size_t n)
{
	cr_assert(sendto(b.server, m, n, 0, (const void *)to, sizeof *to) == (ssize_t)n);
}

/* 2.05 in an acknowledgement, without a payload. */
static void answer(void)
{
	struct sockaddr_in6 from;
	uint8_t m[64];

	(void)got(m, &from);
	cr_assert_eq(m[0] & 15, 8);
	m[0] = 0x68;
	m[1] = COAP_CONTENT;
	say(&from, m, 12);
}

static void run_until(const unsigned *count, unsigned n)
{
	for (unsigned i = 0; i < 1000 && *count < n; i++)
		ev_run(b.loop, EVRUN_ONCE);
	cr_assert_eq(*count, n);
}

/* --- requests ----------------------------------------------------------------------- */

Test(net, request_brings_its_response)
{
	open_net();
	ask(42, 0);
	answer();
	run_until(&b.responses, 1);
	cr_expect_eq(b.owner, 42);
	cr_expect_eq(b.code, COAP_CONTENT);
	cr_expect_eq(b.out, 1);
	cr_expect_eq(b.in, 1);
	cr_expect_gt(net_now(b.net), 0);
}

Test(net, hook_may_send_the_next_request)
{
	open_net();
	b.go_on = 3;
	ask(1, 0);
	for (unsigned i = 1; i <= 4; i++) {
		answer();
		run_until(&b.responses, i);
	}
	cr_expect_eq(b.owner, 4);
}

Test(net, events_in_a_row_leave_together)
{
	b.conf.segments = true;
	b.conf.requests = b.conf.per_endpoint = b.conf.params.nstart = 100;
	open_net();
	cr_assert(net_begin(b.net));
	for (unsigned i = 0; i < 100; i++) {
		cr_assert_eq(request(i, 0), 0);
		cr_assert(net_next(b.net));
	}
	net_end(b.net);
	for (unsigned i = 0; i < 100; i++)
		answer();
	run_until(&b.responses, 100);
}

Test(net, each_end_asks_from_its_own_socket)
{
	struct sockaddr_in6 from[3];
	uint8_t m[64];

	b.conf.sockets = 3;
	open_net();
	for (unsigned i = 0; i < 3; i++) {
		ask(i, i);
		(void)got(m, &from[i]);
	}
	cr_expect_neq(from[0].sin6_port, from[1].sin6_port);
	cr_expect_neq(from[1].sin6_port, from[2].sin6_port);
	/* And hears there. */
	for (unsigned i = 3; i-- > 0;) {
		ask(10 + i, i);
		answer();
		run_until(&b.responses, 3 - i);
		cr_expect_eq(b.owner, 10 + i);
	}
}

Test(net, connected_ends_talk_to_their_peer)
{
	b.conf.peer = &b.at;
	open_net();
	ask(1, 0);
	answer();
	run_until(&b.responses, 1);
}

Test(net, E22_renewed_end_asks_from_another_socket)
{
	struct sockaddr_in6 from[2];
	struct local before;
	uint8_t m[64];

	b.conf.spare = 1;
	open_net();
	before = net_local(b.net, 0);
	ask(1, 0);
	(void)got(m, &from[0]);
	cr_assert_eq(net_renew(b.net, 0, NULL), 0);
	cr_expect_neq(net_local(b.net, 0).sock, before.sock);
	ask(2, 0);
	(void)got(m, &from[1]);
	cr_expect_neq(from[0].sin6_port, from[1].sin6_port);
	m[0] = 0x68;
	m[1] = COAP_CONTENT;
	say(&from[1], m, 12);
	run_until(&b.responses, 1);
	cr_expect_eq(b.owner, 2);
	cr_expect_eq(net_renew(b.net, 0, NULL), -EAGAIN);
}

Test(net, limit_of_requests_holds)
{
	b.conf.requests = 0;
	open_net();
	ask(1, 0);
	cr_assert(net_begin(b.net));
	cr_expect_eq(request(2, 0), -EAGAIN);
	net_end(b.net);
	cr_expect_eq(net_counter(b.net, COUNT_CLIENT_SENT), 1);
}

/* --- time ------------------------------------------------------------------------------ */

Test(net, silence_is_met_with_repetitions_and_an_end)
{
	b.conf.params.ack_timeout_ms = 5;
	b.conf.params.max_retransmit = 2;
	open_net();
	ask(7, 0);
	run_until(&b.failures, 1);
	cr_expect_eq(b.status, -ETIMEDOUT);
	cr_expect_eq(b.owner, 7);
	cr_expect_eq(b.out, 3);
	cr_expect_eq(net_counter(b.net, COUNT_RETRANSMITS), 2);
}

Test(net, acknowledged_confirmable_response_is_forgotten_in_time)
{
	struct sockaddr_in6 from;
	uint8_t m[64];

	/* A lifetime of less than a second: the sweep ends what it remembers. */
	b.conf.params.ack_timeout_ms = 5;
	b.conf.params.max_latency_ms = b.conf.params.processing_delay_ms = 1;
	open_net();
	ask(1, 0);
	(void)got(m, &from);
	m[0] = 0x48;
	m[1] = COAP_CONTENT;
	m[2] ^= 0x80;
	say(&from, m, 12);
	run_until(&b.responses, 1);
	while (got(m, &from) > 4)       /* repetitions, if that took longer than 5 ms */
		cr_assert_eq(m[1], COAP_GET);
	cr_expect_eq(m[0], 0x60);
	cr_expect_eq(net_engine(b.net)->space.ctl->live[SLAB_DEDUP], 1);
	for (unsigned i = 0; i < 20 && net_engine(b.net)->space.ctl->live[SLAB_DEDUP]; i++)
		ev_run(b.loop, EVRUN_ONCE);
	cr_expect_eq(net_engine(b.net)->space.ctl->live[SLAB_DEDUP], 0);
}

/* --- what is in the way ------------------------------------------------------------------ */

Test(net, E21_refused_port_is_told)
{
	open_net();
	close(b.server);
	ask(9, 0);
	run_until(&b.failures, 1);
	cr_expect_eq(b.status, -ECONNREFUSED);
	cr_expect_eq(b.owner, 9);
}

Test(net, E21_refused_port_ends_all_requests_to_it)
{
	open_net();
	close(b.server);
	cr_assert(net_begin(b.net));
	for (unsigned i = 0; i < 8; i++) {
		cr_assert_eq(request(i, 0), 0);
		cr_assert(net_next(b.net));
	}
	net_end(b.net);
	run_until(&b.failures, 8);
}

Test(net, what_a_hook_sends_on_an_error_leaves)
{
	open_net();
	close(b.server);
	b.go_on = 1;
	ask(1, 0);
	run_until(&b.failures, 2);
	cr_expect_eq(b.owner, 2);
	cr_expect_eq(b.out, 2);
}

Test(net, reset_is_told)
{
	struct sockaddr_in6 from;
	uint8_t m[64];

	open_net();
	ask(3, 0);
	(void)got(m, &from);
	m[0] = 0x70;
	m[1] = 0;
	say(&from, m, 4);
	run_until(&b.failures, 1);
	cr_expect_eq(b.status, -ECONNRESET);
}

Test(net, full_socket_refuses_until_it_is_not)
{
	open_net();
	full = true;
	ask(1, 0);
	cr_expect(!net_begin(b.net));
	ev_run(b.loop, EVRUN_NOWAIT);
	cr_expect(!net_begin(b.net));
	cr_expect_eq(b.ready, 0);
	full = false;
	run_until(&b.ready, 1);
	ask(2, 0);
	answer();
	answer();
	run_until(&b.responses, 2);
	cr_expect_eq(b.ready, 1);
}

Test(net, full_socket_reads_nothing_and_hears_it_later)
{
	open_net();
	ask(1, 0);
	answer();
	full = true;
	ask(2, 0);
	for (unsigned i = 0; i < 10; i++)
		ev_run(b.loop, EVRUN_NOWAIT);
	cr_expect_eq(b.responses, 0);
	full = false;
	run_until(&b.responses, 1);
	answer();
	run_until(&b.responses, 2);
}

Test(net, all_that_is_lost_is_seen_and_not_heard)
{
	uint8_t m[64];

	b.conf.params.ack_timeout_ms = 5;
	b.conf.params.max_retransmit = 1;
	b.conf.loss_permille = 1000;
	open_net();
	ask(1, 0);
	run_until(&b.failures, 1);
	cr_expect_eq(b.status, -ETIMEDOUT);
	cr_expect_eq(b.out, 2);
	cr_expect_eq(b.lost, 2);
	cr_expect_eq(recv(b.server, m, sizeof m, MSG_DONTWAIT), -1);
}

/* A transmission is in vain with 19 %, so a request with 0.19 ** 11; that none of 200 answers is
 * lost happens with 0.9 ** 200: neither in a hundred thousand runs. */
Test(net, loss_takes_some_of_both_ways_and_requests_get_through)
{
	b.conf.params.ack_timeout_ms = 5;
	b.conf.params.max_retransmit = 10;
	b.conf.loss_permille = 100;
	open_net();
	for (unsigned i = 0; i < 200; i++) {
		struct pollfd p = { .fd = b.server, .events = POLLIN };

		ask(i, 0);
		while (b.responses == i && !b.failures) {
			if (poll(&p, 1, 0) == 1)
				answer();
			ev_run(b.loop, EVRUN_ONCE);
		}
	}
	cr_expect_eq(b.responses, 200);
	cr_expect_eq(b.failures, 0);
	cr_expect_gt(b.lost, 0);
	cr_expect_gt(b.in, 200);
}

/* --- we are no server ------------------------------------------------------------------ */

/* The end of ours that the server knows from a request, after its response. */
static struct sockaddr_in6 met(void)
{
	struct sockaddr_in6 from;
	uint8_t m[64];

	open_net();
	ask(1, 0);
	(void)got(m, &from);
	m[0] = 0x68;
	m[1] = COAP_CONTENT;
	say(&from, m, 12);
	run_until(&b.responses, 1);
	return from;
}

Test(net, confirmable_request_is_rejected_and_forgotten)
{
	struct sockaddr_in6 from = met();
	uint8_t m[64] = { 0x41, COAP_PUT, 0x12, 0x34, 't' };

	say(&from, m, 5);
	run_until(&b.in, 2);
	cr_assert_eq(got(m, &from), 4);
	cr_expect_eq(m[0], 0x70);
	cr_expect_eq(m[1], 0);
	cr_expect_eq(m[2] << 8 | m[3], 0x1234);
	cr_expect_eq(net_engine(b.net)->space.ctl->live[SLAB_DEDUP], 0);
	cr_expect_eq(net_counter(b.net, COUNT_RESETS_SENT), 1);
}

Test(net, non_confirmable_request_is_ignored)
{
	struct sockaddr_in6 from = met();
	const uint8_t m[5] = { 0x51, COAP_POST, 0x12, 0x34, 't' };

	say(&from, m, 5);
	run_until(&b.in, 2);
	cr_expect_eq(b.out, 1);
	cr_expect_eq(net_engine(b.net)->space.ctl->live[SLAB_DEDUP], 0);
}

Test(net, E6_ping_is_answered_by_a_reset)
{
	struct sockaddr_in6 from = met();
	uint8_t m[64] = { 0x40, 0, 0x12, 0x34 };

	say(&from, m, 4);
	run_until(&b.in, 2);
	cr_assert_eq(got(m, &from), 4);
	cr_expect_eq(m[0], 0x70);
}

Test(net, opening_fails_with_a_reason)
{
	struct addr nowhere = { .ip = { 0x20, 1, 0xd, 0xb8 } };
	const struct net_hooks hooks = { 0 };
	struct err err;

	b.conf.from = &nowhere;
	b.conf.nfrom = 1;
	cr_expect_eq(net_open(&b.net, b.loop, &b.conf, &hooks, &err), -EADDRNOTAVAIL);
	cr_expect(strstr(err.text, "2001:db8::"), "%s", err.text);
	b.net = NULL;
}
