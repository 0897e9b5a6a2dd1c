#include "client/groups.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool is_known(const struct groups *g, const char *uri, uint32_t ifindex)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->v[i].ifindex == ifindex && !strcmp(g->v[i].uri, uri))
			return true;
	return false;
}

static void add(struct groups *g, const struct ifaddrs *i)
{
	struct group group = { .ifindex = if_nametoindex(i->ifa_name) };

	if (i->ifa_addr->sa_family == AF_INET6)
		snprintf(group.uri, sizeof group.uri, "coap://[ff02::fd%%25%s]", i->ifa_name);
	else
		snprintf(group.uri, sizeof group.uri, "coap://224.0.1.187");
	if (group.ifindex && g->n < GROUPS_MAX && !is_known(g, group.uri, group.ifindex))
		g->v[g->n++] = group;
}

static bool fits(const struct ifaddrs *i, const char *interface)
{
	int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;

	if (!(i->ifa_flags & IFF_UP) || (family != AF_INET && family != AF_INET6))
		return false;
	if (interface)
		return !strcmp(i->ifa_name, interface);
	return (i->ifa_flags & IFF_MULTICAST) && !(i->ifa_flags & IFF_LOOPBACK);
}

int groups_find(struct groups *g, const char *interface, struct err *err)
{
	struct ifaddrs *all;

	g->n = 0;
	if (interface && !if_nametoindex(interface))
		return err_set(err, -ENODEV, "there is no interface %s; `ip link` lists them",
			       interface);
	if (getifaddrs(&all))
		return err_set(err, -errno, "cannot list the interfaces: %s", strerror(errno));
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (fits(i, interface))
			add(g, i);
	freeifaddrs(all);
	if (g->n)
		return 0;
	return err_set(err, -ENETDOWN, interface ? "%s is down, or has no address; see `ip address`"
		       : "no interface is up that can ask groups; see `ip address`%s",
		       interface ? interface : "");
}
