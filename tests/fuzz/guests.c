#include "guests.h"

#include "audit.h"
#include "choice.h"
#include "coap/code.h"

#include <stdlib.h>
#include <string.h>

#define OTHERS 6u               /* peers that are asked, from 1 on */
#define LAST_TAG (COAPD_TAGS - 1u)      /* its timer runs in each wait: none is for ever */

struct guests guests;

/* --- what a task knows of itself -------------------------------------------------- */

#define MARK 0x6ae57a11u

struct known {
	uint32_t mark;
	uint32_t events;        /* that came to it */
	uint64_t next;          /* UPLOAD: bytes that were consumed */
	uint64_t part;          /* and where the part in hand begins, while it waits */
	uint32_t waits;         /* 1: it does */
	uint32_t timers, letters, answers;      /* tags that are awaited, a bit each */
	uint32_t heard[COAPD_TAGS];     /* of each response, bytes that came */
	uint32_t due[COAPD_TAGS];       /* ms, when each timer is up */
};

_Static_assert(sizeof(struct known) <= COAPD_SCRATCH, "too much to know");

static void check_first(const struct known *k, const struct coapd_event *ev)
{
	static const struct known nothing;

	CHECK(!memcmp(k, &nothing, sizeof nothing));
	CHECK(ev->offset == 0);
}

static bool take_bit(uint32_t *bits, unsigned tag)
{
	bool there = *bits >> tag & 1;

	*bits &= ~(1u << tag);
	return there;
}

static void check_response(struct known *k, const struct coapd_event *ev)
{
	CHECK(k->answers >> ev->tag & 1);
	CHECK((ev->status == 0) == (ev->msg != NULL));
	CHECK(ev->status <= 0 && (!ev->status || ev->over));
	if (ev->over)
		take_bit(&k->answers, ev->tag);
	if (ev->status)
		return;
	CHECK(!ev->offset || ev->offset == k->heard[ev->tag]);
	k->heard[ev->tag] = ev->last ? 0 : (uint32_t)(ev->offset + ev->data.n);
}

/* Whether the event is one that the task can get now. */
static void check_event(struct known *k, const coapd_task *t, const struct coapd_event *ev)
{
	CHECK(k->mark == MARK && k->events);
	switch (ev->what) {
	case COAPD_EV_PART:
		CHECK(!k->waits && ev->offset == k->next);
		break;
	case COAPD_EV_TIMER:
		CHECK(take_bit(&k->timers, ev->tag));
		CHECK((int32_t)((uint32_t)guests.engine->now - k->due[ev->tag]) >= 0);
		take_bit(&k->letters, ev->tag);
		CHECK(!coapd_request(t) || !k->waits || ev->offset == k->part);
		break;
	case COAPD_EV_WOKEN:
		CHECK(take_bit(&k->letters, ev->tag));
		take_bit(&k->timers, ev->tag);
		break;
	case COAPD_EV_RESPONSE:
		check_response(k, ev);
		break;
	default:
		CHECK(!"an event that was not awaited");
	}
}

/* --- what hooks do ------------------------------------------------------------------- */

static void begin_another(coapd_task *t)
{
	struct known k = { .mark = MARK };

	(void)coapd_task_start(coapd_task_mount(t), coapd_text(""), 0,
			       (coapd_span){ (const uint8_t *)&k, sizeof k }, NULL);
}

/* Something that has to do with others. */
static void look_around(coapd_task *t)
{
	switch (draw(8)) {
	case 0:
		begin_another(t);
		break;
	case 1:
		coapd_changed(coapd_task_mount(t), coapd_text(""), COAPD_CHANGED);
		break;
	case 2:
		if (coapd_request(t))
			(void)coapd_peer(t);
		break;
	case 3:
		(void)coapd_wake(coapd_task_mount(t), coapd_task_id(t), (uint8_t)draw(8),
				 coapd_text("up"));
		break;
	case 4:
		(void)coapd_wake_once(coapd_task_mount(t), coapd_text("one"), (uint8_t)draw(8),
				      coapd_text("up"));
		break;
	default:
		break;
	}
}

static void forget(struct known *k, unsigned tag)
{
	take_bit(&k->timers, tag);
	take_bit(&k->letters, tag);
	take_bit(&k->answers, tag);
	k->heard[tag] = 0;
}

/* A tag awaits one thing beside a timer. */
static void await_letter(coapd_task *t, struct known *k, uint8_t tag)
{
	if (coapd_await(t, tag))
		return;
	forget(k, tag);
	k->letters |= 1u << tag;
}

static void await_timer(coapd_task *t, struct known *k, uint8_t tag, uint32_t ms)
{
	if (k->answers >> tag & 1 || coapd_after(t, tag, ms))
		return;
	k->timers |= 1u << tag;
	k->due[tag] = (uint32_t)guests.engine->now + ms;
}

