/* The functions by which modules make requests. */
#include "fetch_module.h"

#include "exchange/endpoint.h"

TestSuite(api_fetch, .fini = finish);

/* --- what is refused ---------------------------------------------------------------- */

static int refusal(const char *uri)
{
	int rc;

	begin(uri);
	ask(COAP_GET);
	rc = started;
	cr_assert_eq(fetches() + stage_tasks(s), rc ? 0 : 2);
	finish();
	return rc;
}

Test(api_fetch, uris_that_cannot_be_asked)
{
	cr_assert_eq(refusal("coaps://[::1]/"), -EPROTONOSUPPORT);
	cr_assert_eq(refusal("coap+tcp://[::1]/"), -EPROTONOSUPPORT);
	cr_assert_eq(refusal("http://[::1]/"), -EINVAL);
	cr_assert_eq(refusal("nonsense"), -EINVAL);
	cr_assert_eq(refusal("/path"), -EINVAL);
	cr_assert_eq(refusal(NULL), -EINVAL);
	cr_assert_eq(refusal(UPSTREAM), 0);
}

static void bad_calls(coapd_task *task)
{
	struct coapd_out no = out;
	static uint8_t bytes[1500];

	cr_assert_eq(coapd_fetch(task, COAPD_TAGS, &no), -EINVAL);
	no.code = 0;
	cr_assert_eq(coapd_fetch(task, 0, &no), -EINVAL);
	no.code = COAPD_205_CONTENT;
	cr_assert_eq(coapd_fetch(task, 0, &no), -EINVAL);
	no.code = COAPD_PUT;
	no.payload = (coapd_span){ bytes, sizeof bytes };
	cr_assert_eq(coapd_fetch(task, 0, &no), -EMSGSIZE);
	no.peer = 12345;
	cr_assert_eq(coapd_fetch(task, 0, &no), -ENOENT);
}

Test(api_fetch, calls_that_make_no_sense)
{
	begin(UPSTREAM);
	in_request = bad_calls;
	ask(COAP_GET);
	cr_assert_eq(started, 0);
	cr_assert_eq(fetches(), 1);
}

static void take_all(coapd_task *task)
{
	for (uint8_t i = 4; i < 4 + STAGE_FETCHES; i++)
		cr_assert_eq(coapd_fetch(task, i, &out), 0);
}

Test(api_fetch, at_the_limit)
{
	begin(UPSTREAM);
	in_request = take_all;
	ask(COAP_GET);
	cr_assert_eq(started, -EAGAIN);
	cr_assert_eq(fetches(), 0, "those that had begun are given back");
	in_request = NULL;
	ask(COAP_GET);
	cr_assert_eq(fetches(), 1);
}

/* --- one await per tag ------------------------------------------------------------------ */

static void twice(coapd_task *task)
{
	struct coapd_out other = { .uri = "coap://[::8]:1008/", .code = COAPD_GET };

	cr_assert_eq(coapd_fetch(task, TAG, &other), 0);
	cr_assert_eq(coapd_after(task, TAG + 1, 10), 0);
	cr_assert_eq(coapd_fetch(task, TAG + 1, &other), 0);
	coapd_cancel(task, TAG + 1);
	cr_assert_eq(coapd_fetch(task, TAG + 2, &other), 0);
}

Test(api_fetch, a_later_one_takes_the_place)
{
	begin(UPSTREAM);
	in_request = twice;
	ask(COAP_GET);
	cr_assert_eq(fetches(), 2);
}


static enum coapd_verdict replace_hook(void *self, coapd_task *task,
				       const struct coapd_event *event)
{
	struct coapd_out other = { .uri = "coap://[::8]:1008/", .code = COAPD_GET };

	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST) {
		cr_assert_eq(coapd_after(task, 0, 10), 0);
		return coapd_fetch(task, TAG, &out) ? COAPD_DONE : COAPD_WAIT;
	}
	if (event->what == COAPD_EV_TIMER && event->tag == 0) {
		coapd_after(task, 1, 10);
		return coapd_fetch(task, TAG, &other) ? COAPD_DONE : COAPD_WAIT;
	}
	if (event->what == COAPD_EV_TIMER) {
		coapd_after(task, TAG, 100000);
		return COAPD_WAIT;
	}
	return stage_say(task, "done");
}

STAGE_MODULE(replace, replace_hook, .flags = 0);

Test(api_fetch, what_was_under_way_is_given_up)
{
	out = (struct coapd_out){ .uri = UPSTREAM, .code = COAPD_GET };
	s = stage_one("/a", &replace);
	started = 0;
	ask(COAP_GET);
	cr_assert_eq(live(SLAB_XFER), 1);
	stage_wait(s, 10);
	cr_assert_eq(fetches(), 1);
	cr_assert_eq(live(SLAB_XFER), 1);
	while (strcmp(stage_next(s), "nothing"))
		;
	cr_assert_eq(s->last.to.port, 1008);
	stage_wait(s, 10);
	cr_assert_eq(fetches() + live(SLAB_XFER), 0, "a timer of the same tag");
	cr_assert_eq(stage_tasks(s), 1);
}

/* --- peers ------------------------------------------------------------------------------- */

static void to_peer(coapd_task *task)
{
	out.peer = coapd_endpoint(task);
	cr_assert_neq(out.peer, 0);
}

Test(api_fetch, who_asked_is_asked)
{
	begin("/back?to=you");
	in_request = to_peer;
	ask(COAP_GET);
	in_request = NULL;
	expect("CON 0.01 11=#6261636b 15=#746f3d796f75 pay=");
	cr_assert(addr_eq(&s->last.to, &(struct addr[]){ rig_peer(1) }[0]));
	cr_assert(local_eq(&s->last.from, &(struct local[]){ rig_local() }[0]));
	cr_assert_eq(live(SLAB_ENDPOINT), 1, "the request that waits is of the same");
	stage_reply(s, COAP_ACK, COAP_CONTENT, NULL, "me");
	expect_told("45 0 me.!|");
}

Test(api_fetch, a_path_that_is_none)
{
	begin("back");
	in_request = to_peer;
	ask(COAP_GET);
	cr_assert_eq(started, -EINVAL);
	out.uri = "/%zz";
	ask(COAP_GET);
	cr_assert_eq(started, -EINVAL);
	out.uri = NULL;
	ask(COAP_GET);
	in_request = NULL;
	cr_assert_eq(started, 0);
	expect("CON 0.01 pay=");
}

/* --- replies ------------------------------------------------------------------------------- */

static enum coapd_verdict relay_hook(void *self, coapd_task *task,
				     const struct coapd_event *event)
{
	(void)self;
	stage_note(event);
	if (event->what == COAPD_EV_REQUEST)
		return coapd_fetch(task, TAG, &out) ? COAPD_DONE : COAPD_WAIT;
	coapd_reply_like(task, event->msg);
	coapd_reply_data(task, event->data);
	return COAPD_DONE;
}

STAGE_MODULE(relay, relay_hook, .flags = 0);

Test(api_fetch, a_response_is_handed_on)
{
	out = (struct coapd_out){ .uri = UPSTREAM, .code = COAPD_GET };
	s = stage_one("/a", &relay);
	started = 0;
	ask(COAP_GET);
	stage_next(s);
	stage_reply(s, COAP_ACK, COAP_CONTENT, "4=e 12=#32 14=#09 28=#03", "abc");
	expect("ACK 2.05 4=#65 12=#32 14=#09 pay=abc");
}
