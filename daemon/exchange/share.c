#include "exchange/share.h"

/* When the last one that gets no acknowledgement is not outstanding any more. */
static uint64_t free_at(const struct engine *e, const struct dealings *d)
{
	return d->last_non ? d->last_non + e->conf.observe_pause_ms : 0;
}

bool share_is_spent(const struct engine *e, const struct dealings *d, bool non, bool promised)
{
	bool waits = promised ? free_at(e, d) > e->now : d->next_non > e->now;
	uint32_t nstart = e->conf.params.nstart;

	if (!e->conf.observe_pause_ms)
		return false;
	return non ? waits || d->nactive >= nstart : waits && d->nactive + 1 >= nstart;
}

uint64_t share_promise(struct engine *e, struct dealings *d, bool promised)
{
	uint64_t at = d->next_non > e->now ? d->next_non : e->now + e->conf.observe_pause_ms;

	/* The one before was late; that is no reason to be put behind the others. */
	if (promised && free_at(e, d) > e->now)
		return free_at(e, d);
	undo_set64(&e->space, &d->next_non, at + e->conf.observe_pause_ms);
	return at;
}

void share_use(struct engine *e, struct dealings *d)
{
	uint64_t next = e->now + e->conf.observe_pause_ms;

	undo_set64(&e->space, &d->last_non, e->now);
	if (d->next_non < next)
		undo_set64(&e->space, &d->next_non, next);
}
