#include "life.h"

#include "base/poison.h"
#include "coap/block.h"
#include "exchange/obs.h"
#include "resource/notices.h"
#include "resource/resources.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

const struct hash_key life_key = { { 0x1234567890abcdefu, 0xfedcba0987654321u } };
const struct local life_local = { .ip = { [15] = 200 } };

static struct space_def def;
static struct engine_conf conf;
static struct resources *resources;
static struct life *now_living;         /* whose world the modules act on */

/* --- modules -------------------------------------------------------------------- */

static enum coapd_verdict fast(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	coapd_reply(t, COAPD_205_CONTENT);
	coapd_reply_data(t, coapd_text("hi"));
	return COAPD_DONE;
}

/* An effect outside, once per request; the first payload byte names the peer. */
static void effect(coapd_task *t)
{
	coapd_span p = coapd_payload(coapd_request(t));

	if (p.n)
		now_living->world->count[p.p[0] % PEERS]++;
}

static enum coapd_verdict opaque(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	effect(t);
	coapd_reply(t, COAPD_204_CHANGED);
	coapd_reply_data(t, coapd_text("done once"));
	return COAPD_DONE;
}

/* Counts its own events in the slot: exactly three, whoever delivers them. */
static enum coapd_verdict count_to_three(coapd_task *t, uint32_t ms)
{
	uint32_t *n = coapd_scratch(t, sizeof *n);
	char text[2] = { 0 };

	if (++*n < 3) {
		coapd_after(t, 0, ms);
		return COAPD_WAIT;
	}
	text[0] = (char)('0' + *n);
	coapd_reply(t, COAPD_205_CONTENT);
	coapd_reply_data(t, coapd_text(text));
	return COAPD_DONE;
}

/* At two paces, for what is due at the same time has no order. */
static enum coapd_verdict tick(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	return count_to_three(t, 500);
}

static enum coapd_verdict tock(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self, (void)ev;
	return count_to_three(t, 450);
}

static enum coapd_verdict slow(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self;
	if (ev->what == COAPD_EV_REQUEST) {
		coapd_after(t, 0, 700);
		return COAPD_WAIT;
	}
	effect(t);
	coapd_reply(t, COAPD_204_CHANGED);
	coapd_reply_data(t, coapd_text("done late"));
	return COAPD_DONE;
}

/* The same wherever and however often it is set. */
static enum coapd_verdict watched(void *self, coapd_task *t, const struct coapd_event *ev)
{
	coapd_span p = coapd_payload(coapd_request(t));
	char text[2] = { 0 };

	(void)self, (void)ev;
	if (coapd_code(coapd_request(t)) == COAPD_PUT) {
		now_living->world->state = p.n ? p.p[0] : 0;
		coapd_changed(coapd_task_mount(t), coapd_text(""), COAPD_CHANGED);
		coapd_reply(t, COAPD_204_CHANGED);
		return COAPD_DONE;
	}
	coapd_observe(t);
	text[0] = (char)('A' + now_living->world->state % 26);
	coapd_reply(t, COAPD_205_CONTENT);
	coapd_reply_data(t, coapd_text(text));
	return COAPD_DONE;
}

/* A body part by part; how much there was is known in the slot alone. */
static enum coapd_verdict taken(void *self, coapd_task *t, const struct coapd_event *ev)
{
	uint32_t *n = coapd_scratch(t, sizeof *n);
	char text[12];

	(void)self;
	if (ev->what == COAPD_EV_CANCEL)
		return COAPD_DONE;
	*n += (uint32_t)coapd_payload(coapd_request(t)).n;
	if (!ev->last)
		return COAPD_MORE;
	snprintf(text, sizeof text, "%u", *n);
	coapd_reply(t, COAPD_204_CHANGED);
	coapd_reply_data(t, coapd_text(text));
	return COAPD_DONE;
}

/* Begins a task with nobody behind it, which waits, then asks peer 8, then ends. */
static enum coapd_verdict errand(void *self, coapd_task *t, const struct coapd_event *ev)
{
	static const struct coapd_out out = { .uri = "coap://[::8]:1008/z", .code = COAPD_GET };

