#include "client/errand.h"

#include "base/quote.h"
#include "client/question.h"
#include "coap/content_format.h"
#include "exchange/client.h"
#include "transport/hostname.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE 5.0            /* s for one address of several that is silent */
#define STALE_TRIES 3           /* further ones, for a representation that changes */
#define DIAGNOSTIC 200u         /* bytes shown of it */

/* --- its end ---------------------------------------------------------------------- */

static void rest(struct errand *e)
{
	ev_timer_stop(e->tool->loop, &e->patience);
	ev_timer_stop(e->tool->loop, &e->deadline);
	if (e->addresses == NULL && e->tool->resolver)
		resolve_cancel(e->tool->resolver, e);
	e->wants_room = false;
}

static void finish(struct errand *e)
{
	struct tool *t = e->tool;

	rest(e);
	e->asking = false;
	e->over = true;
	e->ops->over(e);
	if (--t->open == 0)
		tool_stop(t);
}

/* No answer from the address in hand, nor from those before it. */
static void fail_network(struct errand *e, int status, double waited)
{
	struct err *err = &e->outcome.err;
	size_t n;

	outcome_network(&e->outcome, e->text, &e->peer, status, waited);
	n = strlen(err->text);
	if (e->at)
		snprintf(err->text + n, sizeof err->text - n, " (the last of %u addresses)",
			 e->addresses->n);
	finish(e);
}

static void fail(struct errand *e, int status)
{
	if (status != -EIO || !e->tool->source.name) {
		fail_network(e, status, net_now(e->tool->net) - e->began);
		return;
	}
	outcome_error(&e->outcome, e->text, status,
		      &(struct err){ "the body changed while it was read, or cannot be read any "
				     "more" });
	finish(e);
}

static void fail_with(struct errand *e, int code, const struct err *err)
{
	outcome_error(&e->outcome, e->text, code, err);
	finish(e);
}

/* Forgets what was asked.  Where there is no room for an event it stays with the
 * engine, and what comes of it is for nobody. */
static void withdraw(struct errand *e)
{
	struct tool *t = e->tool;
	bool begun = !t->inside && e->asking && net_begin(t->net);

	if (e->asking && (t->inside || begun)) {
		if (e->kind == ERRAND_TRANSFER)
			xfer_cancel(net_engine(t->net), e->ref);
		else if (e->kind == ERRAND_OBSERVATION)
			obs_cancel(net_engine(t->net), e->ref);
		else
			client_cancel(net_engine(t->net), e->ref);
	}
	if (begun)
		net_end(t->net);
	e->asking = false;
}

/* --- asking ----------------------------------------------------------------------- */

/* Asks the address in hand.  0, also when that has to wait for room. */
static int ask(struct errand *e)
{
	struct net *n = e->tool->net;
	int rc;

	e->wants_room = !e->tool->inside && !net_begin(n);
	if (e->wants_room)
		return 0;
	if (e->began < 0)
		e->began = net_now(n);
	rc = question_send(e);
	e->asking = rc == 0;
	if (!e->tool->inside)
		net_end(n);
	return rc;
}

static bool more_addresses(const struct errand *e)
{
	return e->at + 1 < e->addresses->n;
}

/* Silence moves to the next address only where asking twice does no harm; otherwise
 * that has to wait until the stage below has given up. */
static void be_patient(struct errand *e)
{
	ev_timer_stop(e->tool->loop, &e->patience);
	if (!more_addresses(e) || !code_is_idempotent(e->code) || e->kind == ERRAND_GROUP)
		return;
	ev_timer_set(&e->patience, PATIENCE, 0);
	ev_timer_start(e->tool->loop, &e->patience);
}

/* Asks the address in hand, or the next one that there is a way to. */
static void approach(struct errand *e)
{
	for (;; e->at++) {
		int rc;

		e->peer = e->addresses->addr[e->at];
		rc = e->kind == ERRAND_GROUP ? 0 : question_way(&e->peer);
		if (rc == 0) {
			be_patient(e);
			rc = ask(e);
			if (rc == 0)
				return;
			fail(e, rc);
			return;
		}
		if (!more_addresses(e)) {
			fail(e, rc);
			return;
		}
	}
}

