#include "datagrams.h"

#include "audit.h"
#include "choice.h"
#include "coap/block.h"
#include "guests.h"

#define KEPT 24u                /* remembered in each direction */

struct kept {
	size_t n;
	unsigned peer;
	uint8_t data[DGRAM_RX_MAX];
};

static struct kept heard[KEPT], said[KEPT];
static uint32_t heard_n, said_n;
static uint8_t echo[40];        /* of the last challenge */
static size_t echo_n;
static uint16_t mid;            /* of peers, all together */
static bool noise;

/* The body that each peer is sending. */
static struct upload {
	const char *path;
	uint32_t num, blocks, tag;
	uint8_t code, szx;
} upload[DATAGRAM_PEERS + 1];

void datagrams_begin(bool with_noise)
{
	memset(heard, 0, sizeof heard);
	memset(said, 0, sizeof said);
	memset(upload, 0, sizeof upload);
	heard_n = said_n = 0;
	echo_n = 0;
	noise = with_noise;
	mid = (uint16_t)draw(0x10000);
}

static void keep(struct kept *ring, uint32_t *n, unsigned peer, struct span s)
{
	struct kept *k = &ring[(*n)++ % KEPT];

	k->n = s.n < sizeof k->data ? s.n : sizeof k->data;
	k->peer = peer;
	if (k->n)
		memcpy(k->data, s.p, k->n);
}

void datagrams_said(const struct tx_dgram *t)
{
	unsigned peer = t->to.port - 1000u;
	struct span value;
	struct message m;

	keep(said, &said_n, peer >= 1 && peer <= DATAGRAM_PEERS ? peer : 1, span_of(t->data, t->len));
	if (frame_udp_parse(span_of(t->data, t->len), &m) == FRAME_OK &&
	    message_option(&m, OPT_ECHO, 0, &value) && value.n <= sizeof echo) {
		memcpy(echo, value.p, value.n);
		echo_n = value.n;
	}
}

struct span datagrams_quote(unsigned *peer)
{
	const struct kept *k = &said[draw(KEPT)];

	*peer = k->n ? k->peer : 1;
	return span_of(k->data, k->n);
}

/* --- requests ------------------------------------------------------------------------ */

static const char *path_of(void)
{
	static const char *const path[] = { "a", "r", "s", "q", "t", "t" };

	return path[draw(6)];
}

static void write_pattern(struct writer *w, uint64_t at, size_t n)
{
	if (!n)
		return;
	write_u8(w, 0xff);
	for (size_t i = 0; i < n; i++)
		write_u8(w, guests_pattern(at + i));
}

static void begin_head(struct writer *w, uint8_t code)
{
	uint8_t token[40] = { (uint8_t)draw(2) };

	frame_udp_head(w, one_in(3) ? COAP_NON : COAP_CON, code,
		       one_in(12) ? (uint16_t)(mid - draw(600)) : ++mid,
		       span_of(token, one_in(12) ? sizeof token : draw(3)));
}

static void write_paths(struct option_writer *ow, const char *path)
{
	if (one_in(20)) {
		option_write(ow, OPT_URI_PATH, span_str(".well-known"));
		option_write(ow, OPT_URI_PATH, span_str("core"));
		return;
	}
	option_write(ow, OPT_URI_PATH, span_str(path));
	if (one_in(6))
		option_write(ow, OPT_URI_PATH, span_str("b"));
}

static void write_block(struct option_writer *ow, uint16_t number)
{
	struct block b = { draw(one_in(3) ? 200 : 4), one_in(3), (uint8_t)draw(7) };

	option_write_uint(ow, number, block_uint(&b));
}

/* What may stand behind the path and before the payload. */
static void write_rest(struct option_writer *ow, bool safe)
{
	if (one_in(12))
		option_write_uint(ow, OPT_CONTENT_FORMAT, 0);
	if (one_in(12))
		option_write_uint(ow, OPT_ACCEPT, draw(2) * 50);
	if (one_in(3))
		write_block(ow, OPT_BLOCK2);
	if (!safe && one_in(8))
		write_block(ow, OPT_BLOCK1);
	if (one_in(12))
		option_write_uint(ow, OPT_SIZE2, 0);
	if (one_in(6))
		option_write(ow, OPT_ECHO, span_of(echo, echo_n));
	if (one_in(8))
		option_write_uint(ow, OPT_NO_RESPONSE, draw(32));
	if (one_in(10))
		option_write(ow, OPT_REQUEST_TAG, span_str("tag"));
	if (one_in(40))
		option_write(ow, 2049, span_str("?"));
}

static size_t make_request(uint8_t *out)
{
	static const uint8_t codes[] = { COAP_GET, COAP_GET, COAP_GET, COAP_POST, COAP_PUT,
					 COAP_DELETE, COAP_FETCH };
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);
	uint8_t code = codes[draw(sizeof codes)];

	begin_head(&w, code);
	if (one_in(20))
		option_write(&ow, OPT_IF_MATCH, span_str("body"));
	if (one_in(6))
		option_write(&ow, OPT_ETAG, span_str(one_in(2) ? "tag" : "body"));
	if (one_in(3))
		option_write_uint(&ow, OPT_OBSERVE, one_in(4));
	write_paths(&ow, path_of());
	write_rest(&ow, code_is_safe(code));
	if (!code_is_safe(code) || one_in(4))
		write_pattern(&w, 0, one_in(4) ? draw(1000) : draw(30));
	return (size_t)(w.p - out);
}

/* Begins or ends to observe; few of them differ. */
static size_t make_registration(uint8_t *out)
{
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);

	begin_head(&w, COAP_GET);
	option_write_uint(&ow, OPT_OBSERVE, one_in(6));
	option_write(&ow, OPT_URI_PATH, span_str(one_in(2) ? "a" : "t"));
	return (size_t)(w.p - out);
}

