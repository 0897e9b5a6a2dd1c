#include "transport/icmp.h"

#include "transport/udp.h"

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

/* The address the error was sent to is the one we had sent from. */
static void take_control(struct icmp_error *out, const struct cmsghdr *c)
{
	struct sock_extended_err e;

	if (udp_pktinfo(c, &out->from) || !is_report(c))
		return;
	memcpy(&e, CMSG_DATA(c), sizeof e);
	out->unreachable = is_unreachable(&e);
}

/* A socket of IPv4 names its peers so. */
static struct addr peer_of(const struct sockaddr_in6 *to)
{
	struct sockaddr_in v4;
	struct addr a = { .ip = { [10] = 0xff, [11] = 0xff } };

	if (to->sin6_family != AF_INET)
		return addr_from_sin6(to);
	memcpy(&v4, to, sizeof v4);
	memcpy(a.ip + 12, &v4.sin_addr, 4);
	a.port = ntohs(v4.sin_port);
	return a;
}

static bool read_one(int fd, unsigned sock, struct icmp_error *out)
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
	out->to = peer_of(&to);
	out->from = (struct local){ .sock = (uint16_t)sock };
	out->unreachable = false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		take_control(out, c);
	return true;
}

unsigned icmp_read(int fd, unsigned sock, struct icmp_error out[ICMP_BATCH])
{
	unsigned n = 0;

	while (n < ICMP_BATCH && read_one(fd, sock, &out[n]))
		n++;
	return n;
}
