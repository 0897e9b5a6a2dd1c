#include "transport/udp.h"

#include "base/counter.h"
#include "base/log.h"
#include "transport/segment.h"
#include "transport/sockopt.h"
#include "transport/udp_end.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RCVBUF_WISH (4 << 20)
#define SNDBUF_WISH (1 << 20)

/* --- opening ---------------------------------------------------------------- */

/* Error queues for both families, as a v4-mapped peer's errors come by the IPv4
 * stack.  No group traffic that another socket joined for: each member of a
 * reuseport group would get a copy. */
static const struct sockopt common_options[] = {
	{ SOL_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY" },
	{ SOL_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR" },
	{ SOL_IP, IP_RECVERR, 1, "IP_RECVERR" },
	{ SOL_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL" },
	{ SOL_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL" },
	{ 0, 0, 0, NULL }
};

static const struct sockopt listen_options[] = {
	{ SOL_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO" },
	{ 0, 0, 0, NULL }
};

/* Asks for a buffer beyond the system's cap first, which takes CAP_NET_ADMIN.
 * Returns what the kernel gives in the end, without its doubling. */
static int set_buffer(int fd, int force, int plain, int wish)
{
	int got = 0;
	socklen_t len = sizeof got;

	if (setsockopt(fd, SOL_SOCKET, force, &wish, sizeof wish))
		(void)setsockopt(fd, SOL_SOCKET, plain, &wish, sizeof wish);
	(void)getsockopt(fd, SOL_SOCKET, plain, &got, &len);
	return got / 2;
}

static void warn_of_buffers(int rcv, int snd, const char *where)
{
	if (rcv < RCVBUF_WISH)
		log_warn("receive buffer of %s is %d bytes instead of %d, bursts may be lost: "
			 "raise net.core.rmem_max", where, rcv, RCVBUF_WISH);
	if (snd < SNDBUF_WISH)
		log_info("send buffer of %s is %d bytes instead of %d: raise net.core.wmem_max",
			 where, snd, SNDBUF_WISH);
}

static int open_socket(const struct sockopt *options, struct err *err)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return err_set(err, -errno, "cannot make a UDP socket: %s", strerror(errno));
	r = sockopt_set(fd, common_options, err);
	if (!r)
		r = sockopt_set(fd, options, err);
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

static int refused(int error, const struct addr *at, struct err *err)
{
	char text[ADDR_TEXT];

	addr_print(at, text, sizeof text);
	if (error == EADDRINUSE)
		return err_set(err, -error, "cannot listen on %s: another process has the port "
			       "(ss -ulpn 'sport = :%u' shows it)", text, at->port);
	return err_set(err, -error, "cannot listen on %s: %s", text, strerror(error));
}

static int set_reuseport(int fd, struct err *err)
{
	static const struct sockopt option[] = {
		{ SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT" },
		{ 0, 0, 0, NULL }
	};

	return sockopt_set(fd, option, err);
}

/* The first socket binds before it may share the port: so a port that anybody
 * holds, be it in a group of the same user, is refused by the kernel, without a
 * moment in which another one could slip in.  The others join its group. */
static int bind_member(int fd, unsigned member, unsigned count, struct addr *at,
		       struct err *err)
{
	struct sockaddr_in6 sin6 = addr_to_sin6(at);
	socklen_t len = sizeof sin6;

	if (member > 0) {
		int r = set_reuseport(fd, err);

		if (r)
			return r;
	}
	if (bind(fd, (struct sockaddr *)&sin6, sizeof sin6))
		return refused(errno, at, err);
	if (member > 0 || getsockname(fd, (struct sockaddr *)&sin6, &len))
		return 0;
	at->port = ntohs(sin6.sin6_port);
	return count > 1 ? set_reuseport(fd, err) : 0;
}

static int open_member(unsigned member, unsigned count, struct addr *at, struct err *err)
{
	int fd = open_socket(listen_options, err), rcv, snd, r;
	char text[ADDR_TEXT];

	if (fd < 0)
		return fd;
	rcv = set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RCVBUF_WISH);
	snd = set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SNDBUF_WISH);
	r = bind_member(fd, member, count, at, err);
	if (r) {
		close(fd);
		return r;
	}
	if (member == 0)
		warn_of_buffers(rcv, snd, addr_print(at, text, sizeof text));
	return fd;
}

int udp_open(const struct addr *at, unsigned count, int *fds, struct addr *bound,
	     struct err *err)
{
	struct addr a = *at;

	for (unsigned i = 0; i < count; i++) {
		fds[i] = open_member(i, count, &a, err);
		if (fds[i] < 0) {
			int r = fds[i];

			while (i--)
				close(fds[i]);
			return r;
		}
	}
	if (bound)
		*bound = a;
	return 0;
}

static int number_of(int fd, int name)
{
	int n = -1;
	socklen_t len = sizeof n;

	return getsockopt(fd, SOL_SOCKET, name, &n, &len) ? -1 : n;
}

unsigned udp_receive_buffer(int fd)
{
	int n = number_of(fd, SO_RCVBUF);

	return n > 0 ? (unsigned)n : 0;
}

int udp_bound(int fd, struct addr *bound, struct err *err)
{
	struct sockaddr_in6 sin6 = { 0 };
	socklen_t len = sizeof sin6;

	if (number_of(fd, SO_DOMAIN) == AF_INET)
		return err_set(err, -EAFNOSUPPORT, "is a socket for IPv4 alone: write its address "
			       "as in [::ffff:192.0.2.1]:5683");
	if (number_of(fd, SO_PROTOCOL) != IPPROTO_UDP ||
	    getsockname(fd, (struct sockaddr *)&sin6, &len) || sin6.sin6_family != AF_INET6)
		return err_set(err, -EAFNOSUPPORT, "is no UDP socket");
	if (!sin6.sin6_port)
		return err_set(err, -EDESTADDRREQ, "is not bound to an address");
	*bound = addr_from_sin6(&sin6);
	return 0;
}

static int adopt(int fd, struct err *err)
{
	/* Once it is bound, the first one is settled. */
	int r = sockopt_set(fd, common_options + 1, err);

	if (!r)
		r = sockopt_set(fd, listen_options, err);
	if (!r && (fcntl(fd, F_SETFD, FD_CLOEXEC) ||
		   fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)))
		r = err_set(err, -errno, "cannot set up a socket: %s", strerror(errno));
	return r;
}

int udp_adopt(const int *fds, unsigned count, struct err *err)
{
	char text[ADDR_TEXT];
	struct addr at;
	int rcv, snd;

	for (unsigned i = 0; i < count; i++) {
		int r = adopt(fds[i], err);

		if (r)
			return r;
		rcv = set_buffer(fds[i], SO_RCVBUFFORCE, SO_RCVBUF, RCVBUF_WISH);
		snd = set_buffer(fds[i], SO_SNDBUFFORCE, SO_SNDBUF, SNDBUF_WISH);
		if (i == 0 && udp_bound(fds[i], &at, NULL) == 0)
			warn_of_buffers(rcv, snd, addr_print(&at, text, sizeof text));
	}
	return 0;
}

int udp_open_client(int *fd, struct err *err)
{
	return udp_end_open(NULL, NULL, fd, NULL, err);
}

/* --- wiring ------------------------------------------------------------------- */

/* Makes header i ready to receive; a header that is not ready holds a datagram. */
static void arm(struct batch *b, unsigned i, bool named)
{
	struct mmsghdr *h = &b->rx_hdr[i];

	h->msg_hdr.msg_namelen = named ? sizeof b->rx[i].from : 0;
	h->msg_hdr.msg_controllen = sizeof b->rx[i].control;
	h->msg_hdr.msg_flags = 0;
	h->msg_len = BATCH_UNTOUCHED;
	if (b->rx[i].tries)
		b->rx[i].tries = 0;
}

static void wire_rx(struct batch *b, unsigned i)
{
	struct msghdr *m = &b->rx_hdr[i].msg_hdr;

	m->msg_name = &b->rx[i].from;
	m->msg_control = b->rx[i].control;
	m->msg_iov = &b->rx_iov[i];
	m->msg_iovlen = 1;
	b->rx_iov[i] = (struct iovec){ b->rx[i].data, DGRAM_RX_MAX };
}

static void wire_tx(struct batch *b, unsigned i)
{
	struct msghdr *m = &b->tx_hdr[i].msg_hdr;

	m->msg_name = &b->tx_name[i];
	m->msg_namelen = sizeof b->tx_name[i];
	m->msg_control = b->tx_control[i];
	m->msg_iov = &b->tx_iov[i];
	m->msg_iovlen = 1;
	b->tx_iov[i].iov_base = b->tx[i].data;
}

/* Page faults before the first datagram instead of with it. */
static void touch(void *p, size_t n)
{
	volatile uint8_t *at = p;

	for (size_t i = 0; i < n; i += 4096)
		at[i] = at[i];
}

void udp_wire(struct space *s, enum space_state state)
{
	struct batch *b = batch_of(s);

	touch(b, sizeof *b);
	for (unsigned i = 0; i < BATCH_RX; i++) {
		wire_rx(b, i);
		if (state == SPACE_NEW)
			arm(b, i, true);
	}
	for (unsigned i = 0; i < BATCH_TX; i++)
		wire_tx(b, i);
	if (state == SPACE_NEW)
		b->rx_n = b->rx_sock = b->tx_sent = 0;
}

/* --- receiving ---------------------------------------------------------------- */

static inline bool pktinfo(const struct cmsghdr *c, struct local *to)
{
	const uint8_t *info = CMSG_DATA(c);

	if (c->cmsg_level != SOL_IPV6 || c->cmsg_type != IPV6_PKTINFO ||
	    c->cmsg_len < CMSG_LEN(sizeof(struct in6_pktinfo)))
		return false;
	memcpy(to->ip, info + offsetof(struct in6_pktinfo, ipi6_addr), 16);
	if (addr_is_linklocal(to->ip) || addr_is_multicast(to->ip))
		memcpy(&to->ifindex, info + offsetof(struct in6_pktinfo, ipi6_ifindex), 4);
	return true;
}

bool udp_pktinfo(const struct cmsghdr *c, struct local *to)
{
	return pktinfo(c, to);
}

/* Any control data, or none. */
static __attribute__((noinline)) void parse_control(struct rx_dgram *d, struct msghdr *m)
{
	memset(d->to.ip, 0, sizeof d->to.ip);
	if (m->msg_controllen > sizeof d->control)
		m->msg_controllen = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		(void)pktinfo(c, &d->to);
}

/* Derives what the datagram's header says.  It may have been filled for a worker
 * that died, so lengths are not believed. */
__attribute__((always_inline)) static inline void parse(struct rx_dgram *d, struct mmsghdr *h,
							uint16_t sock, const struct addr *peer)
{
	struct msghdr *m = &h->msg_hdr;

	d->to.ifindex = 0;
	d->to.sock = sock;
	d->to.zero = 0;
	d->len = h->msg_len;
	if (peer)
		addr_put_sin6(peer, &d->from);
	else if (m->msg_namelen != sizeof d->from || d->from.sin6_family != AF_INET6)
		d->len = 0;
	/* Nearly always it is this one piece. */
	if (m->msg_controllen != CMSG_SPACE(sizeof(struct in6_pktinfo)) ||
	    !pktinfo((const struct cmsghdr *)(const void *)d->control, &d->to))
		parse_control(d, m);
}

static void parse_all(struct batch *b, unsigned n, const struct addr *peer)
{
	uint16_t sock = (uint16_t)b->rx_sock;

	for (unsigned i = 0; i < n; i++)
		parse(&b->rx[i], &b->rx_hdr[i], sock, peer);
}

void udp_adopted(struct space *s, unsigned n)
{
	struct batch *b = batch_of(s);

	assert(n <= BATCH_RX);
	parse_all(b, n, NULL);
	for (unsigned i = n; i < BATCH_RX; i++)
		arm(b, i, true);
}

/* One datagram of a connected socket: the plainest call is the cheapest by far. */
static int receive_one(int fd, struct batch *b)
{
	ssize_t n = recv(fd, b->rx[0].data, DGRAM_RX_MAX, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return -1;
	b->rx_hdr[0].msg_hdr.msg_controllen = 0;
	b->rx_hdr[0].msg_len = (unsigned)n;
	return 1;
}

/* MSG_TRUNC asks for the true length of what did not fit. */
static int receive(const struct udp_socks *socks, unsigned sock, struct batch *b)
{
	unsigned most = socks->most ? socks->most : BATCH_RX;

	if (most == 1 && socks->peer)
		return receive_one(socks->fd[sock], b);
	return recvmmsg(socks->fd[sock], b->rx_hdr, most, MSG_DONTWAIT | MSG_TRUNC, NULL);
}

int udp_receive(struct space *s, const struct udp_socks *socks, unsigned sock)
{
	struct batch *b = batch_of(s);
	int n, error;

	assert(space_rx_next(s) == b->rx_n && batch_has_room(s) && sock < socks->n);
	/* Each step leaves a batch that is either done with or empty, until the
	 * one that says: ask the headers. */
	for (unsigned i = 0; i < b->rx_n; i++)
		arm(b, i, !socks->peer);
	space_set(&b->rx_n, 0);
	space_set(&b->rx_sock, sock);
	space_commit(s, 0, space_tx_n(s), 0);
	space_set(&b->rx_n, BATCH_RX_UNKNOWN);
	n = receive(socks, sock, b);
	error = errno;
	space_set(&b->rx_n, n < 0 ? 0 : (uint32_t)n);
	if (n < 0)
		return error == EAGAIN || error == EINTR ? 0 : -error;
	parse_all(b, (unsigned)n, socks->peer);
	return n;
}

/* --- sending ------------------------------------------------------------------ */

static bool is_zero(const uint8_t ip[16])
{
	uint64_t a, b;

	memcpy(&a, ip, 8);
	memcpy(&b, ip + 8, 8);
	return (a | b) == 0;
}

/* The answer leaves from the address that was asked; from a group's it cannot.  An
 * interface alone says where a request to a group goes out.  Where IPv4 is to be
 * spoken, "any address" must be one of that family. */
static inline size_t put_pktinfo(const struct tx_dgram *d, uint8_t *control)
{
	static const uint8_t v4_any[16] = { [10] = 0xff, [11] = 0xff }, none[16];
	const struct local *from = &d->from;
	const uint8_t *ip = from->ip;
	struct cmsghdr c = { .cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo)),
			     .cmsg_level = SOL_IPV6, .cmsg_type = IPV6_PKTINFO };
	bool any = is_zero(ip);

	if (any && !from->ifindex)
		return 0;
	if (any || addr_is_multicast(ip))
		ip = addr_is_v4(d->to.ip) ? v4_any : none;
	memcpy(control, &c, sizeof c);
	memcpy(control + CMSG_LEN(0), ip, 16);
	memcpy(control + CMSG_LEN(0) + 16, &from->ifindex, 4);
	return CMSG_SPACE(sizeof(struct in6_pktinfo));
}

static inline void fill(struct batch *b, unsigned i, const struct udp_socks *socks)
{
	struct tx_dgram *d = &b->tx[i];
	struct msghdr *m = &b->tx_hdr[i].msg_hdr;

	b->tx_iov[i].iov_len = d->len;
	if (socks->peer) {
		m->msg_namelen = m->msg_controllen = 0;
		return;
	}
	addr_put_sin6(&d->to, &b->tx_name[i]);
	m->msg_namelen = sizeof b->tx_name[i];
	m->msg_controllen = put_pktinfo(d, b->tx_control[i]);
}

/* Sent, given up or lost. */
static bool is_gone(const struct batch *b, unsigned i)
{
	return b->tx_hdr[i].msg_len != BATCH_UNTOUCHED;
}

/* Else memory is damaged, or the socket was one of a listener that is gone. */
static bool is_open(const struct udp_socks *socks, unsigned sock)
{
	return sock < socks->n && socks->fd[sock] >= 0;
}

/* Fills headers from i on as long as they leave by the same socket; returns the
 * first that does not.  goes_on: those that can go in one piece with the one before them. */
static unsigned fill_run(struct batch *b, unsigned i, unsigned n, const struct udp_socks *socks,
			 uint64_t *goes_on)
{
	unsigned sock = b->tx[i].from.sock, piece = i;

	*goes_on = 0;
	if (!is_open(socks, sock) || b->tx[i].len > DGRAM_TX_MAX)
		return i;
	fill(b, i++, socks);
	for (; i < n && b->tx[i].from.sock == sock && !is_gone(b, i) &&
	       b->tx[i].len <= DGRAM_TX_MAX; i++)
		if (socks->segments && segment_goes_on(b, piece, i)) {
			b->tx_iov[i].iov_len = b->tx[i].len;
			*goes_on |= 1ull << i;
		} else {
			fill(b, i, socks);
			piece = i;
		}
	return i;
}

/* They are to be sent one by one after all. */
__attribute__((cold, noinline))
static void fill_all(struct batch *b, unsigned i, unsigned end, const struct udp_socks *socks)
{
	for (; i < end; i++)
		fill(b, i, socks);
}

static void give_up(struct space *s, unsigned i)
{
	batch_of(s)->tx_hdr[i].msg_len = 0;
	space_count(s, COUNT_TX_FAILED);
}

static int send_one(int fd, struct batch *b, unsigned i)
{
	if (send(fd, b->tx[i].data, b->tx[i].len, MSG_DONTWAIT) < 0)
		return -1;
	b->tx_hdr[i].msg_len = b->tx[i].len;
	return 1;
}

/* Sends some of i up to end by one socket: returns how many, or -1 with errno. */
static int send_some(const struct udp_socks *socks, uint64_t goes_on, struct batch *b, unsigned i,
		     unsigned end)
{
	int fd = socks->fd[b->tx[i].from.sock];

	if (socks->peer && end - i == 1)
		return send_one(fd, b, i);
	if (goes_on)
		return segment_send(fd, b, goes_on, i, end);
	return sendmmsg(fd, b->tx_hdr + i, end - i, MSG_DONTWAIT);
}

#define SEND_TRIES 4u   /* errors of other datagrams that may be in the way of one */

/* Sends all of them.  Returns the first that is still to be sent. */
static unsigned send_run(struct space *s, const struct udp_socks *socks, uint64_t goes_on,
			 unsigned i, unsigned end)
{
	struct batch *b = batch_of(s);
	unsigned tries = 0;

	while (i < end) {
		int r = send_some(socks, goes_on, b, i, end);

		if (r > 0) {
			s->ctl->counter[COUNT_TX] += (unsigned)r;
			i += (unsigned)r;
			tries = 0;
		} else if (errno == EAGAIN) {
			break;
		} else if (tries++ < SEND_TRIES) {
			/* Likely the error of a datagram sent before, to somebody
			 * else; asking took it away, and another may have come. */
			space_count(s, COUNT_TX_AGAIN);
			if (goes_on)            /* not every device has pieces */
				fill_all(b, i, end, socks);
			goes_on = 0;
		} else {
			give_up(s, i++);
			tries = 0;
		}
	}
	return i;
}

void udp_lose(struct space *s, unsigned i)
{
	assert(i < space_tx_n(s));
	batch_of(s)->tx_hdr[i].msg_len = batch_of(s)->tx[i].len;
}

enum udp_flush udp_flush(struct space *s, const struct udp_socks *socks, unsigned *blocked)
{
	struct batch *b = batch_of(s);
	unsigned n = space_tx_n(s), i = 0, end;
	uint64_t goes_on;

	while (i < n) {
		if (is_gone(b, i)) {
			i++;
			continue;
		}
		end = fill_run(b, i, n, socks, &goes_on);
		if (end == i) {
			give_up(s, i++);
			continue;
		}
		i = send_run(s, socks, goes_on, i, end);
		if (i < end) {
			*blocked = b->tx[i].from.sock;
			return UDP_BLOCKED;
		}
	}
	return UDP_SENT;
}
