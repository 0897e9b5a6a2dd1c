/* Fuzz target: a datagram is parsed, walked, written again in canonical form,
 * and read back as the same message. */
#include <assert.h>

#include "coap/block.h"
#include "coap/frame_udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t first[70000], second[70000];

static bool within(struct span part, struct span whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static struct span canonical(const struct message *m, uint8_t *out, size_t cap)
{
	struct writer w = writer_of(out, cap);
	struct option_writer ow = option_writer(&w);
	struct option_iter it = option_iter(m->options);
	struct option o;

	frame_udp_head(&w, m->type, m->code, m->mid, m->token);
	while (option_next(&it, &o))
		option_write(&ow, o.number, o.value);
	assert(!it.r.bad && it.r.p == it.r.end);
	message_write_payload(&w, m->payload);
	assert(!w.full);
	return span_of(out, (size_t)(w.p - out));
}

static void compare(const struct message *a, const struct message *b)
{
	struct option_iter ia = option_iter(a->options), ib = option_iter(b->options);
	struct option oa, ob;

	assert(a->type == b->type && a->code == b->code && a->mid == b->mid);
	assert(span_eq(a->token, b->token) && span_eq(a->payload, b->payload));
	while (option_next(&ia, &oa)) {
		assert(option_next(&ib, &ob));
		assert(oa.number == ob.number && span_eq(oa.value, ob.value));
	}
	assert(!option_next(&ib, &ob) && !ib.r.bad);
}

/* What the parser lets pass must not upset those who look into it. */
static void look_into(const struct message *m)
{
	struct option_set all = { ~0ull }, none = { 0 };
	struct option_iter it = option_iter(m->options);
	struct option_fault fault;
	struct option o;
	struct block block;
	uint64_t number;

	assert(message_check(m, &all, NULL) == option_check(m->options, m->code, &all, NULL));
	assert(message_check(m, &none, NULL) == option_check(m->options, m->code, &none, NULL));
	if (option_check(m->options, m->code, &none, &fault) != OPTIONS_OK)
		assert(option_is_critical(fault.number) && fault.flaw != FLAW_NONE);
	for (unsigned i = 0; i < 64 && option_next(&it, &o); i++) {
		struct span found;

		if (!option_def(o.number))
			assert(message_option(m, o.number, 0, &found));
		message_option_uint(m, o.number, &number);
		if (block_parse(o.value, &block) == BLOCK_OK)
			assert(block_uint(&block) <= 0xffffff);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span datagram = span_of(data, size), again, twice;
	struct message m, n;

	if (frame_udp_parse(datagram, &m) != FRAME_OK)
		return 0;
	assert(within(m.token, datagram) && within(m.options, datagram) &&
	       within(m.payload, datagram));
	/* Without a payload the options, or the token, are the end. */
	if (!m.payload.n && m.code != COAP_EMPTY)
		assert(m.options.p + m.options.n == data + size);
	look_into(&m);
	again = canonical(&m, first, sizeof first);
	assert(again.n <= datagram.n);
	assert(frame_udp_parse(again, &n) == FRAME_OK);
	compare(&m, &n);
	twice = canonical(&n, second, sizeof second);
	assert(span_eq(again, twice));
	return 0;
}
