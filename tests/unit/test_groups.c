#include "client/groups.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

/* A machine of our own, so to speak: its interfaces are ours alone. */
static void own_network(const char *commands)
{
	if (unshare(CLONE_NEWNET))
		cr_skip_test("no network namespaces here");
	if (system(commands))
		cr_skip_test("no ip command (Debian package iproute2)");
}

#define VETH \
	"ip link set lo up && ip link add name one type veth peer name two && " \
	"ip link set one addrgenmode none"

static bool has(const struct groups *g, const char *uri, const char *interface)
{
	for (unsigned i = 0; i < g->n; i++)
		if (!strcmp(g->v[i].uri, uri) && g->v[i].ifindex == if_nametoindex(interface))
			return true;
	return false;
}

Test(groups, of_every_interface_that_is_up)
{
	struct groups g;
	struct err err;

	own_network(VETH " && ip address add fe80::1/64 dev one nodad && "
		    "ip address add 192.0.2.1/24 dev one && ip address add 192.0.2.2/24 dev one && "
		    "ip address add 192.0.2.3/24 dev two && ip link set one up");
	cr_assert_eq(groups_find(&g, NULL, &err), 0, "%s", err.text);
	cr_expect_eq(g.n, 2);
	cr_expect(has(&g, "coap://[ff02::fd%25one]", "one"));
	cr_expect(has(&g, "coap://224.0.1.187", "one"));
}

Test(groups, of_one_interface_by_name)
{
	struct groups g;
	struct err err;

	own_network(VETH);
	cr_assert_eq(groups_find(&g, "lo", &err), 0, "%s", err.text);
	cr_expect_eq(g.n, 2);
	cr_expect(has(&g, "coap://[ff02::fd%25lo]", "lo"));
	cr_expect(has(&g, "coap://224.0.1.187", "lo"));
}

Test(groups, none)
{
	struct groups g;
	struct err err;

	own_network(VETH);
	cr_expect_eq(groups_find(&g, NULL, &err), -ENETDOWN);
	cr_expect_str_eq(err.text, "no interface is up that can ask groups; see `ip address`");
	cr_expect_eq(groups_find(&g, "one", &err), -ENETDOWN);
	cr_expect_str_eq(err.text, "one is down, or has no address; see `ip address`");
	cr_expect_eq(groups_find(&g, "nonesuch", &err), -ENODEV);
	cr_expect_str_eq(err.text, "there is no interface nonesuch; `ip link` lists them");
}
