#include "audit.h"

#include "exchange/assembly.h"
#include "exchange/body.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "exchange/observer.h"

#define EACH(e, number, type, it) \
	for (type *it = slab_at(engine_slab(e, number), 0), \
	     *end_ = slab_at(engine_slab(e, number), (e)->space.ctl->hwm[number]); \
	     it < end_; it++) \
		if (((struct object *)(void *)it)->word & 1)

static bool is_outgoing(const struct exchange *x)
{
	return x->state != EXCHANGE_WAITING;
}

static bool has_mid(const struct exchange *x)
{
	return x->state == EXCHANGE_SENT || x->state == EXCHANGE_ACKED;
}

static bool is_settled(const struct dedup *d)
{
	return d->state != DEDUP_EXEC && d->state != DEDUP_WAITING;
}

/* --- slabs ------------------------------------------------------------------- */

static void audit_slab(const struct space *s, const struct slab *b)
{
	uint32_t hwm = s->ctl->hwm[b->number], n = 0, live = 0;

	CHECK(hwm <= b->cap);
	for (uint32_t i = b->free_head; i != SLAB_NIL; n++) {
		CHECK(i < hwm && n < hwm);
		CHECK(!slab_live(b, i));
		i = ((struct object *)slab_at(b, i))->link;
	}
	for (uint32_t i = 0; i < hwm; i++)
		live += slab_live(b, i);
	CHECK(n == b->free_n);
	CHECK(n + live == hwm);
	CHECK(live == s->ctl->live[b->number]);
}

/* Every chain leads through live objects only, and to n of them in all. */
static void audit_table(const struct table *t, const struct slab *b, uint32_t n)
{
	uint32_t seen = 0;

	for (uint32_t k = 0; k <= t->mask; k++)
		for (uint32_t i = t->bucket[k]; i != SLAB_NIL;
		     i = ((struct object *)slab_at(b, i))->link) {
			CHECK(i < b->cap && slab_live(b, i));
			CHECK(++seen <= n);
		}
	CHECK(seen == n);
}

static void audit_heap(const struct heap *h)
{
	for (uint32_t i = 0; i < h->n; i++) {
		CHECK(h->pos[h->entry[i].item] == i);
		CHECK(i == 0 || h->entry[(i - 1) / 2].at <= h->entry[i].at);
	}
}

/* --- lists of an endpoint ------------------------------------------------------ */

static struct exchange *at(struct engine *e, uint32_t i)
{
	return slab_at(engine_slab(e, SLAB_EXCHANGE), i);
}

/* Those in a chain, of one peer unless it is 0. */
static uint32_t audit_chain(struct engine *e, const struct chain *c, ref_t peer)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);
	uint32_t n = 0, before = SLAB_NIL;

	for (uint32_t i = c->head; i != SLAB_NIL; n++) {
		const struct exchange *x = at(e, i);

		CHECK(n < b->cap && slab_live(b, i) && is_outgoing(x));
		CHECK((!peer || x->peer == peer) && x->prev == before);
		before = i;
		i = x->next;
	}
	CHECK(c->tail == before);
	return n;
}

static uint32_t audit_queue(struct engine *e, const struct endpoint *p, bool damaged)
{
	const struct chain *queue = &dealings_of(e, p)->queue;
	uint32_t n = audit_chain(e, queue, endpoint_ref(e, p));

	for (uint32_t i = queue->head; i != SLAB_NIL; i = at(e, i)->next) {
		uint32_t before = at(e, i)->prev;

		CHECK(at(e, i)->state == EXCHANGE_QUEUED);
		if (before != SLAB_NIL && !damaged)
			CHECK((int32_t)(at(e, i)->order - at(e, before)->order) > 0);
	}
	return n;
}

static uint32_t audit_sent(struct engine *e, const struct endpoint *p)
{
	const struct chain *chain = &dealings_of(e, p)->sent;

	for (uint32_t i = chain->head; i != SLAB_NIL; i = at(e, i)->next)
		CHECK(at(e, i)->state != EXCHANGE_QUEUED &&
		      !(at(e, i)->flags & EXCHANGE_GROUP));
	return audit_chain(e, chain, endpoint_ref(e, p));
}

