/* dns_server.h - for tests: a DNS server on the loopback interface, on the test's own loop.
 *
 * It knows the names of one table, and how badly to answer for them; all others do not
 * exist.  UDP and TCP on one port that the kernel picks. */
#ifndef UNIT_DNS_SERVER_H
#define UNIT_DNS_SERVER_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum dns_how {
	DNS_ANSWERS,            /* with the addresses of the row */
	DNS_HELD,               /* the same, but not before dns_server.hold were asked */
	DNS_TRUNCATES,          /* over UDP; by TCP it answers */
	DNS_FAILS,              /* SERVFAIL */
	DNS_SILENT,
	DNS_SHORT,              /* datagrams of a few bytes, and of none */
	DNS_NONSENSE            /* a record longer than its message */
};

struct dns_name {
	const char *name;
	enum dns_how how;
	const char *addr[20];
};

struct dns_packet {
	struct sockaddr_in from;
	size_t n;
	uint8_t data[512];
};

#define DNS_HELD_MAX 8

struct dns_server {
	struct ev_loop *loop;
	const struct dns_name *names;
	ev_io udp, tcp, call;
	char address[32];               /* "127.0.0.1:PORT" */
	unsigned asked, by_tcp;         /* all the questions so far, by UDP and by TCP */
	unsigned hold, nheld;
	struct dns_packet held[DNS_HELD_MAX];
	void (*on_question)(struct dns_server *s);      /* may be NULL */
	void *arg;
};

/* The question's name as text; returns where its type is. */
static inline size_t dns_question(const struct dns_packet *p, char name[256])
{
	size_t at = 12, n = 0;

	while (at < p->n && p->data[at]) {
		size_t len = p->data[at++];

		cr_assert(at + len < p->n && n + len + 2 < 256);
		if (n)
			name[n++] = '.';
		memcpy(name + n, p->data + at, len);
		n += len;
		at += len;
	}
	name[n] = 0;
	return at + 1;
}

static inline const struct dns_name *dns_find(const struct dns_server *s, const char *name)
{
	const struct dns_name *row = s->names;

	while (row->name && strcasecmp(row->name, name))
		row++;
	return row->name ? row : NULL;
}

/* Appends a record about the question's name. */
static inline size_t dns_record(uint8_t *out, bool v6, const uint8_t *ip)
{
	uint8_t head[12] = { 0xc0, 12, 0, v6 ? 28 : 1, 0, 1, 0, 0, 0, 60, 0, v6 ? 16 : 4 };

	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, ip, head[11]);
	return sizeof head + head[11];
}

static inline size_t dns_records(uint8_t *out, const struct dns_name *row, bool v6,
				 uint8_t *count)
{
	uint8_t ip[16];
	size_t n = 0;

	for (const char *const *a = row->addr; *a; a++)
		if (inet_pton(v6 ? AF_INET6 : AF_INET, *a, ip) == 1) {
			n += dns_record(out + n, v6, ip);
			++*count;
		}
	return n;
}

/* Writes the answer to p; returns its length, 0 for none. */
static inline size_t dns_reply(const struct dns_server *s, const struct dns_packet *p, bool tcp,
			       uint8_t *out)
{
	char name[256];
	size_t type = dns_question(p, name), n = type + 4;
	const struct dns_name *row = dns_find(s, name);
	uint8_t count = 0;

	memcpy(out, p->data, n);
	memset(out + 4, 0, 8);
	out[2] = 0x81;                          /* a response, recursion was desired */
	out[3] = row ? 0x80 : 0x83;             /* and is available; NXDOMAIN */
	out[5] = 1;
	if (row && row->how == DNS_FAILS) {
		out[3] = 0x82;
	} else if (row && row->how == DNS_TRUNCATES && !tcp) {
		out[2] |= 0x02;
	} else if (row && row->how == DNS_NONSENSE) {
		n += dns_record(out + n, true, out) - 8;
		count = 1;
	} else if (row) {
		n += dns_records(out + n, row, p->data[type + 1] == 28, &count);
	}
	out[7] = count;
	return n;
}

static inline void dns_send(const struct dns_server *s, const struct dns_packet *p,
			    const uint8_t *data, size_t n)
{
	cr_assert_eq(sendto(s->udp.fd, data, n, 0, (const struct sockaddr *)&p->from,
			    sizeof p->from), (ssize_t)n);
}

static inline void dns_answer(const struct dns_server *s, const struct dns_packet *p)
{
	uint8_t out[2048];

	dns_send(s, p, out, dns_reply(s, p, false, out));
}

/* Questions that are held are answered with those of IPv4 first. */
static inline void dns_release(struct dns_server *s)
{
	for (uint8_t type = 1; type <= 28; type += 27)
		for (unsigned i = 0; i < s->nheld; i++) {
			char name[256];

			if (s->held[i].data[dns_question(&s->held[i], name) + 1] == type)
				dns_answer(s, &s->held[i]);
		}
	s->nheld = 0;
	s->hold = 0;
}

