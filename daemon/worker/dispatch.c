#include "worker/dispatch.h"

#include "exchange/adopt.h"
#include "exchange/input.h"
#include "exchange/obs.h"
#include "exchange/representation.h"
#include "resource/notices.h"
#include "resource/resources.h"
#include "resource/background.h"
#include "resource/wait.h"

int dispatch_open(struct dispatch *d, void *mem, const struct space_def *def,
		  uint8_t number, const struct hash_key *key,
		  const struct engine_conf *conf, struct resources *resources,
		  enum space_state *state)
{
	int r;

	*d = (struct dispatch){ .resources = resources,
				.source = { .read = fetch_read, .arg = &d->engine } };
	r = engine_open(&d->engine, mem, def, number, key, conf, state);
	d->engine.source = &d->source;
	return r;
}

void dispatch_close(struct dispatch *d)
{
	engine_close(&d->engine);
}

/* --- adoption ------------------------------------------------------------------- */

bool dispatch_adopt(struct dispatch *d, uint64_t now)
{
	struct engine *e = &d->engine;
	bool kept;

	e->now = now;
	kept = adopt_begin(e);
	if (kept) {
		task_adopt(e);
		background_adopt(d->resources, e);
		wait_adopt(d->resources, e);
		fetch_adopt(e);
		adopt_end(e);
		notices_adopted(d->resources, e);
	}
	d->adopted = d->unresolved = true;
	return kept;
}

/* Settles what was executing, then marks the datagram that is next: of one that
 * was executing the module is known to be to blame, not the bytes. */
static void resolve(struct dispatch *d)
{
	struct engine *e = &d->engine;
	unsigned rx = space_rx_next(&e->space);
	struct request r;
	ref_t waiting;

	if (request_lost(e, &r, &waiting)) {
		unsigned done = r.rx == REQUEST_RESUMED ? rx : rx + 1;

		resource_lost(d->resources, e, &r, waiting);
		engine_commit(e, done);
		adopt_survived(e);      /* one step further */
	}
	(void)adopt_batch(e);
	d->unresolved = false;
}

void dispatch_survived(struct dispatch *d)
{
	adopt_survived(&d->engine);
	d->adopted = false;
}

/* --- events ------------------------------------------------------------------- */

static __attribute__((noinline)) void commit_told(struct dispatch *d, unsigned rx_next)
{
	d->commits(d->committing, false);
	engine_commit(&d->engine, rx_next);
	d->commits(d->committing, true);
}

static inline void commit(struct dispatch *d, unsigned rx_next)
{
	if (d->commits)
		commit_told(d, rx_next);
	else
		engine_commit(&d->engine, rx_next);
	resource_committed(d->resources);
	if (d->adopted)
		dispatch_survived(d);
}

static void respond(struct dispatch *d, const struct response *r)
{
	if (d->response)
		d->response(d->arg, &d->engine, r);
	else
		fetch_respond(d->resources, &d->engine, d->outside, r);
}

__attribute__((always_inline)) static inline void datagram(struct dispatch *d, unsigned i)
{
	struct input in;

	switch (input_datagram(&d->engine, i, &in)) {
	case INPUT_REQUEST:
		resource_request(d->resources, &d->engine, &in.request, i);
		break;
	case INPUT_RESPONSE:
	case INPUT_FAILED:
		respond(d, &in.response);
		break;
	case INPUT_WITHDRAWN:
		resource_withdrawn(d->resources, &d->engine, in.response.owner);
		break;
	case INPUT_DONE:
		break;
	}
}

/* Behind what was executing: a commit settles that. */
static void begin(struct dispatch *d)
{
	struct engine *e = &d->engine;

	while (!d->begun) {
		d->begun = !background_begin(d->resources, e);
		if (!d->begun)
			engine_commit(e, space_rx_next(&e->space));
	}
}

bool dispatch_batch(struct dispatch *d, uint64_t now)
{
	struct engine *e = &d->engine;
	const struct batch *b = batch_of(&e->space);

	engine_set_now(e, now);
	if (d->unresolved) {
		if (!batch_has_room(&e->space))
			return false;
		resolve(d);
	}
	begin(d);
	for (unsigned i = space_rx_next(&e->space); i < b->rx_n; i++) {
		if (!batch_has_room(&e->space))
			return false;
		datagram(d, i);
		commit(d, i + 1);
	}
	return true;
}

