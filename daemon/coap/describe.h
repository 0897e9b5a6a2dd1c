/* describe.h - a message as a line of text for a person.
 *
 *	CON GET mid=4711 token=5f3a Observe=0 Uri-Path=sensors Accept=application/json(50)
 *	ACK 2.05 Content mid=4711 token=5f3a ETag=0x1a2b Max-Age=60 payload="22.5 C"
 *	NON POST mid=1 Block1=3/M/1024 Option-65001(critical)=0x0102 payload=1024 bytes
 *	CON mid=7 (ping)
 *
 * Options stand in the order of the message, each with what is wrong with it.
 * Nothing that a peer sent comes out but as quote.h lets it.  No text ends its
 * line.  Words that do not fit the writer are left out and "..." says so; its
 * full bit is set only if there is no room for that either.  Pure; used in every
 * process. */
#ifndef COAP_DESCRIBE_H
#define COAP_DESCRIBE_H

#include "coap/message.h"

/* What a piece of the text is. */
enum describe_kind {
	DESCRIBE_TYPE,          /* "CON" */
	DESCRIBE_CODE,          /* "GET", "2.05 Content" */
	DESCRIBE_ERROR,         /* "4.04 Not Found", and what is wrong */
	DESCRIBE_NAME,          /* "Uri-Path=", "mid=" */
	DESCRIBE_VALUE,         /* "sensors" */
	DESCRIBE_PAYLOAD,       /* "22.5 C" */
	DESCRIBE_KINDS,
};

/* What is written around such pieces, colours for example; NULL is nothing.
 * With utf8 the reader takes UTF-8, else all is ASCII.  It is borrowed, and NULL
 * instead of it means no colours and ASCII. */
struct describe_style {
	struct {
		const char *begin, *end;
	} kinds[DESCRIBE_KINDS];
	bool utf8;
};

#define DESCRIBE_LINE 4096       /* holds all but messages made to be long */

/* A message that was taken apart. */
void describe_message(struct writer *w, const struct message *m,
		      const struct describe_style *style);

/* A datagram, whether it is a message or not. */
void describe_datagram(struct writer *w, struct span datagram,
		       const struct describe_style *style);

/* One option of a message with this code; nth counts from 0 the earlier options
 * of the same number. */
void describe_option(struct writer *w, uint8_t code, unsigned nth,
		     const struct option *o, const struct describe_style *style);

/* The beginning of a payload that is text, or the length of any other.  It is
 * text if its content format says so; if that says nothing of the kind, then if
 * it is UTF-8 without control characters.  format is -1 if there is none. */
void describe_payload(struct writer *w, struct span payload, int format,
		      const struct describe_style *style);

/* Text as it is if it is understood that way, else in quotes. */
void describe_text(struct writer *w, struct span text, const struct describe_style *style);

/* Sixteen bytes from offset on, or what there is of them, at least one:
 *
 *	0010  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0a           |Hello, world.|
 *
 * Returns the offset of the next line. */
#define DESCRIBE_HEX_LINE 96     /* always enough for one */
size_t describe_hex(struct writer *w, struct span bytes, size_t offset);

#endif
