#include "exchange/exchange.h"

#include "coap/frame_udp.h"
#include "exchange/dedup.h"
#include "exchange/observer.h"
#include "exchange/representation.h"
#include "exchange/send.h"
#include "exchange/witness.h"

#define START_BURST 4u          /* exchanges of one peer started by one event */

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_EXCHANGE);
}

static struct exchange *at(struct engine *e, uint32_t i)
{
	return slab_at(slab(e), i);
}

static uint64_t mid_hash(const struct engine *e, ref_t peer, uint32_t mid)
{
	return hash_words(&e->space.ctl->key, peer, mid);
}

/* --- derived: who is in which list, table and heap -------------------------- */

static bool outgoing(const struct exchange *x)
{
	return x->state != EXCHANGE_WAITING;
}

/* Sent ones are found by message ID. */
static bool by_mid(const struct exchange *x)
{
	return x->state == EXCHANGE_SENT || x->state == EXCHANGE_ACKED;
}

/* Outstanding in the sense of NSTART: a request of either type that nothing came
 * back for, a confirmable response that was not acknowledged (4.7). */
static bool active(const struct exchange *x)
{
	return x->state == EXCHANGE_SENT;
}

static bool named(const struct exchange *x)
{
	return x->flags & EXCHANGE_NAMED;
}

/* The chain that an outgoing one is in: thousands may have been sent to one peer and
 * none of them is looked at to find who is next. */
static struct chain *chain_of(struct engine *e, struct dealings *d, const struct exchange *x)
{
	if (x->state == EXCHANGE_QUEUED)
		return &d->queue;
	return x->flags & EXCHANGE_GROUP ? &e->groups : &d->sent;
}

static void chain_add(struct engine *e, struct dealings *d, struct exchange *x)
{
	struct chain *c = chain_of(e, d, x);
	uint32_t self = slab_index(slab(e), x);

	/* Each is the newest when it comes; an adopter sorts in the end. */
	x->prev = c->tail;
	x->next = SLAB_NIL;
	*(x->prev == SLAB_NIL ? &c->head : &at(e, x->prev)->next) = self;
	c->tail = self;
}

static void chain_remove(struct engine *e, struct dealings *d, struct exchange *x)
{
	struct chain *c = chain_of(e, d, x);

	*(x->prev == SLAB_NIL ? &c->head : &at(e, x->prev)->next) = x->next;
	*(x->next == SLAB_NIL ? &c->tail : &at(e, x->next)->prev) = x->prev;
}

/* A notification that may be acknowledged at any moment, and since when. */
static bool flies(const struct exchange *x)
{
	return x->role == ROLE_NOTIFY && active(x);
}

static uint64_t sent_at(const struct exchange *x)
{
	return x->deadline - x->timeout_ms;
}

/* Enters a live exchange wherever its state wants it, and the reverse. */
static void link_up(struct engine *e, struct dealings *d, struct exchange *x)
{
	if (outgoing(x)) {
		chain_add(e, d, x);
		e->outgoing_n++;
	} else {
		e->waiting_n++;
	}
	if (by_mid(x))
		table_insert(&e->mids, slab(e), mid_hash(e, x->peer, x->mid), x);
	*(x->role == ROLE_SERVER ? &e->server_n : &e->client_n) += 1;
	d->nactive += active(x);
	d->nnamed += named(x);
	e->notify_n += x->role == ROLE_NOTIFY;
	if (flies(x))
		flight_sent(&e->flight, sent_at(x));
	d->nexchanges++;
	if (x->deadline)
		engine_deadline(e, slab(e), x, x->deadline);
}

