#include "kit/peers.h"

#include "kit/upstream.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 1024u       /* a payload up to this goes in one message */
#define REST 'r'                /* behind the token: asks for what is left */

static void *must(void *p)
{
	if (p)
		return p;
	fputs("coapd-module-test: out of memory\n", stderr);
	exit(1);
}

static struct span keep(struct span s)
{
	uint8_t *p = must(malloc(s.n + 1));

	memcpy(p, s.n ? s.p : (const uint8_t *)"", s.n);
	return span_of(p, s.n);
}

static void drop(struct peer_answer *a)
{
	free((void *)a->options.p);
	free((void *)a->payload.p);
	*a = (struct peer_answer){ 0 };
}

void peers_free(struct peers *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->request[i]->n; k++)
			drop(&p->request[i]->answer[k]);
		drop(&p->request[i]->rest);
		free(p->request[i]->answer);
		free(p->request[i]);
	}
	free(p->request);
	free(p->answer);
	free(p->queue);
	*p = (struct peers){ .n = 0 };
}

/* --- the way out ----------------------------------------------------------------------- */

void peers_send(struct peers *p, const struct guest_dgram *d)
{
	if (p->queued == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 16;
		p->queue = must(realloc(p->queue, p->cap * sizeof *p->queue));
	}
	p->queue[p->queued++] = *d;
}

bool peers_next(struct peers *p, struct guest_dgram *out)
{
	if (p->first == p->queued) {
		p->first = p->queued = 0;
		return false;
	}
	*out = p->queue[p->first++];
	return true;
}

struct addr peers_address(unsigned number)
{
	struct addr a = { .ip = { 0x20, 0x01, 0x0d, 0xb8 }, .port = (uint16_t)(40000 + number) };

	a.ip[15] = (uint8_t)number;
	return a;
}

/* Where requests go to. */
static const struct local here = { .ip = { [15] = 1 } };

/* Options of the script's in their order, with one of ours of this number between
 * them; 0 for none. */
static void write_options(struct writer *w, const struct command *c, bool first,
			  uint16_t number, const struct block *b)
{
	struct option_writer ow = option_writer(w);
	bool written = number == 0;

	for (size_t i = 0; i < c->noptions; i++) {
		const struct script_option *o = &c->option[i];

		if (!written && o->number > number) {
			option_write_uint(&ow, number, block_uint(b));
			written = true;
		}
		/* Not in what follows: RFC 7959, 2.6 and 2.10. */
		if (first || (o->number != OPT_OBSERVE && o->number != OPT_IF_NONE_MATCH))
			option_write(&ow, o->number, o->value);
	}
	if (!written)
		option_write_uint(&ow, number, block_uint(b));
}

static bool has_option(const struct command *c, uint16_t number)
{
	for (size_t i = 0; i < c->noptions; i++)
		if (c->option[i].number == number)
			return true;
	return false;
}

static void send_message(struct peers *p, struct peer_request *r, size_t token_n, bool first,
			 uint16_t number, const struct block *b, struct span payload)
{
	const struct command *c = r->command;
	struct writer w = writer_of(r->sent.data, sizeof r->sent.data);

	r->sent.peer = peers_address(c->peer);
	r->sent.local = here;
	frame_udp_head(&w, c->type, c->code, ++p->mid, span_of(r->token, token_n));
	write_options(&w, c, first, number, b);
	message_write_payload(&w, payload);
	if (w.full && !p->wrong[0])
		snprintf(p->wrong, sizeof p->wrong, "the request does not fit a datagram of %u "
			 "bytes", DGRAM_RX_MAX);
	r->sent.len = (uint32_t)(w.p - r->sent.data);
	peers_send(p, &r->sent);
}

