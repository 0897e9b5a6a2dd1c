#include "exchange/input.h"

#include "coap/block.h"
#include "coap/frame_udp.h"
#include "exchange/dedup.h"
#include "exchange/echo.h"
#include "exchange/send.h"
#include "exchange/exchange.h"
#include "exchange/observer.h"
#include "exchange/xfer.h"

#include <errno.h>
#include <stdio.h>

#define LOG_BURST 1u
#define FULL_MAX_AGE 5u         /* s: when the next try makes sense (5.9.3.4) */

static void reset(struct engine *e, const struct request *r)
{
	send_empty(e, &r->from, &r->to, COAP_RST, r->msg.mid);
	engine_count(e, COUNT_RESETS_SENT);
}

/* --- requests ---------------------------------------------------------------- */

/* The peer was heard of.  A replay may hear of it twice: no log. */
static void heard(struct engine *e, struct endpoint *p)
{
	p->seen_s = engine_seconds(e);
}

static enum input_verdict duplicate(struct engine *e, struct request *r, struct dedup *d)
{
	struct exchange *x;
	struct writer w;

	engine_count(e, COUNT_DUPLICATES);
	if (r->msg.type == COAP_NON)
		return INPUT_DONE;
	switch ((enum dedup_state)d->state) {
	case DEDUP_DONE:
		w = send_begin(e, &r->from, &r->to);
		write_span(&w, dedup_answer(e, d));
		send_end(e, &w);
		return INPUT_DONE;
	case DEDUP_WAITING:
		x = exchange_get(e, d->exchange);
		if (!x)
			break;
		exchange_send_ack(e, x);
		return INPUT_DONE;
	case DEDUP_SEPARATE:
		send_empty(e, &r->from, &r->to, COAP_ACK, r->msg.mid);
		return INPUT_DONE;
	case DEDUP_EXEC:
	case DEDUP_GONE:
	case DEDUP_STATES:
		break;
	}
	engine_count(e, COUNT_DUPLICATE_LOST);
	request_unavailable(e, r, FULL_MAX_AGE);
	return INPUT_DONE;
}

static enum input_verdict bad_options(struct engine *e, struct request *r,
				      enum option_verdict v, const struct option_fault *fault)
{
	const struct option_def *def = option_def(fault->number);
	char why[80];

	engine_count(e, COUNT_BAD_OPTION);
	if (v == OPTIONS_PROXY) {
		request_refuse(e, r, COAP_PROXYING_NOT_SUPPORTED, NULL);
		return INPUT_DONE;
	}
	snprintf(why, sizeof why, "option %u%s%s %s", fault->number, def ? " " : "",
		 def ? def->name : "", option_flaw_text(fault->flaw));
	/* Such a path is understood: no request can have it. */
	request_refuse(e, r, fault->flaw == FLAW_SEGMENT ? COAP_BAD_REQUEST : COAP_BAD_OPTION, why);
	return INPUT_DONE;
}

static enum input_verdict full(struct engine *e, struct request *r, enum counter limit)
{
	engine_count(e, limit);
	request_unavailable(e, r, FULL_MAX_AGE);
	return INPUT_DONE;
}

static enum input_verdict challenge(struct engine *e, struct request *r)
{
	struct writer w = request_answer(e, r);
	struct option_writer ow = option_writer(&w);
	uint8_t value[ECHO_SIZE];

	engine_count(e, COUNT_AMBIGUOUS);
	echo_make(e, &r->from, dealings_of(e, r->peer)->forgot_n, value);
	option_write(&ow, OPT_ECHO, span_of(value, sizeof value));
	request_done(e, r, COAP_UNAUTHORIZED, &w);
	return INPUT_DONE;
}

/* Remembers a request that must not run twice; other: a message of its ID that is remembered, or
 * NULL.  If that was answered at once, all that came behind it was settled behind it and is
 * remembered too, so this one is new.  False: it was answered. */
