#include "coap/uri.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "coap/message.h"
#include "coap/percent.h"

#define COMPONENT_MAX 255u       /* Uri-Host, Uri-Path and Uri-Query alike */

static const struct {
	const char *name;
	uint16_t port;
} schemes[] = {
#define X(id, name, port) [SCHEME_##id] = { name, port },
	URI_SCHEMES(X)
#undef X
};

#define SCHEME_COUNT (sizeof schemes / sizeof *schemes)

const char *uri_scheme_name(enum uri_scheme scheme)
{
	return schemes[scheme].name;
}

uint16_t uri_scheme_port(enum uri_scheme scheme)
{
	return schemes[scheme].port;
}

/* --- cutting ----------------------------------------------------------------- */

/* Takes what stands before the first c out of *rest, and c itself; all of it if
 * there is no c.  Returns whether there was one. */
static bool cut(struct span *rest, uint8_t c, struct span *head)
{
	const uint8_t *at = rest->n ? memchr(rest->p, c, rest->n) : NULL;

	*head = *rest;
	if (!at) {
		rest->p += rest->n;
		rest->n = 0;
		return false;
	}
	head->n = (size_t)(at - rest->p);
	rest->p = at + 1;
	rest->n -= head->n + 1;
	return true;
}

/* 1 for a segment ".", 2 for "..", also where dots are percent-encoded, which
 * is the same URI (RFC 3986 section 6.2.2.2); else 0. */
static unsigned dots(struct span segment)
{
	uint8_t decoded[2];
	struct writer w = writer_of(decoded, sizeof decoded);

	if (!segment.n || segment.n > 6 || !percent_decode(&w, segment))
		return 0;
	if (decoded[0] != '.' || w.p[-1] != '.')
		return 0;
	return (unsigned)(w.p - decoded);
}

/* The segments of a path after dot segments are resolved (RFC 3986 section
 * 5.2.4): a segment goes if a later ".." is its own. */
struct segments {
	struct span rest;
	bool more;
};

static struct segments segments_of(struct span path)
{
	if (!path.n)
		return (struct segments){ path, false };
	return (struct segments){ span_of(path.p + 1, path.n - 1), true };
}

static bool is_cancelled(struct segments after)
{
	size_t depth = 0;

	while (after.more) {
		struct span segment;

		after.more = cut(&after.rest, '/', &segment);
		switch (dots(segment)) {
		case 0:
			depth++;
			break;
		case 2:
			if (depth-- == 0)
				return true;
			break;
		}
	}
	return false;
}

static bool segments_next(struct segments *s, struct span *out)
{
	while (s->more) {
		s->more = cut(&s->rest, '/', out);
		if (dots(*out)) {
			out->n = 0;     /* the last one leaves its slash */
			if (!s->more)
				return true;
		} else if (!is_cancelled(*s)) {
			return true;
		}
	}
	return false;
}

/* --- parsing ----------------------------------------------------------------- */

struct parse {
	struct span text;
	struct uri *out;
	struct err *err;
};

static int fail(const struct parse *p, const uint8_t *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(const struct parse *p, const uint8_t *at, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	p->out->wrong = (size_t)(at - p->text.p);
	return err_set(p->err, -EINVAL, "URI: %s (byte %zu)", what, p->out->wrong + 1);
}

/* A character that may not stand there; rest begins with it. */
static int fail_character(const struct parse *p, struct span rest)
{
	uint8_t encoded[3 * 4 + 1];
	struct writer w = writer_of(encoded, sizeof encoded - 1);
	uint32_t character;
	size_t n = utf8_next((const char *)rest.p, rest.n, &character);

	for (size_t i = 0; i < (n ? n : 1); i++)
		percent_encode(&w, rest.p[i]);
	*w.p = '\0';
	return fail(p, rest.p, "a character that must be percent-encoded, as %s",
		    (const char *)encoded);
}

/* Checks characters and length of one component; more are the characters that
 * may stand in it beside the plain ones. */
static int check_component(const struct parse *p, struct span s, const char *more)
{
	uint8_t decoded[COMPONENT_MAX];
	struct writer w = writer_of(decoded, sizeof decoded);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '%' && !percent_is_encoded(s, i))
			return fail(p, s.p + i, "\"%%\" without two hexadecimal digits");
		else if (s.p[i] != '%' && !percent_is_plain(s.p[i], more))
			return fail_character(p, span_of(s.p + i, s.n - i));
	if (!percent_decode(&w, s))
		return fail(p, s.p, "a component longer than 255 bytes");
	if (!utf8_valid((const char *)decoded, (size_t)(w.p - decoded)))
		return fail(p, s.p, "a component that is not UTF-8");
	return 0;
}

