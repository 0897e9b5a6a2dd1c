#include "worker/order.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];

static void begin(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
}

TestSuite(order, .init = begin);

Test(order, one_goes_with_its_descriptor)
{
	struct order o = { .what = 'T', .all = 1 }, got;
	int ends[2], fd;
	char c = 0;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(order_send(pair[0], &o, ends[1]), 0);
	close(ends[1]);
	cr_assert_eq(order_take(pair[1], &got, &fd), 1);
	cr_expect_eq(got.what, 'T');
	cr_expect_eq(got.all, 1);
	cr_assert_geq(fd, 0);
	cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_assert_eq(write(fd, "x", 1), 1);
	cr_assert_eq(read(ends[0], &c, 1), 1);
	cr_expect_eq(c, 'x');
	close(fd);
	close(ends[0]);
}

Test(order, a_byte_is_one_without_more)
{
	struct order got;
	int fd;

	cr_assert_eq(write(pair[0], "D", 1), 1);
	cr_assert_eq(order_take(pair[1], &got, &fd), 1);
	cr_expect_eq(got.what, 'D');
	cr_expect_eq(fd, -1);
	cr_expect_eq(order_take(pair[1], &got, &fd), 0, "there is no other");
	close(pair[0]);
	cr_expect_eq(order_take(pair[1], &got, &fd), -ECONNRESET);
}

Test(order, a_full_socket_is_not_waited_for)
{
	struct order o = { .what = 'T' };
	int rc = 0;

	for (unsigned i = 0; i < 100000 && rc == 0; i++)
		rc = order_send(pair[0], &o, -1);
	cr_expect_eq(rc, -EAGAIN);
}

Test(order, about_whom)
{
	struct order o = { .all = 1 };
	struct addr a, b;

	cr_assert_eq(addr_parse("[2001:db8::1]:5683", &a), 0);
	cr_assert_eq(addr_parse("[2001:db8::2]:5683", &b), 0);
	cr_expect(order_is_about(&o, &a));
	o.all = 0;
	o.peer = a;
	cr_expect(order_is_about(&o, &a));
	cr_expect_not(order_is_about(&o, &b));
	a.port = 1;
	cr_expect_not(order_is_about(&o, &a));
	o.peer.port = 0;
	cr_expect(order_is_about(&o, &a), "whatever its port");
	a.scope = 3;
	cr_expect(order_is_about(&o, &a), "whatever its interface");
}
