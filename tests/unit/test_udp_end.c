#include "transport/udp_end.h"

#include "base/counter.h"
#include "transport/icmp.h"
#include "udp_slot.h"

#include <fcntl.h>

static struct udp_slot u;
static struct addr bound, to;
static struct err err;
static int p;                   /* the peer */

/* The slot has one socket, connected to a peer. */
static void meet(const char *text)
{
	udp_slot_open(&u);
	p = peer(text, NULL, &to);
	cr_assert(udp_end_open(NULL, &to, &u.fd[0], &bound, &err) == 0, "%s", err.text);
	u.socks.n = 1;
	u.socks.peer = &to;
}

static void flush(void)
{
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
	udp_slot_sent(&u);
}

static void put(const char *text)
{
	/* What is said of addresses does not count. */
	struct addr nobody = loopback("::1", 9);

	udp_slot_put(&u, &nobody, &(struct local){ .sock = 0 }, text, strlen(text));
}

static void expect(const char *text)
{
	char got[8] = "";

	cr_assert(readable(p), "\"%s\" did not come", text);
	cr_assert(recv(p, got, sizeof got - 1, 0) >= 0);
	cr_expect_str_eq(got, text);
}

static void say(const char *text)
{
	struct sockaddr_in6 at = addr_to_sin6(&bound);

	cr_assert(sendto(p, text, strlen(text), 0, (void *)&at, sizeof at) > 0);
}

/* --- opening --------------------------------------------------------------------- */

static int family(int fd)
{
	int domain = 0;
	socklen_t n = sizeof domain;

	cr_assert(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0);
	return domain;
}

