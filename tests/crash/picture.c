#include "picture.h"

#include "coap/frame_udp.h"
#include "exchange/assembly.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "exchange/observer.h"
#include "resource/fetch.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4)))
static void note(struct picture *p, unsigned peer, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (peer >= PEERS || p->n[peer] >= PICTURE_TEXT - 1)
		return;
	va_start(ap, fmt);
	n = vsnprintf(p->text[peer] + p->n[peer], PICTURE_TEXT - p->n[peer], fmt, ap);
	va_end(ap);
	p->n[peer] += n > 0 ? (size_t)n : 0;
}

static uint64_t digest(const void *p, size_t n)
{
	return hash_bytes(&life_key, p, n);
}

/* A token of ours names the object that happened to be free. */
static uint64_t message_digest(struct span bytes)
{
	uint8_t copy[256];
	struct message m;

	if (bytes.n > sizeof copy)
		return 0;
	memcpy(copy, bytes.p, bytes.n);
	if (frame_udp_parse(span_of(copy, bytes.n), &m) == FRAME_OK && code_is_request(m.code) &&
	    m.token.n == CLIENT_TOKEN)
		memset(copy + 4, 0, CLIENT_TOKEN);
	return digest(copy, bytes.n);
}

static void see_sent(struct picture *p, struct life *l)
{
	const struct batch *b = batch_of(&l->d.engine.space);

	for (unsigned i = 0; i < space_tx_n(&l->d.engine.space); i++) {
		const struct tx_dgram *t = &b->tx[i];
		unsigned peer = t->to.port - 1000u;

		note(p, peer, "tx %02x %02x %u %llx\n", t->data[0], t->data[1], t->len,
		     (unsigned long long)message_digest(span_of(t->data, t->len)));
		if (peer < PEERS && t->data[1] == COAP_INTERNAL_ERROR)
			p->failed[peer] = true;
	}
}

static void see_dedup(struct picture *p, struct engine *e, const struct endpoint *ep, unsigned peer)
{
	/* Settled ones in their order, which evictions follow. */
	for (uint32_t i = ep->dedup_head; i != SLAB_NIL;) {
		const struct dedup *d = slab_at(engine_slab(e, SLAB_DEDUP), i);
		struct span a = dedup_answer(e, d);

		note(p, peer, "dedup %u st%u %llx\n", d->mid, d->state,
		     d->state == DEDUP_DONE ? (unsigned long long)digest(a.p, a.n) : 0);
		i = d->next;
	}
}

static void see_endpoints(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_ENDPOINT]; i++) {
		const struct endpoint *ep = slab_at(engine_slab(e, SLAB_ENDPOINT), i);
		unsigned peer = ep->remote.port - 1000u;
		const struct dealings *d;

		if (!(ep->o.word & 1))
			continue;
		d = dealings_of(e, ep);
		note(p, peer, "endpoint dealings%d non%llu next%llu\n", dealings_are(ep),
		     (unsigned long long)d->last_non, (unsigned long long)d->next_non);
		note(p, peer, "endpoint mid%x hi%x win%llx forgot%u x%u a%u d%u k%u\n",
		     d->next_mid, d->window.hi,
		     (unsigned long long)digest(d->window.half, sizeof d->window.half),
		     d->forgot_n, d->nexchanges, d->nactive, ep->ndedup, ep->nkept);
		see_dedup(p, e, ep, peer);
	}
}

static void see_exchanges(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++) {
		const struct exchange *x = slab_at(engine_slab(e, SLAB_EXCHANGE), i);
		const struct endpoint *ep;
		const struct task *t;

		if (!(x->o.word & 1))
			continue;
		ep = endpoint_get(e, x->peer);
		note(p, ep->remote.port - 1000u, "exchange st%u mid%u ack%u re%u dl%llu %llx\n",
		     x->state, x->mid, x->acked, x->retries, (unsigned long long)x->deadline,
		     (unsigned long long)message_digest(stored_get(e, &x->msg, x->inside)));
		t = slab_get(&e->space, engine_slab(e, TASK_SLAB), x->owner);
		if (x->state == EXCHANGE_WAITING && t)
			note(p, ep->remote.port - 1000u, "task at%llu scratch%llx\n",
			     (unsigned long long)t->at[0],
			     (unsigned long long)digest(t->scratch, sizeof t->scratch));
	}
}

