#include "exchange/request.h"

#include "coap/frame_udp.h"
#include "coap/no_response.h"
#include "exchange/assembly.h"
#include "exchange/dedup.h"
#include "exchange/echo.h"
#include "exchange/exchange.h"
#include "exchange/observer.h"
#include "exchange/send.h"
#include "exchange/verified.h"
#include "exchange/witness.h"

#define HALF_A_MS 500000u       /* in ns: what took less than the time is told in */

/* How an answer travels (RFC 7252 5.2). */
enum way { PIGGYBACKED, SEPARATE, NON_CONFIRMABLE };

static enum way way_of(const struct request *r)
{
	if (r->msg.type == COAP_NON)
		return NON_CONFIRMABLE;
	return r->waiting && r->waiting->acked ? SEPARATE : PIGGYBACKED;
}

static bool suppressed(const struct request *r, uint8_t code)
{
	uint64_t value;

	return message_option_uint(&r->msg, OPT_NO_RESPONSE, &value) &&
	       no_response_suppresses((uint8_t)value, code);
}

/* A message ID for a non-confirmable answer; reuse is counted, not refused. */
static uint16_t non_mid(struct engine *e, struct request *r)
{
	struct engine_root *root = engine_root(e);
	struct dealings *d;
	uint16_t mid;

	if (!r->peer) {
		undo_set(&e->space, &root->mid, root->mid + 1);
		return (uint16_t)root->mid;
	}
	d = dealings_with(e, r->peer);
	if (!dealings_mid(e, d, &mid))
		engine_count(e, COUNT_MID_REUSED);
	dealings_mid_used(e, d);
	return mid;
}

/* Puts the header in front of what the writer took. */
static inline void write_head(struct engine *e, const struct request *r, uint8_t type,
		       uint8_t code, uint16_t mid)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];
	struct writer head = writer_of(t->data, sizeof t->data);

	frame_udp_head(&head, type, code, mid, r->msg.token);
}

/* Of what was answered at once, the worker takes the time.  Not in line, so that settle() is. */
static __attribute__((noinline, cold)) void time_waited(struct engine *e, const struct exchange *x)
{
	uint32_t ms = (uint32_t)e->now - x->wait_ms;

	durations_add(&e->space.ctl->waited, ms ? ms * 1000000ull : HALF_A_MS, 1);
}

static inline void settle(struct engine *e, struct request *r, struct span answer)
{
	if (r->waiting) {
		time_waited(e, r->waiting);
		exchange_kill(e, r->waiting);
	}
	if (r->dedup)
		dedup_answered(e, r->dedup, answer);
}

static inline void done_piggybacked(struct engine *e, struct request *r, uint8_t code,
				    struct writer *w)
{
	if (suppressed(r, code)) {
		/* Nobody wants the response, but the message is confirmable. */
		*w = send_begin(e, &r->from, &r->to);
		frame_udp_empty(w, COAP_ACK, r->msg.mid);
		engine_count(e, COUNT_SUPPRESSED);
	} else {
		write_head(e, r, COAP_ACK, code, r->msg.mid);
	}
	settle(e, r, send_end(e, w));
}

static void done_non(struct engine *e, struct request *r, uint8_t code, struct writer *w)
{
	if (suppressed(r, code)) {
		engine_count(e, COUNT_SUPPRESSED);
	} else {
		write_head(e, r, COAP_NON, code, non_mid(e, r));
		send_end(e, w);
	}
	/* A duplicate is ignored (4.5): no answer need be kept. */
	settle(e, r, span_of(NULL, 0));
}

/* Whoever does not get it asks again (5.2.3). */
static void done_once(struct engine *e, struct request *r, uint8_t code, struct writer *w)
{
	write_head(e, r, COAP_NON, code, non_mid(e, r));
	send_end(e, w);
	exchange_kill(e, r->waiting);
}

