#include "exchange/observer.h"

#include "coap/block.h"
#include "coap/frame_udp.h"
#include "coap/no_response.h"
#include "coap/observe.h"
#include "exchange/exchange.h"
#include "exchange/send.h"
#include "exchange/share.h"

#define LOG_BURST 1u

_Static_assert(sizeof(struct observer) % 8 == 0, "observer size");
_Static_assert(sizeof(struct observer) <= 256, "observers are many");

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_OBSERVER);
}

static struct observer *at(struct engine *e, uint32_t i)
{
	return i == SLAB_NIL ? NULL : slab_at(slab(e), i);
}

static struct representation *representation(struct engine *e, const struct observer *o)
{
	return representation_get(e, o->representation);
}

/* --- derived: which chain it is in, and when it wants attention ------------------------- */

static bool is_stale(const struct representation *p, const struct observer *o)
{
	return o->told != p->seen || o->again;
}

static void chain_add(struct engine *e, struct representation *p, struct observer *o)
{
	uint32_t self = slab_index(slab(e), o);
	bool first = is_stale(p, o);

	o->prev = first ? SLAB_NIL : p->idle.tail;
	o->next = first ? p->idle.head : SLAB_NIL;
	*(o->prev == SLAB_NIL ? &p->idle.head : &at(e, o->prev)->next) = self;
	*(o->next == SLAB_NIL ? &p->idle.tail : &at(e, o->next)->prev) = self;
	o->chained = 1;
}

static void chain_remove(struct engine *e, struct representation *p, struct observer *o)
{
	if (!o->chained)
		return;
	*(o->prev == SLAB_NIL ? &p->idle.head : &at(e, o->prev)->next) = o->next;
	*(o->next == SLAB_NIL ? &p->idle.tail : &at(e, o->next)->prev) = o->prev;
	o->chained = 0;
}

/* Puts it where its state wants it.  Stale ones are in front: as the others are added
 * behind, and a new value makes all stale, who looks at the first knows. */
static void place(struct engine *e, struct observer *o)
{
	struct representation *p = representation(e, o);

	chain_remove(e, p, o);
	if (o->exchange) {
		engine_no_deadline(e, slab(e), o);
		return;
	}
	engine_deadline(e, slab(e), o, o->pause ? o->pause : o->con_by);
	if (o->pause)
		return;
	chain_add(e, p, o);
	if (is_stale(p, o))
		representation_wake(e, p, 0);
}

static void link_up(struct engine *e, struct endpoint *peer, struct observer *o)
{
	struct dealings *with = dealings_with(e, peer);
	uint32_t self = slab_index(slab(e), o);

	o->chained = 0;
	o->peer_prev = SLAB_NIL;
	o->peer_next = with->observers;
	if (with->observers != SLAB_NIL)
		at(e, with->observers)->peer_prev = self;
	with->observers = self;
	with->nobservers++;
	representation(e, o)->nobservers++;
	place(e, o);
}

static void unlink_it(struct engine *e, struct endpoint *peer, struct observer *o)
{
	struct dealings *with = dealings_with(e, peer);
	struct representation *p = representation(e, o);

	chain_remove(e, p, o);
	engine_no_deadline(e, slab(e), o);
	*(o->peer_prev == SLAB_NIL ? &with->observers : &at(e, o->peer_prev)->peer_next) =
		o->peer_next;
	if (o->peer_next != SLAB_NIL)
		at(e, o->peer_next)->peer_prev = o->peer_prev;
	with->nobservers--;
	p->nobservers--;
}

static void set(struct engine *e, uint32_t *word, uint32_t value)
{
	if (*word != value)
		undo_set(&e->space, word, value);
}

static void set64(struct engine *e, uint64_t *word, uint64_t value)
{
	if (*word != value)
		undo_set64(&e->space, word, value);
}

/* --- the list --------------------------------------------------------------------------- */