static void unlink_all(struct engine *e, struct dealings *d, struct exchange *x)
{
	if (outgoing(x)) {
		chain_remove(e, d, x);
		e->outgoing_n--;
	} else {
		e->waiting_n--;
	}
	if (by_mid(x))
		table_remove(&e->mids, slab(e), mid_hash(e, x->peer, x->mid), x);
	*(x->role == ROLE_SERVER ? &e->server_n : &e->client_n) -= 1;
	d->nactive -= active(x);
	d->nnamed -= named(x);
	e->notify_n -= x->role == ROLE_NOTIFY;
	if (flies(x))
		representation_landed(e, sent_at(x));
	d->nexchanges--;
	engine_no_deadline(e, slab(e), x);
}

static void set_deadline(struct engine *e, struct exchange *x, uint64_t when)
{
	undo_set64(&e->space, &x->deadline, when);
	if (when)
		engine_deadline(e, slab(e), x, when);
	else
		engine_no_deadline(e, slab(e), x);
}

/* --- birth and death -------------------------------------------------------- */

static bool within_limits(const struct engine *e, const struct endpoint *p,
			  enum exchange_role role)
{
	const struct engine_limits *l = &e->conf.limits;

	if (role != ROLE_NOTIFY && dealings_of(e, p)->nexchanges >= l->exchanges_per_endpoint)
		return false;
	return role == ROLE_SERVER ? e->server_n < l->waiting : e->client_n < l->exchanges;
}

static struct exchange *take(struct engine *e, struct endpoint *p, enum exchange_role role)
{
	struct exchange *x = within_limits(e, p, role) ? slab_take(&e->space, slab(e)) : NULL;

	if (!x)
		return NULL;
	memset((uint8_t *)x + sizeof x->o, 0,
	       offsetof(struct exchange, inside) - sizeof x->o);
	x->peer = endpoint_ref(e, p);
	x->role = role;
	x->order = engine_order(e);
	x->msg.blob = SLAB_NIL;
	return x;
}

struct exchange *exchange_wait(struct engine *e, struct endpoint *p, ref_t dedup,
			       uint64_t owner, struct span m, uint8_t type, uint16_t mid)
{
	struct exchange *x;

	if (!stored_room(e, m.n, EXCHANGE_INSIDE))
		return NULL;
	x = take(e, p, ROLE_SERVER);
	if (!x) {
		engine_count(e, COUNT_FULL_WAITING);
		return NULL;
	}
	x->dedup = dedup;
	x->owner = owner;
	x->state = EXCHANGE_WAITING;
	x->type = type;
	x->mid = mid;
	x->wait_ms = (uint32_t)e->now;
	if (type == COAP_CON)
		x->deadline = e->now + e->conf.ack_delay_ms;
	slab_publish(&e->space, slab(e), x);
	stored_put(e, &x->msg, x->inside, EXCHANGE_INSIDE, m, exchange_ref(e, x), true);
	link_up(e, dealings_with(e, p), x);
	return x;
}

struct exchange *exchange_new(struct engine *e, struct endpoint *p, bool non, uint32_t flags)
{
	struct exchange *x = take(e, p, ROLE_CLIENT);

	if (!x) {
		engine_count(e, COUNT_FULL_EXCHANGES);
		return NULL;
	}
	x->state = EXCHANGE_QUEUED;
	x->type = non ? COAP_NON : COAP_CON;
	x->flags = flags;
	x->secret = (uint32_t)engine_random(e);
	slab_publish(&e->space, slab(e), x);
	link_up(e, dealings_with(e, p), x);
	return x;
}

struct exchange *exchange_notify(struct engine *e, struct endpoint *p, ref_t observer,
				 uint32_t retries, uint32_t timeout_ms, struct span m)
{
	struct exchange *x;

	if (!stored_room(e, m.n, EXCHANGE_INSIDE))
		return NULL;
	x = take(e, p, ROLE_NOTIFY);
	if (!x) {
		engine_count(e, COUNT_FULL_EXCHANGES);
		return NULL;
	}
	x->owner = observer;
	x->state = EXCHANGE_QUEUED;
	x->type = COAP_CON;
	x->retries = retries;
	x->timeout_ms = timeout_ms;
	slab_publish(&e->space, slab(e), x);
	stored_put(e, &x->msg, x->inside, EXCHANGE_INSIDE, m, exchange_ref(e, x), true);
	link_up(e, dealings_with(e, p), x);
	return x;
}

