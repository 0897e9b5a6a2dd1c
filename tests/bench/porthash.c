#include "porthash.h"

#define BEGIN 0xdeadbeefu

static inline uint32_t turned(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

uint32_t porthash_words(uint32_t a, uint32_t b, uint32_t c, uint32_t secret)
{
	uint32_t more = secret + BEGIN + (3u << 2);

	a += more;
	b += more;
	c += more;
	c = (c ^ b) - turned(b, 14);
	a = (a ^ c) - turned(c, 11);
	b = (b ^ a) - turned(a, 25);
	c = (c ^ b) - turned(b, 16);
	a = (a ^ c) - turned(c, 4);
	b = (b ^ a) - turned(a, 14);
	return (c ^ b) - turned(b, 24);
}

uint32_t porthash(const struct porthash_way *way, uint32_t secret)
{
	return porthash_words(way->to, way->from, (uint32_t)way->to_port << 16 | way->from_port,
			      secret);
}
