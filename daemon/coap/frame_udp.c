#include "coap/frame_udp.h"

#include <assert.h>

#define VERSION FRAME_UDP_VERSION

/* Length of the token as RFC 8974 section 2.1 codes it; sets r->bad for 15. */
static inline size_t read_token_len(struct reader *r, unsigned tkl)
{
	switch (tkl) {
	case 13:
		return 13u + read_u8(r);
	case 14:
		return 269u + read_u16(r);
	case 15:
		r->bad = true;
		return 0;
	default:
		return tkl;
	}
}

size_t frame_udp_token_claimed(struct span datagram)
{
	struct reader r = reader_of(datagram);
	uint8_t first = read_u8(&r);
	size_t n;

	(void)read_span(&r, 3);
	n = read_token_len(&r, first & 15);
	return r.bad || first >> 6 != VERSION ? 0 : n;
}

struct span frame_udp_token(struct span datagram)
{
	struct reader r = reader_of(datagram);
	uint8_t first = read_u8(&r);
	struct span token;

	(void)read_span(&r, 3);
	token = read_span(&r, read_token_len(&r, first & 15));
	return r.bad || first >> 6 != VERSION ? span_of(r.end, 0) : token;
}

enum frame_verdict frame_udp_parse_any(struct span datagram, struct message *out)
{
	struct reader r = reader_of(datagram);

	if (out->code != COAP_EMPTY) {
		r.p += 4;
		out->token = read_span(&r, read_token_len(&r, datagram.p[0] & 15));
		if (!r.bad && message_parse_body(span_of(r.p, reader_left(&r)), out))
			return FRAME_OK;
	}
	out->token = out->options = out->payload = out->path = span_of(r.end, 0);
	out->absent = out->path_hash = 0;
	out->plain = false;
	return out->code == COAP_EMPTY && datagram.n == 4 && !(datagram.p[0] & 15) ? FRAME_OK :
										   FRAME_ERROR;
}

void frame_udp_long_head(struct writer *w, uint8_t type, uint8_t code, uint16_t mid,
			 struct span token)
{
	size_t n = token.n;
	unsigned tkl = n < 13 ? (unsigned)n : n < 269 ? 13 : 14;

	assert(n <= TOKEN_MAX);
	write_u8(w, (uint8_t)(VERSION << 6 | type << 4 | tkl));
	write_u8(w, code);
	write_u16(w, mid);
	if (tkl == 13)
		write_u8(w, (uint8_t)(n - 13));
	else if (tkl == 14)
		write_u16(w, (uint16_t)(n - 269));
	write_span(w, token);
}

void frame_udp_empty(struct writer *w, uint8_t type, uint16_t mid)
{
	frame_udp_head(w, type, COAP_EMPTY, mid, span_of(NULL, 0));
}

void frame_udp_message(struct writer *w, const struct message *m)
{
	frame_udp_head(w, m->type, m->code, m->mid, m->token);
	write_span(w, m->options);
	message_write_payload(w, m->payload);
}