/* The payload from r->offset on: all of it, or a block. */
static void send_payload(struct peers *p, struct peer_request *r)
{
	const struct command *c = r->command;
	uint32_t size = 16u << r->szx, left = (uint32_t)c->payload.n - r->offset;
	struct block b = { r->offset / size, left > size, r->szx };
	bool whole = has_option(c, OPT_BLOCK1) || c->payload.n <= BLOCK_BYTES;

	if (whole)
		send_message(p, r, r->token_n, true, 0, NULL, c->payload);
	else
		send_message(p, r, r->token_n, r->offset == 0, OPT_BLOCK1, &b,
			     span_of(c->payload.p + r->offset, b.more ? size : left));
}

void peers_ask_anew(struct peers *p, struct peer_request *r, uint64_t now)
{
	r->offset = 0;
	r->szx = BLOCK_SZX_MAX;
	r->asked = now;
	drop(&r->rest);
	r->resting = false;
	send_payload(p, r);
}

struct peer_request *peers_ask(struct peers *p, const struct command *c, uint64_t now)
{
	struct peer_request *r = must(calloc(1, sizeof *r));

	p->request = must(realloc(p->request, (p->n + 1) * sizeof *p->request));
	p->request[p->n++] = r;
	r->command = c;
	if (c->has_token) {
		r->token_n = (uint32_t)c->token.n;
		memcpy(r->token, c->token.p, c->token.n);
	} else {
		r->token_n = 2;
		r->token[0] = (uint8_t)(p->n >> 8);
		r->token[1] = (uint8_t)p->n;
	}
	r->token[r->token_n] = REST;
	peers_ask_anew(p, r, now);
	return r;
}

void peers_repeat(struct peers *p, const struct peer_request *r)
{
	peers_send(p, &r->sent);
}

struct peer_request *peers_find(const struct peers *p, const char *name)
{
	for (size_t i = p->n; i-- > 0;) {
		const char *its = p->request[i]->command->name;

		if (!name || (its && !strcmp(its, name)))
			return p->request[i];
	}
	return NULL;
}

/* --- the way in ------------------------------------------------------------------------- */

struct message peers_message(const struct peer_answer *a)
{
	return (struct message){ .type = a->type, .code = a->code, .options = a->options,
				 .payload = a->payload };
}

static void empty(struct peers *p, const struct guest_dgram *to, uint8_t type, uint16_t mid)
{
	struct guest_dgram d = { .peer = to->peer, .local = to->local };
	struct writer w = writer_of(d.data, sizeof d.data);

	frame_udp_empty(&w, type, mid);
	d.len = (uint32_t)(w.p - d.data);
	peers_send(p, &d);
}

static void deliver(struct peer_request *r, struct peer_answer a)
{
	r->answer = must(realloc(r->answer, (r->n + 1) * sizeof *r->answer));
	r->answer[r->n++] = a;
}

static bool block_of(const struct message *m, uint16_t number, struct block *b)
{
	struct span value;

	return message_option(m, number, 0, &value) && block_parse(value, b) == BLOCK_OK;
}

static void ask_rest(struct peers *p, struct peer_request *r, uint8_t szx)
{
	struct block b = { (uint32_t)r->rest.payload.n >> (szx + 4), false, szx };
	const struct command *c = r->command;
	bool again = c->code == COAP_FETCH && c->payload.n <= BLOCK_BYTES;

	send_message(p, r, r->token_n + 1, false, OPT_BLOCK2, &b,
		     again ? c->payload : span_of(NULL, 0));
}

static void append(struct peer_answer *a, struct span more)
{
	uint8_t *p = must(realloc((void *)a->payload.p, a->payload.n + more.n + 1));

	memcpy(p + a->payload.n, more.n ? more.p : (const uint8_t *)"", more.n);
	a->payload = span_of(p, a->payload.n + more.n);
}

/* Whether it is the block that was asked for. */
static bool fits(struct peers *p, struct peer_request *r, const struct block *b, bool blocks)
{
	if (r->resting && blocks && block_offset(b) == r->rest.payload.n)
		return true;
	if (r->resting && !p->wrong[0])
		snprintf(p->wrong, sizeof p->wrong, "what came as the next block is not the "
			 "one that was asked for");
	r->resting = false;
	return false;
}