static void done_separate(struct engine *e, struct request *r, uint8_t code, struct writer *w,
			  bool once)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];

	time_waited(e, r->waiting);
	if (r->dedup)
		dedup_set(e, r->dedup, DEDUP_SEPARATE);
	if (suppressed(r, code)) {
		engine_count(e, COUNT_SUPPRESSED);
		exchange_kill(e, r->waiting);
		return;
	}
	engine_count(e, COUNT_SEPARATE);
	write_head(e, r, COAP_CON, code, 0);
	if (!once && exchange_turn(e, r->waiting, span_of(t->data, (size_t)(w->p - t->data))))
		exchange_start(e, r->peer);
	else    /* There may be no room to keep it for retransmission. */
		done_once(e, r, code, w);
}

/* --- who may be answered at length ------------------------------------------------- */

/* Whether the answer is more than may go to somebody who may have made up his address: too
 * long, or the first of many.  A request that changed something is answered all the same:
 * it would have to run again. */
static bool is_too_much(struct engine *e, const struct request *r, uint8_t code,
			const struct writer *w)
{
	const struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];

	if (!e->conf.amplification || !code_is_safe(r->msg.code) || suppressed(r, code))
		return false;
	if ((size_t)(w->p - t->data) <= verified_most(e, r) &&
	    !(code_class(code) == 2 && observer_asks(&r->msg)))
		return false;
	return !verified_sender(e, r);
}

/* A short answer in its place, which shows in what comes back whether it was received
 * (RFC 9175 2.4): never as a confirmable message, which would be repeated. */
static struct writer echo_instead(struct engine *e, struct request *r)
{
	uint8_t value[ECHO_SIZE];
	struct option_writer ow;
	struct writer w;

	engine_count(e, COUNT_ECHO_ASKED);
	observer_forget(e, r, COUNT_OBSERVERS_ENDED);
	echo_make(e, &r->from, r->peer ? dealings_of(e, r->peer)->forgot_n : 0, value);
	w = request_answer(e, r);
	ow = option_writer(&w);
	if (r->blocks)
		option_write_uint(&ow, OPT_BLOCK1, r->block1);
	option_write(&ow, OPT_ECHO, span_of(value, sizeof value));
	return w;
}

static void tell(struct engine *e, const struct request *r, uint8_t code, const struct writer *w)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];
	uint8_t *body = t->data + frame_udp_head_size(r->msg.token.n);
	struct answered a = { .request = r, .code = code,
			      .body = span_of(body, (size_t)(w->p - body)),
			      .waited = r->waiting ? exchange_ref(e, r->waiting) : 0,
			      .separate = way_of(r) == SEPARATE && !suppressed(r, code) };

	e->witness->answered(e->witness, &a);
}

static __attribute__((noinline)) void done(struct engine *e, struct request *r, uint8_t code,
					   struct writer *w)
{
	bool once;

	if (w->full) {
		engine_count(e, COUNT_MODULE_FAILED);
		*w = request_answer(e, r);
		code = COAP_INTERNAL_ERROR;
	}
	once = is_too_much(e, r, code, w);
	if (once) {
		*w = echo_instead(e, r);
		code = COAP_UNAUTHORIZED;
	}
	if (r->assembly)
		assembly_answered(e, r->assembly, code);
	space_count_code(&e->space, code);
	if (e->witness)
		tell(e, r, code, w);
	switch (way_of(r)) {
	case PIGGYBACKED:
		done_piggybacked(e, r, code, w);
		break;
	case NON_CONFIRMABLE:
		done_non(e, r, code, w);
		break;
	case SEPARATE:
		done_separate(e, r, code, w, once);
		break;
	}
}

/* Whether it is answered in the acknowledgement, as most are, and nobody else has to know. */
static inline bool is_plain(const struct engine *e, const struct request *r)
{
	return !e->conf.amplification && !e->witness && !r->assembly && !r->waiting &&
	       r->msg.type == COAP_CON && message_lacks(&r->msg, OPT_NO_RESPONSE);
}

