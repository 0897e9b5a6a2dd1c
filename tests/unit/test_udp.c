#include "udp_slot.h"

#include "base/counter.h"

#include <net/if.h>
#include <sys/syscall.h>

/* The socket calls of the code under test come through here, so that a test can
 * let the kernel say what it rarely says. */
static unsigned send_most;      /* datagrams that sendmmsg() takes before it blocks */
static bool send_limited;

int sendmmsg(int fd, struct mmsghdr *h, unsigned n, int flags)
{
	int r;

	if (send_limited && send_most == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (send_limited && n > send_most)
		n = send_most;
	r = (int)syscall(SYS_sendmmsg, fd, h, n, flags);
	if (send_limited && r > 0)
		send_most -= (unsigned)r;
	return r;
}

/* --- opening -------------------------------------------------------------------- */

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof sin6;

	cr_assert(getsockname(fd, (void *)&sin6, &len) == 0);
	return ntohs(sin6.sin6_port);
}

Test(udp, group_shares_the_port_that_the_kernel_picked)
{
	struct addr at = loopback("::", 0), bound;
	struct err err;
	int fd[4];

	cr_assert(udp_open(&at, 4, fd, &bound, &err) == 0, "%s", err.text);
	cr_assert_neq(bound.port, 0);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(port_of(fd[i]), bound.port);
}

Test(udp, group_spreads_the_clients)
{
	struct addr at = loopback("::", 0), bound, to;
	unsigned got = 0, members = 0;
	char byte;
	int fd[4];

	cr_assert(udp_open(&at, 4, fd, &bound, NULL) == 0);
	to = loopback("::1", bound.port);
	for (unsigned i = 0; i < 64; i++) {
		int p = peer("::1", &to, NULL);

		cr_assert(send(p, "x", 1, 0) == 1);
		close(p);
	}
	for (unsigned i = 0; i < 4; i++) {
		unsigned before = got;

		while (recv(fd[i], &byte, 1, 0) == 1)
			got++;
		members += got > before;
	}
	cr_expect_eq(got, 64);
	cr_expect_eq(members, 4);
}

Test(udp, port_of_somebody_else_is_refused)
{
	struct addr to, at;
	struct err err;
	int fd[2];

	(void)peer("::1", NULL, &to);
	at = loopback("::1", to.port);
	cr_expect_eq(udp_open(&at, 2, fd, NULL, &err), -EADDRINUSE);
	cr_expect(strstr(err.text, "another process has the port"), "%s", err.text);
}

Test(udp, port_of_a_foreign_group_of_our_own_user_is_refused)
{
	struct addr at = loopback("::", 0), bound;
	struct err err;
	int theirs[2], ours[2];

	/* The kernel would let both of ours join theirs. */
	cr_assert(udp_open(&at, 2, theirs, &bound, NULL) == 0);
	cr_expect_eq(udp_open(&bound, 2, ours, NULL, &err), -EADDRINUSE);
	close(theirs[0]);
	cr_expect_eq(udp_open(&bound, 2, ours, NULL, &err), -EADDRINUSE);
	close(theirs[1]);
	cr_expect_eq(udp_open(&bound, 2, ours, NULL, &err), 0);
}

Test(udp, address_that_is_not_ours_leaves_nothing_open)
{
	struct addr at = loopback("2001:db8::1", 0);
	int before = dup(0), after, fd[2];
	struct err err;

	close(before);
	cr_expect_eq(udp_open(&at, 2, fd, NULL, &err), -EADDRNOTAVAIL);
	cr_expect(strstr(err.text, "2001:db8::1"), "%s", err.text);
	after = dup(0);
	cr_expect_eq(after, before);
}

Test(udp, listener_for_ipv4_alone_has_no_ipv6)
{
	struct udp_slot u;
	struct addr at, v6;
	int p;

	udp_slot_open(&u);
	at = udp_slot_listen(&u, "::ffff:0.0.0.0");
	v6 = loopback("::1", at.port);
	p = peer("::1", &v6, NULL);
	cr_assert(send(p, "x", 1, 0) == 1);
	cr_expect_eq(recv(p, &v6, 1, 0), -1);
	cr_expect_eq(errno, ECONNREFUSED);
	at = loopback("::ffff:127.0.0.1", at.port);
	p = peer("::ffff:127.0.0.1", &at, NULL);
	cr_assert(send(p, "x", 1, 0) == 1);
	cr_assert(readable(u.socks.fd[0]));
	cr_expect_eq(udp_receive(&u.space, &u.socks, 0), 1);
}

