/* edn.h - CBOR from its diagnostic notation, as people write it on a command line
 * (RFC 8949 section 8, RFC 8610 appendix G); JSON is a part of it.
 *
 *	{"a": [1, -0x10, 1.5, true, null], 2: h'00ff', 3: 'bytes', 4: b64'AP8',
 *	 5: 24(<<1, 2>>), 6: simple(7)}   # remarks, or / remarks /
 *
 * Strings in pieces, indefinite lengths and encoding indicators ("_") are not taken.
 * Numbers are encoded as short as they can be (RFC 8949 section 4.1).  Pure. */
#ifndef CLIENT_EDN_H
#define CLIENT_EDN_H

#include "base/bytes.h"
#include "base/err.h"

/* So many bytes are enough for n bytes of text. */
static inline size_t edn_room(size_t n)
{
	return 4 * n + 16;
}

/* Writes one data item, or any number between commas if it is a sequence (RFC 8742).
 * 0, or -EINVAL: err says what is wrong and at which byte. */
int edn_encode(struct writer *w, struct span text, bool sequence, struct err *err);

#endif
