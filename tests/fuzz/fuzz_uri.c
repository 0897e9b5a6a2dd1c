/* Fuzz target: a URI that is accepted gives options that a server accepts; the
 * URI composed of them gives the same path and query again. */
#include <assert.h>

#include "coap/message.h"
#include "coap/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A URI of URI_MAX bytes is at most that many empty options. */
static uint8_t options[2 * URI_MAX], again[2 * URI_MAX], text[4 * URI_MAX];

static struct span resource_options(const struct uri *u, uint8_t *out, size_t cap)
{
	struct writer w = writer_of(out, cap);
	struct option_writer ow = option_writer(&w);

	uri_write_path(u, &ow);
	uri_write_query(u, &ow);
	assert(!w.full);
	return span_of(out, (size_t)(w.p - out));
}

static struct span all_options(const struct uri *u, const struct addr *destination)
{
	struct writer w = writer_of(options, sizeof options);
	struct option_writer ow = option_writer(&w);

	uri_write_authority(u, destination, &ow);
	uri_write_path(u, &ow);
	uri_write_query(u, &ow);
	assert(!w.full);
	return span_of(options, (size_t)(w.p - options));
}

static void expect_accepted(struct span list)
{
	struct option_set uri = { 0 };

	option_set_add(&uri, OPT_URI_HOST);
	option_set_add(&uri, OPT_URI_PORT);
	option_set_add(&uri, OPT_URI_PATH);
	option_set_add(&uri, OPT_URI_QUERY);
	assert(option_check(list, COAP_GET, &uri, NULL) == OPTIONS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr destination = { .port = 5683 };
	struct writer w = writer_of(text, sizeof text);
	struct uri u, v;
	struct err e;
	struct span list;

	if (uri_parse(span_of(data, size), &u, &e) < 0) {
		assert(e.text[0]);
		return 0;
	}
	expect_accepted(all_options(&u, &destination));
	list = resource_options(&u, options, sizeof options);
	assert(uri_compose(&w, u.scheme, &destination, list, &e) == 0);
	if (w.p - text > (ptrdiff_t)URI_MAX)
		return 0;       /* encoding made it longer than is taken */
	assert(uri_parse(span_of(text, (size_t)(w.p - text)), &v, &e) == 0);
	assert(span_eq(list, resource_options(&v, again, sizeof again)));
	return 0;
}