/* --- receiving ------------------------------------------------------------------ */

Test(udp, receives_in_batches_of_32)
{
	struct udp_slot u;
	struct addr at, self;
	int p;

	udp_slot_open(&u);
	at = udp_slot_listen(&u, "::1");
	p = peer("::1", &at, &self);
	for (uint8_t i = 0; i < 40; i++)
		cr_assert(send(p, &i, 1, 0) == 1);
	cr_assert(readable(u.socks.fd[0]));
	cr_assert_eq(udp_receive(&u.space, &u.socks, 0), BATCH_RX);
	cr_expect_eq(u.batch->rx_n, BATCH_RX);
	for (unsigned i = 0; i < BATCH_RX; i++) {
		struct addr from = addr_from_sin6(&u.batch->rx[i].from);

		cr_expect_eq(u.batch->rx[i].len, 1);
		cr_expect_eq(u.batch->rx[i].data[0], i);
		cr_expect(addr_eq(&from, &self));
	}
	udp_slot_done(&u);
	cr_assert_eq(udp_receive(&u.space, &u.socks, 0), 8);
	cr_expect_eq(u.batch->rx[7].data[0], 39);
	udp_slot_done(&u);
	cr_expect_eq(udp_receive(&u.space, &u.socks, 0), 0);
	cr_expect_eq(u.batch->rx_n, 0);
}

Test(udp, long_datagram_tells_its_true_length)
{
	static uint8_t big[2000];
	struct udp_slot u;
	struct addr at;
	int p;

	udp_slot_open(&u);
	at = udp_slot_listen(&u, "::1");
	p = peer("::1", &at, NULL);
	cr_assert(send(p, big, sizeof big, 0) == sizeof big);
	cr_assert(send(p, big, DGRAM_RX_MAX, 0) == DGRAM_RX_MAX);
	cr_assert(readable(u.socks.fd[0]));
	cr_assert_eq(udp_receive(&u.space, &u.socks, 0), 2);
	cr_expect_eq(u.batch->rx[0].len, sizeof big);
	cr_expect_eq(u.batch->rx[1].len, DGRAM_RX_MAX);
}

/* Asks at one of several addresses of a socket that is bound to none, and expects
 * the answer from there: a connected peer takes it from nowhere else. */
static void ask_at(const char *ours, const char *theirs)
{
	struct udp_slot u;
	struct addr at, from;
	char answer[8];
	int p;

	udp_slot_open(&u);
	at = udp_slot_listen(&u, "::");
	at = loopback(ours, at.port);
	p = peer(theirs, &at, NULL);
	cr_assert(send(p, "ask", 3, 0) == 3);
	cr_assert(readable(u.socks.fd[0]));
	cr_assert_eq(udp_receive(&u.space, &u.socks, 0), 1);
	cr_expect(memcmp(u.batch->rx[0].to.ip, at.ip, 16) == 0, "asked at another address");
	cr_expect_eq(u.batch->rx[0].to.ifindex, 0);
	from = addr_from_sin6(&u.batch->rx[0].from);
	udp_slot_put(&u, &from, &u.batch->rx[0].to, "answer", 6);
	cr_expect_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_assert(readable(p));
	cr_expect_eq(recv(p, answer, sizeof answer, 0), 6);
	cr_expect_eq(slot_count(&u, COUNT_TX), 1);
}

Test(udp, E18_answer_leaves_from_the_address_that_was_asked_ipv4)
{
	ask_at("::ffff:127.0.0.2", "::ffff:127.0.0.1");
}

Test(udp, E18_answer_leaves_from_the_address_that_was_asked_ipv6)
{
	ask_at("::1", "::1");
}