void request_done(struct engine *e, struct request *r, uint8_t code, struct writer *w)
{
	struct span answer;

	if (!is_plain(e, r) || w->full) {
		done(e, r, code, w);
		return;
	}
	space_count_code(&e->space, code);
	write_head(e, r, COAP_ACK, code, r->msg.mid);
	answer = send_end(e, w);
	if (r->dedup)
		dedup_answered(e, r->dedup, answer);
}

static __attribute__((noinline)) void done_bare(struct engine *e, struct request *r, uint8_t code)
{
	struct writer w = request_answer(e, r);

	done(e, r, code, &w);
}

void request_done_bare(struct engine *e, struct request *r, uint8_t code)
{
	unsigned i = e->tx_n;
	struct span answer;
	size_t n;

	if (!is_plain(e, r) || r->msg.token.n > 12) {
		done_bare(e, r, code);
		return;
	}
	space_count_code(&e->space, code);
	(void)send_begin(e, &r->from, &r->to);
	n = frame_udp_short_head(batch_of(&e->space)->tx[i].data, COAP_ACK, code, r->msg.mid,
				 r->msg.token);
	answer = send_written(e, i, n);
	if (r->dedup)
		dedup_answered(e, r->dedup, answer);
}

void request_refuse(struct engine *e, struct request *r, uint8_t code, const char *why)
{
	struct writer w = request_answer(e, r);
	struct option_writer ow = option_writer(&w);

	if (r->blocks && r->assembly)
		option_write_uint(&ow, OPT_BLOCK1, r->block1);
	if (why)
		message_write_payload(&w, span_str(why));
	request_done(e, r, code, &w);
}

void request_unavailable(struct engine *e, struct request *r, uint32_t max_age)
{
	struct writer w = request_answer(e, r);
	struct option_writer ow = option_writer(&w);

	option_write_uint(&ow, OPT_MAX_AGE, max_age);
	request_done(e, r, COAP_UNAVAILABLE, &w);
}

void request_exec(struct engine *e, struct request *r, unsigned rx)
{
	struct engine_root *root = engine_root(e);
	ref_t ref = r->waiting ? exchange_ref(e, r->waiting) :
		    r->dedup ? dedup_ref(e, r->dedup) : 0;

	if (!ref)
		return;
	/* Means nothing before the commit word says exec. */
	__atomic_store_n(&root->exec, ref, __ATOMIC_RELAXED);
	space_commit(&e->space, rx, e->tx_n, 1);
}

static bool remember(struct engine *e, struct request *r)
{
	if (!r->peer) {
		if (!endpoint_room(e)) {
			engine_count(e, COUNT_FULL_ENDPOINTS);
			return false;
		}
		r->peer = endpoint_add(e, &r->from, &r->to);
	}
	if (!r->dedup)
		r->dedup = dedup_add(e, r->peer, r->msg.mid, request_print(e, r),
				     DEDUP_APART | (r->msg.type == COAP_NON ? DEDUP_NON : 0));
	return r->dedup != NULL;
}

bool request_wait(struct engine *e, struct request *r, ref_t owner)
{
	const struct rx_dgram *rx;

	assert(!r->waiting && r->rx < BATCH_RX);
	if (!remember(e, r))
		return false;
	rx = &batch_of(&e->space)->rx[r->rx];
	r->waiting = exchange_wait(e, r->peer, dedup_ref(e, r->dedup), owner,
				   span_of(rx->data, rx->len), r->msg.type, r->msg.mid);
	if (!r->waiting)
		return false;
	dedup_wait(e, r->dedup, exchange_ref(e, r->waiting));
	if (e->witness)
		e->witness->waits(e->witness, exchange_ref(e, r->waiting));
	r->waiting->assembly = r->assembly;
	if (r->assembly)
		assembly_wait(e, r->assembly, exchange_ref(e, r->waiting));
	if (r->msg.type == COAP_CON && e->conf.ack_delay_ms == 0)
		exchange_send_ack(e, r->waiting);
	return true;
}