static int fail_scheme(const struct parse *p, struct span name)
{
	char wanted[16];
	struct nearest nearest = { .wanted = wanted, .any_case = true };

	if (name.n == p->text.n)
		return fail(p, p->text.p, "no scheme, so it is not absolute");
	snprintf(wanted, sizeof wanted, "%.*s", (int)name.n, (const char *)name.p);
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		nearest_offer(&nearest, schemes[i].name);
	if (nearest.best)
		return fail(p, p->text.p, "not a scheme of CoAP; did you mean %s?", nearest.best);
	return fail(p, p->text.p, "not a scheme of CoAP");
}

static int parse_scheme(struct parse *p, struct span *rest)
{
	struct span name;

	if (!cut(rest, ':', &name))
		return fail_scheme(p, name);
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (ascii_same(span_str(schemes[i].name), name)) {
			p->out->scheme = (uint8_t)i;
			return 0;
		}
	return fail_scheme(p, name);
}

static int parse_port(struct parse *p, struct span digits)
{
	uint32_t port = 0;

	if (!digits.n)
		return 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_is_digit(digits.p[i]))
			return fail(p, digits.p + i, "a port that is no number");
		port = port * 10 + (uint32_t)(digits.p[i] - '0');
		if (port > UINT16_MAX)
			return fail(p, digits.p, "a port above 65535");
	}
	if (port == 0)
		return fail(p, digits.p, "port 0");
	p->out->port = (uint16_t)port;
	return 0;
}

/* The zone after an address: "%25eth0" as RFC 6874 writes it, or "%eth0" as
 * people do. */
static int parse_zone(struct parse *p, struct span zone)
{
	if (zone.n >= 2 && !memcmp(zone.p, "25", 2))
		zone = span_of(zone.p + 2, zone.n - 2);
	if (!zone.n)
		return fail(p, zone.p, "an empty zone");
	for (size_t i = 0; i < zone.n; i++)
		if (!ascii_is_alnum(zone.p[i]) && !memchr("-._~", zone.p[i], 4))
			return fail(p, zone.p + i, "a character that no zone has");
	if (!addr_is_linklocal(p->out->ip) && !addr_is_multicast(p->out->ip))
		return fail(p, zone.p, "a zone at an address that is neither link-local nor "
			    "a group");
	p->out->zone = zone;
	return 0;
}

/* inside is what stands between the brackets. */
static int parse_ip_literal(struct parse *p, struct span inside)
{
	struct span zone = inside;
	bool has_zone = cut(&zone, '%', &p->out->host);
	char text[INET6_ADDRSTRLEN];

	if (p->out->host.n >= sizeof text)
		return fail(p, inside.p, "not an IPv6 address");
	memcpy(text, p->out->host.p, p->out->host.n);
	text[p->out->host.n] = '\0';
	if (strlen(text) != p->out->host.n || inet_pton(AF_INET6, text, p->out->ip) != 1)
		return fail(p, inside.p, "not an IPv6 address");
	p->out->literal = true;
	return has_zone ? parse_zone(p, zone) : 0;
}

static int parse_name(struct parse *p, struct span name)
{
	char text[INET_ADDRSTRLEN];
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	p->out->host = name;
	if (!name.n)
		return fail(p, name.p, "no host");
	if (memchr(name.p, '@', name.n))
		return fail(p, name.p, "user information, which CoAP does not have");
	if (name.n < sizeof text) {
		memcpy(text, name.p, name.n);
		text[name.n] = '\0';
		if (strlen(text) == name.n && inet_pton(AF_INET, text, p->out->ip + 12) == 1) {
			memcpy(p->out->ip, mapped, sizeof mapped);
			p->out->literal = true;
			return 0;
		}
	}
	return check_component(p, name, "");
}

