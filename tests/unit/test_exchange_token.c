/* Requests of ours found by their tokens: those we choose, and those callers chose. */
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

TestSuite(exchange_token, .init = setup, .fini = teardown);

/* token: NULL for one of ours. */
static struct exchange *ask(unsigned peer, const char *token)
{
	static const uint8_t body[] = { 0xb1, 't' };
	struct client_request c = { .to = rig_peer(peer), .from = rig_local(),
				    .code = COAP_GET, .body = { body, sizeof body } };
	ref_t ref = 0;

	if (token)
		c.token = span_str(token);
	cr_assert_eq(client_send(&r->e, &c, &ref), 0);
	engine_commit(&r->e, 0);
	return exchange_get(&r->e, ref);
}

static struct endpoint *of(const struct exchange *x)
{
	return endpoint_get(&r->e, x->peer);
}

Test(exchange_token, E15_ours_belongs_to_one_endpoint)
{
	struct exchange *x = ask(1, NULL), *y = ask(2, NULL);
	uint8_t token[CLIENT_TOKEN];

	exchange_token(&r->e, x, token);
	cr_assert_eq(exchange_by_token(&r->e, of(x), span_of(token, sizeof token)), x);
	cr_assert_null(exchange_by_token(&r->e, of(y), span_of(token, sizeof token)));
	cr_assert_null(exchange_by_token(&r->e, of(x), span_of(token, 7)));
	memset(token, 0xff, 4);
	cr_assert_null(exchange_by_token(&r->e, of(x), span_of(token, sizeof token)));
}

Test(exchange_token, E15_a_chosen_one_belongs_to_one_endpoint)
{
	struct exchange *x = ask(1, "mine"), *y = ask(2, "mine");

	cr_assert_neq(x, y);
	cr_assert_eq(exchange_by_token(&r->e, of(x), span_str("mine")), x);
	cr_assert_eq(exchange_by_token(&r->e, of(y), span_str("mine")), y);
	cr_assert_null(exchange_by_token(&r->e, of(x), span_str("min")));
	cr_assert(span_eq(exchange_message_token(&r->e, x), span_str("mine")));
}

/* No response can belong to what was not sent; nobody else can have its token all the same. */
Test(exchange_token, E19_of_a_queued_one_is_taken_and_not_found)
{
	struct exchange *x = ask(1, "one"), *y = ask(1, "two"), *z = ask(1, NULL);
	uint8_t token[CLIENT_TOKEN];

	exchange_token(&r->e, z, token);
	cr_assert_eq(y->state, EXCHANGE_QUEUED);
	cr_expect_null(exchange_by_token(&r->e, of(x), span_str("two")));
	cr_expect_null(exchange_by_token(&r->e, of(x), span_of(token, sizeof token)));
	cr_expect(exchange_has_token(&r->e, of(x), span_str("one")));
	cr_expect(exchange_has_token(&r->e, of(x), span_str("two")));
	cr_expect(exchange_has_token(&r->e, of(x), span_of(token, sizeof token)));
	cr_expect_not(exchange_has_token(&r->e, of(x), span_str("three")));
}