/* It goes to the end of the queue, with another message. */
static bool requeue(struct engine *e, struct exchange *x, struct span m, uint8_t type)
{
	struct dealings *d = dealings_held(e, x->peer);

	if (!stored_put(e, &x->msg, x->inside, EXCHANGE_INSIDE, m, exchange_ref(e, x), false))
		return false;
	unlink_all(e, d, x);
	undo_set(&e->space, &x->state, EXCHANGE_QUEUED);
	undo_set(&e->space, &x->type, type);
	undo_set(&e->space, &x->order, engine_order(e));
	undo_set64(&e->space, &x->deadline, 0);
	link_up(e, d, x);
	return true;
}

bool exchange_turn(struct engine *e, struct exchange *x, struct span m)
{
	if (!requeue(e, x, m, COAP_CON))
		return false;
	undo_set64(&e->space, &x->owner, 0);
	return true;
}

bool exchange_requeue(struct engine *e, struct exchange *x, struct span m, uint8_t type)
{
	if (!requeue(e, x, m, type))
		return false;
	undo_set(&e->space, &x->retries, 0);
	return true;
}

void exchange_kill(struct engine *e, struct exchange *x)
{
	if (e->witness && x->role == ROLE_SERVER)
		e->witness->ended(e->witness, exchange_ref(e, x), x->retries);
	unlink_all(e, dealings_held(e, x->peer), x);
	stored_drop(e, &x->msg);
	slab_kill(&e->space, slab(e), x);
}

void exchange_drop(struct engine *e, struct exchange *x)
{
	struct dedup *d = dedup_get(e, x->dedup);

	if (d && d->state == DEDUP_WAITING && d->exchange == exchange_ref(e, x))
		dedup_lost(e, d);
	unlink_all(e, dealings_held(e, x->peer), x);
	slab_drop(&e->space, slab(e), x);
}

/* --- sending ---------------------------------------------------------------- */

/* The stored message with our message ID in its header. */
static void transmit(struct engine *e, const struct endpoint *p, const struct exchange *x)
{
	struct span m = stored_get(e, &x->msg, x->inside);
	struct writer w = send_begin(e, &p->remote, &p->local);

	write_bytes(&w, m.p, 2);
	write_u16(&w, (uint16_t)x->mid);
	write_bytes(&w, m.p + 4, m.n - 4);
	send_end(e, &w);
}

/* What takes the place of one that was not acknowledged goes on where that stood. */
static uint64_t first_timeout(struct engine *e, const struct exchange *x)
{
	if (x->role == ROLE_NOTIFY && x->retries)
		return x->timeout_ms;
	return params_first_timeout(&e->conf.params, (uint32_t)engine_random(e));
}

/* QUEUED -> SENT. */
static void send_first(struct engine *e, const struct endpoint *p, struct dealings *d,
		       struct exchange *x, uint16_t mid)
{
	dealings_mid_used(e, d);
	if (x->role == ROLE_NOTIFY)
		observer_sends(e, x);
	chain_remove(e, d, x);
	undo_set(&e->space, &x->mid, mid);
	undo_set(&e->space, &x->state,
		 x->flags & EXCHANGE_GROUP ? EXCHANGE_ACKED : EXCHANGE_SENT);
	chain_add(e, d, x);
	table_insert(&e->mids, slab(e), mid_hash(e, x->peer, mid), x);
	d->nactive += active(x);
	if (x->type == COAP_CON) {
		uint64_t t = first_timeout(e, x);

		undo_set(&e->space, &x->timeout_ms, (uint32_t)t);
		set_deadline(e, x, e->now + t);
		if (flies(x))
			flight_sent(&e->flight, e->now);
	} else {
		set_deadline(e, x, e->now + x->wait_ms);
	}
	transmit(e, p, x);
}