static inline void dns_act(struct dns_server *s, const struct dns_packet *p)
{
	char name[256];
	const struct dns_name *row;

	dns_question(p, name);
	row = dns_find(s, name);
	switch (row ? row->how : DNS_ANSWERS) {
	case DNS_SILENT:
		return;
	case DNS_SHORT:
		dns_send(s, p, p->data, 5);
		dns_send(s, p, p->data, 0);
		return;
	case DNS_HELD:
		if (s->hold) {
			cr_assert_lt(s->nheld, DNS_HELD_MAX);
			s->held[s->nheld++] = *p;
			if (s->nheld >= s->hold)
				dns_release(s);
			return;
		}
		break;
	default:
		break;
	}
	dns_answer(s, p);
}

static inline void dns_on_udp(struct ev_loop *loop, ev_io *w, int events)
{
	struct dns_server *s = w->data;
	struct dns_packet p;
	socklen_t len = sizeof p.from;
	ssize_t n = recvfrom(w->fd, p.data, sizeof p.data, MSG_DONTWAIT,
			     (struct sockaddr *)&p.from, &len);

	(void)loop;
	(void)events;
	if (n < 0)
		return;
	p.n = (size_t)n;
	s->asked++;
	if (s->on_question)
		s->on_question(s);
	dns_act(s, &p);
}

/* --- TCP: a connection at a time, questions that come whole ------------------------ */

static inline void dns_hang_up(struct dns_server *s)
{
	if (!ev_is_active(&s->call))
		return;
	ev_io_stop(s->loop, &s->call);
	close(s->call.fd);
}

static inline void dns_on_call(struct ev_loop *loop, ev_io *w, int events)
{
	struct dns_server *s = w->data;
	uint8_t in[2048], out[2048];
	ssize_t got = recv(w->fd, in, sizeof in, MSG_DONTWAIT);
	struct dns_packet p;
	size_t n;

	(void)loop;
	(void)events;
	if (got <= 0) {
		dns_hang_up(s);
		return;
	}
	for (ssize_t at = 0; at < got; at += 2 + (ssize_t)p.n) {
		p.n = (size_t)in[at] << 8 | in[at + 1];
		cr_assert(p.n <= sizeof p.data && at + 2 + (ssize_t)p.n <= got);
		memcpy(p.data, in + at + 2, p.n);
		n = dns_reply(s, &p, true, out + 2);
		out[0] = (uint8_t)(n >> 8);
		out[1] = (uint8_t)n;
		cr_assert_eq(write(w->fd, out, n + 2), (ssize_t)n + 2);
		s->by_tcp++;
	}
}

static inline void dns_on_tcp(struct ev_loop *loop, ev_io *w, int events)
{
	struct dns_server *s = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	cr_assert_geq(fd, 0);
	dns_hang_up(s);
	ev_io_set(&s->call, fd, EV_READ);
	ev_io_start(loop, &s->call);
}

/* --- life ----------------------------------------------------------------------------- */

static inline int dns_socket(int type, struct sockaddr_in *at)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof *at;

	cr_assert_geq(fd, 0);
	if (bind(fd, (struct sockaddr *)at, sizeof *at)) {
		close(fd);
		return -1;
	}
	cr_assert_eq(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

/* Two sockets of one port: what the kernel picks for UDP is nearly always free for TCP. */
static inline void dns_bind(struct dns_server *s, int *udp, int *tcp)
{
	struct sockaddr_in at;

	for (*tcp = -1; *tcp < 0; ) {
		at = (struct sockaddr_in){ .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		*udp = dns_socket(SOCK_DGRAM, &at);
		*tcp = dns_socket(SOCK_STREAM, &at);
		if (*tcp < 0)
			close(*udp);
	}
	cr_assert_eq(listen(*tcp, 4), 0);
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(at.sin_port));
}

static inline void dns_open(struct dns_server *s, struct ev_loop *loop,
			    const struct dns_name *names)
{
	int udp, tcp;

	*s = (struct dns_server){ .loop = loop, .names = names };
	dns_bind(s, &udp, &tcp);
	ev_io_init(&s->udp, dns_on_udp, udp, EV_READ);
	ev_io_init(&s->tcp, dns_on_tcp, tcp, EV_READ);
	ev_io_init(&s->call, dns_on_call, -1, EV_READ);
	s->udp.data = s->tcp.data = s->call.data = s;
	ev_io_start(loop, &s->udp);
	ev_io_start(loop, &s->tcp);
}

static inline void dns_close(struct dns_server *s)
{
	dns_hang_up(s);
	ev_io_stop(s->loop, &s->udp);
	ev_io_stop(s->loop, &s->tcp);
	close(s->udp.fd);
	close(s->tcp.fd);
}

#endif
