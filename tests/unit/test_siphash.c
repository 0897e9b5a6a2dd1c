/* SipHash-2-4 against the vectors of its authors: key 00..0f, input 00..n-1. */
#include "base/siphash.h"

#include <criterion/criterion.h>

Test(siphash, the_authors_vectors)
{
	static const struct {
		size_t n;
		uint64_t out;
	} v[] = {
		{ 0, 0x726fdb47dd0e0e31u }, { 1, 0x74f839c593dc67fdu },
		{ 7, 0xab0200f58b01d137u }, { 8, 0x93f5f5799a932462u },
		{ 15, 0xa129ca6149be45e5u },
	};
	struct hash_key key = { { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u } };
	uint8_t in[16];

	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof v / sizeof v[0]; i++)
		cr_assert_eq(siphash(&key, in, v[i].n), v[i].out, "%zu bytes", v[i].n);
}