static bool remember_unsafe(struct engine *e, struct request *r, const struct dedup *other)
{
	bool known = other && !other->exchange;
	enum window_state seen = WINDOW_FRESH;
	bool anew = false, instead;
	struct span echo;

	if (!known && r->peer)
		seen = dealings_saw(e, r->peer, r->msg.mid);
	if (seen != WINDOW_FRESH && !dealings_forgetful(e, dealings_of(e, r->peer))) {
		/* The window has to follow, or would call all that is next ambiguous. */
		anew = seen == WINDOW_BEHIND && dedup_none(e, r->peer);
		seen = WINDOW_FRESH;
	}
	if (seen == WINDOW_SEEN) {
		engine_count(e, COUNT_DUPLICATES);
		if (r->msg.type == COAP_CON)
			full(e, r, COUNT_DUPLICATE_LOST);
		return false;
	}
	/* What was forgotten may have carried an Echo itself: one from before shows
	 * nothing. */
	if (seen == WINDOW_BEHIND && !(message_option(&r->msg, OPT_ECHO, 0, &echo) &&
				       echo_fresh(e, &r->from, dealings_of(e, r->peer)->forgot_n, echo))) {
		challenge(e, r);
		return false;
	}
	instead = other && dedup_bound(e, r->peer, r->msg.mid);
	if (!instead && !dedup_room_of(e, r->peer)) {
		full(e, r, COUNT_FULL_DEDUP);
		return false;
	}
	if (!r->peer)
		r->peer = endpoint_add(e, &r->from, &r->to);
	r->dedup = (instead ? dedup_instead : dedup_add)(e, r->peer, r->msg.mid,
							 request_print(e, r),
							 r->msg.type == COAP_NON ? DEDUP_NON : 0);
	/* Else its entry tells until it is answered, and is marked then. */
	if (anew || seen == WINDOW_BEHIND)
		dealings_mark(e, dealings_with(e, r->peer), r->msg.mid, true);
	heard(e, r->peer);
	return true;
}

/* Safe and non-confirmable: it could run again, but its duplicate is to be
 * ignored all the same (4.5).  The window is enough for that, as long as no other message
 * of its ID is remembered. */
static bool remember_non(struct engine *e, struct request *r)
{
	if (!r->peer)
		r->peer = endpoint_add(e, &r->from, &r->to);
	else if (dealings_saw(e, r->peer, r->msg.mid) == WINDOW_SEEN) {
		engine_count(e, COUNT_DUPLICATES);
		return false;
	}
	dealings_mark(e, dealings_with(e, r->peer), r->msg.mid, false);
	heard(e, r->peer);
	return true;
}

/* Safe and confirmable requests leave no trace, but a window left far behind by
 * thousands of them would call the next unsafe one ambiguous. */
static void pass_by(struct engine *e, struct request *r)
{
	struct endpoint *p = r->peer;
	const struct window *w;

	if (!p)
		return;
	w = &dealings_of(e, p)->window;
	if ((w->hi & MID_VALID) && window_ahead(w, r->msg.mid) > (int)WINDOW_AHEAD / 2)
		dealings_mark(e, dealings_with(e, p), r->msg.mid, false);
	heard(e, p);
}

static enum input_verdict input_request(struct engine *e, struct request *r)
{
	struct option_fault fault;
	enum option_verdict v;
	struct dedup *d = NULL, *same;

	r->peer = endpoint_find(e, &r->from, &r->to);
	if (r->peer)
		d = dedup_find(e, r->peer, r->msg.mid);
	same = d ? dedup_same(e, r->peer, r->msg.mid, request_print(e, r)) : NULL;
	if (same)
		return duplicate(e, r, same);
	v = message_check(&r->msg, &e->conf.options, &fault);
	if (v != OPTIONS_OK)
		return bad_options(e, r, v, &fault);
	if (code_is_safe(r->msg.code) && r->msg.type == COAP_CON) {
		pass_by(e, r);
	} else if (!r->peer && !endpoint_room(e)) {
		return full(e, r, COUNT_FULL_ENDPOINTS);
	} else if (code_is_safe(r->msg.code) && !d) {
		if (!remember_non(e, r))
			return INPUT_DONE;
	} else if (!remember_unsafe(e, r, d)) {
		return INPUT_DONE;
	}
	engine_count(e, COUNT_REQUESTS);
	space_count_code(&e->space, r->msg.code);
	return INPUT_REQUEST;
}

/* --- responses and empty messages -------------------------------------------- */

static enum input_verdict unmatched(struct engine *e)
{
	engine_count(e, COUNT_UNMATCHED);
	return INPUT_DONE;
}

static struct response response_of(struct engine *e, const struct exchange *x,
				   const struct request *r, int status)
{
	struct response out = { .exchange = exchange_ref(e, x), .peer = r->from,
				.owner = x->owner, .status = status, .again = x->retries };

	if (!status)
		out.msg = r->msg;
	return out;
}

