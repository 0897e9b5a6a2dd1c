#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* "%eth0", or "%7" when the interface has gone; nothing without a scope. */
static const char *zone_print(uint32_t scope, char out[IF_NAMESIZE + 1])
{
	char name[IF_NAMESIZE];

	out[0] = 0;
	if (scope && if_indextoname(scope, name))
		snprintf(out, IF_NAMESIZE + 1, "%%%s", name);
	else if (scope)
		snprintf(out, IF_NAMESIZE + 1, "%%%u", scope);
	return out;
}

const char *addr_print_ip(const uint8_t ip[16], uint32_t scope, char *out, size_t cap)
{
	char text[INET6_ADDRSTRLEN], zone[IF_NAMESIZE + 1];

	if (addr_is_v4(ip)) {
		inet_ntop(AF_INET, ip + 12, text, sizeof text);
		snprintf(out, cap, "%s", text);
	} else {
		inet_ntop(AF_INET6, ip, text, sizeof text);
		snprintf(out, cap, "%s%s", text, zone_print(scope, zone));
	}
	return out;
}

const char *addr_print(const struct addr *a, char *out, size_t cap)
{
	char ip[ADDR_TEXT];

	addr_print_ip(a->ip, a->scope, ip, sizeof ip);
	snprintf(out, cap, addr_is_v4(a->ip) ? "%s:%u" : "[%s]:%u", ip, a->port);
	return out;
}

/* Decimal digits up to most, nothing else; -EINVAL, or 0 and the number. */
static int number_parse(const char *s, size_t n, uint32_t most, uint32_t *out)
{
	uint64_t v = 0;

	if (n == 0 || n > 10)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (v > most)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

/* An interface by name, or by its number as it is printed once it has gone. */
static int zone_parse(const char *zone, struct addr *out)
{
	if (!addr_is_linklocal(out->ip) && !addr_is_multicast(out->ip))
		return -EINVAL;
	out->scope = if_nametoindex(zone);
	if (out->scope)
		return 0;
	if (number_parse(zone, strlen(zone), INT32_MAX, &out->scope))
		return -EINVAL;
	return out->scope ? 0 : -EINVAL;
}

static int v6_parse(char *host, struct addr *out)
{
	char *zone = strchr(host, '%');

	if (zone)
		*zone++ = 0;
	if (inet_pton(AF_INET6, host, out->ip) != 1)
		return -EINVAL;
	return zone ? zone_parse(zone, out) : 0;
}

static int v4_parse(const char *host, struct addr *out)
{
	memcpy(out->ip, v4_prefix, sizeof v4_prefix);
	return inet_pton(AF_INET, host, out->ip + 12) == 1 ? 0 : -EINVAL;
}

/* The host as it stands before the port; empty is any address. */
static int host_parse(const char *text, size_t n, struct addr *out)
{
	char host[ADDR_TEXT];
	bool brackets = n >= 2 && text[0] == '[' && text[n - 1] == ']';

	if (n == 0)
		return 0;
	if (brackets) {
		text++;
		n -= 2;
	}
	if (n >= sizeof host)
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = 0;
	if (brackets || strchr(host, ':'))
		return v6_parse(host, out);
	return v4_parse(host, out);
}

/* Where ":port" begins, or the end: the last colon behind the brackets, or the
 * only one.  A bare IPv6 address has more than one and no port. */
static const char *port_colon(const char *text)
{
	const char *bracket = strrchr(text, ']'), *colon = strrchr(text, ':');

	if (!colon || (bracket && colon < bracket))
		return text + strlen(text);
	if (!bracket && strchr(text, ':') != colon)
		return text + strlen(text);
	return colon;
}

int addr_parse(const char *text, struct addr *out)
{
	struct addr a = { 0 };
	const char *colon = port_colon(text);
	uint32_t port = 0;

	if (!*text || host_parse(text, (size_t)(colon - text), &a))
		return -EINVAL;
	if (*colon && number_parse(colon + 1, strlen(colon + 1), UINT16_MAX, &port))
		return -EINVAL;
	a.port = (uint16_t)port;
	*out = a;
	return 0;
}
