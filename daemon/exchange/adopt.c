#include "exchange/adopt.h"

#include "exchange/assembly.h"
#include "exchange/body.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/obs.h"
#include "exchange/observer.h"

/* When a slot is wiped: after two deaths within an adoption, or many in the first
 * event behind one in a row.  A module or a datagram that kills is given up
 * long before (COAPD_ATTEMPTS, DGRAM_TRIES), so then it is the slot's. */
#define TRIES_MAX 16u
#define TRY_ADOPTING (TRIES_MAX / 2)
#define TRY_EVENT 1u

static void forget_derived(struct engine *e)
{
	e->found.peer = NULL;
	table_clear(&e->endpoints);
	table_clear(&e->dedups);
	table_clear(&e->mids);
	table_clear(&e->assemblies);
	table_clear(&e->representations);
	memset(e->words, 0xff, sizeof e->words);
	heap_clear(&e->deadlines);
	e->waiting_n = e->outgoing_n = e->server_n = e->client_n = e->notify_n = 0;
	e->groups = CHAIN_EMPTY;
	memset(e->answers, 0, sizeof e->answers);
	e->tx_n = 0;
}

/* The commit word and the batch's count, made plausible. */
static void check_batch(struct engine *e)
{
	struct batch *b = batch_of(&e->space);
	unsigned rx = space_rx_next(&e->space), tx = space_tx_n(&e->space);
	unsigned exec = space_exec(&e->space);
	uint32_t n = b->rx_n;

	if (n == BATCH_RX_UNKNOWN)
		for (n = 0; n < BATCH_RX && b->rx_hdr[n].msg_len != BATCH_UNTOUCHED; n++)
			;
	if (n > BATCH_RX)
		n = 0;
	/* What an event has sent before it begins an effect leaves room for the
	 * answer. */
	if (rx > n || tx > BATCH_TX || exec > 1 || (exec && tx > BATCH_TX - 1)) {
		n = 0;
		rx = tx = exec = 0;
	}
	if (n != b->rx_n)
		space_set(&b->rx_n, n);
	for (unsigned i = 0; i < tx; i++)
		if (b->tx[i].len > DGRAM_TX_MAX)
			space_set(&b->tx[i].len, 0);
	space_commit(&e->space, rx, tx, exec);
	e->tx_n = tx;
}

/* Gives every live object of a slab to its judge. */
#define ADOPT_SLAB(e, number, type, judge) \
	do { \
		struct slab *b_ = engine_slab(e, number); \
		uint32_t n_ = (e)->space.ctl->hwm[number]; \
		for (uint32_t i_ = 0; i_ < n_; i_++) { \
			type *o_ = slab_at(b_, i_); \
			if ((o_->o.word & 1) && !(slab_sane(b_, o_) && judge(e, o_))) { \
				slab_drop(&(e)->space, b_, o_); \
				engine_count(e, COUNT_ADOPT_DROPPED); \
			} \
		} \
	} while (0)

/* Whether a transfer is still somebody's. */
static bool wanted(struct engine *e, const struct xfer *x)
{
	return !obs_owns(x->owner) || obs_has_rest(e, x);
}

bool adopt_begin(struct engine *e)
{
	struct space_ctl *c = e->space.ctl;

	forget_derived(e);
	if (c->tries >= TRIES_MAX) {
		space_wipe(&e->space);
		body_wiped(e);
		batch_of(&e->space)->rx_n = 0;
		engine_count(e, COUNT_ADOPT_WIPED);
		return false;
	}
	space_set(&c->tries, c->tries + TRY_ADOPTING);
	c->epoch++;
	c->counter[COUNT_ADOPT_UNDONE] += space_rollback(&e->space);
	check_batch(e);
	for (unsigned i = 0; i < e->space.nslabs; i++)
		if (i < SLAB_BLOB)
			slab_reopen(&e->space, engine_slab(e, i));
		else
			c->counter[COUNT_ADOPT_DROPPED] += slab_sweep(&e->space, engine_slab(e, i));
	ADOPT_SLAB(e, SLAB_ENDPOINT, struct endpoint, endpoint_adopt);
	ADOPT_SLAB(e, SLAB_DEALINGS, struct dealings, dealings_adopt);
	ADOPT_SLAB(e, SLAB_EXCHANGE, struct exchange, exchange_adopt);
	ADOPT_SLAB(e, SLAB_DEDUP, struct dedup, dedup_adopt);
	ADOPT_SLAB(e, SLAB_ENDPOINT, struct endpoint, dedup_sorted);
	ADOPT_SLAB(e, SLAB_XFER, struct xfer, xfer_adopt);
	ADOPT_SLAB(e, SLAB_OBS, struct obs, obs_adopt);
	ADOPT_SLAB(e, SLAB_XFER, struct xfer, wanted);
	ADOPT_SLAB(e, SLAB_BODY_SMALL, struct body, body_adopt);
	ADOPT_SLAB(e, SLAB_BODY, struct body, body_adopt);
	ADOPT_SLAB(e, SLAB_ASSEMBLY, struct assembly, assembly_adopt);
	ADOPT_SLAB(e, SLAB_REPRESENTATION, struct representation, representation_adopt);
	ADOPT_SLAB(e, SLAB_OBSERVER, struct observer, observer_adopt);
	ADOPT_SLAB(e, SLAB_REPRESENTATION, struct representation, representation_wanted);
	return true;
}

