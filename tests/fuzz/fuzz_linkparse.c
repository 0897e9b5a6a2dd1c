/* Fuzz target: a document of links; reading ends within it, and what was read,
 * written anew, reads the same. */
#include <assert.h>

#include "coap/linkparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t whole[100000];

/* Reads the document and writes what it has to w; returns how many links. */
static unsigned rewrite(struct span document, struct writer *w, int *end)
{
	struct link_stream s = link_stream(*w, 0);
	struct link_parse p;
	struct link link;
	unsigned n = 0;
	struct err err;

	link_parse(&p, document);
	for (; (*end = link_parse_next(&p, &link, &err)) > 0; n++)
		link_stream_add(&s, &link);
	assert(p.at <= document.n);
	*w = s.w;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct writer w = writer_of(whole, sizeof whole), again;
	unsigned n;
	size_t length;
	int end;

	n = rewrite(span_of(data, size < 8000 ? size : 8000), &w, &end);
	length = (size_t)(w.p - whole);
	assert(!w.full);
	again = writer_of(whole + length, sizeof whole - length);
	assert(rewrite(span_of(whole, length), &again, &end) == n);
	assert(end == 0);
	assert((size_t)(again.p - whole) == 2 * length);
	assert(memcmp(whole, whole + length, length) == 0);
	return 0;
}
