/* bench_server.h - for tests: a server to put load on, in the loop of the test.
 *
 * It answers GET with its state, takes another by PUT, and tells its observers. */
#ifndef UNIT_BENCH_SERVER_H
#define UNIT_BENCH_SERVER_H

#include "coap/code.h"
#include "coap/frame_udp.h"
#include "coap/option.h"

#include <criterion/criterion.h>
#include <ev.h>
#include <sys/socket.h>
#include <unistd.h>

#define BENCH_SERVER_OBSERVERS 64

struct bench_server {
	int fd;
	struct addr at;
	ev_io io;
	uint8_t code;           /* of answers to GET */
	bool silent;
	unsigned hold;          /* answers are kept until so many requests have come */
	unsigned requests, puts, left;
	char state[32];
	unsigned observers;
	struct {
		struct sockaddr_in6 who;
		uint8_t token[8];
	} observer[BENCH_SERVER_OBSERVERS];
	struct {
		struct sockaddr_in6 who;
		uint8_t m[64];
		size_t n;
	} held[256];
	unsigned nheld;
	/* Each request, before it is answered. */
	void (*seen)(const struct sockaddr_in6 *who, const struct message *m);
};

static inline void bench_server_send(struct bench_server *s, const struct sockaddr_in6 *to,
				     const uint8_t *m, size_t n)
{
	if (s->requests < s->hold) {
		memcpy(s->held[s->nheld].m, m, n);
		s->held[s->nheld].who = *to;
		s->held[s->nheld++].n = n;
		return;
	}
	while (s->nheld) {
		s->nheld--;
		cr_assert(sendto(s->fd, s->held[s->nheld].m, s->held[s->nheld].n, 0,
				 (void *)&s->held[s->nheld].who, sizeof *to) > 0);
	}
	cr_assert(sendto(s->fd, m, n, 0, (const void *)to, sizeof *to) > 0);
}

static inline void bench_server_say(struct bench_server *s, const struct sockaddr_in6 *to,
				    uint8_t type, uint16_t mid, struct span token, uint8_t code,
				    int observe)
{
	uint8_t out[64];
	struct writer w = writer_of(out, sizeof out);
	struct option_writer ow = option_writer(&w);

	frame_udp_head(&w, type, code, mid, token);
	if (observe >= 0)
		option_write_uint(&ow, OPT_OBSERVE, (uint64_t)observe);
	if (s->state[0]) {
		write_u8(&w, 0xff);
		write_span(&w, span_str(s->state));
	}
	bench_server_send(s, to, out, (size_t)(w.p - out));
}

static inline void bench_server_notify(struct bench_server *s)
{
	static uint16_t mid;

	for (unsigned i = 0; i < s->observers; i++, mid++)
		bench_server_say(s, &s->observer[i].who, COAP_NON, mid,
				 span_of(s->observer[i].token, 8), COAP_CONTENT,
				 (int)(mid & 0x7fff) + 2);
}

static inline void bench_server_observe(struct bench_server *s, const struct sockaddr_in6 *who,
					struct span token)
{
	cr_assert(s->observers < BENCH_SERVER_OBSERVERS && token.n == 8);
	s->observer[s->observers].who = *who;
	memcpy(s->observer[s->observers++].token, token.p, 8);
}

static inline void bench_server_take(struct bench_server *s, const struct sockaddr_in6 *who,
				     const struct message *m)
{
	uint8_t type = m->type == COAP_CON ? COAP_ACK : COAP_NON;
	uint64_t observe = 9;

	s->requests++;
	if (s->seen)
		s->seen(who, m);
	if (s->silent)
		return;
	if (m->code == COAP_PUT) {
		memcpy(s->state, m->payload.p, m->payload.n);
		s->state[m->payload.n] = 0;
		s->puts++;
		bench_server_say(s, who, type, m->mid, m->token, COAP_CHANGED, -1);
		bench_server_notify(s);
		return;
	}
	(void)message_option_uint(m, OPT_OBSERVE, &observe);
	if (observe == 0)
		bench_server_observe(s, who, m->token);
	s->left += observe == 1;
	bench_server_say(s, who, type, m->mid, m->token, s->code, observe == 0 ? 1 : -1);
}

static inline void bench_server_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct bench_server *s = w->data;
	struct sockaddr_in6 who;
	socklen_t len = sizeof who;
	uint8_t bytes[1500];
	struct message m;
	ssize_t n;

	(void)loop, (void)revents;
	while ((n = recvfrom(s->fd, bytes, sizeof bytes, MSG_DONTWAIT, (void *)&who, &len)) > 0)
		if (frame_udp_parse(span_of(bytes, (size_t)n), &m) == FRAME_OK &&
		    code_is_request(m.code))
			bench_server_take(s, &who, &m);
}

static inline void bench_server_open(struct bench_server *s, struct ev_loop *loop)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof sin6;
	int big = 1 << 20;

	*s = (struct bench_server){ .code = COAP_CONTENT, .state = "first" };
	s->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(bind(s->fd, (void *)&sin6, sizeof sin6) == 0);
	cr_assert(getsockname(s->fd, (void *)&sin6, &len) == 0);
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
	s->at = addr_from_sin6(&sin6);
	ev_io_init(&s->io, bench_server_readable, s->fd, EV_READ);
	s->io.data = s;
	ev_io_start(loop, &s->io);
}

static inline void bench_server_close(struct bench_server *s, struct ev_loop *loop)
{
	ev_io_stop(loop, &s->io);
	close(s->fd);
}

#endif