/* Whether there is no answer because none was wanted (RFC 7967), which none can be of a
 * request that the server may not have. */
static bool is_unwanted(const struct errand *e, bool taken)
{
	return taken && e->tool->args->no_response > 0;
}

static void approach_next(struct errand *e)
{
	e->asking = false;
	e->at++;
	approach(e);
}

/* The address in hand brought nothing.  taken: it may have the request. */
static void give_up(struct errand *e, int status, bool taken)
{
	bool elsewhere = status == -ECONNREFUSED || (status == -ETIMEDOUT && !e->heard);

	e->asking = false;
	if (status == -ETIMEDOUT && is_unwanted(e, taken))
		finish(e);
	else if (elsewhere && more_addresses(e))
		approach_next(e);
	else
		fail(e, status);
}

/* Whether the address in hand has answered anybody. */
static bool peer_speaks(const struct errand *e)
{
	const struct tool *t = e->tool;

	for (unsigned i = 0; i < t->nerrands; i++)
		if (t->errands[i] && t->errands[i]->heard &&
		    addr_eq(&t->errands[i]->peer, &e->peer))
			return true;
	return false;
}

/* One that answers others is not silent: requests to it take turns (RFC 7252 4.7).  Nor
 * is one that works on its answer. */
static void on_patience(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct errand *e = w->data;

	(void)loop, (void)events;
	if (peer_speaks(e) || question_is_heard(e)) {
		be_patient(e);
		return;
	}
	withdraw(e);
	approach_next(e);
}

static void on_deadline(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct errand *e = w->data;
	double s = (double)e->tool->args->timeout_ms / 1000;
	struct err err;
	bool taken = question_is_taken(e);
	bool amid = e->heard && spool_size(e->answer.body) > 0;

	(void)loop, (void)events;
	withdraw(e);
	if (is_unwanted(e, taken)) {
		finish(e);
		return;
	}
	if (!e->addresses) {
		err_set(&err, -ETIMEDOUT, "no server says within %.3g s what address the name "
			"has", s);
		fail_with(e, -ETIMEDOUT, &err);
		return;
	}
	fail_network(e, amid ? -ETIME : -ETIMEDOUT, s);
}

static void on_addresses(void *arg, const struct resolved *answer)
{
	struct errand *e = arg;

	e->addresses = malloc(sizeof *e->addresses);
	if (!e->addresses) {
		fail_with(e, -ENOMEM, &(struct err){ "no memory for addresses" });
		return;
	}
	*e->addresses = *answer;
	if (answer->status)
		fail_with(e, answer->status == -EINVAL ? -ENODEV : answer->status, &answer->err);
	else if (addr_is_multicast(answer->addr[0].ip) && e->kind != ERRAND_GROUP)
		fail_with(e, -EINVAL, &(struct err){ "this is the address of a group, not of a "
						     "server: coap discover --multicast asks "
						     "groups" });
	else
		approach(e);
}

/* What does not fit is cut off: that is longer than any interface's name. */
static void to_text(struct span s, char *out, size_t cap)
{
	struct writer w = writer_of(out, cap - 1);

	write_bytes(&w, s.p, s.n < cap - 1 ? s.n : cap - 1);
	*w.p = 0;
}

void errand_start(struct errand *e)
{
	const struct tool *t = e->tool;
	const struct uri *u = target_server(&e->target);
	char host[3 * HOSTNAME_MAX + 1], zone[64];      /* each byte percent-encoded */

	to_text(u->host, host, sizeof host);
	to_text(u->zone, zone, sizeof zone);
	e->tool->open++;
	e->over = false;
	if (t->args->timeout_ms > 0 && e->kind != ERRAND_GROUP) {
		ev_timer_set(&e->deadline, (double)t->args->timeout_ms / 1000, 0);
		ev_timer_start(t->loop, &e->deadline);
	}
	if (resolve_start(t->resolver, host, zone, u->port, on_addresses, e))
		fail_with(e, -ENOMEM, &(struct err){ "no memory for a name" });
}