static uint32_t audit_kept(struct engine *e, const struct endpoint *p, bool damaged)
{
	struct slab *b = engine_slab(e, SLAB_DEDUP);
	uint32_t n = 0, before = SLAB_NIL;

	for (uint32_t i = p->dedup_head; i != SLAB_NIL; n++) {
		const struct dedup *d = slab_at(b, i);

		CHECK(n < b->cap && slab_live(b, i) && is_settled(d));
		CHECK(d->peer == endpoint_ref(e, p) && d->prev == before);
		if (before != SLAB_NIL && !damaged)
			CHECK((int32_t)(d->order -
					((struct dedup *)slab_at(b, before))->order) > 0);
		before = i;
		i = d->next;
	}
	CHECK(p->dedup_tail == before);
	return n;
}

static void audit_endpoint(struct engine *e, struct endpoint *p, bool damaged)
{
	uint32_t exchanges = 0, notifications = 0, observers = 0, assemblies = 0, sent = 0;
	uint32_t active = 0, queued = 0, named = 0, dedups = 0, kept = 0;
	const struct dealings *l = dealings_of(e, p);
	ref_t ref = endpoint_ref(e, p);

	CHECK(damaged || endpoint_find(e, &p->remote, &p->local) == p);
	CHECK(!dealings_are(p) || (slab_live(engine_slab(e, SLAB_DEALINGS), p->dealings) &&
				   l->peer == ref));
	EACH(e, SLAB_EXCHANGE, struct exchange, x) {
		if (x->peer != ref)
			continue;
		exchanges++;
		notifications += x->role == ROLE_NOTIFY;
		sent += x->state > EXCHANGE_QUEUED && !(x->flags & EXCHANGE_GROUP);
		named += (x->flags & EXCHANGE_NAMED) != 0;
		active += x->state == EXCHANGE_SENT;
		queued += x->state == EXCHANGE_QUEUED;
	}
	EACH(e, SLAB_DEDUP, struct dedup, d) {
		dedups += d->peer == ref;
		kept += d->peer == ref && is_settled(d);
	}
	CHECK(l->nexchanges == exchanges);
	EACH(e, SLAB_OBSERVER, struct observer, o)
		observers += o->peer == ref;
	EACH(e, SLAB_ASSEMBLY, struct assembly, a)
		assemblies += a->peer == ref;
	CHECK(l->nassemblies == assemblies);
	CHECK(damaged || assemblies <= e->conf.limits.assemblies_per_endpoint);
	CHECK(l->nobservers == observers);
	CHECK(damaged || observers <= e->conf.limits.observers_per_endpoint);
	CHECK(damaged || exchanges - notifications <= e->conf.limits.exchanges_per_endpoint);
	CHECK(l->nactive == active);
	CHECK(l->nnamed == named);
	CHECK(damaged || active <= e->conf.params.nstart);
	CHECK(p->ndedup == dedups);
	CHECK(p->nkept == kept);
	CHECK(damaged || e->conf.limits.answers_lent ||
	      kept <= e->conf.limits.answers_per_endpoint);
	CHECK(audit_queue(e, p, damaged) == queued);
	CHECK(audit_sent(e, p) == sent);
	CHECK(audit_kept(e, p, damaged) == kept);
	if (queued && active < e->conf.params.nstart) {
		bool due = false;       /* else nobody would ever start it */

		EACH(e, SLAB_EXCHANGE, struct exchange, x)
			due |= x->peer == ref && x->state == EXCHANGE_QUEUED &&
			       heap_has(&e->deadlines, slab_index(
						engine_slab(e, SLAB_EXCHANGE), x));
		CHECK(due);
	}
}

/* --- objects --------------------------------------------------------------------- */

static void audit_exchange(struct engine *e, struct exchange *x, bool damaged)
{
	uint32_t item = e->first_item[SLAB_EXCHANGE] +
			slab_index(engine_slab(e, SLAB_EXCHANGE), x);
	struct endpoint *p = endpoint_get(e, x->peer);
	const struct dedup *d = dedup_get(e, x->dedup);
	bool timed = heap_has(&e->deadlines, item);

	CHECK(p);
	CHECK(stored_valid(e, &x->msg, EXCHANGE_INSIDE, exchange_ref(e, x)));
	if (timed && x->state != EXCHANGE_QUEUED)
		CHECK(e->deadlines.entry[e->deadlines.pos[item]].at == x->deadline);
	if (has_mid(x)) {
		CHECK(timed);           /* it would stay for ever */
		CHECK(damaged || exchange_by_mid(e, p, (uint16_t)x->mid) == x);
	}
	if (x->flags & EXCHANGE_NAMED)
		CHECK(exchange_message_token(e, x).n);
	if (x->state == EXCHANGE_KEPT) {
		CHECK(!timed && x->flags & EXCHANGE_KEEP && x->role == ROLE_CLIENT);
		CHECK(damaged || exchange_by_token(e, p, exchange_message_token(e, x)) == x);
	}
	if (x->flags & EXCHANGE_GROUP)
		CHECK(x->state == EXCHANGE_QUEUED || x->state == EXCHANGE_ACKED);
	if (x->state == EXCHANGE_WAITING) {
		CHECK(damaged || timed == (x->type == COAP_CON && !x->acked));
		CHECK(damaged || !d || (d->state == DEDUP_WAITING && d->exchange == exchange_ref(e, x)));
	}
}

