/* answers.h - servers that answer requests block by block, as they should or nearly
 * so: for fuzzing the client role. */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include "choice.h"
#include "coap/block.h"
#include "coap/message.h"

/* Byte i of every body. */
static inline uint8_t answers_pattern(uint64_t i)
{
	return (uint8_t)(i * 5 + i / 253);
}

struct answer {
	uint8_t code;
	struct block block1, block2;
	bool has1, has2, observes, echo;
	char etag;              /* 0: none */
	uint32_t format, size1, observe;
	size_t n;               /* of payload */
	uint64_t at;            /* it is this part of the body */
};

/* As a server does it whose bodies have total bytes and that likes small blocks. */
struct answer answer_honestly(const struct message *m, uint32_t total);

void answer_falsely(struct answer *a);

/* Writes it into DGRAM_RX_MAX bytes; their number. */
size_t answer_write(uint8_t *out, uint8_t type, uint16_t mid, struct span token,
		    const struct answer *a);

/* A block option of a message; false if it has none that can be read. */
bool answers_block(const struct message *m, uint16_t number, struct block *b);

#endif