bool observer_asks(const struct message *m)
{
	uint64_t observe, no;
	struct block block;
	struct span value;

	if (!code_is_safe(m->code) || !message_option_uint(m, OPT_OBSERVE, &observe) ||
	    observe != OBSERVE_REGISTER)
		return false;
	/* Who wants no responses wants no notifications (RFC 7967). */
	if (message_option_uint(m, OPT_NO_RESPONSE, &no) &&
	    no_response_suppresses(no, COAP_CONTENT))
		return false;
	return !message_option(m, OPT_BLOCK2, 0, &value) ||
	       (block_parse(value, &block) == BLOCK_OK && block.num == 0);
}

/* What was for the answer to this one message: a state that the client has already is
 * told to it nevertheless when it comes again (4.3.2). */
static bool is_kept(uint32_t number)
{
	return number != OPT_OBSERVE && number != OPT_ETAG && number != OPT_BLOCK1 &&
	       number != OPT_REQUEST_TAG && number != OPT_ECHO && number != OPT_SIZE1;
}

/* The registration as it is kept; empty if it does not fit. */
static struct span registration(const struct message *m, uint8_t *out, size_t cap)
{
	struct writer w = writer_of(out, cap);
	struct option_iter it = option_iter(m->options);
	struct option_writer ow;
	struct option o;

	frame_udp_head(&w, m->type, m->code, 0, m->token);
	ow = option_writer(&w);
	while (option_next(&it, &o))
		if (is_kept(o.number))
			option_write(&ow, o.number, o.value);
	message_write_payload(&w, m->payload);
	return w.full ? span_of(NULL, 0) : span_of(out, (size_t)(w.p - out));
}

static struct span token_of(const struct engine *e, const struct observer *o)
{
	return frame_udp_token(stored_get(e, &o->request, o->inside));
}

static struct observer *find(struct engine *e, const struct endpoint *p, struct span token)
{
	struct observer *o = at(e, dealings_of(e, p)->observers);

	while (o && !span_eq(token_of(e, o), token))
		o = at(e, o->peer_next);
	return o;
}

/* Ends it, without asking whether its representation has others. */
static void kill(struct engine *e, struct observer *o)
{
	struct exchange *x = exchange_get(e, o->exchange);
	struct endpoint *peer = endpoint_held(e, o->peer);

	if (x) {
		exchange_kill(e, x);
		exchange_start(e, peer);
	}
	unlink_it(e, peer, o);
	stored_drop(e, &o->request);
	slab_kill(&e->space, slab(e), o);
}

void observer_end(struct engine *e, struct observer *o, enum counter why)
{
	struct representation *p = representation(e, o);

	engine_count(e, why);
	kill(e, o);
	representation_left(e, p);
}

void observer_forget(struct engine *e, const struct request *r, enum counter why)
{
	struct endpoint *p = r->peer ? r->peer : endpoint_find(e, &r->from, &r->to);
	struct observer *o = p ? find(e, p, r->msg.token) : NULL;

	if (o)
		observer_end(e, o, why);
}

/* Values are of a clock, and go up by one at least: so they go up even where the entry is
 * a new one for a client that remembers an old one, and by no more than 2^23 in 256 s
 * (4.4). */
#define TICKS 32u       /* in a millisecond */

static uint64_t sequence_after(const struct engine *e, uint64_t sequence)
{
	uint64_t clock = e->now * TICKS;

	return clock > sequence ? clock : sequence + 1;
}

/* A new one, not live yet, with its representation; NULL at a limit. */
static struct observer *new(struct engine *e, const struct endpoint *peer,
			    const struct request *r, const struct representation_of *of)
{
	const struct engine_limits *l = &e->conf.limits;
	struct representation *p;
	struct observer *o;

	if (e->space.ctl->live[SLAB_OBSERVER] >= l->observers ||
	    dealings_of(e, peer)->nobservers >= l->observers_per_endpoint ||
	    !slab_room(&e->space, slab(e))) {
		engine_count(e, COUNT_FULL_OBSERVERS);
		return NULL;
	}
	p = representation_for(e, representation_key(e, of->mount, &r->msg), of);
	if (!p)
		return NULL;
	o = slab_take(&e->space, slab(e));
	memset((uint8_t *)o + sizeof o->o, 0, offsetof(struct observer, inside) - sizeof o->o);
	o->peer = slab_ref(&e->space, engine_slab(e, SLAB_ENDPOINT), peer);
	o->representation = representation_ref(e, p);
	o->told = of->seen;
	o->con_by = e->now + OBSERVER_CON_MS;
	o->non = r->msg.type == COAP_NON;
	return o;
}

