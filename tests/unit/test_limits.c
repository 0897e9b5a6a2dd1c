#include "client/limits.h"

#include <criterion/criterion.h>

Test(limits, one_end_may_ask_as_many_peers_as_it_has_requests)
{
	const struct net_conf c = { .requests = 10, .xfers = 20, .observations = 30 };
	struct engine_limits l = limits_of(&c, 1);

	cr_expect_eq(l.exchanges, 60);
	cr_expect_geq(l.endpoints, 60);
	cr_expect_eq(l.xfers, 20);
	cr_expect_eq(l.observations, 30);
	cr_expect_geq(l.messages, 60);
	cr_expect_eq(l.exchanges_per_endpoint, 60);
}

Test(limits, each_of_many_ends_has_its_peer)
{
	const struct net_conf c = { .requests = 5, .per_endpoint = 2, .short_requests = true };
	struct engine_limits l = limits_of(&c, 20000);

	cr_expect_geq(l.endpoints, 20000);
	cr_expect_lt(l.messages, 20);
	cr_expect_eq(l.exchanges_per_endpoint, 2);
}

Test(limits, a_request_is_always_possible)
{
	const struct net_conf c = { .sockets = 1 };

	cr_expect_eq(limits_of(&c, 1).exchanges, 1);
}