/* The next message ID; false: all of them were used within their lifetime. */
static bool next_mid(struct engine *e, struct endpoint *p, struct dealings *d, uint16_t *mid)
{
	bool fresh = dealings_mid(e, d, mid);

	if (!e->conf.reuse_mids)
		return fresh;
	/* Not all of them can be under way: NSTART is less. */
	while (!fresh && exchange_by_mid(e, p, *mid)) {
		dealings_mid_used(e, d);
		(void)dealings_mid(e, d, mid);
	}
	return true;
}

void exchange_start(struct engine *e, struct endpoint *p)
{
	struct dealings *d;
	struct exchange *x;
	uint16_t mid;
	bool full;

	if (!dealings_are(p))
		return;
	d = dealings_with(e, p);
	for (unsigned n = 0; d->nactive < e->conf.params.nstart; n++) {
		if (d->queue.head == SLAB_NIL)
			return;
		x = at(e, d->queue.head);
		/* What BATCH_TX_SPARE leaves; the rest is due at once.  And when all
		 * message IDs are in use (4.4), it is tried again.  Neither time is
		 * stored: an adopter calls every queued one due. */
		full = n == START_BURST || e->tx_n >= BATCH_TX - 1;
		if (full || !next_mid(e, p, d, &mid)) {
			engine_deadline(e, slab(e), x, e->now + (full ? 0 : 1000));
			return;
		}
		send_first(e, p, d, x, mid);
	}
}

bool exchange_again(struct engine *e, struct exchange *x)
{
	if (x->retries >= e->conf.params.max_retransmit)
		return false;
	undo_set(&e->space, &x->retries, x->retries + 1);
	undo_set(&e->space, &x->timeout_ms, x->timeout_ms * 2);
	set_deadline(e, x, e->now + x->timeout_ms);
	if (flies(x))
		flight_sent(&e->flight, e->now);
	transmit(e, endpoint_held(e, x->peer), x);
	engine_count(e, COUNT_RETRANSMITS);
	return true;
}

void exchange_acked(struct engine *e, struct exchange *x)
{
	struct dealings *d = dealings_held(e, x->peer);

	d->nactive -= active(x);
	undo_set(&e->space, &x->state, EXCHANGE_ACKED);
	set_deadline(e, x, e->now + x->wait_ms);
}

void exchange_keep(struct engine *e, struct exchange *x)
{
	struct dealings *d = dealings_held(e, x->peer);

	table_remove(&e->mids, slab(e), mid_hash(e, x->peer, x->mid), x);
	d->nactive -= active(x);
	undo_set(&e->space, &x->state, EXCHANGE_KEPT);
	set_deadline(e, x, 0);
}

void exchange_send_ack(struct engine *e, struct exchange *x)
{
	const struct endpoint *p = endpoint_held(e, x->peer);

	send_empty(e, &p->remote, &p->local, COAP_ACK, (uint16_t)x->mid);
	if (!x->acked)
		undo_set(&e->space, &x->acked, 1);
	if (x->deadline)
		set_deadline(e, x, 0);
}

/* --- finding, and adoption -------------------------------------------------- */

struct exchange *exchange_by_mid(struct engine *e, struct endpoint *p, uint16_t mid)
{
	ref_t peer = endpoint_ref(e, p);
	uint32_t i = table_first(&e->mids, mid_hash(e, peer, mid));

	while (i != SLAB_NIL) {
		struct exchange *x = at(e, i);

		if (x->mid == mid && x->peer == peer)
			return x;
		i = x->o.link;
	}
	return NULL;
}

