#include "answers.h"

#include "base/batch.h"
#include "coap/frame_udp.h"

bool answers_block(const struct message *m, uint16_t number, struct block *b)
{
	struct span v;

	return message_option(m, number, 0, &v) && block_parse(v, b) == BLOCK_OK;
}

struct answer answer_honestly(const struct message *m, uint32_t total)
{
	struct answer a = { .code = COAP_CONTENT, .etag = 'e', .format = 42 };
	uint32_t szx = draw(7), rest;
	uint64_t observe;

	a.has1 = answers_block(m, OPT_BLOCK1, &a.block1);
	if (m->code != COAP_GET && m->code != COAP_FETCH)
		a.code = COAP_CHANGED;
	if (a.has1 && a.block1.szx > szx && one_in(3))
		a.block1.szx = (uint8_t)szx;
	if (a.has1 && a.block1.more) {
		a.code = COAP_CONTINUE;
		a.etag = 0;
		return a;
	}
	a.observes = message_option_uint(m, OPT_OBSERVE, &observe) && observe == 0;
	a.observe = draw(100);
	if (answers_block(m, OPT_BLOCK2, &a.block2))
		a.at = block_offset(&a.block2);
	else
		a.block2 = (struct block){ .szx = (uint8_t)szx };
	if (a.at >= total)
		total = (uint32_t)a.at + 1;
	rest = total - (uint32_t)a.at;
	a.block2.more = rest > block_size(&a.block2);
	a.has2 = a.at || a.block2.more;
	a.n = a.block2.more ? block_size(&a.block2) : rest;
	return a;
}

static void one_thing(struct answer *a)
{
	static const uint8_t codes[] = { COAP_CONTENT, COAP_CONTINUE, COAP_CHANGED, COAP_VALID,
					 COAP_TOO_LARGE, COAP_INCOMPLETE, COAP_NOT_FOUND,
					 COAP_UNAUTHORIZED, 0x5e, 0xbf };

	switch (draw(12)) {
	case 0: a->code = codes[draw(sizeof codes)]; break;
	case 1: a->has1 = !a->has1; break;
	case 2: a->has2 = !a->has2; break;
	case 3: a->block1.num += draw(3) - 1; break;
	case 4: a->block2.num += draw(3) - 1; break;
	case 5: a->block1.szx = (uint8_t)draw(8); break;
	case 6: a->block2.szx = (uint8_t)draw(8); break;
	case 7: a->block2.more = !a->block2.more; break;
	case 8: a->etag = one_in(2) ? 'f' : 0; break;
	case 9: a->n = draw(1100); break;
	case 10: a->observes = !a->observes; break;
	case 11: a->observe = draw(1u << 24); break;
	}
}

void answer_falsely(struct answer *a)
{
	for (unsigned k = draw(3) + 1; k; k--)
		one_thing(a);
	if (one_in(6))
		a->format = draw(3);
	if (one_in(6))
		a->block2.num = draw(2) ? BLOCK_NUM_MAX : draw(1u << 20);
	if (one_in(4)) {
		a->echo = true;
		a->code = COAP_UNAUTHORIZED;
	}
	if (one_in(4)) {
		a->code = COAP_TOO_LARGE;
		a->size1 = draw(7000);
	}
}

static uint64_t raw(const struct block *b)
{
	return ((uint64_t)(b->num & BLOCK_NUM_MAX) << 4) | (b->more ? 8 : 0) | b->szx;
}

static void write_options(struct writer *w, const struct answer *a)
{
	struct option_writer ow = option_writer(w);

	if (a->etag)
		option_write(&ow, OPT_ETAG, span_of(&a->etag, 1));
	if (a->observes)
		option_write_uint(&ow, OPT_OBSERVE, a->observe);
	if (a->format)
		option_write_uint(&ow, OPT_CONTENT_FORMAT, a->format);
	if (a->observes && one_in(3))
		option_write_uint(&ow, OPT_MAX_AGE, draw(100));
	if (a->has2)
		option_write_uint(&ow, OPT_BLOCK2, raw(&a->block2));
	if (a->has1)
		option_write_uint(&ow, OPT_BLOCK1, raw(&a->block1));
	if (one_in(3))
		option_write_uint(&ow, OPT_SIZE2, draw(5000));
	if (a->size1)
		option_write_uint(&ow, OPT_SIZE1, a->size1);
	if (a->echo)
		option_write(&ow, OPT_ECHO, span_of("echoechoecho", 1 + draw(12)));
}

size_t answer_write(uint8_t *out, uint8_t type, uint16_t mid, struct span token,
		    const struct answer *a)
{
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	uint8_t payload[1100];

	frame_udp_head(&w, type, a->code, mid, token);
	write_options(&w, a);
	for (size_t i = 0; i < a->n; i++)
		payload[i] = answers_pattern(a->at + i);
	message_write_payload(&w, span_of(payload, a->n));
	return (size_t)(w.p - out);
}