static int parse_authority(struct parse *p, struct span authority)
{
	struct span host, rest = authority;
	bool port;
	int rc;

	if (authority.n && authority.p[0] == '[') {
		rest = span_of(authority.p + 1, authority.n - 1);
		if (!cut(&rest, ']', &host))
			return fail(p, authority.p, "\"[\" without \"]\"");
		port = rest.n > 0;
		if (port && *rest.p != ':')
			return fail(p, rest.p, "something after the address");
		rest = span_of(rest.p + port, rest.n - port);
		rc = parse_ip_literal(p, host);
	} else {
		port = cut(&rest, ':', &host);
		rc = parse_name(p, host);
	}
	return rc < 0 || !port ? rc : parse_port(p, rest);
}

static int check_path(const struct parse *p)
{
	struct segments it = segments_of(p->out->path);
	struct span segment;
	int rc = 0;

	while (rc == 0 && it.more) {
		it.more = cut(&it.rest, '/', &segment);
		rc = check_component(p, segment, ":@");
	}
	return rc;
}

static int check_query(const struct parse *p)
{
	struct span rest = p->out->query, argument;
	bool more = p->out->has_query;
	int rc = 0;

	while (rc == 0 && more) {
		more = cut(&rest, '&', &argument);
		rc = check_component(p, argument, ":@/?");
	}
	return rc;
}

/* Splits what follows "scheme://" into authority, path and query. */
static struct span split(struct span rest, struct uri *out)
{
	struct span authority;
	size_t n = 0;

	out->has_query = cut(&rest, '?', &out->path);
	out->query = rest;
	while (n < out->path.n && out->path.p[n] != '/')
		n++;
	authority = span_of(out->path.p, n);
	out->path = span_of(out->path.p + n, out->path.n - n);
	return authority;
}

int uri_parse(struct span text, struct uri *out, struct err *e)
{
	struct parse p = { text, out, e };
	struct span rest = text, authority;
	int rc;

	*out = (struct uri){ 0 };
	if (text.n > URI_MAX)
		return fail(&p, text.p + URI_MAX, "longer than %u bytes", URI_MAX);
	if ((rc = parse_scheme(&p, &rest)) < 0)
		return rc;
	if (memchr(rest.p, '#', rest.n))
		return fail(&p, memchr(rest.p, '#', rest.n), "a fragment, which is not sent");
	if (rest.n < 2 || memcmp(rest.p, "//", 2) != 0)
		return fail(&p, rest.p, "\"//\" and a host must follow the scheme");
	out->port = uri_scheme_port(out->scheme);
	authority = split(span_of(rest.p + 2, rest.n - 2), out);
	if ((rc = parse_authority(&p, authority)) < 0 || (rc = check_path(&p)) < 0)
		return rc;
	return check_query(&p);
}

/* --- to options (RFC 7252 section 6.4) --------------------------------------- */

static void write_decoded(struct option_writer *ow, uint32_t number, struct span s)
{
	uint8_t decoded[COMPONENT_MAX];
	struct writer w = writer_of(decoded, sizeof decoded);

	if (percent_decode(&w, s))
		option_write(ow, number, span_of(decoded, (size_t)(w.p - decoded)));
}

/* Uri-Host for a literal that is not where the request goes; a zone means
 * nothing to others and stays here (RFC 6874 section 1). */
static void write_literal(const struct uri *u, struct option_writer *ow)
{
	uint8_t text[INET6_ADDRSTRLEN + 2];
	struct writer w = writer_of(text, sizeof text);
	bool brackets = memchr(u->host.p, ':', u->host.n);

	if (brackets)
		write_u8(&w, '[');
	for (size_t i = 0; i < u->host.n; i++)
		write_u8(&w, ascii_lower(u->host.p[i]));
	if (brackets)
		write_u8(&w, ']');
	option_write(ow, OPT_URI_HOST, span_of(text, (size_t)(w.p - text)));
}

static void write_name(const struct uri *u, struct option_writer *ow)
{
	uint8_t name[3 * COMPONENT_MAX];
	size_t n = u->host.n < sizeof name ? u->host.n : sizeof name;

	for (size_t i = 0; i < n; i++)
		name[i] = ascii_lower(u->host.p[i]);
	write_decoded(ow, OPT_URI_HOST, span_of(name, n));
}

