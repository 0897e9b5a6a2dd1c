/* frame_udp.h - the message header as it is framed in datagrams.
 *
 * RFC 7252 section 3, with the token lengths of RFC 8974 section 2.1 (13 and 14
 * announce one and two more bytes of length):
 *
 *	 0                   1                   2                   3
 *	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *	+---+---+-------+---------------+-------------------------------+
 *	|ver| T |  TKL  |      code     |          message ID           |
 *	+---+---+-------+---------------+-------------------------------+
 *	| more TKL (0-2 bytes) | token | options | 0xff | payload       |
 *
 * Pure; used in every process. */
#ifndef COAP_FRAME_UDP_H
#define COAP_FRAME_UDP_H

#include "coap/message.h"

#include <arpa/inet.h>

#define TOKEN_MAX 65804u         /* what the length field can say */

enum frame_verdict {
	FRAME_OK,
	FRAME_IGNORE,           /* shorter than a header, or not version 1: drop */
	FRAME_ERROR,            /* message format error: reject (4.2, 4.3) */
};

/* Parses a datagram into a view of it.  The verdict is on form alone: whether
 * code and type go together, and reserved classes, are for the exchange to
 * judge.  After FRAME_ERROR type, code and mid are valid and the spans empty;
 * after FRAME_IGNORE nothing is.  An Empty message with anything after its
 * header is a format error (section 4.1). */
static inline enum frame_verdict frame_udp_parse(struct span datagram, struct message *out);

/* The token of a datagram alone; empty where there is none to be read. */
struct span frame_udp_token(struct span datagram);

/* How long the token of a datagram is by what its head says, whether it is there or not; 0
 * where that cannot be read. */
size_t frame_udp_token_claimed(struct span datagram);

/* Bytes that frame_udp_head() writes for a token of this length. */
static inline size_t frame_udp_head_size(size_t token_len)
{
	return 4 + token_len + (token_len >= 13) + (token_len >= 269);
}

#define FRAME_UDP_VERSION 1

/* For frame_udp_parse(): what is not plain.  Type, code and mid have been set. */
enum frame_verdict frame_udp_parse_any(struct span datagram, struct message *out);

static inline enum frame_verdict frame_udp_parse(struct span datagram, struct message *out)
{
	const uint8_t *p = datagram.p;
	size_t n, left = datagram.n - 4;

	if (datagram.n < 4 || p[0] >> 6 != FRAME_UDP_VERSION)
		return FRAME_IGNORE;
	n = p[0] & 15;
	out->type = p[0] >> 4 & 3;
	out->code = p[1];
	out->mid = (uint16_t)(p[2] << 8 | p[3]);
	out->token = span_of(p + 4, n);
	if (n <= 12 && n <= left && out->code != COAP_EMPTY &&
	    message_parse_body(span_of(p + 4 + n, left - n), out))
		return FRAME_OK;
	return frame_udp_parse_any(datagram, out);
}

/* For frame_udp_head(): with a length of the token beyond its nibble, or more than there is
 * room for. */
void frame_udp_long_head(struct writer *w, uint8_t type, uint8_t code, uint16_t mid,
			 struct span token);

/* Writes header and a token of at most 12 bytes where there is room for them; their length. */
static inline size_t frame_udp_short_head(uint8_t *p, uint8_t type, uint8_t code, uint16_t mid,
					  struct span token)
{
	uint16_t id = htons(mid);

	p[0] = (uint8_t)(FRAME_UDP_VERSION << 6 | type << 4 | token.n);
	p[1] = code;
	memcpy(p + 2, &id, sizeof id);
	bytes_copy(p + 4, token.p, token.n);
	return 4 + token.n;
}

/* Writes header and token; a token longer than TOKEN_MAX is our bug. */
static inline void frame_udp_head(struct writer *w, uint8_t type, uint8_t code, uint16_t mid,
				  struct span token)
{
	if (token.n > 12 || w->full || writer_left(w) < 4 + token.n)
		frame_udp_long_head(w, type, code, mid, token);
	else
		w->p += frame_udp_short_head(w->p, type, code, mid, token);
}

/* Writes an Empty message: an acknowledgement, a reset or a ping. */
void frame_udp_empty(struct writer *w, uint8_t type, uint16_t mid);

/* Writes a whole message, its options as they are. */
void frame_udp_message(struct writer *w, const struct message *m);

#endif
