#include "transport/sockopt.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

Test(sockopt, all_are_set)
{
	const struct sockopt table[] = {
		{ SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT" },
		{ SOL_IPV6, IPV6_MULTICAST_HOPS, 9, "IPV6_MULTICAST_HOPS" },
		{ 0, 0, 0, NULL }
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), got = 0;
	socklen_t n = sizeof got;

	cr_assert_eq(sockopt_set(fd, table, NULL), 0);
	cr_assert(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &got, &n) == 0);
	cr_expect_eq(got, 1);
	cr_assert(getsockopt(fd, SOL_IPV6, IPV6_MULTICAST_HOPS, &got, &n) == 0);
	cr_expect_eq(got, 9);
}

Test(sockopt, the_one_that_fails_is_named)
{
	const struct sockopt table[] = {
		{ SOL_IPV6, IPV6_MULTICAST_HOPS, 300, "IPV6_MULTICAST_HOPS" },
		{ SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT" },
		{ 0, 0, 0, NULL }
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), got = 1;
	socklen_t n = sizeof got;
	struct err err;

	cr_assert_eq(sockopt_set(fd, table, &err), -EINVAL);
	cr_expect(strstr(err.text, "IPV6_MULTICAST_HOPS"), "%s", err.text);
	cr_assert(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &got, &n) == 0);
	cr_expect_eq(got, 0);
}