/* An object of another slab than the message stage's. */
static void other_due(struct dispatch *d, struct expired *x)
{
	struct engine *e = &d->engine;

	assert(x->slab == TASK_SLAB || x->slab == SLAB_OBS || x->slab == FETCH_SLAB ||
	       x->slab == SLAB_REPRESENTATION);
	if (x->slab == SLAB_OBS)
		obs_due(e, x->obj, &(struct obs_event){ .obs = 0 });
	else if (x->slab == FETCH_SLAB)
		fetch_due(d->resources, e, d->outside, x->obj);
	else if (x->slab == SLAB_REPRESENTATION)
		notices_due(d->resources, e, x->obj);
	else
		resource_due(d->resources, e, x->obj);
}

static bool settle(struct dispatch *d, enum expire_verdict verdict, struct expired *x)
{
	switch (verdict) {
	case EXPIRE_NOTHING:
		return false;
	case EXPIRE_FAILED:
		respond(d, &x->response);
		break;
	case EXPIRE_OTHER:
		other_due(d, x);
		break;
	case EXPIRE_WITHDRAWN:
		resource_withdrawn(d->resources, &d->engine, x->response.owner);
		break;
	case EXPIRE_DONE:
		break;
	}
	commit(d, space_rx_next(&d->engine.space));
	return true;
}

static bool other(struct dispatch *d)
{
	if (!resource_other(d->resources, &d->engine) &&
	    !(d->mail && resource_letter(d->resources, &d->engine))) {
		d->mail = false;
		return false;
	}
	commit(d, space_rx_next(&d->engine.space));
	return true;
}

bool dispatch_due(struct dispatch *d, uint64_t now)
{
	struct engine *e = &d->engine;
	struct expired x;

	e->now = now;
	for (unsigned n = 0; n < DISPATCH_DUE_MAX; n++) {
		if (!batch_has_room(&e->space))
			return false;
		if (!settle(d, expire_next(e, &x), &x) && !other(d))
			break;
	}
	return true;
}

bool dispatch_unreachable(struct dispatch *d, uint64_t now, const struct addr *to,
			  const struct local *from, struct span quoted)
{
	struct engine *e = &d->engine;
	enum expire_verdict verdict;
	struct expired x;
	bool more = true;

	e->now = now;
	while (more) {
		if (!batch_has_room(&e->space))
			return false;
		more = expire_unreachable(e, to, from, quoted, &x, &verdict);
		settle(d, verdict, &x);
	}
	return true;
}

bool dispatch_kick(struct dispatch *d, uint64_t now, struct kick *k)
{
	struct engine *e = &d->engine;
	enum expire_verdict verdict;
	struct expired x;

	e->now = now;
	while (batch_has_room(&e->space)) {
		if (!kick_next(e, k, &x, &verdict))
			return true;
		settle(d, verdict, &x);
	}
	return false;
}

bool dispatch_resolved(struct dispatch *d, uint64_t now, ref_t fetch, const struct addr *addr,
		       unsigned n)
{
	struct engine *e = &d->engine;

	e->now = now;
	if (!batch_has_room(&e->space))
		return false;
	fetch_resolved(d->resources, e, d->outside, fetch, addr, n);
	commit(d, space_rx_next(&e->space));
	return true;
}

void dispatch_watched(struct dispatch *d, uint64_t now, unsigned i, int events)
{
	struct engine *e = &d->engine;

	e->now = now;
	watches_run(d->resources, e, i, events);
	commit(d, space_rx_next(&e->space));
}

void dispatch_changed(struct dispatch *d, uint64_t now, uint32_t word)
{
	d->engine.now = now;
	notices_word(&d->engine, word);
}

void dispatch_sweep(struct dispatch *d, uint64_t now)
{
	d->engine.now = now;
	expire_sweep(&d->engine);
}

/* --- between events ----------------------------------------------------------- */

void dispatch_flushed(struct dispatch *d)
{
	struct engine *e = &d->engine;

	if (!d->unresolved) {
		engine_flushed(e, space_rx_next(&e->space));
		return;
	}
	/* What was executing is not settled yet, and a further death may come. */
	e->tx_n = 0;
	space_commit(&e->space, space_rx_next(&e->space), 0, space_exec(&e->space));
}

uint64_t dispatch_next(const struct dispatch *d)
{
	return engine_next(&d->engine);
}

bool dispatch_pending(struct dispatch *d)
{
	return d->mail || resource_pending(d->resources, &d->engine);
}

bool dispatch_idle(const struct dispatch *d)
{
	/* An observation of ours has an exchange for as long as it lives: it goes on
	 * elsewhere; whoever is told of a change has no claim to an answer. */
	return d->engine.waiting_n == 0 &&
	       d->engine.outgoing_n <= d->engine.notify_n + d->engine.space.ctl->live[SLAB_OBS];
}

bool dispatch_remembers(const struct dispatch *d)
{
	const struct space_ctl *c = d->engine.space.ctl;

	return c->live[SLAB_DEDUP] > 0;
}