/* What only requests of ours can be. */
static bool plausible_client(struct engine *e, const struct endpoint *p, const struct exchange *x)
{
	bool group = x->flags & EXCHANGE_GROUP;

	if (x->state == EXCHANGE_WAITING || group != addr_is_multicast(p->remote.ip))
		return false;
	if (x->state == EXCHANGE_KEPT && (!(x->flags & EXCHANGE_KEEP) || x->deadline))
		return false;
	if (group && (x->type != COAP_NON || x->state == EXCHANGE_SENT ||
		      x->state == EXCHANGE_KEPT))
		return false;
	return !named(x) || exchange_message_token(e, x).n;
}

bool exchange_adopt(struct engine *e, struct exchange *x)
{
	struct endpoint *p = endpoint_get(e, x->peer);
	uint64_t far = e->now + params_max_transmit_wait(&e->conf.params) + UINT32_MAX;

	if (!p || !dealings_are(p) || x->state < EXCHANGE_WAITING || x->state >= EXCHANGE_STATES ||
	    x->role < ROLE_SERVER || x->role >= ROLES ||
	    (x->type != COAP_CON && x->type != COAP_NON) || x->mid > 0xffff ||
	    x->deadline > far || x->msg.len < 4 ||
	    x->flags & ~(uint32_t)EXCHANGE_FLAGS ||
	    (x->role != ROLE_CLIENT && (x->state >= EXCHANGE_ACKED || x->flags)) ||
	    (x->role == ROLE_NOTIFY && (x->state == EXCHANGE_WAITING || x->type != COAP_CON)) ||
	    !stored_valid(e, &x->msg, EXCHANGE_INSIDE, exchange_ref(e, x)))
		return false;
	if (x->role == ROLE_CLIENT && !plausible_client(e, p, x))
		return false;
	/* What has been sent and has no deadline would stay for ever. */
	if (by_mid(x) && (!x->deadline || exchange_by_mid(e, p, (uint16_t)x->mid)))
		return false;
	if (outgoing(x) && x->msg.len > DGRAM_TX_MAX)
		return false;
	link_up(e, dealings_with(e, p), x);
	/* Whatever it was queued behind may be gone. */
	if (x->state == EXCHANGE_QUEUED)
		engine_deadline(e, slab(e), x, e->now);
	return true;
}

/* Two sorted chains become one. */
static uint32_t merge(struct engine *e, uint32_t a, uint32_t b)
{
	uint32_t first = SLAB_NIL, *end = &first;

	while (a != SLAB_NIL && b != SLAB_NIL) {
		uint32_t *from = (int32_t)(at(e, b)->order - at(e, a)->order) < 0 ? &b : &a;

		*end = *from;
		end = &at(e, *from)->next;
		*from = *end;
	}
	*end = a != SLAB_NIL ? a : b;
	return first;
}

/* By order of appearance.  One peer may have all there are, so not by insertion:
 * chain k holds none or 2^k of them, as in counting. */
static void sort(struct engine *e, struct chain *queue)
{
	uint32_t chain[32], one = SLAB_NIL, k, i = queue->head, before = SLAB_NIL;

	memset(chain, 0xff, sizeof chain);
	while (i != SLAB_NIL) {
		one = i;
		i = at(e, i)->next;
		at(e, one)->next = SLAB_NIL;
		for (k = 0; chain[k] != SLAB_NIL; k++) {
			one = merge(e, chain[k], one);
			chain[k] = SLAB_NIL;
		}
		chain[k] = one;
	}
	for (k = 0, one = SLAB_NIL; k < 32; k++)
		one = merge(e, chain[k], one);
	queue->head = one;
	for (i = one; i != SLAB_NIL; before = i, i = at(e, i)->next)
		at(e, i)->prev = before;
	queue->tail = before;
}

void exchange_sorted(struct engine *e, const struct exchange *x)
{
	/* Whoever is first now speaks for all. */
	if (x->state == EXCHANGE_QUEUED && x->prev == SLAB_NIL && x->next != SLAB_NIL)
		sort(e, &dealings_held(e, x->peer)->queue);
}