	(void)self;
	switch (ev->what) {
	case COAPD_EV_REQUEST:
		coapd_task_start(coapd_task_mount(t), coapd_text(""), 0, coapd_text(""), NULL);
		coapd_reply(t, COAPD_204_CHANGED);
		return COAPD_DONE;
	case COAPD_EV_RUN:
		coapd_after(t, 0, 50);
		return COAPD_WAIT;
	case COAPD_EV_TIMER:
		coapd_fetch(t, 1, &out);
		return COAPD_WAIT;
	default:
		return COAPD_DONE;
	}
}

static struct resource_mount_spec mount(const char *path, const char *const *segment,
					uint32_t flags,
					enum coapd_verdict (*handle)(void *, coapd_task *,
							const struct coapd_event *))
{
	struct module *m = calloc(1, sizeof *m);

	m->desc = (struct coapd_module){ .abi = COAPD_ABI, .size = sizeof m->desc,
					 .name = path + 1, .version = "1", .summary = "test",
					 .flags = flags, .handle = handle };
	return (struct resource_mount_spec){ .path = path, .segments = segment,
					     .nsegments = 1, .module = m, .body_size = 1000 };
}

static void open_resources(void)
{
	static const char *const name[] = { "f", "o", "t", "s", "r", "u", "w", "p", "g" };
	struct resource_mount_spec spec[] = {
		mount("/f", &name[0], 0, fast),
		mount("/o", &name[1], 0, opaque),
		mount("/t", &name[2], COAPD_F_RETRY, tick),
		mount("/s", &name[3], 0, slow),
		mount("/r", &name[4], COAPD_F_RETRY, fast),
		mount("/u", &name[5], COAPD_F_RETRY, tock),
		mount("/w", &name[6], COAPD_F_RETRY, watched),
		mount("/p", &name[7], COAPD_F_RETRY | COAPD_F_STREAM, taken),
		mount("/g", &name[8], COAPD_F_RETRY, errand),
	};
	struct err err;

	resources = resources_new(spec, sizeof spec / sizeof spec[0], &err);
	if (!resources) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

bool life_peer_is_opaque(unsigned n)
{
	return n == 3 || n == 6;
}

/* --- client role ------------------------------------------------------------------ */

struct addr life_peer(unsigned peer)
{
	struct addr a = { .port = (uint16_t)(1000 + peer) };

	a.ip[15] = (uint8_t)peer;
	return a;
}

void life_ask(struct engine *e, uint64_t owner)
{
	static const uint8_t body[] = { 0xb1, 'q' };
	struct client_request c = { .to = life_peer(9), .from = life_local, .code = COAP_GET,
				    .body = { body, sizeof body }, .owner = owner };
	ref_t x;

	client_send(e, &c, &x);
}

static bool read_body(void *arg, uint64_t owner, uint64_t offset, uint8_t *out, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(owner + offset + i);
	return true;
}

static const struct xfer_source source = { read_body, NULL };

void life_transfer(struct engine *e)
{
	static const uint8_t options[] = { 0xb1, 'b' };
	struct xfer_request q = { .to = life_peer(11), .from = life_local, .code = COAP_POST,
				  .body_n = 40, .options = { options, sizeof options },
				  .owner = 11 };
	ref_t x;

	xfer_start(e, &q, &x);
	q.to = life_peer(12);
	q.code = COAP_GET;
	q.body_n = 0;
	xfer_start(e, &q, &x);
}

void life_observe(struct engine *e)
{
	static const uint8_t options[] = { 0xb1, 'n' };
	struct xfer_request q = { .to = life_peer(13), .from = life_local, .code = COAP_GET,
				  .options = { options, sizeof options }, .owner = 13 };
	ref_t o;

	obs_start(e, &q, &o);
}

static int find_way(void *arg, const struct addr *to)
{
	(void)arg, (void)to;
	return 0;
}

static const struct outside outside = { .way = find_way, .client_sock = LIFE_CLIENT };

/* Enough is enough when the third state is there. */
static void on_state(struct engine *e, const struct response *r)
{
	struct obs_event event;

	if (obs_response(e, r, &event) == OBS_STATE && event.value == 3)
		obs_leave(e, event.obs);
}

/* Of a transfer of a module's, which is told; of ours. */
static void on_part(struct engine *e, const struct response *r)
{
	const struct xfer *x = xfer_get(e, r->owner);
	struct xfer_event part;
	struct obs_event event;
	enum xfer_verdict v;

	if (x && fetch_get(e, x->owner)) {
		fetch_respond(resources, e, &outside, r);
		return;
	}
	v = xfer_response(e, r, &part);

	if (obs_owns(part.owner))
		obs_rest(e, v, &part, &event);
}

/* The answer to one question brings up the next, in the same event. */
static void on_response(void *arg, struct engine *e, const struct response *r)
{
	(void)arg;
	now_living->world->responses++;
	if (xfer_owns(r->owner))
		on_part(e, r);
	else if (obs_owns(r->owner))
		on_state(e, r);
	else if (r->owner < 3)
		life_ask(e, r->owner + 1);
}

/* --- lives ---------------------------------------------------------------------------- */

void life_enter(struct life *l)
{
	now_living = l;
	resources->notices.changes = l->changes;
}

void life_look(struct life *l)
{
	notices_adopted(resources, &l->d.engine);
}

void life_begin(struct life *l)
{
	enum space_state state;

	if (l->open)
		dispatch_close(&l->d);
	unpoison(l->mem, life_size());
	if (dispatch_open(&l->d, l->mem, &def, 3, &life_key, &conf, resources, &state))
		abort();
	l->d.response = on_response;
	l->d.outside = &outside;
	l->d.engine.source = &source;
	l->open = true;
	life_enter(l);
}

void life_copy(struct life *to, const struct life *from)
{
	size_t head = (size_t)(from->d.engine.space.extra - from->mem) + offsetof(struct batch, rx);

	unpoison(to->mem, life_size());
	unpoison(from->mem, life_size());
	memcpy(to->mem, from->mem, head);
	for (unsigned i = 0; i < PHASE_MAX; i++)
		memcpy(to->mem + head + i * sizeof(struct rx_dgram),
		       from->mem + head + i * sizeof(struct rx_dgram),
		       offsetof(struct rx_dgram, data) + 64);
	head += BATCH_RX * sizeof(struct rx_dgram);
	for (unsigned i = 0; i < PHASE_MAX; i++)
		memcpy(to->mem + head + i * sizeof(struct tx_dgram),
		       from->mem + head + i * sizeof(struct tx_dgram),
		       offsetof(struct tx_dgram, data) + 128);
	*to->world = *from->world;
	*to->changes = *from->changes;
}

size_t life_size(void)
{
	return space_size(&def);
}

void life_open(struct life *l)
{
	l->mem = mmap(NULL, life_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	l->world = mmap(NULL, sizeof *l->world, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	l->changes = mmap(NULL, sizeof *l->changes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->mem == MAP_FAILED || l->world == MAP_FAILED || l->changes == MAP_FAILED)
		abort();
	life_begin(l);
}

void life_setup(void)
{
	static const uint16_t known[] = { OPT_URI_PATH, OPT_URI_QUERY, OPT_URI_HOST, OPT_ACCEPT,
					  OPT_BLOCK1, OPT_BLOCK2 };

	conf = (struct engine_conf){ .params = PARAMS_DEFAULT, .ack_delay_ms = 200, .szx = BLOCK_SZX_MAX,
				     .observe_con_every = 3, .observe_pause_ms = 50,
				     .assembly_ms = 60000,
				     .limits = { .endpoints = 16, .dedup = 32, .exchanges = 8,
						 .waiting = 8, .tasks = 2, .messages = 4,
						 .assemblies = 2, .assemblies_per_endpoint = 2, .xfers = 4,
						 .observations = 2, .observers = 4,
						 .observers_per_endpoint = 2,
						 .representations = 2,
						 .answers_per_endpoint = 4,
						 .exchanges_per_endpoint = 8,
						 .token_length = 64 } };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		option_set_add(&conf.options, known[i]);
	engine_layout(&def, &conf.limits);
	task_layout(&def, conf.limits.waiting + conf.limits.tasks + conf.limits.assemblies);
	fetch_layout(&def, 2);
	open_resources();
}
