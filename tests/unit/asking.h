/* asking.h - what the tests of the client role begin with: a rig, a request of ours
 * and answers with its token.  Included once per program. */
#ifndef TESTS_ASKING_H
#define TESTS_ASKING_H

#include <criterion/criterion.h>

#include "rig.h"

#include <errno.h>

#define expect(r, text) cr_assert_str_eq(rig_next(r), text)

static struct rig *r;
static ref_t sent;              /* exchange of the last request */
static struct rig_sent out;     /* its first transmission */
static uint8_t token[8];

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

static struct client_request request_to(unsigned peer)
{
	return (struct client_request){ .to = rig_peer(peer), .from = rig_local(),
					.code = COAP_GET, .owner = 4711 };
}

/* With a path of its own. */
static int send_it(struct client_request c, const char *path)
{
	uint8_t body[64];
	struct writer w = writer_of(body, sizeof body);
	struct option_writer ow = option_writer(&w);
	int err;

	option_write(&ow, OPT_URI_PATH, span_str(path));
	c.body = span_of(body, (size_t)(w.p - body));
	err = client_send(&r->e, &c, &sent);
	engine_commit(&r->e, space_rx_next(&r->e.space));
	return err;
}

static int request(unsigned peer, bool non, const char *path)
{
	struct client_request c = request_to(peer);

	c.non = non;
	return send_it(c, path);
}

static void take_one(void)
{
	cr_assert(rig_take(r, &out));
	memcpy(token, out.m.token.p, sizeof token);
	cr_assert_eq(out.m.token.n, sizeof token);
}

/* Sends a request and takes what went out. */
static void send_one(bool non)
{
	cr_assert_eq(request(1, non, "t"), 0);
	take_one();
}

/* An answer with the token of the last request. */
static enum input_verdict answer(unsigned peer, uint8_t type, uint8_t code, uint16_t mid,
				 const char *options)
{
	uint8_t buf[128];
	size_t n = rig_build(buf, sizeof buf, type, code, mid, "12345678", options, "hi");
	enum input_verdict v;

	memcpy(buf + 4, token, sizeof token);
	v = rig_in(r, peer, buf, n);
	rig_commit(r);
	return v;
}

#endif
