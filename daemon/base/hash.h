/* hash.h - keyed hash for tables that strangers fill.
 *
 * Multiply-fold over pairs of 64-bit words with a secret 128-bit key.  It is no MAC: it
 * only has to keep a peer who sees no hash values from choosing addresses that
 * share a bucket.  Pure; every process. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bytes.h"

struct hash_key {
	uint64_t k[2];
};

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 r = (unsigned __int128)a * b;

	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* Two words in, one out: also the generator behind tokens and jitter. */
static inline uint64_t hash_words(const struct hash_key *key, uint64_t a, uint64_t b)
{
	uint64_t h = hash_fold(a ^ key->k[0], b ^ key->k[1] ^ 0x9e3779b97f4a7c15u);

	return hash_fold(h ^ key->k[1], key->k[0] | 1);
}

static inline uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = key->k[1] ^ n ^ 0x9e3779b97f4a7c15u, x, y;

	if (n >= 8) {
		const uint8_t *last = b + n - 8;

		for (; last - b > 8; b += 16) {
			memcpy(&x, b, 8);
			memcpy(&y, b + 8, 8);
			h = hash_fold(x ^ key->k[0], y ^ h);
		}
		/* What is left, some of it twice. */
		b = b > last ? last : b;
		memcpy(&x, b, 8);
		memcpy(&y, last, 8);
	} else {
		x = bytes_word(b, n);
		y = 0;
	}
	return hash_fold(hash_fold(x ^ key->k[0], y ^ h) ^ key->k[0], key->k[1] | 1);
}

#endif
