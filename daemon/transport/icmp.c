#include "transport/icmp.h"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

static bool is_unreachable(const struct sock_extended_err *e)
{
	switch (e->ee_origin) {
	case SO_EE_ORIGIN_ICMP:
		return e->ee_type == ICMP_DEST_UNREACH && e->ee_code != ICMP_FRAG_NEEDED;
	case SO_EE_ORIGIN_ICMP6:
		return e->ee_type == ICMP6_DST_UNREACH;
	default:
		return false;
	}
}

/* The errors of v4-mapped peers may come as either family's. */
static bool is_report(const struct cmsghdr *c)
{
	return ((c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR) ||
		(c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR)) &&
	       c->cmsg_len >= CMSG_LEN(sizeof(struct sock_extended_err));
}

static bool says_unreachable(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct sock_extended_err e;

		if (!is_report(c))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		return is_unreachable(&e);
	}
	return false;
}

static bool read_one(int fd, struct icmp_error *out)
{
	struct sockaddr_in6 to = { 0 };
	_Alignas(8) uint8_t control[256];
	struct iovec iov = { out->quote, sizeof out->quote };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof control };
	ssize_t n = recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n < 0)
		return false;
	out->n = (size_t)n;
	out->to = addr_from_sin6(&to);
	out->unreachable = to.sin6_family == AF_INET6 && says_unreachable(&m);
	return true;
}

unsigned icmp_read(int fd, struct icmp_error out[ICMP_BATCH])
{
	unsigned n = 0;

	while (n < ICMP_BATCH && read_one(fd, &out[n]))
		n++;
	return n;
}