Test(udp, client_socket_has_a_port_of_its_own_and_no_address)
{
	static const uint8_t none[16];
	struct udp_slot u;
	struct addr at, to;
	int p;

	udp_slot_open(&u);
	at = udp_slot_listen(&u, "::");
	cr_assert(udp_open_client(&u.socks.fd[1], NULL) == 0);
	u.socks.n = 2;
	cr_assert_neq(port_of(u.socks.fd[1]), at.port);
	to = loopback("::ffff:127.0.0.1", port_of(u.socks.fd[1]));
	p = peer("::ffff:127.0.0.1", &to, NULL);
	cr_assert(send(p, "x", 1, 0) == 1);
	cr_assert(readable(u.socks.fd[1]));
	cr_assert_eq(udp_receive(&u.space, &u.socks, 1), 1);
	cr_expect_eq(u.batch->rx[0].to.sock, 1);
	cr_expect(memcmp(u.batch->rx[0].to.ip, none, 16) == 0);
}

/* --- sending -------------------------------------------------------------------- */

static int expect_datagrams(int fd, const char *expected)
{
	char c;

	for (; *expected; expected++) {
		cr_assert(readable(fd), "'%c' never came", *expected);
		cr_assert_eq(recv(fd, &c, 1, 0), 1);
		cr_expect_eq(c, *expected, "'%c' instead of '%c'", c, *expected);
	}
	return recv(fd, &c, 1, MSG_DONTWAIT);
}

Test(udp, sends_runs_by_their_sockets_in_order)
{
	struct udp_slot u;
	struct addr to, from[2], seen;
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof sin6;
	int p = peer("::1", NULL, &to);
	char c;

	udp_slot_open(&u);
	from[0] = udp_slot_listen(&u, "::1");
	from[1] = udp_slot_listen(&u, "::1");
	for (unsigned i = 0; i < 6; i++)
		udp_slot_put(&u, &to, &(struct local){ .sock = i / 2 % 2 }, &"abcdef"[i], 1);
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	for (unsigned i = 0; i < 6; i++) {
		cr_assert(readable(p));
		cr_assert_eq(recvfrom(p, &c, 1, 0, (void *)&sin6, &len), 1);
		seen = addr_from_sin6(&sin6);
		cr_expect_eq(c, "abcdef"[i]);
		cr_expect_eq(seen.port, from[i / 2 % 2].port);
	}
}

Test(udp, full_socket_keeps_the_rest_and_goes_on_there)
{
	struct udp_slot u;
	struct addr to;
	unsigned blocked = 9;
	int p = peer("::1", NULL, &to);

	udp_slot_open(&u);
	udp_slot_listen(&u, "::1");
	for (unsigned i = 0; i < 5; i++)
		udp_slot_put(&u, &to, &(struct local){ 0 }, &"abcde"[i], 1);
	send_limited = true;
	send_most = 2;
	cr_expect_eq(udp_flush(&u.space, &u.socks, &blocked), UDP_BLOCKED);
	cr_expect_eq(blocked, 0);
	cr_expect_eq(expect_datagrams(p, "ab"), -1);
	send_limited = false;
	cr_expect_eq(udp_flush(&u.space, &u.socks, &blocked), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "cde"), -1);
}

Test(udp, damaged_datagrams_are_given_up)
{
	struct udp_slot u;
	struct addr to;
	int p = peer("::1", NULL, &to);

	udp_slot_open(&u);
	udp_slot_listen(&u, "::1");
	for (unsigned i = 0; i < 4; i++)
		udp_slot_put(&u, &to, &(struct local){ 0 }, &"abcd"[i], 1);
	u.batch->tx[1].from.sock = 7;
	u.batch->tx[2].len = DGRAM_TX_MAX + 1;
	cr_expect_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "ad"), -1);
	cr_expect_eq(slot_count(&u, COUNT_TX_FAILED), 2);
}

