/* Exchanges: states, NSTART, lookups. */
#include <criterion/criterion.h>

#include "rig.h"

static struct rig *r;

static void setup(void)
{
	r = rig_new(NULL);
}

static void teardown(void)
{
	rig_free(r);
}

TestSuite(exchange, .init = setup, .fini = teardown);

static struct exchange *ask(unsigned peer)
{
	static const uint8_t body[] = { 0xb1, 't' };
	struct client_request c = { .to = rig_peer(peer), .from = rig_local(),
				    .code = COAP_GET, .body = { body, sizeof body } };
	ref_t ref = 0;

	cr_assert_eq(client_send(&r->e, &c, &ref), 0);
	engine_commit(&r->e, 0);
	return exchange_get(&r->e, ref);
}

Test(exchange, E15_lookups_need_endpoint_and_number)
{
	struct exchange *x = ask(1), *y = ask(2);
	struct endpoint *p = endpoint_get(&r->e, x->peer), *q = endpoint_get(&r->e, y->peer);

	cr_assert_eq(exchange_by_mid(&r->e, p, (uint16_t)x->mid), x);
	cr_assert_neq(exchange_by_mid(&r->e, q, (uint16_t)x->mid), x);
}

Test(exchange, E19_queued_ones_have_no_message_id_yet)
{
	struct exchange *x = ask(1), *y = ask(1);
	struct endpoint *p = endpoint_get(&r->e, x->peer);
	const struct dealings *d = dealings_of(&r->e, p);

	cr_assert_eq(x->state, EXCHANGE_SENT);
	cr_assert_eq(y->state, EXCHANGE_QUEUED);
	cr_assert_eq(d->nactive, 1);
	cr_assert_eq(d->nexchanges, 2);
	exchange_acked(&r->e, x);
	exchange_start(&r->e, p);
	engine_commit(&r->e, 0);
	cr_assert_eq(y->state, EXCHANGE_SENT);
	cr_assert_eq(x->state, EXCHANGE_ACKED);
	cr_assert_eq(d->nactive, 1);
}

Test(exchange, implausible_ones_are_dropped_by_an_adopter)
{
	struct exchange *x = ask(1), *y = ask(2), *z = ask(3), *ok = ask(4);
	ref_t ref = exchange_ref(&r->e, ok);

	x->state = 77;
	y->deadline = 0;
	z->msg.len = 3;
	rig_crash(r);
	cr_assert_eq(rig_counter(r, COUNT_ADOPT_DROPPED), 3);
	cr_assert_not_null(exchange_get(&r->e, ref));
	cr_assert_eq(r->e.outgoing_n, 1);
	cr_assert_eq(r->e.deadlines.n, 1);
}

Test(exchange, what_was_queued_behind_a_dropped_one_goes_on)
{
	struct exchange *x = ask(1), *y = ask(1);
	ref_t ref = exchange_ref(&r->e, y);

	x->state = 77;
	rig_crash(r);
	rig_wait(r, 0);
	cr_assert_eq(exchange_get(&r->e, ref)->state, (uint32_t)EXCHANGE_SENT);
}

Test(exchange, a_damaged_acked_bit_sends_no_endless_acknowledgements)
{
	rig_serve(r, 1, COAP_CON, COAP_GET, 7, "tk", "11=w");
	exchange_get(&r->e, r->waiting)->acked = 1;
	rig_crash(r);
	cr_assert_leq(rig_wait(r, 1000), 1);
}

Test(exchange, a_waiting_one_without_its_task_is_dropped)
{
	rig_serve(r, 1, COAP_CON, COAP_POST, 7, "tk", "11=w");
	r->task->o.word &= ~1u;
	rig_crash(r);
	cr_assert_null(exchange_get(&r->e, r->waiting));
	cr_assert_eq(r->e.waiting_n, 0);
	/* Its peer is told to try again rather than left waiting. */
	rig_serve(r, 1, COAP_CON, COAP_POST, 7, "tk", "11=w");
	cr_assert(strstr(rig_next(r), "5.03"));
}
