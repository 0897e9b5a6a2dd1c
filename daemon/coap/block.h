/* block.h - the value of Block1 and Block2 (RFC 7959 section 2.2).
 *
 *	 0                   1                   2
 *	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 *	+---------------------------------------+-+-----+
 *	|                 num                   |M| szx |
 *	+---------------------------------------+-+-----+
 *
 * Leading zero bytes are left out, as in every uint.  Pure; used in every
 * process. */
#ifndef COAP_BLOCK_H
#define COAP_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define BLOCK_NUM_MAX 0xfffffu
#define BLOCK_SZX_MAX 6u         /* 1,024 bytes */

struct block {
	uint32_t num;           /* which block, from 0 */
	bool more;              /* further blocks follow */
	uint8_t szx;            /* size is 2^(szx + 4) */
};

enum block_verdict {
	BLOCK_OK,
	BLOCK_LENGTH,           /* over 3 bytes: treat as unrecognised (4.02) */
	BLOCK_RESERVED,         /* size exponent 7: 4.00 over UDP */
};

/* Reads a value; after anything but BLOCK_OK out is not set. */
enum block_verdict block_parse(struct span value, struct block *out);

/* The number that option_write_uint() takes; num and szx in range. */
uint32_t block_uint(const struct block *b);

static inline uint32_t block_size(const struct block *b)
{
	return 16u << b->szx;
}

/* Where in the body the block starts. */
static inline uint32_t block_offset(const struct block *b)
{
	return b->num << (b->szx + 4);
}

#endif