static void begin_upload(struct upload *u)
{
	static const uint8_t codes[] = { COAP_PUT, COAP_POST, COAP_FETCH };

	*u = (struct upload){ .path = path_of(), .blocks = 2 + draw(one_in(4) ? 70 : 8),
			      .tag = draw(3), .code = codes[draw(3)], .szx = (uint8_t)draw(7) };
}

/* The next block of a peer's body, most of the time. */
static size_t make_block(uint8_t *out, unsigned peer)
{
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	struct option_writer ow = option_writer(&w);
	struct upload *u = &upload[peer];
	struct block b;

	if (!u->path || u->num >= u->blocks || one_in(40))
		begin_upload(u);
	b = (struct block){ one_in(20) ? draw(u->blocks) : u->num, true, u->szx };
	b.more = b.num + 1 < u->blocks;
	begin_head(&w, u->code);
	option_write(&ow, OPT_URI_PATH, span_str(u->path));
	if (!b.more && one_in(4))
		write_block(&ow, OPT_BLOCK2);
	option_write_uint(&ow, OPT_BLOCK1, block_uint(&b));
	if (b.num == 0 && one_in(3))
		option_write_uint(&ow, OPT_SIZE1, u->blocks << (u->szx + 4));
	if (one_in(6))
		option_write(&ow, OPT_ECHO, span_of(echo, echo_n));
	if (u->tag)
		option_write_uint(&ow, OPT_REQUEST_TAG, u->tag);
	write_pattern(&w, block_offset(&b), b.more || one_in(2) ? block_size(&b) : draw(block_size(&b)));
	if (!one_in(10))
		u->num++;
	return (size_t)(w.p - out);
}

/* --- answers --------------------------------------------------------------------------- */

static void write_answer(struct writer *w, const struct message *m, uint8_t code)
{
	struct option_writer ow = option_writer(w);
	struct block b = { draw(3), !one_in(3), (uint8_t)draw(3) }, asked;
	bool blocks = one_in(2);
	struct span value;

	if (message_option(m, OPT_BLOCK2, 0, &value) && block_parse(value, &asked) == BLOCK_OK)
		b = (struct block){ asked.num, !one_in(3), asked.szx };
	else if (!one_in(8))
		b.num = 0;
	if (one_in(3))
		option_write(&ow, OPT_ETAG, span_str("e"));
	if (message_option(m, OPT_OBSERVE, 0, &value) && !one_in(4))
		option_write_uint(&ow, OPT_OBSERVE, draw(9));
	if (blocks)
		option_write_uint(&ow, OPT_BLOCK2, block_uint(&b));
	if (message_option(m, OPT_BLOCK1, 0, &value) && !one_in(6))
		option_write(&ow, OPT_BLOCK1, value);
	if (code == COAP_UNAUTHORIZED)
		option_write(&ow, OPT_ECHO, span_str("prove"));
	write_pattern(w, 0, blocks && b.more ? block_size(&b) : draw(16));
}

/* An answer to something that was sent, or nearly one. */
static size_t make_reply(uint8_t *out, const struct kept *k)
{
	static const uint8_t codes[] = { COAP_CONTENT, COAP_CONTENT, COAP_CONTENT, COAP_CHANGED,
					 COAP_CONTINUE, COAP_NOT_FOUND, COAP_UNAUTHORIZED,
					 COAP_INCOMPLETE };
	struct writer w = writer_of(out, DGRAM_RX_MAX);
	uint8_t type = (uint8_t)draw(3), code = codes[draw(sizeof codes)];
	struct message m;

	if (frame_udp_parse(span_of(k->data, k->n), &m) != FRAME_OK)
		return 0;
	if (!code_is_request(m.code) || m.code == COAP_EMPTY || one_in(4)) {
		frame_udp_empty(&w, one_in(4) ? COAP_RST : COAP_ACK, m.mid);
		return 4;
	}
	if (code == COAP_CHANGED && message_option(&m, OPT_BLOCK1, 0, &(struct span){ 0 }))
		code = COAP_CONTINUE;
	frame_udp_head(&w, type, code, type == COAP_ACK ? m.mid : ++mid, m.token);
	write_answer(&w, &m, code);
	return (size_t)(w.p - out);
}

static size_t damage(uint8_t *out, size_t n)
{
	for (unsigned k = draw(3) + 1; k && n; k--)
		out[draw(one_in(2) && n > 8 ? 8 : (uint32_t)n)] = (uint8_t)draw(256);
	return one_in(3) ? draw((uint32_t)n + 1) : n;
}

static size_t again(uint8_t *out, unsigned *peer)
{
	const struct kept *k = &heard[draw(KEPT)];

	if (!k->n)
		return 0;
	memcpy(out, k->data, k->n);
	*peer = k->peer;
	return k->n;
}

size_t datagrams_next(uint8_t *out, unsigned *peer)
{
	const struct kept *k = &said[draw(KEPT)];
	size_t n;

	*peer = 1 + draw(DATAGRAM_PEERS);
	switch (draw(8)) {
	case 0:
		n = again(out, peer);
		break;
	case 1:
		n = make_registration(out);
		break;
	case 2: case 3:
		n = make_block(out, *peer);
		break;
	case 4: case 5:
		*peer = one_in(20) || !k->n ? *peer : k->peer;
		n = make_reply(out, k);
		break;
	default:
		n = make_request(out);
	}
	if (noise && one_in(10))
		n = damage(out, n);
	keep(heard, &heard_n, *peer, span_of(out, n));
	return n;
}