static struct endpoint *peer_of(struct engine *e, struct request *r)
{
	if (!r->peer)
		r->peer = endpoint_find(e, &r->from, &r->to);
	if (!r->peer && endpoint_room(e))
		r->peer = endpoint_add(e, &r->from, &r->to);
	return r->peer;
}

/* A client may ask with a body of any length, but that is kept for as long as it observes. */
static void too_long(struct engine *e, const struct request *r)
{
	char who[ADDR_TEXT];

	engine_count(e, COUNT_OBSERVERS_LONG);
	addr_print(&r->from, who, sizeof who);
	log_limited(&e->limit, e->now, LOG_BURST, LOG_NOTICE,
		    "%s: a request to observe with %zu bytes of payload is too long to be kept: "
		    "answered, and not observed", who, r->msg.payload.n);
}

bool observer_register(struct engine *e, struct request *r,
		       const struct representation_of *of, uint32_t *value)
{
	uint8_t bytes[sizeof ((struct blob *)0)->data];
	struct span kept = registration(&r->msg, bytes, sizeof bytes);
	struct endpoint *peer = e->conf.limits.observers ? peer_of(e, r) : NULL;
	struct observer *o = peer ? find(e, peer, r->msg.token) : NULL;
	uint64_t last = o ? o->sequence : 0;

	if (o)
		observer_end(e, o, COUNT_OBSERVERS_AGAIN);
	if (!kept.n)
		too_long(e, r);
	if (!peer || !kept.n || !stored_room_to_stay(e, kept.n, OBSERVER_INSIDE))
		return false;
	o = new(e, peer, r, of);
	if (!o)
		return false;
	o->sequence = sequence_after(e, last);
	*value = (uint32_t)o->sequence & OBSERVE_MASK;
	slab_publish(&e->space, slab(e), o);
	stored_put(e, &o->request, o->inside, OBSERVER_INSIDE, kept, observer_ref(e, o), true);
	link_up(e, peer, o);
	engine_count(e, COUNT_OBSERVERS);
	return true;
}

/* --- notifications ------------------------------------------------------------------------ */

struct observer *observer_stale(struct engine *e, const struct representation *p)
{
	struct observer *o = at(e, p->idle.head);

	return o && is_stale(p, o) ? o : NULL;
}

bool observer_request(struct engine *e, const struct observer *o, struct request *r)
{
	*r = (struct request){ .rx = REQUEST_RESUMED, .peer = endpoint_held(e, o->peer) };
	r->from = r->peer->remote;
	r->to = r->peer->local;
	return frame_udp_parse(stored_get(e, &o->request, o->inside), &r->msg) == FRAME_OK &&
	       code_is_safe(r->msg.code);
}

uint32_t observer_value(const struct engine *e, const struct observer *o)
{
	return (uint32_t)sequence_after(e, o->sequence) & OBSERVE_MASK;
}

struct writer observer_begin(struct engine *e, const struct observer *o)
{
	const struct endpoint *peer = endpoint_held(e, o->peer);
	struct writer w = send_begin(e, &peer->remote, &peer->local);

	w.p += frame_udp_head_size(token_of(e, o).n);
	return w;
}

static void write_head(struct engine *e, const struct observer *o, uint8_t type, uint8_t code,
		       uint16_t mid)
{
	struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];
	struct writer head = writer_of(t->data, sizeof t->data);

	frame_udp_head(&head, type, code, mid, token_of(e, o));
}

/* What it was told is what is known now. */
static void note(struct engine *e, struct observer *o, bool aged)
{
	set64(e, &o->told, representation(e, o)->seen);
	set64(e, &o->sequence, sequence_after(e, o->sequence));
	set(e, &o->again, 0);
	set(e, &o->aged, aged);
	set(e, &o->retries, 0);
	set(e, &o->turn, 0);
	engine_count(e, COUNT_NOTIFICATIONS);
}