/* Ends a request of ours; the exchange is gone when this returns. */
static enum input_verdict fail(struct engine *e, struct endpoint *p, struct exchange *x,
			       const struct request *r, int status, struct response *out)
{
	*out = response_of(e, x, r, status);
	exchange_kill(e, x);
	exchange_start(e, p);
	return INPUT_FAILED;
}

/* A response; it ends the exchange unless that is to be kept. */
static enum input_verdict deliver(struct engine *e, struct endpoint *p, struct exchange *x,
				  const struct request *r, struct response *out)
{
	*out = response_of(e, x, r, 0);
	engine_count(e, COUNT_CLIENT_DONE);
	if (x->state == EXCHANGE_KEPT)
		return INPUT_RESPONSE;
	if (x->flags & EXCHANGE_KEEP)
		exchange_keep(e, x);
	else
		exchange_kill(e, x);
	exchange_start(e, p);
	return INPUT_RESPONSE;
}

static enum input_verdict input_ack(struct engine *e, struct endpoint *p,
				    const struct request *r, struct response *out)
{
	struct exchange *x = p ? exchange_by_mid(e, p, r->msg.mid) : NULL;

	if (!x || x->state != EXCHANGE_SENT || x->type != COAP_CON)
		return unmatched(e);
	/* A ping should be reset (4.3); who acknowledges it is there all the same. */
	if (x->role == ROLE_CLIENT && x->code == COAP_EMPTY)
		return deliver(e, p, x, r, out);
	if (x->role == ROLE_CLIENT) {
		exchange_acked(e, x);
	} else {
		observer_acked(e, x);
		exchange_kill(e, x);
	}
	exchange_start(e, p);
	return INPUT_DONE;
}

/* Nothing of ours has this message ID, so it is the peer's.  An acknowledgement is to be
 * ignored by who does not expect it (4.2); who rejects it all the same has begun anew, and
 * will not want what it once asked for. */
static enum input_verdict reset_ack(struct engine *e, struct endpoint *p, uint16_t mid,
				    struct response *out)
{
	*out = (struct response){ .status = -ECONNRESET };
	if (!p || !request_withdrawn(e, p, mid, &out->owner))
		return unmatched(e);
	engine_count(e, COUNT_RESETS);
	return INPUT_WITHDRAWN;
}

/* A notification that is not confirmable may be rejected as well (RFC 7641 3.6). */
static enum input_verdict reset_non(struct engine *e, struct endpoint *p, uint16_t mid,
				    struct response *out)
{
	struct observer *o = p ? observer_by_mid(e, p, mid) : NULL;

	if (!o)
		return reset_ack(e, p, mid, out);
	engine_count(e, COUNT_RESETS);
	observer_end(e, o, COUNT_OBSERVERS_RESET);
	return INPUT_DONE;
}

static enum input_verdict input_rst(struct engine *e, struct endpoint *p,
				    const struct request *r, struct response *out)
{
	struct exchange *x = p ? exchange_by_mid(e, p, r->msg.mid) : NULL;

	if (!x)
		return reset_non(e, p, r->msg.mid, out);
	engine_count(e, COUNT_RESETS);
	if (x->role == ROLE_CLIENT && x->code == COAP_EMPTY)
		return deliver(e, p, x, r, out);
	if (x->role == ROLE_CLIENT)
		return fail(e, p, x, r, -ECONNRESET, out);
	observer_lost(e, x, COUNT_OBSERVERS_RESET);
	exchange_kill(e, x);
	exchange_start(e, p);
	return INPUT_DONE;
}

static bool understood(const struct engine *e, const struct message *m)
{
	return message_check(m, &e->conf.options, NULL) == OPTIONS_OK;
}

/* A response in an acknowledgement (5.2.1).  Some servers answer even a ping so. */
static enum input_verdict piggybacked(struct engine *e, struct endpoint *p,
				      const struct request *r, struct response *out)
{
	const struct message *m = &r->msg;
	struct exchange *x = p ? exchange_by_mid(e, p, m->mid) : NULL;

	if (x && x->state == EXCHANGE_SENT && x->role == ROLE_CLIENT && x->code == COAP_EMPTY)
		return deliver(e, p, x, r, out);
	if (!x || x != exchange_by_token(e, p, m->token) || !understood(e, m))
		return unmatched(e);
	return deliver(e, p, x, r, out);
}

/* Keeps in mind that a confirmable response was acknowledged; if there is no room
 * its duplicate will be reset, which harms nobody. */