/* A transfer and the exchange it has under way name each other. */
static void audit_xfer(struct engine *e, struct xfer *x)
{
	const struct exchange *under_way = exchange_get(e, x->exchange);

	CHECK(under_way && under_way->owner == xfer_ref(e, x));
	CHECK(stored_valid(e, &x->options, XFER_INSIDE, xfer_ref(e, x)));
	CHECK(x->s.phase >= XFER_WHOLE && x->s.phase < XFER_PHASES);
	CHECK(!obs_owns(x->owner) || obs_has_rest(e, x));
}

static void audit_obs(struct engine *e, struct obs *o, bool damaged)
{
	const struct exchange *kept = exchange_get(e, o->exchange);
	uint32_t item = e->first_item[SLAB_OBS] + slab_index(engine_slab(e, SLAB_OBS), o);

	CHECK(kept && kept->owner == obs_ref(e, o));
	CHECK((kept->state == EXCHANGE_KEPT) == (o->due || o->state == OBS_LAST));
	CHECK(heap_has(&e->deadlines, item) == (o->due != 0));
	CHECK(!o->due || e->deadlines.entry[e->deadlines.pos[item]].at == o->due);
	CHECK(o->state != OBS_LAST || xfer_get(e, o->rest));
	CHECK(damaged || !o->rest || xfer_get(e, o->rest));
}

static void audit_owned(struct engine *e, const struct exchange *x)
{
	const struct xfer *t = xfer_get(e, x->owner);
	const struct obs *o = obs_get(e, x->owner);

	if (x->role == ROLE_CLIENT && xfer_owns(x->owner))
		CHECK(t && t->exchange == exchange_ref(e, x));
	if (x->role == ROLE_CLIENT && obs_owns(x->owner))
		CHECK(o && o->exchange == exchange_ref(e, x));
}

/* The same message, within the time in which it is no other one. */
static bool same_message(const struct engine *e, const struct dedup *a, const struct dedup *b)
{
	uint32_t apart = a->at_s > b->at_s ? a->at_s - b->at_s : b->at_s - a->at_s;

	return a->mid == b->mid && a->peer == b->peer && a->print == b->print &&
	       apart <= (a->kind & DEDUP_NON ? e->non_lifetime_s : e->lifetime_s);
}

static void audit_dedup(struct engine *e, struct dedup *d, bool damaged)
{
	const struct exchange *x = exchange_get(e, d->exchange);

	CHECK(endpoint_get(e, d->peer));
	EACH(e, SLAB_DEDUP, struct dedup, other)
		CHECK(damaged || other == d || !same_message(e, d, other));
	CHECK(d->state != DEDUP_EXEC || space_exec(&e->space));
	if (d->state == DEDUP_WAITING)
		CHECK(x && x->state == EXCHANGE_WAITING && x->dedup == dedup_ref(e, d));
	if (d->state == DEDUP_DONE)
		CHECK(stored_valid(e, &d->answer, DEDUP_INSIDE, dedup_ref(e, d)));
}

static void audit_blob(struct engine *e, const struct blob *b)
{
	const struct exchange *x = exchange_get(e, b->owner);
	const struct dedup *d = dedup_get(e, b->owner);
	const struct xfer *t = xfer_get(e, b->owner);
	const struct observer *o = observer_get(e, b->owner);
	uint32_t self = slab_index(engine_slab(e, SLAB_BLOB), b);

	CHECK((t && t->options.blob == self) || (o && o->request.blob == self) ||
	      (x && x->msg.blob == self) ||
	      (d && d->state == DEDUP_DONE && d->answer.blob == self));
}

/* --- observers ------------------------------------------------------------------- */