ref_t request_ref(const struct engine *e, const struct request *r)
{
	return slab_ref(&e->space, &e->space.slab[SLAB_EXCHANGE], r->waiting);
}

void request_forget(struct engine *e, struct request *r)
{
	if (r->assembly)
		assembly_answered(e, r->assembly, COAP_INTERNAL_ERROR);
	if (r->waiting)
		exchange_kill(e, r->waiting);
	if (r->dedup)
		dedup_set(e, r->dedup, DEDUP_GONE);
}

bool request_withdrawn(struct engine *e, struct endpoint *p, uint16_t mid, uint64_t *owner)
{
	const struct dedup *d = dedup_find(e, p, mid);
	const struct exchange *x = d ? exchange_get(e, d->exchange) : NULL;
	struct request r;

	if (!x || d->state != DEDUP_WAITING || !x->acked)
		return false;
	*owner = x->owner;
	engine_count(e, COUNT_WITHDRAWN);
	if (request_resume(e, d->exchange, &r))
		request_forget(e, &r);
	return true;
}

/* What was taken once and is read again may be damaged by now. */
static bool read_again(struct span bytes, struct message *m)
{
	return frame_udp_parse(bytes, m) == FRAME_OK && m->type <= COAP_NON &&
	       code_is_request(m->code) && m->token.n <= ENGINE_TOKEN_MOST;
}

/* The entry of a waiting request, if it is still there: another that took its place,
 * or that damage points to, is not this one's to settle. */
static struct dedup *entry_of(struct engine *e, const struct exchange *x)
{
	struct dedup *d = dedup_get(e, x->dedup);

	return d && d->state == DEDUP_WAITING && d->exchange == exchange_ref(e, x) ? d : NULL;
}

bool request_resume(struct engine *e, ref_t waiting, struct request *r)
{
	struct exchange *x = exchange_get(e, waiting);

	if (!x || x->state != EXCHANGE_WAITING)
		return false;
	*r = (struct request){ .rx = REQUEST_RESUMED, .waiting = x };
	r->peer = endpoint_get(e, x->peer);
	r->dedup = entry_of(e, x);
	r->from = r->peer->remote;
	r->to = r->peer->local;
	r->assembly = x->assembly;
	if (read_again(stored_get(e, &x->msg, x->inside), &r->msg)) {
		assembly_again(e, r);
		return true;
	}
	/* Damaged: what it asked can no longer be told. */
	request_forget(e, r);
	return false;
}

/* The datagram whose hook was running, seen as a request again. */
static bool lost_fresh(struct engine *e, struct dedup *d, struct request *r)
{
	unsigned i = space_rx_next(&e->space);
	const struct rx_dgram *rx = &batch_of(&e->space)->rx[i % BATCH_RX];

	*r = (struct request){ .rx = i % BATCH_RX, .dedup = d };
	r->peer = endpoint_get(e, d->peer);
	r->from = r->peer->remote;
	r->to = r->peer->local;
	if (i >= BATCH_RX || rx->len > DGRAM_RX_MAX ||
	    !read_again(span_of(rx->data, rx->len), &r->msg) || r->msg.mid != d->mid)
		return false;
	r->assembly = assembly_of(e, r);
	return true;
}

bool request_lost(struct engine *e, struct request *r, ref_t *waiting)
{
	ref_t ref = engine_root(e)->exec;
	struct dedup *d = dedup_get(e, ref);

	*waiting = 0;
	if (!space_exec(&e->space))
		return false;
	if (d && d->state == DEDUP_EXEC) {
		if (lost_fresh(e, d, r))
			return true;
		dedup_kill(e, d);
	} else if (request_resume(e, ref, r)) {
		*waiting = ref;
		return true;
	}
	engine_commit(e, space_rx_next(&e->space));
	return false;
}
