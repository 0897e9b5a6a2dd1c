#include "base/hash.h"

#include <criterion/criterion.h>

static const struct hash_key key = { { 0x1111222233334444, 0x5555666677778888 } };

Test(hash, empty_input_is_fine)
{
	cr_assert_eq(hash_bytes(&key, NULL, 0), hash_bytes(&key, "", 0));
}

Test(hash, same_input_same_hash_and_the_key_matters)
{
	struct hash_key other = { { key.k[0] ^ 1, key.k[1] } }, third = { { key.k[0], key.k[1] ^ 2 } };

	cr_assert_eq(hash_bytes(&key, "coap", 4), hash_bytes(&key, "coap", 4));
	cr_assert_neq(hash_bytes(&key, "coap", 4), hash_bytes(&other, "coap", 4));
	cr_assert_neq(hash_bytes(&key, "coap", 4), hash_bytes(&third, "coap", 4));
	cr_assert_neq(hash_words(&key, 1, 2), hash_words(&other, 1, 2));
	cr_assert_neq(hash_words(&key, 1, 2), hash_words(&third, 1, 2));
	cr_assert_neq(hash_words(&key, 1, 2), hash_words(&key, 2, 1));
}

Test(hash, every_byte_and_the_length_count)
{
	uint8_t buf[33] = { 0 };
	uint64_t plain = hash_bytes(&key, buf, sizeof buf);

	for (size_t i = 0; i < sizeof buf; i++) {
		buf[i] ^= 0x80;
		cr_assert_neq(hash_bytes(&key, buf, sizeof buf), plain, "byte %zu", i);
		buf[i] ^= 0x80;
	}
	for (size_t n = 0; n < sizeof buf; n++)
		cr_assert_neq(hash_bytes(&key, buf, n), hash_bytes(&key, buf, n + 1));
}

Test(hash, unaligned_input_is_read_as_it_is)
{
	char buf[40];

	for (size_t shift = 0; shift < 8; shift++) {
		memcpy(buf + shift, "nineteen bytes here", 19);
		cr_assert_eq(hash_bytes(&key, buf + shift, 19),
			     hash_bytes(&key, "nineteen bytes here", 19));
	}
}

/* Neighbouring addresses, as one peer's ports are, spread over the low bits
 * that a table looks at: with 65,536 keys in 65,536 buckets the fullest one of
 * a fair hash has about 9; 20 would be a pattern. */
Test(hash, neighbours_spread_over_the_low_bits)
{
	static uint8_t load[65536];
	unsigned most = 0, used = 0;

	for (uint32_t i = 0; i < 65536; i++) {
		uint8_t *n = &load[hash_words(&key, 0x20010db800000000, i) & 0xffff];

		used += *n == 0;
		++*n;
		most = *n > most ? *n : most;
	}
	cr_assert_lt(most, 20);
	cr_assert_gt(used, 65536 * 55 / 100);
	cr_assert_lt(used, 65536 * 70 / 100);
}

Test(hash, neighbouring_records_spread_over_the_low_bits)
{
	static uint8_t load[65536];
	uint8_t record[24] = { 0x20, 0x01, 0x0d, 0xb8 };
	unsigned most = 0;

	for (uint32_t i = 0; i < 65536; i++) {
		uint8_t *n;

		memcpy(record + 20, &i, 4);
		n = &load[hash_bytes(&key, record, sizeof record) & 0xffff];
		++*n;
		most = *n > most ? *n : most;
	}
	cr_assert_lt(most, 20);
}
