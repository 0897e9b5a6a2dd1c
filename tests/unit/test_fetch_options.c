/* The options of requests that modules make. */
#include <criterion/criterion.h>

#include "resource/fetch_options.h"

#include <errno.h>
#include <stdio.h>

static char text[2000];

/* "11=a 15=b" of encoded options, values as text. */
static const char *print(struct span options)
{
	struct option_iter it = option_iter(options);
	struct option o = { 0 };
	size_t n = 0;

	text[0] = 0;
	while (option_next(&it, &o))
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u=%.*s", n ? " " : "",
				      o.number, (int)o.value.n, (const char *)o.value.p);
	return text;
}

static int write(const char *uri, const struct coapd_out *out)
{
	static uint8_t bytes[1400];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct uri u;
	int rc;

	cr_assert(!uri || uri_parse(span_str(uri), &u, NULL) == 0);
	rc = fetch_options_write(&w, uri ? &u : NULL, out);
	print(span_of(bytes, rc ? 0 : (size_t)(w.p - bytes)));
	return rc;
}

/* A message with these options, which ascend. */
static struct message like(const struct coapd_optval *v, size_t n)
{
	static uint8_t bytes[1400];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	for (size_t i = 0; i < n; i++)
		option_write(&ow, v[i].number, span_of(v[i].value.p, v[i].value.n));
	return (struct message){ .options = span_of(bytes, (size_t)(w.p - bytes)) };
}

#define V(number, s) { number, { (const uint8_t *)(s), sizeof(s) - 1 } }

Test(fetch_options, of_the_uri_and_of_the_module_in_their_order)
{
	const struct coapd_optval v[] = { V(60000, "z"), V(17, "acc"), V(12, "cf") };
	struct coapd_out out = { .opts = v, .nopts = 3 };

	cr_assert_eq(write("coap://h:9/a/b?c&d", &out), 0);
	cr_assert_str_eq(text, "11=a 11=b 12=cf 15=c 15=d 17=acc 60000=z");
	cr_assert_eq(write(NULL, &out), 0);
	cr_assert_str_eq(text, "12=cf 17=acc 60000=z");
}

Test(fetch_options, forwarded_are_those_that_are_safe)
{
	const struct coapd_optval v[] = {
		V(3, "host"), V(4, "etag"), V(6, ""), V(7, "p"), V(11, "path"), V(12, "c"), V(13, "1"),
		V(15, "q"), V(16, "\x09"), V(17, "a"), V(23, "b2"), V(27, "b1"), V(28, "s"),
		V(39, "coap"), V(60, "s1"), V(252, "echo"), V(258, "n"), V(292, "rt"),
		V(65000, "safe"), V(65002, "unsafe") };
	struct message m = like(v, sizeof v / sizeof *v);
	struct coapd_out out = { .like = (const coapd_msg *)(const void *)&m };

	cr_assert_eq(write("coap://h/x", &out), 0);
	cr_assert_str_eq(text, "4=etag 11=x 12=c 16=\x08 17=a 65000=safe");
}

Test(fetch_options, given_ones_take_the_place_of_forwarded_ones)
{
	const struct coapd_optval v[] = { V(4, "one"), V(4, "two"), V(17, "a") };
	const struct coapd_optval own[] = { V(4, "own") };
	struct message m = like(v, 3);
	struct coapd_out out = { .like = (const coapd_msg *)(const void *)&m, .opts = own,
				 .nopts = 1 };

	cr_assert_eq(write("coap://h/", &out), 0);
	cr_assert_str_eq(text, "4=own 17=a");
}

Test(fetch_options, hops_end)
{
	const struct coapd_optval v[] = { V(16, "\x01") };
	struct message m = like(v, 1);
	struct coapd_out out = { .like = (const coapd_msg *)(const void *)&m };

	cr_assert_eq(write("coap://h/", &out), -ELOOP);
}

Test(fetch_options, those_of_the_stages_are_not_the_module_s)
{
	static const uint16_t number[] = { 6, 9, 19, 23, 27, 31, 60, 252, 292 };

	for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
		struct coapd_optval v = { number[i], { NULL, 0 } };
		struct coapd_out out = { .opts = &v, .nopts = 1 };

		cr_assert_eq(write(NULL, &out), -EINVAL, "%u", number[i]);
	}
}

Test(fetch_options, too_many_and_too_long)
{
	static struct coapd_optval many[65];
	static uint8_t bytes[1500];
	struct coapd_optval one = { 65000, { bytes, sizeof bytes } };
	struct coapd_out out = { .opts = many, .nopts = 65 };

	for (unsigned i = 0; i < 65; i++)
		many[i].number = 65000;
	cr_assert_eq(write(NULL, &out), -EMSGSIZE);
	out.nopts = 64;
	cr_assert_eq(write(NULL, &out), 0);
	out = (struct coapd_out){ .opts = &one, .nopts = 1 };
	cr_assert_eq(write(NULL, &out), -EMSGSIZE);
	one.value.n = OPTION_VALUE_MAX + 1;
	cr_assert_eq(write(NULL, &out), -EMSGSIZE);
}

static const char *address(const char *uri, const char *to)
{
	static uint8_t bytes[400];
	const struct coapd_optval v[] = { V(4, "e"), V(11, "x") };
	struct message m = like(v, 2);
	struct writer w = writer_of(bytes, sizeof bytes);
	struct addr a;
	struct uri u;

	cr_assert(addr_parse(to, &a) == 0 && uri_parse(span_str(uri), &u, NULL) == 0);
	cr_assert(fetch_options_address(&w, m.options, &u, &a));
	return print(span_of(bytes, (size_t)(w.p - bytes)));
}

Test(fetch_options, host_and_port_are_told_where_the_address_does_not)
{
	cr_assert_str_eq(address("coap://[::1]:7", "[::1]:7"), "4=e 11=x");
	cr_assert_str_eq(address("coap://name:7", "[::1]:7"), "3=name 4=e 11=x");
	cr_assert_str_eq(address("coap://name", "[::1]:90"), "3=name 4=e 7=\x16\x33 11=x");
}

Test(fetch_options, no_room_for_the_host)
{
	uint8_t bytes[4];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct addr a = { .port = 5683 };
	struct uri u;

	cr_assert(uri_parse(span_str("coap://longer"), &u, NULL) == 0);
	cr_assert_not(fetch_options_address(&w, span_of(NULL, 0), &u, &a));
}

Test(fetch_options, what_a_proxy_hands_on)
{
	cr_assert(fetch_hands_on(OPT_CONTENT_FORMAT) && fetch_hands_on(OPT_MAX_AGE) &&
		  fetch_hands_on(65000));
	cr_assert(!fetch_hands_on(OPT_BLOCK2) && !fetch_hands_on(OPT_OBSERVE) &&
		  !fetch_hands_on(OPT_SIZE2) && !fetch_hands_on(OPT_ECHO));
}
