#include "partner.h"

#include "coap/frame_udp.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static struct sockaddr_in6 from;

static void on_datagram(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct partner *p = w->data;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(p->fd, p->bytes, sizeof p->bytes, 0, (struct sockaddr *)&from, &len);

	(void)loop, (void)events;
	cr_assert_gt(n, 0);
	cr_assert_eq(frame_udp_parse(span_of(p->bytes, (size_t)n), &p->last), FRAME_OK);
	p->got++;
	if (p->answer)
		p->answer(p, &p->last);
	else if (p->last.code)
		partner_reply(p, &p->last, COAP_CONTENT, span_of(NULL, 0), span_of(NULL, 0));
}

void partner_open(struct partner *p, struct ev_loop *loop, bool v4, uint16_t port)
{
	struct sockaddr_in6 at;
	socklen_t len = sizeof at;
	int off = 0;

	cr_assert_eq(addr_parse(v4 ? "127.0.0.1" : "[::1]", &p->at), 0);
	p->at.port = port;
	at = addr_to_sin6(&p->at);
	p->loop = loop;
	p->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(p->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	cr_assert_eq(bind(p->fd, (struct sockaddr *)&at, sizeof at), 0);
	getsockname(p->fd, (struct sockaddr *)&at, &len);
	p->at.port = ntohs(at.sin6_port);
	snprintf(p->uri, sizeof p->uri, v4 ? "coap://127.0.0.1:%u/x" : "coap://[::1]:%u/x",
		 p->at.port);
	ev_io_init(&p->ready, on_datagram, p->fd, EV_READ);
	p->ready.data = p;
	ev_io_start(loop, &p->ready);
}

void partner_close(struct partner *p)
{
	ev_io_stop(p->loop, &p->ready);
	close(p->fd);
}

void partner_send(struct partner *p, const struct message *m)
{
	uint8_t bytes[2048];
	struct writer w = writer_of(bytes, sizeof bytes);

	frame_udp_message(&w, m);
	cr_assert_not(w.full);
	cr_assert_eq(sendto(p->fd, bytes, (size_t)(w.p - bytes), 0, (struct sockaddr *)&from,
			    sizeof from), w.p - bytes);
}

void partner_reply(struct partner *p, const struct message *m, uint8_t code,
		   struct span options, struct span payload)
{
	partner_send(p, &(struct message){ .type = m->type == COAP_CON ? COAP_ACK : COAP_NON,
					   .code = code, .mid = m->mid, .token = m->token,
					   .options = options, .payload = payload });
}

void partner_stage_open(struct partner_stage *s, const char *const *argv)
{
	struct err err;
	int argc = 0;

	while (argv[argc])
		argc++;
	cr_assert_eq(arguments_read(&s->args, argc, (char *const *)argv, &err), 0, "%s", err.text);
	cr_assert_eq(tool_open(&s->tool, &s->args, &err), 0, "%s", err.text);
	partner_open(&s->partner, s->tool.loop, false, 0);
}

void partner_stage_close(struct partner_stage *s)
{
	partner_close(&s->partner);
	tool_close(&s->tool);
	arguments_free(&s->args);
}
