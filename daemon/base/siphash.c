#include "base/siphash.h"

#include <endian.h>

/* Little-endian, as the paper has it; of those that are no whole word. */
static uint64_t lane(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	while (n--)
		x = x << 8 | p[n];
	return x;
}

uint64_t siphash(const struct hash_key *key, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t last = (uint64_t)n << 56, m;
	uint64_t v[4] = { key->k[0] ^ 0x736f6d6570736575u, key->k[1] ^ 0x646f72616e646f6du,
			  key->k[0] ^ 0x6c7967656e657261u, key->k[1] ^ 0x7465646279746573u };

	for (;; n -= 8, b += 8) {
		m = n >= 8 ? le64toh(bytes_8(b)) : last | lane(b, n);
		v[3] ^= m;
		siphash_round(v);
		siphash_round(v);
		v[0] ^= m;
		if (n < 8)
			break;
	}
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 4; i++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
