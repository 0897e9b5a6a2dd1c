/* Fuzz target: whatever datagram is described, what comes out is a line that a
 * terminal takes for letters; with less room it is the beginning of the same
 * line.  Every byte of it is in the lines of its hex dump. */
#include <assert.h>

#include "base/quote.h"
#include "base/utf8.h"
#include "coap/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t whole[200000], less[5000];

static void expect_harmless(const uint8_t *text, size_t n, bool utf8)
{
	uint32_t c;

	for (size_t i = 0, len; i < n; i += len) {
		len = utf8_next((const char *)text + i, n - i, &c);
		assert(len && quote_shows(c, utf8));
	}
}

static size_t describe(uint8_t *out, size_t cap, struct span datagram, bool utf8)
{
	struct describe_style style = { .utf8 = utf8 };
	struct writer w = writer_of(out, cap);

	describe_datagram(&w, datagram, &style);
	assert(w.full == (cap < 4));
	assert((size_t)(w.p - out) <= cap);
	expect_harmless(out, (size_t)(w.p - out), utf8);
	return (size_t)(w.p - out);
}

static void dump(struct span bytes)
{
	size_t offset = 0;

	while (offset < bytes.n) {
		uint8_t line[DESCRIBE_HEX_LINE];
		struct writer w = writer_of(line, sizeof line);
		size_t next = describe_hex(&w, bytes, offset);

		assert(!w.full && next > offset && next <= offset + 16);
		expect_harmless(line, (size_t)(w.p - line), false);
		offset = next;
	}
	assert(offset == bytes.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span datagram = span_of(data, size);
	bool utf8 = size & 1;
	size_t n = describe(whole, sizeof whole, datagram, utf8);
	size_t cap = size ? data[size - 1] * 3u : 0;
	size_t kept = describe(less, cap, datagram, utf8);

	if (kept != n) {
		assert(kept == 0 || (kept >= 4 && !memcmp(less + kept - 4, " ...", 4)));
		assert(kept == 0 || !memcmp(less, whole, kept - 4));
	} else {
		assert(!memcmp(less, whole, n));
	}
	dump(datagram);
	return 0;
}