static bool told_con(struct engine *e, struct observer *o, uint8_t code,
		     const struct writer *w, ref_t *exchange)
{
	struct endpoint *peer = endpoint_held(e, o->peer);
	const struct tx_dgram *t = &batch_of(&e->space)->tx[e->tx_n];
	struct exchange *x;

	write_head(e, o, COAP_CON, code, 0);
	x = exchange_notify(e, peer, observer_ref(e, o), o->retries, o->timeout_ms,
			    span_of(t->data, (size_t)(w->p - t->data)));
	if (!x)
		return false;
	*exchange = exchange_ref(e, x);
	return true;
}

static void told_non(struct engine *e, struct observer *o, uint8_t code,
		     const struct writer *w)
{
	struct dealings *with = dealings_held(e, o->peer);
	uint16_t mid;

	if (!dealings_mid(e, with, &mid))
		engine_count(e, COUNT_MID_REUSED);
	dealings_mid_used(e, with);
	write_head(e, o, COAP_NON, code, mid);
	send_end(e, w);
	set(e, &o->mid, MID_VALID | mid);
	set(e, &o->since_con, o->since_con + 1);
	share_use(e, with);
}

/* Amplification is bounded by asking from time to time whether anybody is there (4.5, 7).
 * What begins to be retransmitted stays confirmable. */
static bool is_non(const struct engine *e, const struct observer *o, enum observer_type type)
{
	bool wanted = type == OBSERVER_AS_ASKED ? o->non != 0 : type == OBSERVER_NON;

	return wanted && !o->retries && o->since_con + 1 < e->conf.observe_con_every &&
	       e->now < o->con_by;
}

bool observer_put_off(struct engine *e, struct observer *o, enum observer_type type)
{
	struct dealings *with = dealings_held(e, o->peer);

	if (!share_is_spent(e, with, is_non(e, o, type), o->turn))
		return false;
	engine_count(e, COUNT_NOTIFICATIONS_HELD);
	set64(e, &o->pause, share_promise(e, with, o->turn));
	set(e, &o->turn, 0);
	place(e, o);
	return true;
}

bool observer_told(struct engine *e, struct observer *o, uint8_t code,
		   const struct writer *w, bool aged, enum observer_type type)
{
	struct endpoint *peer = endpoint_held(e, o->peer);
	bool last = code_class(code) != 2;
	ref_t exchange = 0;

	if (!last && is_non(e, o, type))
		told_non(e, o, code, w);
	else if (!told_con(e, o, code, w, &exchange))
		return false;
	note(e, o, aged);
	if (last) {
		observer_end(e, o, COUNT_OBSERVERS_ENDED);
		exchange_start(e, peer);
		return true;
	}
	set64(e, &o->exchange, exchange);
	if (exchange) {
		set64(e, &o->con_by, e->now + OBSERVER_CON_MS);
		set(e, &o->since_con, 0);
	}
	place(e, o);
	if (exchange)
		exchange_start(e, peer);
	return true;
}

/* --- what becomes of them ------------------------------------------------------------------- */

static struct observer *told_by(struct engine *e, const struct exchange *x)
{
	struct observer *o = x->role == ROLE_NOTIFY ? observer_get(e, x->owner) : NULL;

	return o && o->exchange == exchange_ref(e, x) ? o : NULL;
}

void observer_acked(struct engine *e, const struct exchange *x)
{
	struct observer *o = told_by(e, x);

	if (!o)
		return;
	set64(e, &o->exchange, 0);
	place(e, o);
}

void observer_lost(struct engine *e, const struct exchange *x, enum counter why)
{
	struct observer *o = told_by(e, x);

	if (!o)
		return;
	set64(e, &o->exchange, 0);
	observer_end(e, o, why);
}

/* Message m with another Observe value. */
static void rewrite(const struct message *m, uint32_t value, struct writer *w)
{
	struct option_iter it = option_iter(m->options);
	struct option_writer ow;
	struct option o;

	frame_udp_head(w, m->type, m->code, m->mid, m->token);
	ow = option_writer(w);
	while (option_next(&it, &o))
		if (o.number == OPT_OBSERVE)
			option_write_uint(&ow, OPT_OBSERVE, value);
		else
			option_write(&ow, o.number, o.value);
	message_write_payload(w, m->payload);
}