void uri_write_authority(const struct uri *u, const struct addr *destination,
			 struct option_writer *ow)
{
	if (!u->literal)
		write_name(u, ow);
	else if (memcmp(u->ip, destination->ip, sizeof u->ip) != 0)
		write_literal(u, ow);
	if (u->port != destination->port)
		option_write_uint(ow, OPT_URI_PORT, u->port);
}

void uri_write_path(const struct uri *u, struct option_writer *ow)
{
	struct segments it = segments_of(u->path), next;
	struct span segment, second;

	if (!segments_next(&it, &segment))
		return;
	next = it;
	if (!segment.n && !segments_next(&next, &second))
		return;         /* "/" alone is the root (step 8) */
	do
		write_decoded(ow, OPT_URI_PATH, segment);
	while (segments_next(&it, &segment));
}

void uri_write_query(const struct uri *u, struct option_writer *ow)
{
	struct span rest = u->query, argument;
	bool more = u->has_query;

	while (more) {
		more = cut(&rest, '&', &argument);
		write_decoded(ow, OPT_URI_QUERY, argument);
	}
}

/* --- from options (RFC 7252 section 6.5) ------------------------------------- */

/* A Uri-Host is a name (non-ASCII bytes are percent-encoded on the way) or a
 * bracketed address. */
static bool write_host(struct writer *w, struct span host)
{
	struct parse p = { .text = host, .out = &(struct uri){ 0 } };

	if (host.p[0] == '[') {
		write_span(w, host);
		return host.p[host.n - 1] == ']' && host.n > 2 &&
		       parse_ip_literal(&p, span_of(host.p + 1, host.n - 2)) == 0 &&
		       !p.out->zone.n;
	}
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] >= 0x80)
			percent_encode(w, host.p[i]);
		else if (percent_is_plain(host.p[i], "") || percent_is_encoded(host, i))
			write_u8(w, host.p[i]);
		else
			return false;
	}
	return true;
}

static void write_destination(struct writer *w, const uint8_t ip[16])
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = addr_is_v4(ip);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip + 12 : ip, text, sizeof text);
	if (!v4)
		write_u8(w, '[');
	write_span(w, span_str(text));
	if (!v4)
		write_u8(w, ']');
}

static void write_resource(struct writer *w, struct span options)
{
	struct option_iter it = option_iter(options);
	unsigned segments = 0, arguments = 0;
	struct option o;

	while (option_next(&it, &o) && o.number <= OPT_URI_QUERY) {
		if ((o.number != OPT_URI_PATH && o.number != OPT_URI_QUERY) ||
		    option_flaw(option_def(o.number), COAP_GET, 0, o.value) != FLAW_NONE)
			continue;
		if (o.number == OPT_URI_PATH) {
			write_u8(w, '/');
			percent_write(w, o.value, ":@", 0);
			segments++;
			continue;
		}
		if (segments + arguments == 0)
			write_u8(w, '/');
		write_u8(w, arguments++ == 0 ? '?' : '&');
		percent_write(w, o.value, ":@/?", '&');
	}
	if (segments + arguments == 0)
		write_u8(w, '/');
}

int uri_compose(struct writer *w, enum uri_scheme scheme,
		const struct addr *destination, struct span options, struct err *e)
{
	struct message request = { .code = COAP_GET, .options = options };
	uint64_t port = destination->port;
	char text[8];
	struct span host;

	write_span(w, span_str(uri_scheme_name(scheme)));
	write_span(w, span_str("://"));
	if (!message_option(&request, OPT_URI_HOST, 0, &host))
		write_destination(w, destination->ip);
	else if (!write_host(w, host))
		return err_set(e, -EINVAL, "Uri-Host is neither a name nor an address");
	message_option_uint(&request, OPT_URI_PORT, &port);
	if (port != uri_scheme_port(scheme)) {
		snprintf(text, sizeof text, ":%u", (unsigned)(uint16_t)port);
		write_span(w, span_str(text));
	}
	write_resource(w, options);
	return w->full ? err_set(e, -ENOSPC, "URI: it does not fit") : 0;
}
