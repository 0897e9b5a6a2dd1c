/* echo.h - what the bare echoes have in common, whichever way they receive and send: the answer, the
 * socket, and where answers leave from.  No state; each echo owns what it makes. */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ECHO_ANSWER 64u         /* bytes of an answer at most */
#define ECHO_TOKEN 8u

/* 2.05 with Content-Format 0; the length of the answer, 0 if it is no request.  Of a request only
 * type and token are looked at. */
static inline size_t echo_answer(const uint8_t *in, size_t n, uint8_t *out)
{
	static const uint8_t rest[] = "\xc0\xff" "hello, world";
	size_t token = n < 4 ? 0 : in[0] & 15u;

	if (n < 4 + token || in[0] >> 6 != 1 || (in[0] >> 4 & 3) > 1 || token > ECHO_TOKEN || !in[1])
		return 0;
	out[0] = (uint8_t)(((in[0] & 0x30) ? 0x50 : 0x60) | token);
	out[1] = 0x45;
	memcpy(out + 2, in + 2, 2 + token);
	memcpy(out + 4 + token, rest, sizeof rest - 1);
	return 4 + token + sizeof rest - 1;
}

/* The control message goes back as it came, so that the answer leaves where the request
 * arrived; the interface is the kernel's to pick. */
static inline void echo_address(struct msghdr *to, struct msghdr *from)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(from);

	*to = (struct msghdr){ .msg_name = from->msg_name, .msg_namelen = from->msg_namelen };
	if (!c || c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
		return;
	((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	to->msg_control = c;
	to->msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
}

/* A socket for both families at any address, like coapd's; its port is printed.  -1 with errno. */
static inline int echo_socket(uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0, room = 4 << 20;
	socklen_t n = sizeof at;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) ||
	    getsockname(fd, (struct sockaddr *)&at, &n))
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	printf("%u\n", ntohs(at.sin6_port));
	fflush(stdout);
	return fd;
}

#endif