void errand_again(struct errand *e)
{
	int rc;

	if (e->over)
		e->tool->open++;
	e->over = false;
	e->outcome = (struct outcome){ 0 };
	e->began = -1;
	rc = ask(e);
	if (rc)
		fail(e, rc);
}

bool errand_ready(struct errand *e)
{
	int rc;

	if (!e->wants_room)
		return true;
	rc = ask(e);
	if (rc)
		fail(e, rc);
	return !e->wants_room;
}

void errand_cancel(struct errand *e)
{
	if (e->over)
		return;
	withdraw(e);
	rest(e);
	e->over = true;
	e->tool->open--;
}

void errand_leave(struct errand *e)
{
	struct tool *t = e->tool;
	int rc = -ENOENT;

	assert(e->kind == ERRAND_OBSERVATION);
	e->leaving = true;
	if (e->asking && net_begin(t->net)) {
		rc = obs_leave(net_engine(t->net), e->ref);
		net_end(t->net);
	}
	if (rc == 0)
		return;
	withdraw(e);
	finish(e);
}

/* --- what comes --------------------------------------------------------------------- */

static void take_head(struct errand *e, const struct message *m, const struct addr *peer,
		      unsigned again)
{
	struct answer *a = &e->answer;

	*a = (struct answer){ .type = m->type, .code = m->code, .peer = *peer,
			      .body = a->body, .began = e->began,
			      .ended = net_now(e->tool->net), .again = again };
	a->token.n = (uint8_t)m->token.n;
	if (m->token.n)
		memcpy(a->token.bytes, m->token.p, m->token.n);
	if (m->options.n)
		memcpy(e->kept, m->options.p, m->options.n);
	a->options = span_of(e->kept, m->options.n);
}

/* Part of a body, at the end of those before. */
static bool take_bytes(struct errand *e, struct span bytes)
{
	struct err err;
	int rc = spool_add(e->answer.body, bytes, &err);

	if (rc) {
		withdraw(e);
		fail_with(e, rc, &err);
	}
	return rc == 0;
}

static void tell_part(struct errand *e, uint64_t have, uint64_t total)
{
	e->have = have;
	e->total = total;
	if (e->ops->part)
		e->ops->part(e, have, total);
}

static void hear(struct errand *e)
{
	e->heard = true;
	ev_timer_stop(e->tool->loop, &e->patience);
	if (e->kind == ERRAND_OBSERVATION)
		ev_timer_stop(e->tool->loop, &e->deadline);
}

/* What an error response says besides its code, as far as it is for reading. */
static const char *diagnostic(const struct errand *e, char *out, size_t cap)
{
	struct message m = { .code = e->answer.code, .options = e->answer.options };
	struct span body = spool_span(e->answer.body);
	struct writer w = writer_of(out, cap - 1);
	const struct content_format *format;
	uint64_t number;

	if (body.n == 0)
		return NULL;
	if (message_option_uint(&m, OPT_CONTENT_FORMAT, &number) &&
	    !content_kind_is_text(content_format_kind((uint32_t)number))) {
		format = content_format((uint32_t)number);
		snprintf(out, cap, "%zu bytes of %s %u", body.n,
			 format ? format->name : "content format", (unsigned)number);
		return out;
	}
	quote_write(&w, body, DIAGNOSTIC, e->tool->show.utf8);
	*w.p = 0;
	return out;
}

/* The answer is whole. */
static void tell(struct errand *e)
{
	char text[DIAGNOSTIC * 4 + 8];

	e->answered = true;
	e->ops->answer(e, &e->answer);
	if (code_class(e->answer.code) > 2)
		outcome_response(&e->outcome, e->text, e->answer.code,
				 diagnostic(e, text, sizeof text));
}

