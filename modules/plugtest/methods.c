#include "plugtest.h"

enum coapd_verdict
say(struct call *c, uint8_t code)
{
	coapd_reply(c->task, code);
	return COAPD_DONE;
}

/* The disk is full, or somebody else's. */
enum coapd_verdict
fail(struct call *c, int status)
{
	coapd_log(c->p->mount, COAPD_LOG_ERROR, "cannot keep %s in %s: %s", c->name,
		  c->p->directory, strerror(-status));
	return say(c, COAPD_500_INTERNAL_ERROR);
}

/* The mount's own path stands before each Location-Path. */
unsigned
segments_above(const struct call *c)
{
	unsigned all = 0, below = 0;

	while (coapd_opt(c->request, COAPD_OPT_URI_PATH, all, NULL))
		all++;
	while (coapd_path(c->task, below, NULL))
		below++;
	return all - below;
}

void
add_location(struct call *c, const char *path)
{
	unsigned above = segments_above(c);
	coapd_span segment;

	for (unsigned i = 0; i < above; i++)
		if (coapd_opt(c->request, COAPD_OPT_URI_PATH, i, &segment))
			coapd_add(c->task, COAPD_OPT_LOCATION_PATH, segment);
	for (size_t n; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		coapd_add(c->task, COAPD_OPT_LOCATION_PATH, (coapd_span){ (const uint8_t *)path, n });
	}
}

enum coapd_verdict
give(struct call *c)
{
	const struct item *now = &c->p->now;
	uint64_t accept = now->format;
	uint8_t etag[8];

	if (!now->exists)
		return say(c, COAPD_404_NOT_FOUND);
	coapd_opt_uint(c->request, COAPD_OPT_ACCEPT, &accept);
	if (accept != now->format)
		return say(c, COAPD_406_NOT_ACCEPTABLE);
	coapd_reply(c->task, COAPD_205_CONTENT);
	coapd_add(c->task, COAPD_OPT_ETAG, etag_of(now, etag));
	if (now->format != ITEM_NO_FORMAT)
		coapd_add_uint(c->task, COAPD_OPT_CONTENT_FORMAT, now->format);
	if (is_observable(c->resource)) {
		coapd_add_uint(c->task, COAPD_OPT_MAX_AGE, (c->p->conf->interval + 999) / 1000);
		coapd_observe_as(c->task, notified_as(c->resource));
	}
	coapd_reply_data(c->task, (coapd_span){ now->data, now->n });
	return COAPD_DONE;
}

/* Keeps the payload under a name; the lock is held. */
int
keep(struct call *c, const char *name)
{
	coapd_span body = coapd_payload(c->request);
	uint64_t format = ITEM_NO_FORMAT;

	coapd_opt_uint(c->request, COAPD_OPT_CONTENT_FORMAT, &format);
	return store_write(&c->p->store, name, (uint32_t)format, body.p, body.n);
}

enum coapd_verdict
put(struct call *c)
{
	bool existed = c->p->now.exists;
	int status = keep(c, c->name);

	if (status)
		return fail(c, status);
	tell_observers(c->p, c->resource);
	return say(c, existed ? COAPD_204_CHANGED : COAPD_201_CREATED);
}

/* It is again as it was at first. */
enum coapd_verdict
delete(struct call *c)
{
	int status = store_remove(&c->p->store, c->name);

	if (status)
		return fail(c, status);
	tell_observers(c->p, c->resource);
	return say(c, COAPD_202_DELETED);
}

void
tell_observers(struct plugtest *p, const struct resource *r)
{
	if (is_observable(r))
		coapd_changed(p->mount, coapd_text(r->path), COAPD_CHANGED);
}