static void audit_observer(struct engine *e, struct observer *o)
{
	const struct exchange *x = exchange_get(e, o->exchange);
	const struct representation *p = representation_get(e, o->representation);
	uint32_t item = e->first_item[SLAB_OBSERVER] +
			slab_index(engine_slab(e, SLAB_OBSERVER), o);
	uint32_t due = e->first_item[SLAB_REPRESENTATION];

	CHECK(p && endpoint_get(e, o->peer));
	CHECK(stored_valid(e, &o->request, OBSERVER_INSIDE, observer_ref(e, o)));
	CHECK(!o->exchange || (x && x->role == ROLE_NOTIFY && x->owner == observer_ref(e, o)));
	CHECK(o->chained == (!o->exchange && !o->pause));
	due += slab_index(engine_slab(e, SLAB_REPRESENTATION), p);
	if (o->chained && (o->told != p->seen || o->again))
		CHECK(heap_has(&e->deadlines, due));
	else if (!o->exchange)
		CHECK(heap_has(&e->deadlines, item));
}

static void audit_representation(struct engine *e, struct representation *p)
{
	struct slab *b = engine_slab(e, SLAB_OBSERVER);
	uint32_t all = 0, chained = 0, seen = 0;
	bool fresh = false;

	EACH(e, SLAB_OBSERVER, struct observer, o) {
		if (representation_get(e, o->representation) != p)
			continue;
		all++;
		chained += o->chained;
	}
	for (uint32_t i = p->idle.head; i != SLAB_NIL; seen++) {
		const struct observer *o = slab_at(b, i);
		bool stale = o->told != p->seen || o->again;

		CHECK(slab_live(b, i) && seen < chained);
		CHECK(!(stale && fresh));       /* those in front come first */
		fresh |= !stale;
		i = o->next;
	}
	CHECK(all == p->nobservers && all > 0 && seen == chained);
}

static void audit_observers(struct engine *e, bool damaged)
{
	struct slab *b = engine_slab(e, SLAB_REPRESENTATION);
	uint32_t n = 0;

	EACH(e, SLAB_REPRESENTATION, struct representation, p)
		audit_representation(e, p);
	EACH(e, SLAB_OBSERVER, struct observer, o)
		audit_observer(e, o);
	for (uint32_t w = 0; w < CHANGES_WORDS; w++)
		for (struct representation *p = representation_of_word(e, w); p;
		     p = representation_next(e, p))
			CHECK(p->word == w && ++n <= b->cap);
	CHECK(n == e->space.ctl->live[SLAB_REPRESENTATION]);
	CHECK(damaged || n <= e->conf.limits.representations);
	CHECK(damaged || e->space.ctl->live[SLAB_OBSERVER] <= e->conf.limits.observers);
}

/* --- bodies ------------------------------------------------------------------------ */

/* An assembly and its body name each other; a stream has an owner in their place. */
static void audit_assembly(struct engine *e, struct assembly *a)
{
	const struct body *b = body_get(e, a->body);
	uint32_t item = e->first_item[SLAB_ASSEMBLY] +
			slab_index(engine_slab(e, SLAB_ASSEMBLY), a);
	unsigned above = REF_SLAB(a->owner);
	bool streams = a->state == ASSEMBLY_STREAMING;

	CHECK(endpoint_get(e, a->peer));
	CHECK(a->state >= ASSEMBLY_RECEIVING && a->state < ASSEMBLY_STATES);
	CHECK(!a->body || (b && b->owner == assembly_ref(e, a)));
	if (a->state == ASSEMBLY_RECEIVING || a->state == ASSEMBLY_KEPT)
		CHECK(b);
	if (streams || a->state == ASSEMBLY_ANSWERED)
		CHECK(!a->body);
	CHECK(heap_has(&e->deadlines, item) == !streams);
	CHECK(streams || e->deadlines.entry[e->deadlines.pos[item]].at == a->deadline);
	CHECK(!streams || (above >= ENGINE_SLABS && above < e->space.nslabs &&
			   slab_get(&e->space, engine_slab(e, above), a->owner)));
}

static uint64_t audit_body(struct engine *e, const struct body *b)
{
	const struct assembly *a = assembly_get(e, b->owner);

	CHECK(a && a->body == body_ref(e, b));
	CHECK(b->length <= b->end);
	return b->pages;
}

static void audit_bodies(struct engine *e)
{
	uint64_t pages = 0;

	EACH(e, SLAB_ASSEMBLY, struct assembly, a)
		audit_assembly(e, a);
	EACH(e, SLAB_BODY_SMALL, struct body, b)
		pages += audit_body(e, b);
	EACH(e, SLAB_BODY, struct body, b)
		pages += audit_body(e, b);
	CHECK(!e->conf.bodies || engine_root(e)->body_pages == pages);
	audit_table(&e->assemblies, engine_slab(e, SLAB_ASSEMBLY),
		    e->space.ctl->live[SLAB_ASSEMBLY]);
}

