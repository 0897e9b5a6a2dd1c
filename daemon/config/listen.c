#include "config/listen.h"
#include "config/value.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct scheme {
	const char *name;
	bool built_in;
	enum site_scheme scheme;
	uint16_t port;
};

static const struct scheme schemes[] = {
	{ "coap", true, SITE_COAP, 5683 },
	{ .name = "coaps" }, { .name = "coap+tcp" }, { .name = "coaps+tcp" },
	{ .name = "coap+ws" }, { .name = "coaps+ws" },
};

/* Behind a scheme: no address, but the name of a descriptor that is passed in. */
#define PASSED "+fd"

#define NSCHEMES (sizeof schemes / sizeof *schemes)

const char *site_scheme_name(enum site_scheme scheme)
{
	for (size_t i = 0; i < NSCHEMES; i++)
		if (schemes[i].built_in && schemes[i].scheme == scheme)
			return schemes[i].name;
	return "?";
}

static const struct scheme *scheme_read(const char *name, size_t n, struct err *err)
{
	char quoted[VALUE_QUOTE];

	for (size_t i = 0; i < NSCHEMES; i++) {
		if (strlen(schemes[i].name) != n || strncasecmp(schemes[i].name, name, n))
			continue;
		if (schemes[i].built_in)
			return &schemes[i];
		err_set(err, -EINVAL, "scheme %s is not built in, this coapd serves coap:// alone",
		    value_quote(name, n, quoted));
		return NULL;
	}
	err_set(err, -EINVAL, "unknown scheme %s, this coapd serves coap:// alone",
	    value_quote(name, n, quoted));
	return NULL;
}

/* Behind the address: nothing, ":" or ":port". */
static int port_read(const char *text, uint16_t deflt, uint16_t *out,
		      struct err *err)
{
	uint64_t v = deflt;

	if (*text && *text != ':')
		return err_set(err, -EINVAL, "\"%.40s\" behind the address is not a port", text);
	if (*text && text[1] &&
	    (value_read(&value_number, text + 1, strlen(text + 1), &v, NULL) != 0 || v > 65535))
		return err_set(err, -EINVAL, "\"%.40s\" is not a port, 0..65535", text + 1);
	*out = (uint16_t)v;
	return 0;
}

/* The address is numeric; a zone is written "%25eth0" in a URI (RFC 6874). */
static int host_read(const char *host, size_t n, struct addr *out, struct err *err)
{
	char plain[ADDR_TEXT], quoted[VALUE_QUOTE];
	const char *zone = memchr(host, '%', n);
	size_t skip = zone && n - (size_t)(zone - host) > 3 && !strncmp(zone, "%25", 3) ? 2 : 0;
	size_t head = skip ? (size_t)(zone - host) + 1 : n;

	value_quote(host, n, quoted);
	if (n == 0)
		return err_set(err, -EINVAL, "an address is missing, [::] stands for all of them");
	if (n >= sizeof plain)
		return err_set(err, -EINVAL, "%s is not an IP address", quoted);
	memcpy(plain, host, head);
	memcpy(plain + head, host + head + skip, n - head - skip);
	plain[n - skip] = 0;
	if (strchr(plain, ':') && *plain != '[')
		return err_set(err, -EINVAL, "%s: an IPv6 address stands in brackets", quoted);
	if (addr_parse(plain, out) != 0)
		return err_set(err, -EINVAL, "%s is not an IP address%s", quoted,
			   *plain == '[' ? "" : " (names are not looked up here)");
	if (addr_is_multicast(out->ip))
		return err_set(err, -EINVAL, "%s is a multicast group, which is not built in", quoted);
	return 0;
}

/* What the service manager may call one (systemd.socket(5), FileDescriptorName=). */
static int name_read(const char *name, struct site_listener *out, struct err *err)
{
	char quoted[VALUE_QUOTE];
	size_t n = strlen(name);
	bool fine = n > 0 && n <= 255;

	for (size_t i = 0; i < n; i++)
		fine = fine && name[i] > ' ' && name[i] < 0x7f && name[i] != ':' && name[i] != '/';
	if (!fine)
		return err_set(err, -EINVAL, "%s is no name of a passed socket "
			       "(FileDescriptorName=)", value_quote(name, n, quoted));
	out->addr = (struct addr){ .port = 0 };
	out->passed = name;
	return 0;
}

static size_t scheme_length(const char *text, const char *end, bool *passed)
{
	size_t n = (size_t)(end - text), tail = strlen(PASSED);

	*passed = n > tail && !strncasecmp(end - tail, PASSED, tail);
	return *passed ? n - tail : n;
}

int listen_read(const char *text, struct site_listener *out, struct err *err)
{
	const char *host = strstr(text, "://"), *rest, *bracket;
	const struct scheme *scheme;
	char quoted[VALUE_QUOTE];
	bool passed;

	if (!host)
		return err_set(err, -EINVAL, "%s is not a URI like coap://[::]:5683",
			   value_quote(text, strlen(text), quoted));
	scheme = scheme_read(text, scheme_length(text, host, &passed), err);
	if (!scheme)
		return -EINVAL;
	host += 3;
	out->scheme = scheme->scheme;
	out->passed = NULL;
	if (passed)
		return name_read(host, out, err);
	if (host[strcspn(host, "/?#@")])
		return err_set(err, -EINVAL, "a listener has an address and a port, nothing around them");
	bracket = *host == '[' ? strchr(host, ']') : NULL;
	rest = bracket ? bracket + 1 : host + strcspn(host, ":");
	if (!bracket && strchr(rest, ':') != strrchr(rest, ':'))
		rest = host + strlen(host);     /* IPv6 without its brackets */
	if (host_read(host, (size_t)(rest - host), &out->addr, err) != 0)
		return -EINVAL;
	return port_read(rest, scheme->port, &out->addr.port, err);
}
