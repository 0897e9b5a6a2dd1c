/* content_format.h - registered content formats: numbers, names, what they are.
 *
 * A name is the media type of the registry of RFC 7252 section 12.3, without
 * blanks, and an "@" with the content coding where there is one, as RFC 9193
 * section 3 writes it: "text/plain;charset=utf-8", "application/json@deflate".
 * Pure; used in every process. */
#ifndef COAP_CONTENT_FORMAT_H
#define COAP_CONTENT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum content_kind {
	CONTENT_OPAQUE,         /* bytes that are not for reading; anything coded */
	CONTENT_TEXT,
	CONTENT_JSON,
	CONTENT_LINKS,
	CONTENT_XML,
	CONTENT_CBOR,           /* COSE and tokens in CBOR as well */
	CONTENT_CBOR_SEQ,       /* several items, one after the other (RFC 8742) */
};

struct content_format {
	uint16_t number;
	uint8_t kind;           /* enum content_kind */
	const char *name;
};

/* Some of the numbers. */
enum {
	CONTENT_FORMAT_TEXT = 0,
	CONTENT_FORMAT_LINKS = 40,
	CONTENT_FORMAT_OCTETS = 42,
	CONTENT_FORMAT_JSON = 50,
	CONTENT_FORMAT_CBOR = 60,
};

/* The row of a number, or NULL if it is not registered. */
const struct content_format *content_format(uint32_t number);

/* The nth row in the order of their numbers, from 0; NULL behind the last. */
const struct content_format *content_format_row(size_t nth);

/* What a payload of this format is; CONTENT_OPAQUE if nobody knows. */
enum content_kind content_format_kind(uint32_t number);

/* Whether it is made of characters, so that a person can read it. */
static inline bool content_kind_is_text(enum content_kind kind)
{
	return kind >= CONTENT_TEXT && kind <= CONTENT_XML;
}

/* The number that a person means: a number up to 65535, registered or not; a
 * name, whatever its case, blanks and quotes, without its parameters where that
 * leaves one format; or what stands after the slash of such a name ("json",
 * "senml+cbor"), and "text".  0, or -EINVAL with the name that was probably
 * meant or the formats that the name could be. */
int content_format_find(const char *text, uint16_t *number, struct err *e);

#endif
