#include "exchange/dealings.h"

#include "exchange/dedup.h"

const struct dealings dealings_none = {
	.observers = SLAB_NIL,
	.queue = { SLAB_NIL, SLAB_NIL },
	.sent = { SLAB_NIL, SLAB_NIL },
};

static struct slab *slab(struct engine *e)
{
	return engine_slab(e, SLAB_DEALINGS);
}

static void empty(struct dealings *d, ref_t peer)
{
	struct object o = d->o;

	*d = dealings_none;
	d->o = o;
	d->peer = peer;
}

struct dealings *dealings_make(struct engine *e, struct endpoint *p)
{
	struct dealings *d = slab_take(&e->space, slab(e));

	assert(d);              /* there are as many as endpoints */
	empty(d, endpoint_ref(e, p));
	dedup_marks(e, p, &d->window);
	slab_publish(&e->space, slab(e), d);
	p->dealings = slab_index(slab(e), d);
	return d;
}

void dealings_inherit(struct engine *e, const struct endpoint *p, ref_t next)
{
	struct dealings fresh, *d;

	if (!dealings_are(p))
		return;
	d = slab_at(slab(e), p->dealings);
	fresh.o = d->o;
	empty(&fresh, next);
	undo_copy(&e->space, d, &fresh, sizeof fresh);
}

/* --- message IDs of the peer's ----------------------------------------------------- */

void dealings_mark_any(struct engine *e, struct dealings *d, uint16_t mid, bool restart)
{
	struct window w = d->window;

	window_mark(&w, engine_seconds(e), e->lifetime_s, mid, restart);
	undo_copy(&e->space, &d->window, &w, sizeof w);
}

/* --- message IDs of ours ----------------------------------------------------------- */

bool dealings_mid(struct engine *e, struct dealings *d, uint16_t *mid)
{
	uint32_t now = engine_seconds(e), left;

	if (!(d->next_mid & MID_VALID))
		undo_set(&e->space, &d->next_mid, MID_VALID | (engine_random(e) & 0xffff));
	*mid = (uint16_t)d->next_mid;
	left = d->quarter_s[*mid >> 14];
	return left == 0 || now - left > e->lifetime_s;
}

void dealings_mid_used(struct engine *e, struct dealings *d)
{
	uint16_t next = (uint16_t)(d->next_mid + 1);

	if ((next & 0x3fff) == 0)
		undo_set(&e->space, &d->quarter_s[(uint16_t)d->next_mid >> 14],
			 engine_seconds(e));
	undo_set(&e->space, &d->next_mid, MID_VALID | next);
}

/* --- adoption ---------------------------------------------------------------------- */

bool dealings_adopt(struct engine *e, struct dealings *d)
{
	struct endpoint *p = endpoint_get(e, d->peer);

	if (!p || dealings_are(p))
		return false;
	d->nexchanges = d->nassemblies = d->nobservers = d->nactive = d->nnamed = 0;
	d->queue = d->sent = CHAIN_EMPTY;
	d->observers = SLAB_NIL;
	if (d->next_non > e->now + dealings_pauses(e) || d->last_non > e->now)
		d->next_non = d->last_non = 0;
	p->dealings = slab_index(slab(e), d);
	return true;
}