static void await_answer(coapd_task *t, struct known *k, uint8_t tag)
{
	static const uint8_t codes[] = { COAPD_GET, COAPD_GET, COAPD_PUT, COAPD_POST, COAPD_FETCH };
	static const uint8_t bytes[900];
	char uri[] = "coap://[::1]:1001/x";
	struct coapd_out out = { .uri = uri, .code = codes[draw(sizeof codes)],
				 .non = one_in(3), .timeout_ms = one_in(2) ? draw(60000) : 0,
				 .payload = { bytes, one_in(2) ? 0 : draw(sizeof bytes) } };
	unsigned peer = 1 + draw(OTHERS);

	uri[10] = uri[16] = (char)('0' + peer);
	if (one_in(5))
		out.uri = "coap://a.name/x";
	else if (one_in(8))
		out.uri = "coap://[ff02::1]/x";
	else if (one_in(6) && (out.peer = coapd_endpoint(t)))
		out.uri = NULL;
	if (coapd_request(t) && one_in(4))
		out.like = coapd_request(t);
	if (coapd_request(t) && one_in(3))
		out.payload = coapd_payload(coapd_request(t));
	out.observe = !out.payload.n && code_is_safe(out.code) && one_in(3);
	if (coapd_fetch(t, tag, &out))
		return;
	forget(k, tag);
	k->answers |= 1u << tag;
}

static void await_something(coapd_task *t, struct known *k)
{
	uint8_t tag = (uint8_t)draw(LAST_TAG);

	switch (draw(5)) {
	case 0:
		await_letter(t, k, tag);
		break;
	case 1:
		await_timer(t, k, tag, draw(3000));
		break;
	case 2:
		coapd_cancel(t, tag);
		forget(k, tag);
		break;
	default:
		await_answer(t, k, tag);
	}
}

/* --- replies ---------------------------------------------------------------------------- */

static void reply_options(coapd_task *t)
{
	static const uint8_t bytes[300];

	if (one_in(6))
		coapd_add(t, COAPD_OPT_ETAG, coapd_text("tag"));
	if (one_in(6))
		coapd_add_uint(t, COAPD_OPT_MAX_AGE, draw(100));
	if (one_in(6))
		coapd_add_uint(t, COAPD_OPT_CONTENT_FORMAT, draw(2) * 50);
	if (one_in(60))
		coapd_add(t, COAPD_OPT_LOCATION_PATH, (coapd_span){ bytes, sizeof bytes });
}

static void reply(coapd_task *t)
{
	static const uint8_t codes[] = { COAPD_205_CONTENT, COAPD_205_CONTENT, COAPD_205_CONTENT,
					 COAPD_204_CHANGED, COAPD_201_CREATED, COAPD_404_NOT_FOUND,
					 COAPD_203_VALID };
	static uint8_t bytes[5000];
	bool get = code_is_safe(coapd_code(coapd_request(t)));

	coapd_reply(t, get && !one_in(8) ? COAPD_205_CONTENT : codes[draw(sizeof codes)]);
	reply_options(t);
	if (get && one_in(4))
		coapd_reply_body(t, draw(6000), coapd_text("body"));
	else
		coapd_reply_data(t, (coapd_span){ bytes, one_in(3) ? draw(sizeof bytes) : draw(60) });
}

static enum coapd_verdict read_on(coapd_task *t, const struct coapd_event *ev)
{
	static const uint8_t bytes[1024];

	CHECK(ev->want <= sizeof bytes);
	coapd_reply_data(t, (coapd_span){ bytes, one_in(40) ? ev->want / 2 : ev->want });
	return one_in(40) ? COAPD_DECLINE : COAPD_DONE;
}

static enum coapd_verdict render(coapd_task *t)
{
	CHECK(coapd_request(t));
	if (guests.ending) {
		coapd_reply(t, COAPD_404_NOT_FOUND);
		return COAPD_DONE;
	}
	if (one_in(10))
		look_around(t);
	reply(t);
	return one_in(20) ? (enum coapd_verdict)draw(6) : COAPD_DONE;
}

/* --- hooks --------------------------------------------------------------------------------- */

/* The bytes that a request of a peer's came with, in one piece or several. */
static void check_payload(const coapd_task *t, uint64_t offset)
{
	coapd_span p = coapd_payload(coapd_request(t));

	if (guests.noise || guests.damaged)
		return;
	for (size_t i = 0; i < p.n; i++)
		CHECK(p.p[i] == guests_pattern(offset + i));
}

static enum coapd_verdict wait_on(coapd_task *t, struct known *k, const struct coapd_event *ev)
{
	for (unsigned n = draw(3); n; n--)
		await_something(t, k);
	await_timer(t, k, LAST_TAG, 100 + draw(100000));
	k->mark = MARK;
	k->events++;
	if (!k->waits)
		k->part = ev->offset;
	k->waits = 1;
	return COAPD_WAIT;
}

