/* Fuzz target: the lines of the input are a query, a target, and attributes
 * ("name" or "name=value"); filtering ends, and writing the document in windows
 * gives the bytes of the whole, in any notation. */
#include <assert.h>

#include "coap/linkdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ATTRS_MAX 32

#define CAP 110000u            /* of two links whose every byte is escaped as six */

static uint8_t whole[CAP], pieces[CAP];

static struct span line(struct reader *r)
{
	const uint8_t *start = r->p;
	const uint8_t *end = reader_left(r) ? memchr(r->p, '\n', reader_left(r)) : NULL;

	r->p = end ? end + 1 : r->end;
	return span_of(start, (size_t)((end ? end : r->end) - start));
}

static struct link_attr attr_of(struct span s)
{
	const uint8_t *equals = s.n ? memchr(s.p, '=', s.n) : NULL;
	size_t n = equals ? (size_t)(equals - s.p) : s.n;

	if (!equals)
		return link_flag(s);
	return link_attr(span_of(s.p, n), span_of(equals + 1, s.n - n - 1));
}

/* Two such links, a window at a time. */
static size_t in_windows(const struct link *link, enum link_notation notation, uint8_t *out,
			 size_t window)
{
	size_t n = 0;
	bool more = true;

	while (more) {
		struct link_stream s = link_stream(writer_of(out + n, window), n);

		assert(n + window <= CAP);
		linkdata_begin(&s, notation, 2);
		linkdata_add(&s, notation, link);
		linkdata_add(&s, notation, link);
		linkdata_end(&s, notation);
		assert(!s.w.full);
		more = link_stream_more(&s, out + n);
		n = (size_t)(s.w.p - out);
	}
	return n;
}

/* Whatever the notation, windows of it are parts of the whole. */
static void compare(const struct link *link, size_t window)
{
	for (enum link_notation notation = LINKS_TEXT; notation <= LINKS_CBOR; notation++) {
		size_t n = in_windows(link, notation, whole, CAP);

		assert(in_windows(link, notation, pieces, window) == n);
		assert(memcmp(whole, pieces, n) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(span_of(data, size < 8000 ? size : 8000));
	struct span query = line(&r);
	struct link_attr attrs[ATTRS_MAX];
	struct link link = { line(&r), attrs, 0 };
	struct writer w = writer_of(whole, sizeof whole);
	size_t n;

	while (reader_left(&r) && link.attr_count < ATTRS_MAX)
		attrs[link.attr_count++] = attr_of(line(&r));
	if (!query.n || !memchr(query.p, '=', query.n))
		assert(link_matches(&link, query));
	link_matches(&link, query);
	link_write(&w, &link);
	write_u8(&w, ',');
	link_write(&w, &link);
	assert(!w.full);
	n = (size_t)(w.p - whole);
	assert(in_windows(&link, LINKS_TEXT, pieces, 64 + size % 200) == n);
	assert(memcmp(whole, pieces, n) == 0);
	compare(&link, 64 + size % 200);
	return 0;
}
