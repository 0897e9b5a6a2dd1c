/* partner.h - a server for tests of client/, in the same process and on its loop: it
 * answers as the test says. */
#ifndef TESTS_PARTNER_H
#define TESTS_PARTNER_H

#include "client/errand.h"
#include "coap/message.h"

struct partner {
	struct ev_loop *loop;
	int fd;
	struct ev_io ready;
	struct addr at;
	char uri[64];           /* "coap://[::1]:PORT/x" */
	unsigned got;           /* datagrams that came */
	struct message last;    /* in bytes */
	uint8_t bytes[2048];
	/* Answers request m, or not; NULL: 2.05 without payload. */
	void (*answer)(struct partner *p, const struct message *m);
};

/* At [::1], or 127.0.0.1 with v4, and a port that the kernel picks unless one is given. */
void partner_open(struct partner *p, struct ev_loop *loop, bool v4, uint16_t port);
void partner_close(struct partner *p);

/* Sends a piggybacked response; options as encoded. */
void partner_reply(struct partner *p, const struct message *m, uint8_t code,
		   struct span options, struct span payload);

/* Sends any message to who sent the last datagram. */
void partner_send(struct partner *p, const struct message *m);

/* A tool with this command line, and a partner. */
struct partner_stage {
	struct arguments args;
	struct tool tool;
	struct partner partner;
	struct errand errand;
};
void partner_stage_open(struct partner_stage *s, const char *const *argv);
void partner_stage_close(struct partner_stage *s);

#endif
