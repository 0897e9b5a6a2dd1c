/* Fuzz target: a document of links; reading ends within it, and what was read,
 * written anew, reads the same. */
#include <assert.h>

#include "coap/links.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[100000], values[40000];

/* Reads the document and writes what it has to w; returns how many links. */
static unsigned rewrite(struct span document, struct writer *w, struct links_reader *r)
{
	struct links_link link;
	struct links_param p;
	unsigned n = 0;

	*r = links_reader(document);
	for (; links_next(r, &link); n++) {
		write_bytes(w, n ? ",<" : "<", n ? 2 : 1);
		write_span(w, link.href);
		write_u8(w, '>');
		while (links_param(&link.params, &p)) {
			struct writer v = writer_of(values, sizeof values);

			links_write_value(&v, &p);
			assert(!v.full && (size_t)(v.p - values) <= p.value.n);
			write_u8(w, ';');
			write_span(w, p.name);
			write_bytes(w, "=\"", p.form == LINK_FLAG ? 0 : p.form == LINK_TOKEN ? 1 : 2);
			write_span(w, p.value);
			write_bytes(w, "\"", p.form == LINK_QUOTED);
		}
	}
	assert(r->at <= document.n);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct writer w = writer_of(again, sizeof again), w2;
	struct links_reader r;
	unsigned n;
	size_t length;

	if (size > 8000)
		size = 8000;
	n = rewrite(span_of(data, size), &w, &r);
	assert(r.wrong || r.at == size);
	assert(!w.full);
	length = (size_t)(w.p - again);
	assert(r.wrong || r.lax || length == size);
	w2 = writer_of(again + length, sizeof again - length);
	assert(rewrite(span_of(again, length), &w2, &r) == n);
	assert(!r.wrong && !r.lax);
	assert((size_t)(w2.p - again) == 2 * length);
	assert(memcmp(again, again + length, length) == 0);
	return 0;
}