void errand_response(struct errand *e, const struct response *r)
{
	if (e->over)
		return;
	if (r->status && e->kind == ERRAND_GROUP) {
		finish(e);
		return;
	}
	if (r->status) {
		give_up(e, r->status, r->taken);
		return;
	}
	hear(e);
	spool_restart(e->answer.body);
	take_head(e, &r->msg, &r->peer, r->again);
	if (!take_bytes(e, r->msg.payload))
		return;
	tell(e);
	if (e->kind != ERRAND_GROUP)
		finish(e);
}

void errand_xfer(struct errand *e, enum xfer_verdict verdict, const struct xfer_event *x)
{
	if (e->over)
		return;
	if (verdict == XFER_FAILED && x->status == -ESTALE && code_is_idempotent(e->code) &&
	    e->stale++ < STALE_TRIES) {
		approach(e);
		return;
	}
	if (verdict == XFER_FAILED) {
		give_up(e, x->status, x->taken);
		return;
	}
	hear(e);
	if (verdict == XFER_NOTHING) {
		tell_part(e, x->sent, e->tool->source.n);
		return;
	}
	/* A body begins: the first, one anew after a change, an error amid another. */
	if (x->offset == 0)
		spool_restart(e->answer.body);
	take_head(e, &x->msg, &x->peer, x->again);
	if (!take_bytes(e, x->msg.payload))
		return;
	if (verdict == XFER_DONE) {
		tell(e);
		finish(e);
	} else {
		tell_part(e, spool_size(e->answer.body), x->total);
	}
}

void errand_obs(struct errand *e, enum obs_verdict verdict, const struct obs_event *o)
{
	if (e->over || verdict == OBS_NOTHING)
		return;
	if (verdict == OBS_FAILED && e->leaving) {
		finish(e);
		return;
	}
	if (verdict == OBS_FAILED) {
		give_up(e, o->status, false);
		return;
	}
	hear(e);
	if (o->offset == 0)
		spool_restart(e->answer.body);
	take_head(e, &o->msg, &o->peer, 0);
	e->answer.value = o->value;
	if (!take_bytes(e, o->msg.payload))
		return;
	if (verdict != OBS_PART && !e->leaving)
		tell(e);
	if (verdict == OBS_ENDED)
		finish(e);
}

/* --- its beginning -------------------------------------------------------------------- */

static int read_target(struct errand *e)
{
	struct err err;
	int rc = target_read(&e->target, e->text, e->tool->args->proxy, &err);

	if (rc == 0)
		return 0;
	outcome_error(&e->outcome, NULL, rc, &err);
	e->outcome.wrong = e->target.wrong;
	e->outcome.wrong_at = e->target.wrong_at;
	return rc;
}

/* What is wrong with options is wrong before anything is sent. */
static int try_question(struct errand *e)
{
	struct err err;
	int rc = question_try(e, &err);

	if (rc)
		outcome_error(&e->outcome, NULL, -EINVAL, &err);
	return rc;
}

static int keep_body(struct errand *e, const char *output)
{
	struct err err;
	int rc = spool_open(&e->answer.body, output, &err);

	if (rc)
		outcome_error(&e->outcome, NULL, rc, &err);
	return rc;
}

int errand_open(struct errand *e, struct tool *t, enum errand_kind kind, const char *uri,
		const char *output, const struct errand_ops *ops)
{
	int rc;

	*e = (struct errand){ .tool = t, .ops = ops, .text = uri, .kind = (uint8_t)kind,
			      .code = t->args->code, .output = output, .began = -1, .over = true };
	ev_init(&e->patience, on_patience);
	ev_init(&e->deadline, on_deadline);
	e->patience.data = e->deadline.data = e;
	assert(t->nerrands < t->room);
	t->errands[t->nerrands++] = e;
	e->owner = t->nerrands;
	if ((rc = read_target(e)) || (rc = try_question(e)))
		return rc;
	return keep_body(e, output);
}

void errand_free(struct errand *e)
{
	if (!e->tool)
		return;
	errand_cancel(e);
	e->tool->errands[e->owner - 1] = NULL;
	free(e->addresses);
	spool_close(e->answer.body);
	*e = (struct errand){ .over = true };
}