Test(udp, E21_error_of_one_peer_does_not_cost_another_its_datagram)
{
	struct udp_slot u;
	struct addr good, gone;
	int p = peer("::1", NULL, &good), q = peer("::1", NULL, &gone);

	udp_slot_open(&u);
	udp_slot_listen(&u, "::1");
	close(q);
	udp_slot_put(&u, &gone, &(struct local){ 0 }, "x", 1);
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	udp_slot_sent(&u);
	/* The error of "x" is pending now, and the next send would bear it. */
	udp_slot_put(&u, &good, &(struct local){ 0 }, "a", 1);
	udp_slot_put(&u, &good, &(struct local){ 0 }, "b", 1);
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "ab"), -1);
	cr_expect_eq(slot_count(&u, COUNT_TX_AGAIN), 1);
	cr_expect_eq(slot_count(&u, COUNT_TX_FAILED), 0);
}

Test(udp, datagram_that_cannot_be_sent_is_given_up_after_one_more_try)
{
	struct udp_slot u;
	struct addr good, bad = loopback("::1", 0);
	int p = peer("::1", NULL, &good);

	udp_slot_open(&u);
	udp_slot_listen(&u, "::1");
	udp_slot_put(&u, &good, &(struct local){ 0 }, "a", 1);
	udp_slot_put(&u, &bad, &(struct local){ 0 }, "x", 1);
	udp_slot_put(&u, &good, &(struct local){ 0 }, "b", 1);
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "ab"), -1);
	cr_expect_eq(slot_count(&u, COUNT_TX_FAILED), 1);
}

Test(udp, what_is_to_be_lost_does_not_leave)
{
	struct udp_slot u;
	struct addr to;
	int p = peer("::1", NULL, &to);

	udp_slot_open(&u);
	udp_slot_listen(&u, "::1");
	for (unsigned i = 0; i < 6; i++)
		udp_slot_put(&u, &to, &(struct local){ 0 }, &"abcdef"[i], 1);
	udp_lose(&u.space, 0);
	udp_lose(&u.space, 3);
	udp_lose(&u.space, 5);
	send_limited = true;
	send_most = 2;
	cr_expect_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_BLOCKED);
	send_limited = false;
	cr_expect_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "bce"), -1);
	cr_expect_eq(slot_count(&u, COUNT_TX), 3);
	cr_expect_eq(slot_count(&u, COUNT_TX_FAILED), 0);
}

Test(udp, request_to_a_group_goes_out_by_the_interface_named_ipv4)
{
	struct udp_slot u;
	struct addr to = loopback("::ffff:224.0.1.187", 0), at;
	struct local from = { .ifindex = if_nametoindex("lo") };
	struct group_req join = { .gr_interface = from.ifindex };
	struct sockaddr_in *sin = (void *)&join.gr_group;
	int p = peer("::ffff:0.0.0.0", NULL, &at);

	sin->sin_family = AF_INET;
	memcpy(&sin->sin_addr, to.ip + 12, 4);
	cr_assert(setsockopt(p, SOL_IP, MCAST_JOIN_GROUP, &join, sizeof join) == 0);
	to.port = at.port;
	udp_slot_open(&u);
	cr_assert(udp_open_client(&u.fd[0], NULL) == 0);
	u.socks.n = 1;
	udp_slot_put(&u, &to, &from, "g", 1);
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "g"), -1);
	cr_expect_eq(slot_count(&u, COUNT_TX), 1);
}

/* No route leads to groups on the loopback: what the kernel is asked has to do. */
Test(udp, request_to_a_group_goes_out_by_the_interface_named_ipv6)
{
	struct udp_slot u;
	struct addr to = loopback("ff02::fd", 5683);
	struct local from = { .ifindex = 77 };
	struct in6_pktinfo info;
	const struct cmsghdr *c;

	udp_slot_open(&u);
	cr_assert(udp_open_client(&u.fd[0], NULL) == 0);
	u.socks.n = 1;
	udp_slot_put(&u, &to, &from, "g", 1);
	send_limited = true;
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_BLOCKED);
	c = CMSG_FIRSTHDR(&u.batch->tx_hdr[0].msg_hdr);
	cr_assert(c && c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO);
	memcpy(&info, CMSG_DATA(c), sizeof info);
	cr_expect_eq(info.ipi6_ifindex, 77);
	cr_expect(IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr));
}

/* --- taking over ---------------------------------------------------------------- */