/* The part in hand has been consumed. */
static enum coapd_verdict want_more(coapd_task *t, struct known *k, const struct coapd_event *ev)
{
	uint64_t at = k->waits ? k->part : ev->offset;

	k->mark = MARK;
	k->events++;
	k->next = at + coapd_payload(coapd_request(t)).n;
	k->waits = 0;
	k->timers = k->letters = k->answers = 0;
	return COAPD_MORE;
}

static enum coapd_verdict background(coapd_task *t, struct known *k, const struct coapd_event *ev)
{
	if (guests.ending || one_in(6))
		return one_in(12) ? COAPD_DECLINE : COAPD_DONE;
	return wait_on(t, k, ev);
}

static enum coapd_verdict decide(coapd_task *t, struct known *k, const struct coapd_event *ev,
				 bool stream)
{
	bool more = stream && !ev->last &&
		    (ev->what == COAPD_EV_REQUEST || ev->what == COAPD_EV_PART || k->waits);

	if (one_in(4))
		look_around(t);
	if (!coapd_request(t))
		return background(t, k, ev);
	if (more && !one_in(12) && ev->what != COAPD_EV_RESPONSE)
		return !guests.ending && one_in(4) ? wait_on(t, k, ev) : want_more(t, k, ev);
	if (!guests.ending && one_in(3))
		return wait_on(t, k, ev);
	if (one_in(30))         /* no verdict at all, or none that fits */
		return one_in(2) ? COAPD_DECLINE : (enum coapd_verdict)9;
	if (one_in(2))
		coapd_observe(t);
	reply(t);
	return COAPD_DONE;
}

static enum coapd_verdict act(coapd_task *t, const struct coapd_event *ev, bool stream)
{
	struct known *k = coapd_scratch(t, sizeof *k);

	if (ev->what == COAPD_EV_READ)
		return read_on(t, ev);
	if (ev->what == COAPD_EV_RENDER)
		return render(t);
	if (ev->what == COAPD_EV_CANCEL) {
		CHECK(stream);
		return COAPD_DONE;
	}
	if (guests.damaged)
		k->mark = MARK;
	else if (ev->what == COAPD_EV_REQUEST)
		check_first(k, ev);
	else if (ev->what == COAPD_EV_RUN)
		CHECK(k->mark == MARK && !k->events && !coapd_request(t));
	else
		check_event(k, t, ev);
	if (ev->what == COAPD_EV_REQUEST || ev->what == COAPD_EV_PART)
		check_payload(t, ev->offset);
	return decide(t, k, ev, stream);
}

static enum coapd_verdict hook(coapd_task *t, const struct coapd_event *ev, bool stream)
{
	enum coapd_verdict v;

	guests.danger();
	v = act(t, ev, stream);
	guests.danger();
	return v;
}

static enum coapd_verdict whole(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self;
	return hook(t, ev, false);
}

static enum coapd_verdict parts(void *self, coapd_task *t, const struct coapd_event *ev)
{
	(void)self;
	return hook(t, ev, true);
}

/* --- mounts ---------------------------------------------------------------------------------- */

static int open_once(coapd_mount *mount, const void *conf, void **self)
{
	struct known k = { .mark = MARK };

	(void)conf, (void)self;
	return coapd_task_start(mount, coapd_text("one"), COAPD_ONCE,
				(coapd_span){ (const uint8_t *)&k, sizeof k }, NULL);
}

static struct resource_mount_spec mount(const char *path, const char *const *segment,
					uint32_t flags)
{
	struct module *m = calloc(1, sizeof *m);

	m->desc = (struct coapd_module){ .abi = COAPD_ABI, .size = sizeof m->desc,
					 .name = path + 1, .version = "1", .summary = "fuzzed",
					 .flags = flags,
					 .open = flags & COAPD_F_TREE ? open_once : NULL,
					 .handle = flags & COAPD_F_STREAM ? parts : whole };
	return (struct resource_mount_spec){ .path = path, .segments = segment,
					     .nsegments = 1, .module = m, .body_size = 8000 };
}

struct resources *guests_open(void)
{
	static const char *const name[] = { "a", "r", "s", "q", "t" };
	struct resource_mount_spec spec[] = {
		mount("/a", &name[0], COAPD_F_CONDITIONS),
		mount("/r", &name[1], COAPD_F_RETRY),
		mount("/s", &name[2], COAPD_F_STREAM),
		mount("/q", &name[3], COAPD_F_STREAM | COAPD_F_RETRY),
		mount("/t", &name[4], COAPD_F_TREE),
	};
	struct err err;
	struct resources *R = resources_new(spec, sizeof spec / sizeof spec[0], &err);

	CHECK(R);
	return R;
}
