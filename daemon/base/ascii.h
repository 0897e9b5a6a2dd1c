/* ascii.h - letters and digits of protocols, whatever the locale.
 *
 * Pure; used in every process. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include "base/bytes.h"

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

static inline bool ascii_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_alnum(uint8_t c)
{
	return ascii_is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Neither blank nor control character nor foreign. */
static inline bool ascii_is_graph(uint8_t c)
{
	return c > ' ' && c < 0x7f;
}

/* What a hexadecimal digit is worth, or -1 if it is none. */
static inline int ascii_hex_value(uint8_t c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether two texts are the same but for the case of their letters. */
static inline bool ascii_same(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

#endif
