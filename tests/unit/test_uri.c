#include <arpa/inet.h>

#include "coap/message.h"
#include "coap/uri.h"
#include "vectors.h"

static uint8_t buffer[8192];

static struct addr address(const char *text, uint16_t port)
{
	struct addr a = { .port = port };

	if (inet_pton(AF_INET6, text, a.ip) == 1)
		return a;
	a.ip[10] = a.ip[11] = 0xff;
	cr_assert_eq(inet_pton(AF_INET, text, a.ip + 12), 1, "%s", text);
	return a;
}

/* The options of a URI, encoded. */
static struct span options_of(const struct uri *u, const struct addr *destination)
{
	struct writer w = writer_of(buffer, sizeof buffer);
	struct option_writer ow = option_writer(&w);

	uri_write_authority(u, destination, &ow);
	uri_write_path(u, &ow);
	uri_write_query(u, &ow);
	cr_assert(!w.full);
	return span_of(buffer, (size_t)(w.p - buffer));
}

static void expect_options(struct span options, json_t *list, const char *uri)
{
	struct option_iter it = option_iter(options);
	struct option o = { 0 };
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		struct blob want;

		hex_decode(vectors_text(entry, "hex"), &want);
		cr_assert(option_next(&it, &o), "%s", uri);
		cr_assert_eq(o.number, vectors_number(entry, "number"), "%s", uri);
		cr_assert_span(o.value, blob_span(&want));
	}
	cr_assert(!option_next(&it, &o), "%s", uri);
	cr_assert(!it.r.bad);
}

static struct uri parse(const char *text)
{
	struct uri u;
	struct err e = { "" };

	cr_assert_eq(uri_parse(span_str(text), &u, &e), 0, "%s: %s", text, e.text);
	return u;
}

/* Where a request for the URI would go: its own address, or that of its name. */
static struct addr destination_of(const struct uri *u)
{
	struct addr a = address("2001:db8::99", u->port);

	if (u->literal)
		memcpy(a.ip, u->ip, sizeof a.ip);
	return a;
}

static void expect_host(const struct uri *u, const char *host)
{
	size_t bracket = *host == '[';

	cr_assert_span(u->host, span_of(host + bracket, strlen(host) - 2 * bracket));
}

Test(uri, decompose)
{
	json_t *root = vectors_load("uri_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "decompose"), i, v) {
		const char *text = vectors_text(v, "uri");
		struct uri u = parse(text);
		struct addr destination = destination_of(&u);

		cr_assert_str_eq(uri_scheme_name(u.scheme), vectors_text(v, "scheme"));
		cr_assert_eq(u.port, vectors_number(v, "port"), "%s", text);
		expect_host(&u, vectors_text(v, "host"));
		if (json_object_get(v, "destination_port"))
			destination.port = (uint16_t)vectors_number(v, "destination_port");
		expect_options(options_of(&u, &destination),
			       json_object_get(v, "options"), text);
	}
	json_decref(root);
}

Test(uri, equivalent)
{
	json_t *root = vectors_load("uri_rfc7252.json"), *v, *text;
	size_t i, k;

	json_array_foreach(vectors_list(root, "equivalent"), i, v)
		json_array_foreach(vectors_list(v, "uris"), k, text) {
			struct uri u = parse(json_string_value(text));
			struct addr destination = destination_of(&u);

			expect_options(options_of(&u, &destination),
				       json_object_get(v, "options"),
				       json_string_value(text));
		}
	json_decref(root);
}

static void expect_invalid(const char *text, const char *why)
{
	struct err e = { "" };
	char place[32];
	struct uri u;

	cr_assert_lt(uri_parse(span_str(text), &u, &e), 0, "%s", text);
	cr_assert(strstr(e.text, why), "%s: said \"%s\"", text, e.text);
	snprintf(place, sizeof place, "(byte %zu)", u.wrong + 1);
	cr_assert(strstr(e.text, place), "%s: said \"%s\"", text, e.text);
	cr_assert_leq(u.wrong, strlen(text));
}

