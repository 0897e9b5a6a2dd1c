#include "kit/upstream.h"

#include <stdio.h>
#include <stdlib.h>

void upstream_add(struct peers *p, const struct command *c)
{
	const struct command **v = reallocarray(p->answer, p->nanswers + 1, sizeof *v);

	if (!v) {
		snprintf(p->wrong, sizeof p->wrong, "out of memory");
		return;
	}
	p->answer = v;
	v[p->nanswers++] = c;
}

/* --- which answer ----------------------------------------------------------------------- */

/* Whether the options of that number are the same, in number and order. */
static bool same(const struct command *c, const struct message *m, uint16_t number)
{
	struct span value;
	unsigned n = 0;

	for (size_t i = 0; i < c->nasked; i++) {
		if (c->asked[i].number != number)
			continue;
		if (!message_option(m, number, n++, &value) ||
		    !span_eq(value, c->asked[i].value))
			return false;
	}
	return !message_option(m, number, n, &value);
}

static const struct command *find(const struct peers *p, const struct guest_dgram *d,
				  const struct message *m)
{
	for (size_t i = p->nanswers; i-- > 0;) {
		const struct command *c = p->answer[i];
		struct addr a = peers_address(c->peer);

		if (addr_eq(&a, &d->peer) && c->method == m->code &&
		    same(c, m, OPT_URI_PATH) && same(c, m, OPT_URI_QUERY))
			return c;
	}
	return NULL;
}

/* --- how it is made ----------------------------------------------------------------------- */

/* One message of an answer. */
struct reply {
	uint8_t code;
	const struct command *c;        /* has options; NULL: none */
	bool has1, has2;
	struct block b1, b2;
	struct span payload;            /* the part of it */
};

static bool block_of(const struct message *m, uint16_t number, struct block *b)
{
	struct span value;

	return message_option(m, number, 0, &value) && block_parse(value, b) == BLOCK_OK;
}

static void write_block(struct option_writer *ow, bool *has, uint16_t number,
			const struct block *b, uint16_t before)
{
	if (!*has || number > before)
		return;
	option_write_uint(ow, number, block_uint(b));
	*has = false;
}

static void write_options(struct writer *w, struct reply *r)
{
	struct option_writer ow = option_writer(w);

	for (size_t i = 0; r->c && i < r->c->noptions; i++) {
		const struct script_option *o = &r->c->option[i];

		write_block(&ow, &r->has2, OPT_BLOCK2, &r->b2, o->number);
		write_block(&ow, &r->has1, OPT_BLOCK1, &r->b1, o->number);
		option_write(&ow, o->number, o->value);
	}
	write_block(&ow, &r->has2, OPT_BLOCK2, &r->b2, UINT16_MAX);
	write_block(&ow, &r->has1, OPT_BLOCK1, &r->b1, UINT16_MAX);
}

static void send_reply(struct peers *p, const struct guest_dgram *d, const struct message *m,
		       struct reply *r)
{
	struct guest_dgram out = { .peer = d->peer, .local = d->local };
	struct writer w = writer_of(out.data, sizeof out.data);
	bool con = m->type == COAP_CON;

	frame_udp_head(&w, con ? COAP_ACK : COAP_NON, r->code, con ? m->mid : ++p->mid,
		       m->token);
	write_options(&w, r);
	message_write_payload(&w, r->payload);
	if (w.full)
		snprintf(p->wrong, sizeof p->wrong, "the answer does not fit a datagram");
	out.len = (uint32_t)(w.p - out.data);
	peers_send(p, &out);
}

/* The block of the payload that was asked for; all of it if it fits a message. */
static void cut(struct reply *r, const struct message *m)
{
	struct span all = r->c->payload;
	size_t at, size;

	r->b2 = (struct block){ 0, false, BLOCK_SZX_MAX };
	r->has2 = block_of(m, OPT_BLOCK2, &r->b2) || all.n > block_size(&r->b2);
	at = block_offset(&r->b2) < all.n ? block_offset(&r->b2) : all.n;
	size = block_size(&r->b2);
	r->b2.more = all.n - at > size;
	r->payload = span_of(all.n ? all.p + at : all.p, r->b2.more ? size : all.n - at);
}

void upstream_answer(struct peers *p, const struct guest_dgram *d, const struct message *m)
{
	const struct command *c = find(p, d, m);
	struct reply r = { .code = c ? c->code : COAP_NOT_FOUND, .c = c };

	if (c && c->silent)
		return;
	r.has1 = block_of(m, OPT_BLOCK1, &r.b1);
	if (r.has1 && r.b1.more) {
		r.code = COAP_CONTINUE;
		r.c = NULL;
	} else if (c) {
		cut(&r, m);
	}
	send_reply(p, d, m, &r);
}
