#include "exchange/expire.h"

#include "exchange/assembly.h"
#include "exchange/dedup.h"
#include "exchange/exchange.h"
#include "exchange/observer.h"

#include <errno.h>

#define SWEEP 1024u     /* dedup entries looked at a second, at least */
#define SWEEP_LAP 60u   /* seconds until all of a large slab have been */

enum expire_verdict expire_end(struct engine *e, struct exchange *x, int status,
			       struct response *out)
{
	struct endpoint *p = endpoint_held(e, x->peer);
	bool ours = x->role == ROLE_CLIENT;

	*out = (struct response){ .exchange = exchange_ref(e, x), .peer = p->remote,
				  .owner = x->owner, .status = status,
				  .again = x->retries, .taken = exchange_is_taken(x) };
	observer_lost(e, x, status == -ETIMEDOUT ? COUNT_OBSERVERS_TIMEOUT :
					       COUNT_OBSERVERS_UNREACHABLE);
	exchange_kill(e, x);
	exchange_start(e, p);
	return ours ? EXPIRE_FAILED : EXPIRE_DONE;
}

/* One that is queued to the same peer, or NULL. */
static struct exchange *queued_behind(struct engine *e, const struct exchange *x)
{
	uint32_t i = dealings_held(e, x->peer)->queue.head;

	return i == SLAB_NIL ? NULL : slab_at(engine_slab(e, SLAB_EXCHANGE), i);
}

/* Nobody acknowledges: the peer is gone, and its backlog goes first, one exchange
 * an event, while x stays due. */
static enum expire_verdict given_up(struct engine *e, struct exchange *x, struct response *out)
{
	struct exchange *other = x->type == COAP_CON ? queued_behind(e, x) : NULL;

	if (!other)
		engine_count(e, COUNT_TIMEOUTS);
	return expire_end(e, other ? other : x, -ETIMEDOUT, out);
}

static enum expire_verdict due(struct engine *e, struct exchange *x, struct response *out)
{
	switch ((enum exchange_state)x->state) {
	case EXCHANGE_WAITING:
		exchange_send_ack(e, x);
		return EXPIRE_DONE;
	case EXCHANGE_QUEUED:
		engine_no_deadline(e, engine_slab(e, SLAB_EXCHANGE), x);
		exchange_start(e, endpoint_held(e, x->peer));
		return EXPIRE_DONE;
	case EXCHANGE_SENT:
		if (observer_supersede(e, x))
			return EXPIRE_DONE;
		if (x->type == COAP_CON && exchange_again(e, x))
			return EXPIRE_DONE;
		return given_up(e, x, out);
	case EXCHANGE_ACKED:
	case EXCHANGE_KEPT:
	case EXCHANGE_STATES:
		break;
	}
	return expire_end(e, x, -ETIMEDOUT, out);
}

enum expire_verdict expire_next(struct engine *e, struct expired *out)
{
	const struct heap_entry *first = heap_min(&e->deadlines);
	unsigned slab = e->space.nslabs;
	uint32_t item;

	if (!first || first->at > e->now)
		return EXPIRE_NOTHING;
	item = first->item;
	while (--slab > SLAB_EXCHANGE && (slab == SLAB_BLOB || e->first_item[slab] > item))
		;
	out->slab = slab;
	out->obj = slab_at(engine_slab(e, slab), item - e->first_item[slab]);
	if (slab == SLAB_EXCHANGE)
		return due(e, out->obj, &out->response);
	heap_remove(&e->deadlines, item);
	if (slab == SLAB_ASSEMBLY) {
		assembly_due(e, out->obj);
		return EXPIRE_DONE;
	}
	if (slab == SLAB_OBSERVER) {
		observer_due(e, out->obj);
		return EXPIRE_DONE;
	}
	return EXPIRE_OTHER;
}

void expire_sweep(struct engine *e)
{
	uint32_t all = e->space.ctl->hwm[SLAB_DEDUP] / SWEEP_LAP;

	/* Small events, so that none frees more than a transaction may. */
	for (uint32_t n = 0; n < (all > SWEEP ? all : SWEEP); n += 16) {
		dedup_sweep(e, 16);
		engine_commit(e, space_rx_next(&e->space));
	}
}

static struct exchange *other_of(struct engine *e, struct endpoint *p, struct exchange *than)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);
	const struct dealings *d = dealings_of(e, p);
	uint32_t i = d->queue.head != SLAB_NIL ? d->queue.head : d->sent.head;

	if (i != SLAB_NIL && slab_at(b, i) == than)
		i = than->next;
	return i == SLAB_NIL ? NULL : slab_at(b, i);
}

/* What an error speaks of: the exchange whose message is quoted; or one that is kept,
 * when it was the acknowledgement of what came for it. */
static struct exchange *quoted_one(struct engine *e, struct endpoint *p, struct span quoted)
{
	struct slab *b = engine_slab(e, SLAB_EXCHANGE);
	uint32_t i = dealings_of(e, p)->sent.head;
	uint16_t mid;

	if (quoted.n < 4)
		return NULL;
	mid = (uint16_t)(quoted.p[2] << 8 | quoted.p[3]);
	if ((quoted.p[0] >> 4 & 3) != COAP_ACK)
		return exchange_by_mid(e, p, mid);
	if (!dedup_find(e, p, mid))
		return NULL;
	while (i != SLAB_NIL && ((struct exchange *)slab_at(b, i))->state != EXCHANGE_KEPT)
		i = ((struct exchange *)slab_at(b, i))->next;
	return i == SLAB_NIL ? NULL : slab_at(b, i);
}

/* It may have been a notification that nobody acknowledges, or the acknowledgement of a
 * request that waits. */
static enum expire_verdict unreachable_other(struct engine *e, struct endpoint *p,
					     struct span quoted, struct response *out)
{
	struct observer *o;
	uint16_t mid;

	*out = (struct response){ .status = -ECONNREFUSED };
	if (quoted.n < 4)
		return EXPIRE_NOTHING;
	mid = (uint16_t)(quoted.p[2] << 8 | quoted.p[3]);
	if ((quoted.p[0] >> 4 & 3) == COAP_ACK)
		return request_withdrawn(e, p, mid, &out->owner) ? EXPIRE_WITHDRAWN :
								   EXPIRE_NOTHING;
	o = observer_by_mid(e, p, mid);
	if (!o)
		return EXPIRE_NOTHING;
	observer_end(e, o, COUNT_OBSERVERS_UNREACHABLE);
	return EXPIRE_DONE;
}

bool expire_unreachable(struct engine *e, const struct addr *to, const struct local *from,
			struct span quoted, struct expired *out, enum expire_verdict *verdict)
{
	struct endpoint *p = endpoint_find(e, to, from);
	struct exchange *named = p ? quoted_one(e, p, quoted) : NULL, *other;
	bool more;

	*out = (struct expired){ .slab = SLAB_EXCHANGE };
	*verdict = p && !named ? unreachable_other(e, p, quoted, &out->response) : EXPIRE_NOTHING;
	if (!named)
		return false;
	/* The backlog first, and what the error speaks of last: it is what makes
	 * us believe the next call. */
	other = other_of(e, p, named);
	more = other != NULL;
	*verdict = expire_end(e, more ? other : named, -ECONNREFUSED, &out->response);
	return more;
}