static void remember_response(struct engine *e, struct endpoint *p, const struct request *r)
{
	uint8_t ack[4];
	struct writer w = writer_of(ack, sizeof ack);
	struct dedup *d;

	if (!dedup_room(e) || dedup_same(e, p, r->msg.mid, request_print(e, r)))
		return;
	d = dedup_add(e, p, r->msg.mid, request_print(e, r), DEDUP_APART);
	frame_udp_empty(&w, COAP_ACK, r->msg.mid);
	dedup_answered(e, d, span_of(ack, sizeof ack));
}

/* A notification or response that nobody waits for: the server is told
 * (RFC 7641 3.6). */
static enum input_verdict unwanted(struct engine *e, const struct request *r)
{
	uint64_t observe;

	if (r->msg.type == COAP_CON || message_option_uint(&r->msg, OPT_OBSERVE, &observe))
		reset(e, r);
	return unmatched(e);
}

/* Whether a member of a group said just this before.  There may be thousands of
 * members, so none is remembered for what it says. */
static bool said_before(struct engine *e, const struct request *r)
{
	uint64_t h = hash_words(&e->space.ctl->key, request_print(e, r),
				hash_bytes(&e->space.ctl->key, &r->from, sizeof r->from));
	uint32_t *last = &e->answers[h % ENGINE_ANSWERS], mark = (uint32_t)(h >> 32) | 1;

	if (*last == mark)
		return true;
	*last = mark;
	return false;
}

/* A response to what was sent to a group: from anybody, any number of them, until
 * its time is over (8.2). */
static enum input_verdict from_member(struct engine *e, struct exchange *x,
				      const struct request *r, struct response *out)
{
	bool con = r->msg.type == COAP_CON;

	if (!understood(e, &r->msg)) {
		if (con)
			reset(e, r);
		return unmatched(e);
	}
	if (con)
		send_empty(e, &r->from, &r->to, COAP_ACK, r->msg.mid);
	if (said_before(e, r)) {
		engine_count(e, COUNT_DUPLICATES);
		return INPUT_DONE;
	}
	*out = response_of(e, x, r, 0);
	engine_count(e, COUNT_CLIENT_DONE);
	return INPUT_RESPONSE;
}

/* A response in a message of its own (5.2.2, 5.2.3). */
static enum input_verdict separate(struct engine *e, struct endpoint *p, struct request *r,
				   struct response *out)
{
	bool con = r->msg.type == COAP_CON;
	struct dedup *d = p && con ? dedup_same(e, p, r->msg.mid, request_print(e, r)) : NULL;
	struct exchange *x = p ? exchange_by_token(e, p, r->msg.token) : NULL;
	struct exchange *group;

	if (d)
		return duplicate(e, r, d);
	if (!x) {
		group = exchange_of_group(e, r->to.sock, r->msg.token);
		return group ? from_member(e, group, r, out) : unwanted(e, r);
	}
	if (!understood(e, &r->msg)) {
		if (!con)
			return unmatched(e);
		reset(e, r);
		return fail(e, p, x, r, -EPROTO, out);
	}
	if (con) {
		send_empty(e, &r->from, &r->to, COAP_ACK, r->msg.mid);
		remember_response(e, p, r);
	}
	if (xfer_is_late(e, x->owner, &r->msg))
		return unmatched(e);
	return deliver(e, p, x, r, out);
}

static enum input_verdict input_response(struct engine *e, struct request *r,
					 struct response *out)
{
	struct endpoint *p = endpoint_find(e, &r->from, &r->to);

	if (p)
		heard(e, p);
	if (r->msg.type == COAP_ACK)
		return piggybacked(e, p, r, out);
	return separate(e, p, r, out);
}

static enum input_verdict input_empty(struct engine *e, const struct request *r,
				      struct response *out)
{
	struct endpoint *p;

	switch (r->msg.type) {
	case COAP_CON:
		engine_count(e, COUNT_PINGS);
		reset(e, r);
		return INPUT_DONE;
	case COAP_NON:
		engine_count(e, COUNT_RX_IGNORED);
		return INPUT_DONE;
	default:
		p = endpoint_find(e, &r->from, &r->to);
		if (r->msg.type == COAP_ACK)
			return input_ack(e, p, r, out);
		return input_rst(e, p, r, out);
	}
}

/* --- the datagram -------------------------------------------------------------- */