void observer_sends(struct engine *e, struct exchange *x)
{
	struct observer *o = told_by(e, x);
	uint8_t bytes[DGRAM_TX_MAX];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct message m;

	/* Most are sent in the event that makes them. */
	if (!o || o->sequence >= e->now * TICKS ||
	    frame_udp_parse(stored_get(e, &x->msg, x->inside), &m) != FRAME_OK)
		return;
	rewrite(&m, observer_value(e, o), &w);
	if (!w.full && stored_put(e, &x->msg, x->inside, EXCHANGE_INSIDE,
				  span_of(bytes, (size_t)(w.p - bytes)), exchange_ref(e, x),
				  false))
		set64(e, &o->sequence, sequence_after(e, o->sequence));
}

bool observer_supersede(struct engine *e, struct exchange *x)
{
	struct observer *o = told_by(e, x);
	struct endpoint *peer = endpoint_held(e, x->peer);

	if (!o || x->retries >= e->conf.params.max_retransmit ||
	    (!is_stale(representation(e, o), o) && !o->aged))
		return false;
	engine_count(e, COUNT_NOTIFICATIONS_REPLACED);
	set(e, &o->retries, x->retries + 1);
	set(e, &o->timeout_ms, x->timeout_ms * 2);
	set(e, &o->again, 1);
	set64(e, &o->exchange, 0);
	exchange_kill(e, x);
	place(e, o);
	exchange_start(e, peer);
	return true;
}

struct observer *observer_by_mid(struct engine *e, const struct endpoint *p, uint16_t mid)
{
	struct observer *o = at(e, dealings_of(e, p)->observers);

	while (o && o->mid != (MID_VALID | mid))
		o = at(e, o->peer_next);
	return o;
}

void observer_due(struct engine *e, struct observer *o)
{
	if (o->pause && o->pause <= e->now) {
		set64(e, &o->pause, 0);
		set(e, &o->turn, 1);
	}
	if (!o->pause && o->con_by <= e->now)
		set(e, &o->again, 1);
	place(e, o);
	/* Taken up by its representation, and armed anew by what is sent then. */
	if (!o->pause && o->con_by <= e->now)
		engine_no_deadline(e, slab(e), o);
}

/* --- adoption ------------------------------------------------------------------------------- */

static bool has_exchange(struct engine *e, const struct observer *o)
{
	const struct exchange *x = exchange_get(e, o->exchange);

	return x && x->role == ROLE_NOTIFY && x->owner == observer_ref(e, o) &&
	       x->peer == o->peer;
}

/* What was promised or counted under other parameters, or is damaged. */
static void moderate(const struct engine *e, struct observer *o)
{
	if (o->pause > e->now + dealings_pauses(e))
		o->pause = o->turn = 0;
	if (o->retries > e->conf.params.max_retransmit)
		o->retries = e->conf.params.max_retransmit;
}

bool observer_adopt(struct engine *e, struct observer *o)
{
	struct endpoint *peer = endpoint_get(e, o->peer);
	struct message m;

	if (!peer || !dealings_are(peer) || !representation(e, o) || o->non > 1 ||
	    o->again > 1 || o->aged > 1 || o->con_by > e->now + OBSERVER_CON_MS ||
	    o->sequence > e->now * TICKS + OBSERVE_MASK || o->turn > 1 ||
	    !stored_valid(e, &o->request, OBSERVER_INSIDE, observer_ref(e, o)) ||
	    frame_udp_parse(stored_get(e, &o->request, o->inside), &m) != FRAME_OK ||
	    m.token.n > ENGINE_TOKEN_MOST || !code_is_safe(m.code))
		return false;
	moderate(e, o);
	/* What was under way is lost: told once more. */
	if (o->exchange && !has_exchange(e, o)) {
		space_set(&o->again, 1);
		o->exchange = 0;
	}
	link_up(e, peer, o);
	return true;
}
