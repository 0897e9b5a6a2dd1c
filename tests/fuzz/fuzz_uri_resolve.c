/* Fuzz target: the first line of the input is a base, the next ones are references.
 * What one means relative to the other has no dot segments, and stays the same
 * wherever it is resolved. */
#include <assert.h>

#include "coap/uri_resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t plain[10000], first[20000], second[20000];

static struct span line(struct span *rest)
{
	const uint8_t *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct span out = span_of(rest->p, n);

	*rest = span_of(rest->p + n + (end != NULL), rest->n - n - (end != NULL));
	return out;
}

static bool resolve(struct span base, struct span reference, uint8_t *out, size_t cap,
		    struct span *uri)
{
	struct writer w = writer_of(out, cap);
	struct err e = { "" };

	if (uri_resolve(&w, base, reference, &e) < 0) {
		assert(e.text[0] && w.p == out && !w.full);
		return false;
	}
	*uri = span_of(out, (size_t)(w.p - out));
	return true;
}

/* What stands behind the scheme and the host, up to query and fragment. */
static struct span path_of(struct span uri)
{
	const uint8_t *p = memchr(uri.p, ':', uri.n), *end = uri.p + uri.n, *at;

	assert(p++);
	for (at = p; at < end && *at != '?' && *at != '#'; at++)
		;
	if (at - p >= 2 && !memcmp(p, "//", 2))
		for (p += 2; p < at && *p != '/'; p++)
			;
	return span_of(p, (size_t)(at - p));
}

static void expect_no_dots(struct span path)
{
	size_t start = 0;

	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		assert(!span_eq(span_of(path.p + start, i - start), span_str(".")));
		assert(!span_eq(span_of(path.p + start, i - start), span_str("..")));
		start = i + 1;
	}
}

/* With less room than it needs nothing is written. */
static void expect_refused(struct span base, struct span reference, size_t cap)
{
	struct span uri;

	assert(!resolve(base, reference, second, cap, &uri));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size < 4096 ? size : 4096), clean, once, twice;
	struct span base = line(&rest);

	/* A path that is taken over from the base is as it is there, so make it plain. */
	if (!resolve(span_str("coap://[2001:db8::1]/a/b?c"), base, plain, sizeof plain, &clean))
		return 0;
	while (rest.n) {
		struct span reference = line(&rest);

		if (!resolve(clean, reference, first, sizeof first, &once))
			continue;
		assert(once.n <= clean.n + reference.n + 4);
		assert(resolve(span_str("x:y"), once, second, sizeof second, &twice));
		assert(span_eq(once, twice));
		expect_no_dots(path_of(once));
		expect_refused(clean, reference, once.n - 1);
	}
	return 0;
}