/* The same memory as another process sees it: at another address. */
static void take_over(struct udp_slot *u, struct udp_slot *from)
{
	size_t n = space_size(&from->def);
	static const struct hash_key key;

	*u = *from;
	u->mem = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(u->mem != MAP_FAILED);
	memcpy(u->mem, from->mem, n);
	memset(from->mem, 0xee, n);
	cr_assert_eq(space_open(&u->space, u->mem, &u->def, 0, &key), SPACE_OLD);
	u->batch = batch_of(&u->space);
	udp_wire(&u->space, SPACE_OLD);
}

Test(udp, successor_sends_what_its_predecessor_had_not)
{
	struct udp_slot old, new;
	struct addr to;
	int p = peer("::1", NULL, &to);

	udp_slot_open(&old);
	udp_slot_listen(&old, "::1");
	for (unsigned i = 0; i < 5; i++)
		udp_slot_put(&old, &to, &(struct local){ 0 }, &"abcde"[i], 1);
	/* Death right behind a sendmmsg() that took three. */
	send_limited = true;
	send_most = 3;
	(void)udp_flush(&old.space, &old.socks, &(unsigned){ 0 });
	send_limited = false;
	take_over(&new, &old);
	cr_expect_eq(udp_flush(&new.space, &new.socks, &(unsigned){ 0 }), UDP_SENT);
	cr_expect_eq(expect_datagrams(p, "abcde"), -1);
}

Test(udp, successor_finds_what_its_predecessor_had_taken)
{
	struct udp_slot old, new;
	struct addr at, self;
	struct local to;
	int p;

	udp_slot_open(&old);
	at = udp_slot_listen(&old, "::");
	at = loopback("::1", at.port);
	p = peer("::1", &at, &self);
	cr_assert(send(p, "one", 3, 0) == 3);
	cr_assert(send(p, "second", 6, 0) == 6);
	cr_assert(readable(old.socks.fd[0]));
	cr_assert_eq(udp_receive(&old.space, &old.socks, 0), 2);
	to = old.batch->rx[0].to;
	/* Death inside recvmmsg(): nothing is derived yet. */
	old.batch->rx_n = BATCH_RX_UNKNOWN;
	memset(&old.batch->rx[1].to, 0, sizeof to);
	old.batch->rx[1].len = 0;
	take_over(&new, &old);
	cr_expect_neq(new.batch->rx_hdr[1].msg_len, BATCH_UNTOUCHED);
	cr_expect_eq(new.batch->rx_hdr[2].msg_len, BATCH_UNTOUCHED);
	new.batch->rx_n = 2;
	udp_adopted(&new.space, 2);
	cr_expect_eq(new.batch->rx[1].len, 6);
	cr_expect(local_eq(&new.batch->rx[1].to, &to));
	/* And goes on receiving at its own addresses. */
	udp_slot_done(&new);
	cr_assert(send(p, "three", 5, 0) == 5);
	cr_assert(readable(new.socks.fd[0]));
	cr_expect_eq(udp_receive(&new.space, &new.socks, 0), 1);
	cr_expect_eq(new.batch->rx[0].len, 5);
}

Test(udp, successor_survives_damaged_headers)
{
	struct udp_slot old, new;
	struct addr at;
	int p;

	udp_slot_open(&old);
	at = udp_slot_listen(&old, "::1");
	p = peer("::1", &at, NULL);
	memset(old.batch->rx_hdr, 0x5a, sizeof old.batch->rx_hdr);
	memset(old.batch->tx_hdr, 0x5a, sizeof old.batch->tx_hdr);
	memset(old.batch->rx, 0x5a, sizeof old.batch->rx);
	take_over(&new, &old);
	new.batch->rx_n = 3;
	udp_adopted(&new.space, 3);
	cr_expect_eq(new.batch->rx[2].len, 0);
	udp_slot_done(&new);
	cr_assert(send(p, "x", 1, 0) == 1);
	cr_assert(readable(new.socks.fd[0]));
	cr_expect_eq(udp_receive(&new.space, &new.socks, 0), 1);
	cr_expect_eq(new.batch->rx[0].tries, 0);
}
