#include "client/ends.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's choice of ports is told otherwise where a test has a script for it. */
static const uint16_t *script;
static unsigned closed;

int getsockname(int fd, struct sockaddr *out, socklen_t *len)
{
	int r = (int)syscall(SYS_getsockname, fd, out, len);

	if (script && *script)
		((struct sockaddr_in6 *)(void *)out)->sin6_port = htons(*script++);
	return r;
}

int close(int fd)
{
	closed++;
	return (int)syscall(SYS_close, fd);
}

static struct addr loopback(const char *text)
{
	struct addr a = { .port = 0 };

	cr_assert(inet_pton(AF_INET6, text, a.ip) == 1);
	return a;
}

static struct ends e;
static struct err err;

static void open_ends(unsigned n, unsigned spare)
{
	const struct ends_conf conf = { .n = n, .spare = spare, .lifetime_s = 10 };

	cr_assert(ends_open(&e, &conf, &err) == 0, "%s", err.text);
}

/* Where an end is connected to an IPv4 peer, it speaks plain IPv4. */
static struct addr addr_of(const struct sockaddr_storage *any)
{
	const struct sockaddr_in *sin = (const void *)any;
	struct addr a = { .ip = { [10] = 0xff, [11] = 0xff } };

	if (any->ss_family == AF_INET6)
		return addr_from_sin6((const void *)any);
	memcpy(a.ip + 12, &sin->sin_addr, 4);
	a.port = ntohs(sin->sin_port);
	return a;
}

static struct addr name_of(int fd)
{
	struct sockaddr_storage any;
	socklen_t len = sizeof any;

	cr_assert(getsockname(fd, (void *)&any, &len) == 0);
	return addr_of(&any);
}

Test(ends, each_has_a_socket_of_its_own)
{
	open_ends(3, 0);
	for (unsigned i = 0; i < 3; i++) {
		cr_expect_eq(ends_number(&e, i), i);
		cr_expect_eq(name_of(e.fd[i]).port, e.port[i]);
		cr_expect_neq(e.port[i], e.port[(i + 1) % 3]);
	}
	ends_close(&e);
}

Test(ends, take_their_addresses_in_turn_and_connect)
{
	struct addr from[2] = { loopback("::ffff:127.0.0.2"), loopback("::ffff:127.0.0.3") };
	struct addr peer = loopback("::ffff:127.0.0.1"), at;
	const struct ends_conf conf = { .n = 3, .from = from, .nfrom = 2, .peer = &peer };
	struct sockaddr_storage any;
	socklen_t len;

	peer.port = 5683;
	cr_assert(ends_open(&e, &conf, &err) == 0, "%s", err.text);
	for (unsigned i = 0; i < 3; i++) {
		at = name_of(e.fd[i]);
		cr_expect_eq(at.ip[15], 2 + i % 2);
		len = sizeof any;
		cr_assert(getpeername(e.fd[i], (void *)&any, &len) == 0);
		at = addr_of(&any);
		cr_expect(addr_eq(&at, &peer));
	}
	ends_close(&e);
}

Test(ends, address_that_is_not_ours_leaves_nothing_open)
{
	struct addr from[2] = { loopback("::1"), loopback("2001:db8::1") };
	const struct ends_conf conf = { .n = 3, .from = from, .nfrom = 2 };

	closed = 0;
	cr_assert_eq(ends_open(&e, &conf, &err), -EADDRNOTAVAIL);
	cr_expect(strstr(err.text, "2001:db8::1"), "%s", err.text);
	cr_expect_eq(closed, 2);
}

Test(ends, E22_renewed_one_has_another_number_and_port)
{
	uint16_t port;
	int fd;

	open_ends(2, 5);
	port = e.port[0];
	fd = e.fd[0];
	cr_assert(ends_renew(&e, 0, 1000, &err) == 0, "%s", err.text);
	cr_expect_eq(ends_number(&e, 0), 2);
	cr_expect_eq(ends_number(&e, 1), 1);
	cr_expect_eq(e.fd[0], -1);
	cr_expect_geq(e.fd[2], 0);
	cr_expect_neq(e.port[2], port);
	cr_expect_eq(fcntl(fd, F_GETFD), -1);
	ends_close(&e);
}

Test(ends, E22_numbers_come_again_when_their_lifetime_is_over_oldest_first)
{
	open_ends(2, 1);
	cr_assert_eq(ends_renew(&e, 1, 1000, &err), 0);
	cr_expect_eq(ends_number(&e, 1), 2);
	cr_expect_eq(ends_renew(&e, 0, 1010, &err), -EAGAIN);
	cr_expect(strstr(err.text, "within the last 10 s"), "%s", err.text);
	cr_expect_eq(ends_number(&e, 0), 0);
	cr_expect_geq(e.fd[0], 0);
	cr_assert_eq(ends_renew(&e, 0, 1011, &err), 0);
	cr_expect_eq(ends_number(&e, 0), 1);
	cr_expect_eq(ends_renew(&e, 1, 1021, &err), -EAGAIN);
	for (uint32_t s = 1022; s < 1200; s += 11) {
		cr_assert_eq(ends_renew(&e, (s & 1), s, &err), 0);
		cr_expect_eq(ends_renew(&e, (s & 1), s + 10, &err), -EAGAIN);
	}
	ends_close(&e);
}

Test(ends, E22_port_used_lately_is_not_taken)
{
	static const uint16_t ports[] = { 4001, 4002, 4003, 4001, 4001, 4004, 0 };

	script = ports;
	open_ends(2, 10);
	cr_assert_eq(ends_renew(&e, 0, 1000, &err), 0);
	cr_expect_eq(e.port[2], 4003);
	closed = 0;
	cr_assert_eq(ends_renew(&e, 1, 1010, &err), 0);
	cr_expect_eq(e.port[3], 4004);
	cr_expect_eq(closed, 3, "two in vain, and the old one");
	ends_close(&e);
}

Test(ends, E22_port_may_come_again_after_its_lifetime)
{
	static const uint16_t ports[] = { 4001, 4003, 4001, 0 };

	script = ports;
	open_ends(1, 10);
	cr_assert_eq(ends_renew(&e, 0, 1000, &err), 0);
	cr_assert_eq(ends_renew(&e, 0, 1011, &err), 0);
	cr_expect_eq(e.port[2], 4001);
	ends_close(&e);
}

Test(ends, E22_when_all_ports_were_used_lately_nothing_changes)
{
	uint16_t ports[200];

	open_ends(1, 10);
	for (unsigned i = 0; i < 200; i++)
		ports[i] = e.port[0];
	ports[0] = 9;
	ports[199] = 0;
	script = ports;
	cr_assert_eq(ends_renew(&e, 0, 1000, &err), 0);
	closed = 0;
	cr_expect_eq(ends_renew(&e, 0, 1001, &err), -EAGAIN);
	cr_expect_eq(ends_number(&e, 0), 1);
	cr_expect_geq(e.fd[1], 0);
	cr_expect_geq(closed, 2);
	ends_close(&e);
}
