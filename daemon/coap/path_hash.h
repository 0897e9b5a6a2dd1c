/* path_hash.h - a number for a path, made segment by segment.
 *
 * Whoever takes a message apart makes it on the way (struct message), and whoever looks a
 * path up begins with it.  It is no secret: paths are compared in full all the same.
 * Pure; used in every process. */
#ifndef COAP_PATH_HASH_H
#define COAP_PATH_HASH_H

#include "base/hash.h"

#define PATH_HASH 0x6c62272e07bb0142u   /* of no segment */

/* Of a path with one segment more, of n bytes that word stands for. */
static inline uint64_t path_hash_word(uint64_t hash, uint64_t word, size_t n)
{
	return hash_fold(hash ^ word, n ^ 0x9e3779b97f4a7c15u);
}

static inline uint64_t path_hash_add(uint64_t hash, struct span segment)
{
	static const struct hash_key key = { { 0x51a7d0c3f2b86e95u, 0x2f8e4b97c61d30abu } };
	uint64_t word = segment.n <= 8 ? bytes_word(segment.p, segment.n) :
					 hash_bytes(&key, segment.p, segment.n);

	return path_hash_word(hash, word, segment.n);
}

#endif