void audit(struct engine *e, bool damaged)
{
	uint32_t waiting = 0, outgoing = 0, with_mid = 0, ours = 0, groups = 0;
	const uint32_t *live = e->space.ctl->live;

	CHECK(e->space.nfrees == 0);
	CHECK(space_rx_next(&e->space) <= batch_of(&e->space)->rx_n);
	CHECK(space_tx_n(&e->space) == e->tx_n && e->tx_n <= BATCH_TX);
	for (unsigned i = 0; i < e->space.nslabs; i++)
		audit_slab(&e->space, engine_slab(e, i));
	EACH(e, SLAB_ENDPOINT, struct endpoint, p)
		audit_endpoint(e, p, damaged);
	EACH(e, SLAB_DEALINGS, struct dealings, l)
		CHECK(endpoint_get(e, l->peer) && dealings_of(e, endpoint_get(e, l->peer)) == l);
	EACH(e, SLAB_EXCHANGE, struct exchange, x) {
		audit_exchange(e, x, damaged);
		audit_owned(e, x);
		waiting += !is_outgoing(x);
		outgoing += is_outgoing(x);
		with_mid += has_mid(x);
		groups += x->flags & EXCHANGE_GROUP && x->state != EXCHANGE_QUEUED;
		ours += x->role != ROLE_SERVER;
	}
	EACH(e, SLAB_DEDUP, struct dedup, d)
		audit_dedup(e, d, damaged);
	EACH(e, SLAB_BLOB, struct blob, b)
		audit_blob(e, b);
	EACH(e, SLAB_XFER, struct xfer, x)
		audit_xfer(e, x);
	EACH(e, SLAB_OBS, struct obs, o)
		audit_obs(e, o, damaged);
	CHECK(damaged || live[SLAB_XFER] <= e->conf.limits.xfers);
	CHECK(damaged || live[SLAB_OBS] <= e->conf.limits.observations);
	CHECK(damaged || live[SLAB_BLOB] <= e->conf.limits.messages);
	CHECK(e->waiting_n == waiting && e->outgoing_n == outgoing);
	CHECK(audit_chain(e, &e->groups, 0) == groups);
	CHECK(e->client_n == ours && e->server_n + ours == waiting + outgoing);
	CHECK(damaged || ours <= e->conf.limits.exchanges);
	CHECK(damaged || e->server_n <= e->conf.limits.waiting);
	audit_table(&e->endpoints, engine_slab(e, SLAB_ENDPOINT), live[SLAB_ENDPOINT]);
	audit_table(&e->dedups, engine_slab(e, SLAB_DEDUP), live[SLAB_DEDUP]);
	audit_table(&e->mids, engine_slab(e, SLAB_EXCHANGE), with_mid);
	audit_table(&e->representations, engine_slab(e, SLAB_REPRESENTATION),
		    live[SLAB_REPRESENTATION]);
	audit_heap(&e->deadlines);
	audit_observers(e, damaged);
	audit_bodies(e);
}

void audit_empty(struct engine *e, bool damaged)
{
	/* Those of the layer above are the rig's, which drops nothing. */
	for (unsigned i = SLAB_DEALINGS + 1; i < (damaged ? ENGINE_SLABS : e->space.nslabs); i++)
		if (e->space.ctl->live[i]) {
			fprintf(stderr, "%u are left in slab %u\n", e->space.ctl->live[i], i);
			abort();
		}
	CHECK(e->deadlines.n == 0);
	CHECK(e->waiting_n == 0 && e->outgoing_n == 0);
	CHECK(e->server_n == 0 && e->client_n == 0);
}

/* --- damage -------------------------------------------------------------------- */

/* Behind magic and layout, which say that it is a space at all. */
#define CTL offsetof(struct space_ctl, epoch)

void audit_harm(struct space *s, uint32_t (*draw)(uint32_t))
{
	unpoison(s->base, s->size);
	for (uint32_t n = draw(6) + 1; n; n--) {
		uint32_t slab = draw(s->nslabs + 2);
		uint8_t *at = s->base + CTL + draw(sizeof *s->ctl - CTL);

		if (slab < s->nslabs && s->slab[slab].cap)
			at = s->slab[slab].at + draw(s->slab[slab].size * s->slab[slab].cap);
		else if (slab == s->nslabs)
			at = s->extra + draw(sizeof(struct batch));
		*at = (uint8_t)(draw(2) ? draw(256) : *at ^ 1u << draw(8));
	}
}