static void see_xfers(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_XFER]; i++) {
		const struct xfer *x = slab_at(engine_slab(e, SLAB_XFER), i);
		struct span options;

		if (!(x->o.word & 1))
			continue;
		options = stored_get(e, &x->options, x->inside);
		note(p, x->to.port - 1000u, "transfer ph%u at%u of%u %llx %llx\n",
		     x->s.phase, x->s.offset, x->body_n,
		     (unsigned long long)digest(&x->s, sizeof x->s),
		     (unsigned long long)digest(options.p, options.n));
	}
}

static void see_obs(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_OBS]; i++) {
		const struct obs *o = slab_at(engine_slab(e, SLAB_OBS), i);

		if (o->o.word & 1)
			note(p, o->to.port - 1000u, "observation st%u v%u heard%llu due%llu try%u %s\n",
			     o->state, o->value, (unsigned long long)o->heard,
			     (unsigned long long)o->due, o->tries,
			     xfer_get(e, o->rest) ? "rest" : "whole");
	}
}

static void see_observers(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_OBSERVER]; i++) {
		const struct observer *o = slab_at(engine_slab(e, SLAB_OBSERVER), i);
		const struct representation *r;

		if (!(o->o.word & 1))
			continue;
		r = representation_get(e, o->representation);
		note(p, endpoint_get(e, o->peer)->remote.port - 1000u,
		     "observer v%llu stale%d again%u mid%x con%u by%llu pause%llu turn%u re%u %s\n",
		     (unsigned long long)o->sequence, o->told != r->seen, o->again, o->mid, o->since_con,
		     (unsigned long long)o->con_by, (unsigned long long)o->pause, o->turn, o->retries,
		     exchange_get(e, o->exchange) ? "told" : "idle");
	}
}

/* Whom nobody waits for; of peer 0, who has nothing else. */
static void see_tasks(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[TASK_SLAB]; i++) {
		const struct task *t = slab_at(engine_slab(e, TASK_SLAB), i);

		if ((t->object.word & 1) && t->kind != TASK_REQUEST)
			note(p, 0, "task k%u begins%u at%llu awaits%u %llx\n", t->kind, t->begins,
			     (unsigned long long)t->at[0], t->awaits[1],
			     (unsigned long long)digest(t->scratch, sizeof t->scratch));
	}
}

static void see_fetches(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[FETCH_SLAB]; i++) {
		const struct fetch *f = slab_at(fetch_slab(e), i);

		if (f->object.word & 1)
			note(p, 8, "fetch st%u tag%u due%llu flags%u\n", f->state, f->tag,
			     (unsigned long long)f->due, f->flags);
	}
}

static void see_assemblies(struct picture *p, struct engine *e)
{
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_ASSEMBLY]; i++) {
		const struct assembly *a = slab_at(engine_slab(e, SLAB_ASSEMBLY), i);

		if (a->o.word & 1)
			note(p, endpoint_get(e, a->peer)->remote.port - 1000u,
			     "body st%u next%llu by%llu code%u\n", a->state,
			     (unsigned long long)a->next, (unsigned long long)a->deadline,
			     a->code);
	}
}

void picture_take(struct picture *p, struct life *l)
{
	struct engine *e = &l->d.engine;

	memset(p, 0, sizeof *p);
	see_sent(p, l);
	see_endpoints(p, e);
	see_exchanges(p, e);
	see_xfers(p, e);
	see_obs(p, e);
	see_observers(p, e);
	see_tasks(p, e);
	see_fetches(p, e);
	see_assemblies(p, e);
	for (unsigned i = 0; i < PEERS; i++)
		if (!life_peer_is_opaque(i))
			note(p, i, "count %u\n", l->world->count[i]);
}
