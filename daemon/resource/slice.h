/* slice.h - one block of a representation that is there as a whole (RFC 7959).
 *
 * Stateless: each Block2 request makes the representation again and gets its
 * part.  Pure; run by the worker. */
#ifndef RESOURCE_SLICE_H
#define RESOURCE_SLICE_H

#include "coap/block.h"
#include "coap/message.h"

struct slice {
	struct block block;     /* the one to give: the one asked for, or the first of
				 * the largest size */
	bool asked;             /* the request has a Block2 option */
};

/* What part of the representation is asked for, in blocks of szx at most: a smaller
 * block begins where the one that was asked for would (2.4).  The M bit means nothing
 * in a request (2.2).  False for the reserved size, which is answered 4.00. */
bool slice_wanted(const struct message *request, uint32_t szx, struct slice *out);

/* Settles the block for a representation of total bytes.  False when it begins
 * beyond the end, which is answered 4.00.  need says whether the reply carries
 * Block2: if it was asked for, or all does not fit one block. */
bool slice_of(struct slice *s, uint64_t total, bool *need);

#endif
