#include "watch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct watch watch;

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n)
{
	(void)arg;
	cr_assert_eq(owner, WATCH_OWNER);
	memset(out, (int)('a' + offset % 26), n);
	return n < 1000;
}

void watch_setup(void)
{
	static const struct xfer_source source = { .read = read_body };

	watch = (struct watch){ .r = rig_new(NULL) };
	watch.r->e.source = &source;
}

void watch_teardown(void)
{
	rig_free(watch.r);
}

/* --- what we say -------------------------------------------------------------------------- */

static int64_t number(const struct message *m, uint16_t option)
{
	uint64_t v;

	return message_option_uint(m, option, &v) ? (int64_t)v : -1;
}

static void look(const struct message *m, struct about *a)
{
	struct span v;

	*a = (struct about){ .type = m->type, .code = m->code, .mid = m->mid,
			     .token_n = m->token.n, .payload = m->payload.n,
			     .observe = number(m, OPT_OBSERVE),
			     .block2 = number(m, OPT_BLOCK2),
			     .echo = message_option(m, OPT_ECHO, 0, &v),
			     .path = message_option(m, OPT_URI_PATH, 0, &v) };
	memcpy(a->token, m->token.p, m->token.n);
}

unsigned watch_said(void)
{
	struct rig_sent s;
	unsigned n = 0;

	while (rig_take(watch.r, &s)) {
		bool first = !watch.reg.token_n;

		if (s.m.type > COAP_NON)
			continue;
		n++;
		look(&s.m, first || span_eq(s.m.token, span_of(watch.reg.token, watch.reg.token_n)) ?
			   &watch.reg : &watch.get);
	}
	return n;
}

int watch_start(struct xfer_request q, const char *options)
{
	uint8_t buf[DGRAM_TX_MAX];
	size_t n = rig_build(buf, sizeof buf, COAP_CON, COAP_GET, 0, NULL, options, NULL);
	int err;

	q.to = rig_peer(1);
	q.from = rig_local();
	q.owner = WATCH_OWNER;
	q.options = span_of(buf + 4, n - 4);
	err = obs_start(&watch.r->e, &q, &watch.obs);
	rig_commit(watch.r);
	return err;
}

void watch_begin(void)
{
	watch.reg = watch.get = (struct about){ .token_n = 0 };
	cr_assert_eq(watch_start((struct xfer_request){ .code = COAP_GET, .szx = 6 }, "11=r"), 0);
	cr_assert_eq(watch_said(), 1);
}

void watch_registered(void)
{
	watch_begin();
	cr_assert_eq(watch_answered(COAP_CONTENT, "6=#0a 14=#015180", 3), OBS_STATE);
}

/* --- what comes ---------------------------------------------------------------------------- */

/* As the program does it. */
static void dispatch(const struct response *in)
{
	struct engine *e = &watch.r->e;
	struct xfer_event x;
	enum xfer_verdict v;

	if (xfer_owns(in->owner)) {
		v = xfer_response(e, in, &x);
		cr_assert(obs_owns(x.owner));
		watch.verdict = obs_rest(e, v, &x, &watch.event);
	} else {
		cr_assert(obs_owns(in->owner));
		watch.verdict = obs_response(e, in, &watch.event);
	}
	watch.events += watch.verdict != OBS_NOTHING;
	cr_assert_eq(watch.event.owner, WATCH_OWNER);
	cr_assert_eq(watch.event.peer.port, rig_peer(1).port);
}

/* The options in the order of their numbers. */
static const char *sorted(const char *options)
{
	static char out[8 * 33 + 1];
	char part[8][32];
	int n = 0, used;

	while (n < 8 && sscanf(options, " %31s%n", part[n], &used) == 1) {
		char now[32];
		int k = n++;

		memcpy(now, part[k], sizeof now);
		for (; k > 0 && atoi(part[k - 1]) > atoi(now); k--)
			memcpy(part[k], part[k - 1], sizeof now);
		memcpy(part[k], now, sizeof now);
		options += used;
	}
	out[0] = 0;
	for (int i = 0; i < n; i++)
		strcat(strcat(out, part[i]), " ");
	return out;
}

enum obs_verdict watch_raw(unsigned peer, uint8_t type, uint8_t code, uint16_t mid,
			   const struct about *a, const char *options, size_t n)
{
	uint8_t buf[DGRAM_RX_MAX];
	char payload[1200], token[CLIENT_TOKEN + 1];
	enum input_verdict v;
	size_t len;

	memset(payload, 'p', n);
	payload[n] = 0;
	memset(token, 't', a->token_n);
	token[a->token_n] = 0;
	len = rig_build(buf, sizeof buf, type, code, mid, token, sorted(options), payload);
	memcpy(buf + 4, a->token, a->token_n);
	watch.verdict = OBS_NOTHING;
	v = rig_in(watch.r, peer, buf, len);
	if (v == INPUT_RESPONSE || v == INPUT_FAILED)
		dispatch(&watch.r->in.response);
	rig_commit(watch.r);
	return watch.verdict;
}

enum obs_verdict watch_notified(uint8_t type, uint8_t code, const char *options, size_t n)
{
	static uint16_t mid = 1000;

	return watch_raw(1, type, code, mid++, &watch.reg, options, n);
}

enum obs_verdict watch_answered(uint8_t code, const char *options, size_t n)
{
	return watch_raw(1, COAP_ACK, code, watch.reg.mid, &watch.reg, options, n);
}

enum obs_verdict watch_got(uint8_t code, const char *options, size_t n)
{
	return watch_raw(1, COAP_ACK, code, watch.get.mid, &watch.get, options, n);
}

void watch_pass(uint64_t ms)
{
	struct engine *e = &watch.r->e;
	enum expire_verdict v;
	struct expired x;

	e->now += ms;
	watch.verdict = OBS_NOTHING;
	engine_flushed(e, space_rx_next(&e->space));
	watch.r->taken = 0;
	do {
		v = expire_next(e, &x);
		if (v == EXPIRE_FAILED)
			dispatch(&x.response);
		if (v == EXPIRE_OTHER) {
			cr_assert_eq(x.slab, SLAB_OBS);
			watch.verdict = obs_due(e, x.obj, &watch.event);
			cr_assert_eq(watch.event.obs, watch.obs);
		}
		rig_commit(watch.r);
	} while (v != EXPIRE_NOTHING);
}

uint64_t watch_next(void)
{
	uint64_t at = engine_next(&watch.r->e);
	uint64_t ms = at - watch.r->e.now;

	cr_assert_neq(at, UINT64_MAX, "something is due");
	watch_pass(ms);
	return ms;
}

void watch_expect_gone(void)
{
	const uint32_t *live = watch.r->e.space.ctl->live;

	cr_assert_null(obs_get(&watch.r->e, watch.obs));
	cr_assert_eq(live[SLAB_OBS] + live[SLAB_XFER] + live[SLAB_EXCHANGE], 0);
	cr_assert_eq(engine_next(&watch.r->e), UINT64_MAX);
}
