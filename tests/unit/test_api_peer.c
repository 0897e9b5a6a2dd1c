/* What modules are told of who asks. */
#include <criterion/criterion.h>

#include "exchange/representation.h"
#include "resource/resources.h"
#include "stage.h"

static struct stage *s;
static struct coapd_peer seen;
static coapd_span identity;

enum { ASK_PEER = 1, ASK_IDENTITY = 2, ADD_MAX_AGE = 4, ASK_EARLY = 8, OBSERVABLE = 16 };
static unsigned what;

static enum coapd_verdict hook(void *self, coapd_task *task, const struct coapd_event *event)
{
	static char text[2][80];
	bool get = coapd_code(coapd_request(task)) == COAPD_GET;

	(void)self;
	if (event->what == COAPD_EV_REQUEST && what & ASK_EARLY)
		(void)coapd_peer(task);
	if (what & OBSERVABLE)
		coapd_observe(task);
	if (event->what == COAPD_EV_REQUEST && coapd_path(task, 0, NULL)) {
		coapd_after(task, 0, 100);
		return COAPD_WAIT;
	}
	if (what & ASK_PEER) {
		seen = *coapd_peer(task);
		strcpy(text[0], seen.address);
		strcpy(text[1], seen.local_address);
		seen.address = text[0];
		seen.local_address = text[1];
	}
	if (what & ASK_IDENTITY)
		identity = coapd_identity(task);
	coapd_reply(task, get ? COAPD_205_CONTENT : COAPD_204_CHANGED);
	if (what & ADD_MAX_AGE)
		coapd_add_uint(task, COAPD_OPT_MAX_AGE, 7);
	return COAPD_DONE;
}

STAGE_MODULE(asking, hook, .flags = COAPD_F_TREE);

static void setup(void)
{
	s = stage_one("/a", &asking);
}

static void teardown(void)
{
	stage_free(s);
}

TestSuite(api_peer, .init = setup, .fini = teardown);

static void expect_seen(uint16_t local_port)
{
	cr_assert_str_eq(seen.transport, "udp");
	cr_assert_str_eq(seen.address, "::1");
	cr_assert_eq(seen.port, 1001);
	cr_assert_str_eq(seen.local_address, "::c8");
	cr_assert_eq(seen.local_port, local_port);
}

Test(api_peer, both_ends)
{
	static const uint16_t ports[] = { 5683, 61616 };

	what = ASK_PEER;
	stage_get(s, "11=a");
	expect_seen(0);
	s->rig->e.conf.ports = ports;
	s->rig->e.conf.nports = 2;
	stage_get(s, "11=a");
	expect_seen(5683);
}

Test(api_peer, of_a_request_that_waited)
{
	what = ASK_PEER;
	stage_ask_type(s, COAP_NON, COAP_GET, 1, "11=a 11=wait");
	stage_crash(s);
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "NON 2.05 14=# pay=");
	expect_seen(0);
}

Test(api_peer, nobody_proves_who_he_is)
{
	what = ASK_IDENTITY;
	stage_get(s, "11=a");
	cr_assert_eq(identity.n, 0);
	cr_assert_not_null(identity.p);
}

Test(api_peer, who_looks_answers_this_peer_alone)
{
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 pay=");
	cr_assert(!s->R->task.is_private);
	for (what = ASK_PEER; what <= (ASK_PEER | ASK_IDENTITY); what++) {
		cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 14=# pay=");
		cr_assert(s->R->task.is_private);
	}
	/* The module knows better. */
	what = ASK_PEER | ADD_MAX_AGE;
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 14=#07 pay=");
	/* Nobody keeps these. */
	what = ASK_PEER;
	stage_ask(s, COAP_POST, 9, "11=a");
	cr_assert_str_eq(stage_next(s), "ACK 2.04 pay=");
	what = 0;
	cr_assert_str_eq(stage_get(s, "11=a"), "ACK 2.05 pay=");
}

Test(api_peer, who_has_looked_before_waiting_answers_this_peer_alone)
{
	what = ASK_EARLY;
	stage_ask(s, COAP_GET, 1, "11=a 11=wait");
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "ACK 2.05 14=# pay=");
	/* And a successor knows. */
	stage_ask(s, COAP_GET, 2, "11=a 11=wait");
	stage_crash(s);
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "ACK 2.05 14=# pay=");
	what = 0;
	stage_ask(s, COAP_GET, 3, "11=a 11=wait");
	stage_wait(s, 100);
	cr_assert_str_eq(stage_next(s), "ACK 2.05 pay=");
}

Test(api_peer, what_was_made_after_a_wait_is_shared_with_no_other_observer)
{
	const struct representation *p;

	what = ASK_EARLY | OBSERVABLE;
	stage_ask(s, COAP_GET, 1, "6=# 11=a 11=wait");
	stage_wait(s, 100);
	p = slab_at(engine_slab(&s->rig->e, SLAB_REPRESENTATION), 0);
	cr_assert(slab_live(engine_slab(&s->rig->e, SLAB_REPRESENTATION), 0));
	cr_assert(p->private);
}
