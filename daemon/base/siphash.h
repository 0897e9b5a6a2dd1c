/* siphash.h - SipHash-2-4, a keyed function whose values may be shown to strangers.
 *
 * What peers see (tokens, message IDs, jitter, Echo values) is made with it: values
 * seen tell nothing about the key or about values to come.  Tables, whose hashes
 * nobody sees, use the cheaper hash.h under the same key.  Algorithm: Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", 2012.  Pure; every process. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/hash.h"

static inline uint64_t siphash_rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = siphash_rotl(v[1], 13) ^ v[0];
	v[3] = siphash_rotl(v[3], 16) ^ v[2];
	v[0] = siphash_rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = siphash_rotl(v[1], 17) ^ v[2];
	v[3] = siphash_rotl(v[3], 21) ^ v[0];
	v[2] = siphash_rotl(v[2], 32);
}

/* Of n bytes. */
uint64_t siphash(const struct hash_key *key, const void *p, size_t n);

#endif
