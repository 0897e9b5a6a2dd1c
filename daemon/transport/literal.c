#include "transport/literal.h"

#include "base/ascii.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

static int parse_ip(const char *host, uint8_t ip[16])
{
	static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, host, ip) == 1)
		return 0;
	memcpy(ip, v4_prefix, sizeof v4_prefix);
	return inet_pton(AF_INET, host, ip + 12) == 1 ? 0 : -ENOENT;
}

/* --- zones ---------------------------------------------------------------------- */

#define INTERFACES_TEXT 200             /* what a line can bear of them */

/* "lo, eth0": the interfaces there are, as far as they fit. */
static const char *interfaces_print(char out[INTERFACES_TEXT])
{
	struct if_nameindex *all = if_nameindex();
	size_t n = 0;

	out[0] = 0;
	for (struct if_nameindex *i = all; i && i->if_name; i++) {
		bool fits = n + strlen(i->if_name) + sizeof ", , ..." < INTERFACES_TEXT;

		n += (size_t)snprintf(out + n, INTERFACES_TEXT - n, "%s%s", n ? ", " : "",
				      fits ? i->if_name : "...");
		if (!fits)
			break;
	}
	if_freenameindex(all);
	return out;
}

int literal_needs_zone(const struct addr *a, struct err *err)
{
	char ip[INET6_ADDRSTRLEN], interfaces[INTERFACES_TEXT];

	inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
	return err_set(err, -EINVAL, "%s is link-local, which means another host on each "
		       "interface: say which, as in [%s%%25eth0]; there are %s", ip, ip,
		       interfaces_print(interfaces));
}

/* An interface's number, 0 if there is none; a zone may be written as one. */
static uint32_t zone_index(const char *zone)
{
	uint32_t index = if_nametoindex(zone);
	char name[IF_NAMESIZE], *end;
	unsigned long n;

	if (index || !ascii_is_digit((uint8_t)zone[0]))
		return index;
	n = strtoul(zone, &end, 10);
	if (*end || n > INT32_MAX || !if_indextoname((unsigned)n, name))
		return 0;
	return (uint32_t)n;
}

static int take_zone(const char *zone, struct addr *a, struct err *err)
{
	char interfaces[INTERFACES_TEXT];

	if (!addr_is_linklocal(a->ip) && a->ip[0] != 0xff)
		return err_set(err, -EINVAL, "the zone \"%s\" stands at an address that is the "
			       "same on every interface: leave it out", zone);
	a->scope = zone_index(zone);
	if (a->scope)
		return 0;
	return err_set(err, -EINVAL, "there is no interface \"%s\"; there are %s", zone,
		       interfaces_print(interfaces));
}

int literal_parse(const char *host, const char *zone, struct addr *out, struct err *err)
{
	struct addr a = { 0 };
	int r = parse_ip(host, a.ip);

	if (r)
		return r;
	if (zone && *zone)
		r = take_zone(zone, &a, err);
	else if (addr_is_linklocal(a.ip))
		r = literal_needs_zone(&a, err);
	if (!r)
		*out = a;
	return r;
}