Test(udp_end, is_nonblocking_and_of_both_families)
{
	int fd;

	cr_assert(udp_end_open(NULL, NULL, &fd, &bound, &err) == 0, "%s", err.text);
	cr_expect_eq(family(fd), AF_INET6);
	cr_expect_neq(bound.port, 0);
	cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

Test(udp_end, connected_one_is_of_its_peers_family)
{
	meet("::1");
	cr_expect_eq(family(u.fd[0]), AF_INET6);
	meet("::ffff:127.0.0.1");
	cr_expect_eq(family(u.fd[0]), AF_INET);
	cr_expect(addr_is_v4(bound.ip));
	cr_expect_eq(bound.ip[15], 1);
}

Test(udp_end, leaves_from_the_address_it_is_told)
{
	struct addr at = loopback("::ffff:127.0.0.9", 0);
	int fd;

	(void)peer("::ffff:127.0.0.1", NULL, &to);
	cr_assert(udp_end_open(&at, &to, &fd, &bound, &err) == 0, "%s", err.text);
	cr_expect(memcmp(bound.ip, at.ip, 16) == 0);
	cr_assert(udp_end_open(&at, NULL, &fd, &bound, &err) == 0, "%s", err.text);
	cr_expect(memcmp(bound.ip, at.ip, 16) == 0);
}

Test(udp_end, port_that_is_taken_is_said)
{
	struct addr at;
	int fd, before = dup(0), after;

	close(before);
	cr_assert(udp_end_open(NULL, NULL, &fd, &at, &err) == 0);
	before = dup(0);
	close(before);
	cr_expect_eq(udp_end_open(&at, NULL, &u.fd[0], NULL, &err), -EADDRINUSE);
	cr_expect(strstr(err.text, "cannot send from [::]:"), "%s", err.text);
	after = dup(0);
	cr_expect_eq(after, before, "left open");
}

Test(udp_end, no_way_to_a_peer_is_said)
{
	struct addr all = loopback("::ffff:255.255.255.255", 5683);
	int fd;

	cr_expect_eq(udp_end_open(NULL, &all, &fd, NULL, &err), -EACCES);
	cr_expect(strstr(err.text, "no way to 255.255.255.255:5683"), "%s", err.text);
}

Test(udp_end, hops_are_of_both_families)
{
	int fd, v4 = 0, v6 = 0;
	socklen_t n = sizeof v4;

	cr_assert(udp_end_open(NULL, NULL, &fd, NULL, NULL) == 0);
	cr_assert(udp_end_hops(fd, 7, NULL) == 0);
	cr_assert(getsockopt(fd, SOL_IP, IP_MULTICAST_TTL, &v4, &n) == 0);
	cr_assert(getsockopt(fd, SOL_IPV6, IPV6_MULTICAST_HOPS, &v6, &n) == 0);
	cr_expect_eq(v4, 7);
	cr_expect_eq(v6, 7);
	cr_expect_eq(udp_end_hops(fd, 300, &err), -EINVAL);
}

/* --- through it ------------------------------------------------------------------- */

static void both_ways(void)
{
	for (unsigned most = 0; most < 3; most++) {
		unsigned got = 0;

		u.socks.most = most;
		put("one");
		flush();
		expect("one");
		put("two");
		put("three");
		flush();
		expect("two");
		expect("three");
		say("a");
		say("b");
		say("c");
		while (got < 3) {
			struct addr from;
			int n;

			cr_assert(readable(u.fd[0]));
			n = udp_receive(&u.space, &u.socks, 0);
			cr_assert(n > 0 && n <= (most ? (int)most : 3), "%d of %u", n, most);
			for (int i = 0; i < n; i++) {
				from = addr_from_sin6(&u.batch->rx[i].from);
				cr_expect(addr_eq(&from, &to));
				cr_expect_eq(u.batch->rx[i].len, 1);
				cr_expect_eq(u.batch->rx[i].data[0], 'a' + got++);
				cr_expect_eq(u.batch->rx[i].to.sock, 0);
			}
			udp_slot_done(&u);
		}
		cr_expect_eq(udp_receive(&u.space, &u.socks, 0), 0);
		udp_slot_done(&u);
	}
	cr_expect_eq(slot_count(&u, COUNT_TX), 9);
}

Test(udp_end, connected_one_needs_no_addresses_ipv4)
{
	meet("::ffff:127.0.0.1");
	both_ways();
}

Test(udp_end, connected_one_needs_no_addresses_ipv6)
{
	meet("::1");
	both_ways();
}

Test(udp_end, long_datagram_tells_its_true_length_to_the_plain_call_too)
{
	static char big[DGRAM_RX_MAX + 100];
	struct sockaddr_in6 at;

	meet("::1");
	u.socks.most = 1;
	at = addr_to_sin6(&bound);
	cr_assert(sendto(p, big, sizeof big, 0, (void *)&at, sizeof at) > 0);
	cr_assert(readable(u.fd[0]));
	cr_assert_eq(udp_receive(&u.space, &u.socks, 0), 1);
	cr_expect_eq(u.batch->rx[0].len, sizeof big);
}

static void refused(const char *text)
{
	struct icmp_error e[ICMP_BATCH];

	meet(text);
	u.socks.most = 1;
	close(p);
	put("lost");
	flush();
	cr_expect_eq(udp_receive(&u.space, &u.socks, 0), -ECONNREFUSED);
	cr_assert_eq(icmp_read(u.fd[0], 0, e), 1);
	cr_expect(addr_eq(&e[0].to, &to));
	cr_expect(e[0].unreachable);
	cr_expect(span_eq(icmp_quote(&e[0]), span_str("lost")));
}

Test(udp_end, E21_error_names_the_peer_ipv4)
{
	refused("::ffff:127.0.0.1");
}

Test(udp_end, E21_error_names_the_peer_ipv6)
{
	refused("::1");
}

Test(udp_end, E21_error_of_before_does_not_cost_the_next_one)
{
	meet("::1");
	close(p);
	put("lost");
	flush();
	p = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(bind(p, (void *)&(struct sockaddr_in6){ .sin6_family = AF_INET6,
		       .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(to.port) },
		       sizeof(struct sockaddr_in6)) == 0);
	put("next");
	flush();
	expect("next");
	cr_expect_eq(slot_count(&u, COUNT_TX_AGAIN), 1);
}
