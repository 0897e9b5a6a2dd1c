#include "client/ctl_pcapng.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define LINKTYPE_RAW 101        /* begins with an IP header of either version */
#define IP4 20u
#define IP6 40u
#define UDP 8u

/* Numbers of the file are in the order of this machine; its first block says which. */
static void put32(FILE *out, uint32_t v)
{
	fwrite(&v, sizeof v, 1, out);
}

static void put16(FILE *out, uint16_t v)
{
	fwrite(&v, sizeof v, 1, out);
}

void ctl_pcapng_begin(FILE *out)
{
	/* Section header block, then interface description block. */
	put32(out, 0x0a0d0d0a);
	put32(out, 28);
	put32(out, 0x1a2b3c4d);
	put16(out, 1);
	put16(out, 0);
	put32(out, 0xffffffff);         /* how long the section is, is not known */
	put32(out, 0xffffffff);
	put32(out, 28);
	put32(out, 1);
	put32(out, 20);
	put16(out, LINKTYPE_RAW);
	put16(out, 0);
	put32(out, 0);                  /* nothing is cut */
	put32(out, 20);
	fflush(out);
}

/* The sum of RFC 1071, going on from another; 16-bit words in network order. */
static uint32_t sum_up(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t ip4_head(uint8_t *h, const struct addr *from, const struct addr *to, size_t n)
{
	struct writer w = writer_of(h, IP4);
	uint16_t sum;

	write_u16(&w, 0x4500);
	write_u16(&w, (uint16_t)(IP4 + UDP + n));
	write_u16(&w, 0);
	write_u16(&w, 0x4000);          /* not to be taken apart */
	write_u8(&w, 64);
	write_u8(&w, IPPROTO_UDP);
	write_u16(&w, 0);
	write_bytes(&w, from->ip + 12, 4);
	write_bytes(&w, to->ip + 12, 4);
	sum = folded(sum_up(0, h, IP4));
	h[10] = (uint8_t)(sum >> 8);
	h[11] = (uint8_t)sum;
	return IP4;
}

static size_t ip6_head(uint8_t *h, const struct addr *from, const struct addr *to, size_t n)
{
	struct writer w = writer_of(h, IP6);

	write_u16(&w, 0x6000);
	write_u16(&w, 0);
	write_u16(&w, (uint16_t)(UDP + n));
	write_u8(&w, IPPROTO_UDP);
	write_u8(&w, 64);
	write_bytes(&w, from->ip, 16);
	write_bytes(&w, to->ip, 16);
	return IP6;
}

static void udp_head(uint8_t *h, const struct addr *from, const struct addr *to,
		     struct span bytes, bool v4)
{
	struct writer w = writer_of(h, UDP);
	const uint8_t *a = from->ip + (v4 ? 12 : 0), *b = to->ip + (v4 ? 12 : 0);
	size_t n = v4 ? 4 : 16;
	uint32_t sum = IPPROTO_UDP + (uint32_t)(UDP + bytes.n);
	uint16_t all;

	write_u16(&w, from->port);
	write_u16(&w, to->port);
	write_u16(&w, (uint16_t)(UDP + bytes.n));
	write_u16(&w, 0);
	sum = sum_up(sum_up(sum_up(sum_up(sum, a, n), b, n), h, UDP), bytes.p, bytes.n);
	all = folded(sum);
	if (all == 0)
		all = 0xffff;           /* 0 would be none (RFC 768) */
	h[6] = (uint8_t)(all >> 8);
	h[7] = (uint8_t)all;
}

void ctl_pcapng_write(FILE *out, uint64_t at_us, const struct addr *from,
		      const struct addr *to, struct span bytes)
{
	static const uint8_t zero[4];
	uint8_t head[IP6 + UDP];
	bool v4 = addr_is_v4(from->ip) && addr_is_v4(to->ip);
	size_t n = v4 ? ip4_head(head, from, to, bytes.n) : ip6_head(head, from, to, bytes.n);
	size_t len, pad;

	udp_head(head + n, from, to, bytes, v4);
	n += UDP;
	len = n + bytes.n;
	pad = -len & 3;
	/* Enhanced packet block. */
	put32(out, 6);
	put32(out, (uint32_t)(32 + len + pad));
	put32(out, 0);
	put32(out, (uint32_t)(at_us >> 32));
	put32(out, (uint32_t)at_us);
	put32(out, (uint32_t)len);
	put32(out, (uint32_t)len);
	fwrite(head, 1, n, out);
	fwrite(bytes.p, 1, bytes.n, out);
	fwrite(zero, 1, pad, out);
	put32(out, (uint32_t)(32 + len + pad));
	fflush(out);
}
