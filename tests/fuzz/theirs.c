#include "theirs.h"

#include "base/siphash.h"
#include "coap/observe.h"
#include "exchange/exchange.h"
#include "ours.h"

#define WORDS 3u
#define TOLD 256u

/* Outside of the slot, as the table of changes is. */
static uint64_t words[WORDS];

/* Notifications that left, and the newest value of each token. */
static struct told {
	bool used;
	unsigned port;
	uint64_t token;
	uint32_t mid, value;
	uint64_t at;
} told[TOLD];
static uint32_t told_n;

void theirs_begin(struct rig *r)
{
	memset(words, 0, sizeof words);
	memset(told, 0, sizeof told);
	told_n = 0;
	r->conf.limits.observers = r->e.conf.limits.observers;
	r->conf.observe_con_every = r->e.conf.observe_con_every = 1 + draw(5);
	r->conf.observe_pause_ms = r->e.conf.observe_pause_ms = one_in(2) ? 0 : 3000;
}

static uint64_t value_of(uint32_t word)
{
	return words[word % WORDS];
}

/* Values of a new entry follow the clock: within the millisecond in which a client left and
 * came back, one that it was told before may come again. */
static void begin_anew(const struct engine *e, const struct request *q)
{
	uint64_t token = siphash(&e->space.ctl->key, q->msg.token.p, q->msg.token.n);

	for (uint32_t i = 0; i < TOLD; i++)
		if (told[i].port == q->from.port && told[i].token == token &&
		    told[i].at == e->now)
			told[i].used = false;
}

long theirs_enter(struct engine *e, struct request *q)
{
	uint32_t word = draw(WORDS), value;
	struct representation_of of = { .mount = word + 1, .word = word, .seen = words[word],
					.private = one_in(5) };

	if (observer_asks(&q->msg) && !one_in(4) && observer_register(e, q, &of, &value)) {
		begin_anew(e, q);
		return (long)value;
	}
	observer_forget(e, q, COUNT_OBSERVERS_LEFT);
	return -1;
}

void theirs_change(struct engine *e)
{
	uint32_t word = draw(WORDS);
	struct representation *p;

	words[word]++;
	for (p = representation_of_word(e, word); p; p = representation_next(e, p))
		representation_wake(e, p, 0);
}

/* What a client does not acknowledge comes no faster than that, whatever it observes. */
static void paced(struct engine *e, const struct observer *o)
{
	const struct endpoint *peer = endpoint_get(e, o->peer);
	uint64_t *last = &model.non_at[(peer->remote.port - 1000u) % (PEERS + 1)];
	uint32_t pause = e->conf.observe_pause_ms;

	CHECK(model.damaged || !*last || !pause || e->now - *last >= pause);
	CHECK(model.damaged || !pause || dealings_of(e, peer)->nactive < e->conf.params.nstart);
	*last = e->now;
}

static bool tell(struct engine *e, struct observer *o, enum observer_type type)
{
	uint8_t code = one_in(12) ? COAP_NOT_FOUND : COAP_CONTENT;
	uint32_t value = observer_value(e, o);
	bool done;
	uint8_t text[200];
	struct writer w = observer_begin(e, o);
	struct option_writer ow = option_writer(&w);

	memset(text, 'n', sizeof text);
	if (code == COAP_CONTENT)
		option_write_uint(&ow, OPT_OBSERVE, value);
	message_write_payload(&w, span_of(text, 1 + draw(sizeof text - 1)));
	done = observer_told(e, o, code, &w, one_in(3), type);
	if (done && code == COAP_CONTENT && !exchange_get(e, o->exchange))
		paced(e, o);
	return done;
}

void theirs_due(struct engine *e, struct representation *p)
{
	ref_t self = representation_ref(e, p);
	unsigned before = e->tx_n;
	struct observer *o;
	struct request r;

	if (p->seen != value_of(p->word))
		representation_saw(e, p, value_of(p->word));
	for (unsigned n = 0; n < 8 && e->tx_n - before <= 4 && (o = observer_stale(e, p)); n++) {
		enum observer_type type = (enum observer_type)draw(3);

		if (observer_put_off(e, o, type))
			continue;
		if (!observer_request(e, o, &r)) {
			CHECK(model.damaged);
			observer_end(e, o, COUNT_OBSERVERS_ENDED);
		} else if (!tell(e, o, type)) {
			representation_wake(e, p, 100);
			return;
		}
		if (!representation_get(e, self))
			return;
	}
	if (observer_stale(e, p))
		representation_wake(e, p, 0);
	else
		representation_rest(e, p);
}

void theirs_adopted(struct engine *e)
{
	struct slab *b = engine_slab(e, SLAB_REPRESENTATION);

	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_REPRESENTATION]; i++) {
		struct representation *p = slab_at(b, i);

		if (slab_live(b, i) && p->seen != value_of(p->word))
			representation_wake(e, p, 0);
	}
}

/* --- what leaves -------------------------------------------------------------------------- */

static bool same(const struct told *a, unsigned port, uint64_t token)
{
	return a->used && a->port == port && a->token == token;
}

/* Made minutes ago, and sent by somebody who slept meanwhile, or whose predecessor died with it in
 * its batch: for that long no client compares values (RFC 7641 3.4). */
static bool slept(const struct rig *r, uint64_t observe)
{
	uint32_t ticks = ((uint32_t)r->e.now * 32u - (uint32_t)observe) & OBSERVE_MASK;

	return ticks > 128000u * 32u && ticks < OBSERVE_MASK - 1000u;
}

void theirs_sent(const struct rig *r, const struct tx_dgram *t, const struct message *m)
{
	uint64_t observe, token = siphash(&r->e.space.ctl->key, m->token.p, m->token.n);
	const struct told *last = NULL;

	if (m->type > COAP_NON || !code_is_response(m->code) ||
	    !message_option_uint(m, OPT_OBSERVE, &observe) || model.damaged)
		return;
	/* A response that was queued may be overtaken by a later registration's. */
	if (!m->payload.n || m->payload.p[0] != 'n')
		return;
	CHECK(observe <= OBSERVE_MASK && code_class(m->code) == 2);
	for (uint32_t i = 0; i < TOLD; i++) {
		const struct told *a = &told[(told_n + i) % TOLD];

		if (!same(a, t->to.port, token))
			continue;
		last = a;
		/* Once more. */
		if (a->mid == m->mid && a->value == observe)
			return;
	}
	if (slept(r, observe))
		return;
	CHECK(!last || observe_is_newer(last->value, last->at, (uint32_t)observe, r->e.now));
	told[told_n++ % TOLD] = (struct told){ true, t->to.port, token, m->mid,
					       (uint32_t)observe, r->e.now };
}