static __attribute__((noinline)) enum input_verdict malformed(struct engine *e, const struct request *r)
{
	engine_count(e, COUNT_RX_MALFORMED);
	if (r->msg.type == COAP_CON)
		reset(e, r);
	return INPUT_DONE;
}

/* Request codes come as CON or NON, responses never as RST (4.2, 4.3). */
static bool is_request(const struct message *m)
{
	return code_is_request(m->code) && m->type <= COAP_NON;
}

/* A token that we could not keep is a message format error (RFC 8974 2.2.2).  The client
 * is told no reason, so the operator is. */
static __attribute__((noinline)) enum input_verdict long_token(struct engine *e, const struct request *r, size_t n)
{
	char peer[ADDR_TEXT];

	engine_count(e, COUNT_LONG_TOKEN);
	addr_print(&r->from, peer, sizeof peer);
	log_limited(&e->limit, e->now, LOG_BURST, LOG_NOTICE,
		    "%s: a token of %zu bytes, limits.token-length is %u: the request is reset",
		    peer, n, e->conf.limits.token_length);
	return malformed(e, r);
}

/* What did not fit was not read: a body like this is to come in blocks (RFC 7252 4.6,
 * RFC 7959 2.9.3).  Nothing is done, so the same answer is right for a duplicate. */
static enum input_verdict cut_request(struct engine *e, struct request *r)
{
	struct block hint = { .szx = (uint8_t)e->conf.szx };
	struct writer w;
	struct option_writer ow;

	r->peer = endpoint_find(e, &r->from, &r->to);
	w = request_answer(e, r);
	ow = option_writer(&w);
	option_write_uint(&ow, OPT_BLOCK1, block_uint(&hint));
	request_done(e, r, COAP_TOO_LARGE, &w);
	return INPUT_DONE;
}

/* A datagram of which bytes are the beginning. */
static __attribute__((noinline)) enum input_verdict cut(struct engine *e, struct request *r,
							size_t len, struct span bytes)
{
	size_t token = frame_udp_token_claimed(bytes);

	engine_count(e, COUNT_RX_TRUNCATED);
	if (frame_udp_parse(bytes, &r->msg) == FRAME_IGNORE)
		return INPUT_DONE;
	if (is_request(&r->msg) && token > e->conf.limits.token_length && token < len)
		return long_token(e, r, token);
	/* Where options were cut as well, nobody can say more than that. */
	return is_request(&r->msg) && r->msg.payload.n ? cut_request(e, r) : malformed(e, r);
}

/* What is no request. */
static enum input_verdict by_code(struct engine *e, struct input *in)
{
	struct request *r = &in->request;

	if (r->msg.code == COAP_EMPTY)
		return input_empty(e, r, &in->response);
	if (code_is_response(r->msg.code) && r->msg.type != COAP_RST)
		return input_response(e, r, &in->response);
	return malformed(e, r);
}

/* All but the message, which is still to be read. */
static void begin(struct request *r, const struct rx_dgram *rx, unsigned i)
{
	addr_take_sin6(&r->from, &rx->from);
	r->to = rx->to;
	r->rx = i;
	r->peer = NULL;
	r->dedup = NULL;
	r->waiting = NULL;
	r->assembly = 0;
	r->block1 = 0;
	r->blocks = false;
}

enum input_verdict input_datagram(struct engine *e, unsigned i, struct input *in)
{
	const struct rx_dgram *rx = &batch_of(&e->space)->rx[i];
	struct request *r = &in->request;
	struct span bytes = span_of(rx->data, rx->len);

	engine_count(e, COUNT_RX);
	begin(r, rx, i);
	if (addr_is_multicast(r->to.ip) || !r->from.port) {
		/* No group is joined: not for us.  Port 0 cannot be answered. */
		engine_count(e, COUNT_RX_IGNORED);
		return INPUT_DONE;
	}
	if (rx->len > DGRAM_RX_MAX)
		return cut(e, r, rx->len, span_of(rx->data, DGRAM_RX_MAX));
	switch (frame_udp_parse(bytes, &r->msg)) {
	case FRAME_IGNORE:
		engine_count(e, COUNT_RX_IGNORED);
		return INPUT_DONE;
	case FRAME_ERROR:
		return malformed(e, r);
	case FRAME_OK:
		break;
	}
	if (!is_request(&r->msg))
		return by_code(e, in);
	if (r->msg.token.n > e->conf.limits.token_length)
		return long_token(e, r, r->msg.token.n);
	return input_request(e, r);
}
