#include "transport/udp_end.h"

#include "transport/sockopt.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Either family's address. */
union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static union name name_of(const struct addr *a, int family)
{
	union name n = { .v6 = addr_to_sin6(a) };

	if (family == AF_INET6)
		return n;
	n.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(a->port) };
	memcpy(&n.v4.sin_addr, a->ip + 12, 4);
	return n;
}

static struct addr addr_of(const union name *n)
{
	struct addr a = { .ip = { [10] = 0xff, [11] = 0xff } };

	if (n->any.sa_family == AF_INET6)
		return addr_from_sin6(&n->v6);
	memcpy(a.ip + 12, &n->v4.sin_addr, 4);
	a.port = ntohs(n->v4.sin_port);
	return a;
}

static int make(int family, struct err *err)
{
	static const struct sockopt v4[] = {
		{ SOL_IP, IP_RECVERR, 1, "IP_RECVERR" },
		{ SOL_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL" },
		{ 0, 0, 0, NULL }
	};
	static const struct sockopt v6[] = {
		{ SOL_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY" },
		{ SOL_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR" },
		{ SOL_IP, IP_RECVERR, 1, "IP_RECVERR" },
		{ SOL_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL" },
		{ SOL_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL" },
		{ 0, 0, 0, NULL }
	};
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return err_set(err, -errno, "cannot make a UDP socket: %s", strerror(errno));
	r = sockopt_set(fd, family == AF_INET ? v4 : v6, err);
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

/* The kernel looks for a free port only among those for short use. */
static int not_bound(int error, const struct addr *at, struct err *err)
{
	char text[ADDR_TEXT];

	addr_print(at, text, sizeof text);
	if (error == EADDRINUSE && at->port == 0)
		return err_set(err, -error, "no local port is left at %s: "
			       "net.ipv4.ip_local_port_range has how many there are", text);
	return err_set(err, -error, "cannot send from %s: %s", text, strerror(error));
}

static int not_connected(int error, const struct addr *peer, struct err *err)
{
	char text[ADDR_TEXT];

	return err_set(err, -error, "no way to %s: %s", addr_print(peer, text, sizeof text),
		       strerror(error));
}

static int settle(int fd, int family, const struct addr *at, const struct addr *peer,
		  struct addr *bound, struct err *err)
{
	union name name = name_of(at, family);
	socklen_t len = family == AF_INET ? sizeof name.v4 : sizeof name.v6;

	if (bind(fd, &name.any, len))
		return not_bound(errno, at, err);
	if (peer) {
		name = name_of(peer, family);
		if (connect(fd, &name.any, len))
			return not_connected(errno, peer, err);
	}
	if (bound && getsockname(fd, &name.any, &len) == 0)
		*bound = addr_of(&name);
	return 0;
}

int udp_end_open(const struct addr *at, const struct addr *peer, int *fd, struct addr *bound,
		 struct err *err)
{
	static const struct addr any;
	bool v4 = peer && addr_is_v4(peer->ip) && (!at || addr_is_v4(at->ip));
	int family = v4 ? AF_INET : AF_INET6, r;

	*fd = make(family, err);
	if (*fd < 0)
		return *fd;
	r = settle(*fd, family, at ? at : &any, peer, bound, err);
	if (r)
		close(*fd);
	return r;
}

int udp_end_hops(int fd, unsigned hops, struct err *err)
{
	const struct sockopt table[] = {
		{ SOL_IPV6, IPV6_MULTICAST_HOPS, (int)hops, "IPV6_MULTICAST_HOPS" },
		{ SOL_IP, IP_MULTICAST_TTL, (int)hops, "IP_MULTICAST_TTL" },
		{ 0, 0, 0, NULL }
	};

	return sockopt_set(fd, table, err);
}