Test(uri, invalid)
{
	json_t *root = vectors_load("uri_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "invalid"), i, v)
		expect_invalid(vectors_text(v, "uri"), "URI: ");
	json_decref(root);
}

Test(uri, errors_say_what_and_where)
{
	struct uri u;

	cr_assert_lt(uri_parse(span_str("coap://h:1x/"), &u, NULL), 0);
	cr_assert_eq(u.wrong, 10);
	expect_invalid("coap://example.com/a#frag", "fragment, which is not sent (byte 21)");
	expect_invalid("http://example.com/", "not a scheme of CoAP (byte 1)");
	expect_invalid("/relative", "no scheme");
	expect_invalid("coap:///x", "no host (byte 8)");
	expect_invalid("coap:x", "must follow the scheme (byte 6)");
	expect_invalid("coap://u@h/", "user information");
	expect_invalid("coap://h:99999/", "port above 65535 (byte 10)");
	expect_invalid("coap://h:0/", "port 0");
	expect_invalid("coap://h:1x/", "port that is no number (byte 11)");
	expect_invalid("coap://[2001:db8::1/", "without \"]\"");
	expect_invalid("coap://[2001:db8::1]x/", "after the address (byte 21)");
	expect_invalid("coap://[2001:db8:::1]/", "not an IPv6 address");
	expect_invalid("coap://h/%zz", "hexadecimal digits (byte 10)");
	expect_invalid("coap://h/%4", "hexadecimal digits (byte 10)");
	expect_invalid("coap://h/a b", "percent-encoded, as %20 (byte 11)");
	expect_invalid("coap://h/b\xc3\xbc" "cher", "percent-encoded, as %C3%BC (byte 11)");
	expect_invalid("coap://h/?\xff\xff", "percent-encoded, as %FF (byte 11)");
	expect_invalid("coap://h/%ff", "not UTF-8");
	expect_invalid("coap://h/?%ff", "not UTF-8");
	expect_invalid("coap://[fe80::1%25]/", "empty zone");
	expect_invalid("coap://[2001:db8::1%25eth0]/", "neither link-local nor a group");
	expect_invalid("coap://[fe80::1%25a/b]/", "without \"]\"");
}

Test(uri, mistyped_schemes_are_told)
{
	expect_invalid("cop://h/", "not a scheme of CoAP; did you mean coap?");
	expect_invalid("COAPS+TPC://h/", "did you mean coaps+tcp?");
	expect_invalid("http://h/", "not a scheme of CoAP (byte 1)");
	expect_invalid("://h", "not a scheme of CoAP (byte 1)");
	expect_invalid("localhost/x", "no scheme, so it is not absolute (byte 1)");
	expect_invalid("", "no scheme, so it is not absolute (byte 1)");
}

Test(uri, long_ones_are_refused)
{
	char text[URI_MAX + 1];
	struct err e;
	struct uri u;

	memset(text, '/', sizeof text);
	memcpy(text, "coap://h/", 9);
	cr_assert_eq(uri_parse(span_of(text, URI_MAX), &u, &e), 0);
	cr_assert_lt(uri_parse(span_of(text, URI_MAX + 1), &u, &e), 0);
	cr_assert_eq(u.wrong, URI_MAX);
	memset(text + 9, 'a', 300);
	cr_assert_eq(uri_parse(span_of(text, 9 + 255), &u, &e), 0);
	cr_assert_lt(uri_parse(span_of(text, 9 + 256), &u, &e), 0);
	cr_assert(strstr(e.text, "longer than 255"));
}

Test(uri, zones_of_link_local_addresses)
{
	struct uri u = parse("coap://[fe80::1%25eth0]:61616/x");

	cr_assert(u.literal);
	cr_assert_span(u.zone, span_str("eth0"));
	cr_assert_span(u.host, span_str("fe80::1"));
	cr_assert_eq(u.port, 61616);
	u = parse("coap://[FE80::1%wlan0.1]");
	cr_assert_span(u.zone, span_str("wlan0.1"));
	cr_assert_eq(parse("coap://[fe80::1]/").zone.n, 0);
	u = parse("coap://[ff02::fd%25eth0]/x");
	cr_assert_span(u.zone, span_str("eth0"));
	cr_assert_eq(parse("coap://[ff02::fd]/x").zone.n, 0);
}

/* Segments that the options of a URI hold, joined by a bar. */
static const char *segments(const char *uri)
{
	static char out[256];
	struct uri u = parse(uri);
	struct addr destination = destination_of(&u);
	struct option_iter it = option_iter(options_of(&u, &destination));
	struct option o = { 0 };
	size_t n = 0;

	while (option_next(&it, &o))
		if (o.number == OPT_URI_PATH)
			n += (size_t)snprintf(out + n, sizeof out - n, "|%.*s",
					      (int)o.value.n, (const char *)o.value.p);
	out[n] = '\0';
	return out;
}

Test(uri, E32_trailing_slash_and_root)
{
	cr_assert_str_eq(segments("coap://h/a"), "|a");
	cr_assert_str_eq(segments("coap://h/a/"), "|a|");
	cr_assert_str_eq(segments("coap://h"), "");
	cr_assert_str_eq(segments("coap://h/"), "");
	cr_assert_str_eq(segments("coap://h//"), "||");
}

Test(uri, dot_segments_are_resolved)
{
	cr_assert_str_eq(segments("coap://h/a/./b/../c"), "|a|c");
	cr_assert_str_eq(segments("coap://h/a/.."), "");
	cr_assert_str_eq(segments("coap://h/a/b/.."), "|a|");
	cr_assert_str_eq(segments("coap://h/a/."), "|a|");
	cr_assert_str_eq(segments("coap://h/."), "");
	cr_assert_str_eq(segments("coap://h/.."), "");
	cr_assert_str_eq(segments("coap://h/../../a"), "|a");
	cr_assert_str_eq(segments("coap://h/a/b/c/../../d"), "|a|d");
	cr_assert_str_eq(segments("coap://h/a/%2e%2E/b"), "|b");
	cr_assert_str_eq(segments("coap://h/.../.a"), "|...|.a");
	cr_assert_str_eq(segments("coap://h/a//../b"), "|a|b");
}

Test(uri, host_that_is_another_literal_is_sent)
{
	struct addr proxy = address("192.0.2.9", 5683);
	struct uri u = parse("coap://[FE80::1%25eth0]/");
	struct message m = { .code = COAP_GET };
	struct span host;

	m.options = options_of(&u, &proxy);
	cr_assert(message_option(&m, OPT_URI_HOST, 0, &host));
	cr_assert_span(host, span_str("[fe80::1]"));
	u = parse("coap://192.0.2.1/");
	m.options = options_of(&u, &proxy);
	cr_assert(message_option(&m, OPT_URI_HOST, 0, &host));
	cr_assert_span(host, span_str("192.0.2.1"));
	u = parse("coap://192.0.2.9/");
	m.options = options_of(&u, &proxy);
	cr_assert_eq(m.options.n, 0);
}

static enum uri_scheme scheme_of(const char *name)
{
	for (unsigned s = SCHEME_COAP; s <= SCHEME_COAPS_WS; s++)
		if (!strcmp(uri_scheme_name(s), name))
			return s;
	cr_assert_fail("no scheme %s", name);
	return SCHEME_COAP;
}

static struct span encode(json_t *list)
{
	struct writer w = writer_of(buffer, sizeof buffer);
	struct option_writer ow = option_writer(&w);
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		struct blob value;

		hex_decode(vectors_text(entry, "hex"), &value);
		option_write(&ow, (uint32_t)vectors_number(entry, "number"), blob_span(&value));
	}
	return span_of(buffer, (size_t)(w.p - buffer));
}