/* A waiting exchange whose task did not survive would wait for ever; the responses to
 * one whose transfer or observation did not are for nobody. */
static bool has_owner(struct engine *e, const struct exchange *x)
{
	unsigned slab = REF_SLAB(x->owner);
	const struct xfer *t = xfer_get(e, x->owner);
	const struct obs *o = obs_get(e, x->owner);

	if (x->role == ROLE_CLIENT && xfer_owns(x->owner))
		return t && t->exchange == exchange_ref(e, x);
	if (x->role == ROLE_CLIENT && obs_owns(x->owner))
		return o && o->exchange == exchange_ref(e, x);
	return x->state != EXCHANGE_WAITING ||
	       (slab >= ENGINE_SLABS && slab < e->space.nslabs &&
		slab_get(&e->space, engine_slab(e, slab), x->owner));
}

static const struct stored *stored_of(struct engine *e, ref_t owner)
{
	struct exchange *x = exchange_get(e, owner);
	struct dedup *d = dedup_get(e, owner);
	struct xfer *t = xfer_get(e, owner);
	struct observer *o = observer_get(e, owner);

	if (o)
		return &o->request;
	if (t)
		return &t->options;
	if (d && d->state != DEDUP_DONE)
		return NULL;
	return x ? &x->msg : d ? &d->answer : NULL;
}

static bool blob_owned(struct engine *e, struct blob *b)
{
	const struct stored *s = stored_of(e, b->owner);

	return s && s->blob == slab_index(engine_slab(e, SLAB_BLOB), b);
}

static bool body_owned(struct engine *e, struct body *b)
{
	const struct assembly *a = assembly_get(e, b->owner);

	return a && a->body == body_ref(e, b);
}

void adopt_end(struct engine *e)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);
	struct space_ctl *c = e->space.ctl;

	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++) {
		struct exchange *x = slab_at(b, i);

		if ((x->o.word & 1) && !has_owner(e, x)) {
			exchange_drop(e, x);
			engine_count(e, COUNT_ADOPT_DROPPED);
		}
	}
	for (uint32_t i = 0; i < e->space.ctl->hwm[SLAB_EXCHANGE]; i++)
		if (slab_live(b, i))
			exchange_sorted(e, slab_at(b, i));
	ADOPT_SLAB(e, SLAB_ASSEMBLY, struct assembly, assembly_owned);
	ADOPT_SLAB(e, SLAB_BLOB, struct blob, blob_owned);
	ADOPT_SLAB(e, SLAB_BODY_SMALL, struct body, body_owned);
	ADOPT_SLAB(e, SLAB_BODY, struct body, body_owned);
	body_adopted(e);
	for (unsigned i = 0; i < e->space.nslabs; i++)
		slab_rebuild_free(&e->space, engine_slab(e, i));
	engine_count(e, COUNT_ADOPTED);
	space_set(&c->tries, c->tries - TRY_ADOPTING + TRY_EVENT);
}

unsigned adopt_batch(struct engine *e)
{
	struct batch *b = batch_of(&e->space);
	unsigned i = space_rx_next(&e->space);

	if (i >= b->rx_n)
		return b->rx_n;
	e->space.ctl->counter[COUNT_RX_REPLAYED] += b->rx_n - i;
	space_set(&b->rx[i].tries, b->rx[i].tries + 1);
	if (b->rx[i].tries >= DGRAM_TRIES) {
		engine_count(e, COUNT_RX_POISON);
		engine_commit(e, i + 1);
		adopt_survived(e);      /* one step further */
	}
	return b->rx_n;
}

void adopt_survived(struct engine *e)
{
	if (e->space.ctl->tries)
		space_set(&e->space.ctl->tries, 0);
}