/* A response, or a part of one. */
static void respond(struct peers *p, struct peer_request *r, const struct message *m,
		    bool rest, uint64_t now)
{
	struct block b = { .num = 0 };
	bool blocks = block_of(m, OPT_BLOCK2, &b);

	if (rest && !fits(p, r, &b, blocks))
		return;
	if (!rest) {
		drop(&r->rest);
		r->rest = (struct peer_answer){ .type = m->type, .code = m->code,
						.options = keep(m->options) };
	}
	append(&r->rest, m->payload);
	r->resting = blocks && b.more && !has_option(r->command, OPT_BLOCK2);
	if (r->resting) {
		ask_rest(p, r, b.szx);
		return;
	}
	r->rest.at = now;
	deliver(r, r->rest);
	r->rest = (struct peer_answer){ 0 };
}

/* 2.31: the next block of the payload, if there is one. */
static bool go_on(struct peers *p, struct peer_request *r, const struct message *m)
{
	const struct command *c = r->command;
	uint32_t size = 16u << r->szx;
	struct block b;

	if (m->code != COAP_CONTINUE || has_option(c, OPT_BLOCK1) ||
	    r->offset + size >= c->payload.n)
		return false;
	r->offset += size;
	if (block_of(m, OPT_BLOCK1, &b) && b.szx < r->szx)
		r->szx = b.szx;
	send_payload(p, r);
	return true;
}

static struct peer_request *of_token(const struct peers *p, const struct guest_dgram *d,
				     struct span token, bool *rest)
{
	for (size_t i = p->n; i-- > 0;) {
		struct peer_request *r = p->request[i];
		struct addr a = peers_address(r->command->peer);

		*rest = token.n == r->token_n + 1;
		if (addr_eq(&a, &d->peer) && token.n >= r->token_n &&
		    token.n <= r->token_n + 1 && !memcmp(token.p, r->token, token.n))
			return r;
	}
	return NULL;
}

/* The request whose last datagram has this message ID. */
static struct peer_request *of_mid(const struct peers *p, const struct guest_dgram *d,
				   uint16_t mid)
{
	for (size_t i = p->n; i-- > 0;) {
		const struct guest_dgram *s = &p->request[i]->sent;

		if (addr_eq(&s->peer, &d->peer) && (s->data[2] << 8 | s->data[3]) == mid)
			return p->request[i];
	}
	return NULL;
}

static void take_empty(struct peers *p, const struct guest_dgram *d, const struct message *m)
{
	struct peer_request *r = of_mid(p, d, m->mid);

	if (r && m->type == COAP_ACK)
		r->acked = true;
	if (r && m->type == COAP_RST)
		r->rejected = true;
}

static void take_response(struct peers *p, const struct guest_dgram *d,
			  const struct message *m, uint64_t now)
{
	bool rest = false;
	struct peer_request *r = of_token(p, d, m->token, &rest);
	bool rejects = !r || r->rejects;

	if (m->type == COAP_CON || (m->type == COAP_NON && rejects))
		empty(p, d, rejects ? COAP_RST : COAP_ACK, m->mid);
	if (!rejects && !go_on(p, r, m))
		respond(p, r, m, rest, now);
}

void peers_take(struct peers *p, const struct guest_dgram *d, uint64_t now)
{
	struct message m;

	if (frame_udp_parse(span_of(d->data, d->len), &m) != FRAME_OK) {
		snprintf(p->wrong, sizeof p->wrong, "what was sent is no message");
		return;
	}
	if (m.code == COAP_EMPTY)
		take_empty(p, d, &m);
	else if (code_is_response(m.code))
		take_response(p, d, &m, now);
	else
		upstream_answer(p, d, &m);
}