/* Where an RFC prints something else than its own algorithm gives, the vector
 * names the result of the algorithm in source_defect. */
static bool is_expected(json_t *v, const char *got)
{
	json_t *defect = json_object_get(v, "source_defect");

	return defect ? strstr(json_string_value(defect), got) != NULL
		      : !strcmp(got, vectors_text(v, "uri"));
}

Test(uri, compose)
{
	json_t *root = vectors_load("uri_rfc7252.json"), *v;
	size_t i;

	json_array_foreach(vectors_list(root, "compose"), i, v) {
		struct addr destination = address(vectors_text(v, "destination"),
						  (uint16_t)vectors_number(v, "port"));
		char text[1024];
		struct writer w = writer_of(text, sizeof text - 1);
		struct err e;

		cr_assert_eq(uri_compose(&w, scheme_of(vectors_text(v, "scheme")), &destination,
					 encode(json_object_get(v, "options")), &e), 0);
		*w.p = '\0';
		cr_assert(is_expected(v, text), "%s, not %s", text, vectors_text(v, "uri"));
	}
	json_decref(root);
}

static int compose_host(const char *host, size_t cap)
{
	struct addr destination = address("192.0.2.1", 5683);
	struct writer options = writer_of(buffer, sizeof buffer);
	struct option_writer ow = option_writer(&options);
	char text[256];
	struct writer w = writer_of(text, cap);

	option_write(&ow, OPT_URI_HOST, span_str(host));
	return uri_compose(&w, SCHEME_COAP, &destination,
			   span_of(buffer, (size_t)(options.p - buffer)), NULL);
}

Test(uri, E33_absent_host_is_the_destination)
{
	struct addr destination = address("::ffff:192.0.2.1", 61616);
	char text[64];
	struct writer w = writer_of(text, sizeof text);

	cr_assert_eq(uri_compose(&w, SCHEME_COAP, &destination, span_of(NULL, 0), NULL), 0);
	cr_assert_span(span_of(text, (size_t)((char *)w.p - text)),
		       span_str("coap://192.0.2.1:61616/"));
}

Test(uri, host_that_is_none_is_refused)
{
	cr_assert_eq(compose_host("example.com", 200), 0);
	cr_assert_eq(compose_host("b\xc3\xbc" "cher.example", 200), 0);
	cr_assert_eq(compose_host("[2001:db8::1]", 200), 0);
	cr_assert_lt(compose_host("a/b", 200), 0);
	cr_assert_lt(compose_host("a b", 200), 0);
	cr_assert_lt(compose_host("a%", 200), 0);
	cr_assert_lt(compose_host("[::1", 200), 0);
	cr_assert_lt(compose_host("[]", 200), 0);
	cr_assert_lt(compose_host("[fe80::1%25eth0]", 200), 0);
	cr_assert_lt(compose_host("example.com", 12), 0);
}
