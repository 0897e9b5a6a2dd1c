#include "exchange/kick.h"

#include "exchange/assembly.h"
#include "exchange/exchange.h"
#include "exchange/observer.h"

#include <errno.h>

static bool is_wanted(struct engine *e, const struct kick *k, ref_t peer)
{
	const struct endpoint *p = endpoint_get(e, peer);

	return p && k->wanted(k->arg, &p->remote);
}

static bool end_observer(struct engine *e, struct kick *k, void *obj, struct expired *out,
			 enum expire_verdict *verdict)
{
	struct observer *o = obj;

	(void)out;
	if (!is_wanted(e, k, o->peer))
		return false;
	observer_end(e, o, COUNT_OBSERVERS_KICKED);
	k->counts.observers++;
	*verdict = EXPIRE_DONE;
	return true;
}

/* A request that waits for a module, which is told. */
static enum expire_verdict withdraw(struct engine *e, struct kick *k, struct exchange *x,
				    struct response *out)
{
	struct request r;

	*out = (struct response){ .status = -ECANCELED, .owner = x->owner };
	engine_count(e, COUNT_WITHDRAWN);
	if (request_resume(e, exchange_ref(e, x), &r))
		request_forget(e, &r);
	k->counts.requests++;
	return EXPIRE_WITHDRAWN;
}

static bool end_exchange(struct engine *e, struct kick *k, void *obj, struct expired *out,
			 enum expire_verdict *verdict)
{
	struct exchange *x = obj;

	if (!is_wanted(e, k, x->peer))
		return false;
	if (x->state == EXCHANGE_WAITING) {
		*verdict = withdraw(e, k, x, &out->response);
		return true;
	}
	k->counts.exchanges++;
	*verdict = expire_end(e, x, -ECONNREFUSED, &out->response);
	return true;
}

/* One that a module has in hand is its request's, or its stream's. */
static bool end_assembly(struct engine *e, struct kick *k, void *obj, struct expired *out,
			 enum expire_verdict *verdict)
{
	struct assembly *a = obj;

	(void)out;
	if (a->state == ASSEMBLY_GIVEN || a->state == ASSEMBLY_STREAMING ||
	    !is_wanted(e, k, a->peer))
		return false;
	assembly_end(e, a);
	k->counts.bodies++;
	*verdict = EXPIRE_DONE;
	return true;
}

/* In this order: who observes no longer has nothing to be told. */
static const struct {
	unsigned slab;
	bool (*end)(struct engine *, struct kick *, void *, struct expired *,
		    enum expire_verdict *);
} parts[] = {
	{ SLAB_OBSERVER, end_observer },
	{ SLAB_EXCHANGE, end_exchange },
	{ SLAB_ASSEMBLY, end_assembly },
};

bool kick_next(struct engine *e, struct kick *k, struct expired *out,
	       enum expire_verdict *verdict)
{
	*out = (struct expired){ .slab = SLAB_EXCHANGE };
	for (; k->part < sizeof parts / sizeof *parts; k->part++, k->place = 0) {
		struct slab *b = engine_slab(e, parts[k->part].slab);

		while (k->place < slab_used(&e->space, b)) {
			uint32_t i = k->place++;

			if (slab_live(b, i) &&
			    parts[k->part].end(e, k, slab_at(b, i), out, verdict))
				return true;
		}
	}
	return false;
}
