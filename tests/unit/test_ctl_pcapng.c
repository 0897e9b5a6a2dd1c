#include "client/ctl_pcapng.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint8_t *file;
static size_t len;

static void write_one(const char *from, const char *to, const char *bytes)
{
	FILE *out = open_memstream((char **)&file, &len);
	struct addr a, b;

	cr_assert_eq(addr_parse(from, &a), 0);
	cr_assert_eq(addr_parse(to, &b), 0);
	ctl_pcapng_begin(out);
	ctl_pcapng_write(out, 0x500000001, &a, &b, span_str(bytes));
	fclose(out);
}

static uint32_t at(size_t i)
{
	uint32_t v;

	memcpy(&v, file + i, sizeof v);
	return v;
}

/* RFC 1071: with its sum in place, all of it sums up to ones. */
static uint32_t sum(uint32_t s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s += (uint32_t)p[i] << (i & 1 ? 0 : 8);
	return (s & 0xffff) + (s >> 16);
}

Test(ctl_pcapng, blocks_say_how_long_they_are)
{
	write_one("[2001:db8::1]:1", "[2001:db8::2]:5683", "hello");
	cr_expect_eq(at(0), 0x0a0d0d0a);
	cr_expect_eq(at(4), 28);
	cr_expect_eq(at(24), 28);
	cr_expect_eq(at(28), 1);
	cr_expect_eq(at(32), 20);
	cr_expect_eq(at(44), 20);
	cr_expect_eq(at(48), 6);
	cr_expect_eq(at(52) % 4, 0);
	cr_expect_eq(48 + at(52), len);
	cr_expect_eq(at(48 + at(52) - 4), at(52));
	cr_expect_eq(at(60), 5, "time");
	cr_expect_eq(at(64), 1);
	cr_expect_eq(at(68), 40 + 8 + 5);
	cr_expect_eq(at(72), 40 + 8 + 5);
	free(file);
}

Test(ctl_pcapng, headers_of_version_6)
{
	const uint8_t *ip;

	write_one("[2001:db8::1]:1", "[2001:db8::2]:5683", "hello");
	ip = file + 76;
	cr_expect_eq(ip[0] >> 4, 6);
	cr_expect_eq(ip[5], 8 + 5);
	cr_expect_eq(ip[6], 17);
	cr_expect_eq(ip[23], 1);
	cr_expect_eq(ip[39], 2);
	cr_expect_eq(ip[42] << 8 | ip[43], 5683);
	cr_expect_eq(memcmp(ip + 48, "hello", 5), 0);
	cr_expect_eq(sum(sum(17 + 13, ip + 8, 32), ip + 40, 13), 0xffff, "sum of UDP");
	free(file);
}

Test(ctl_pcapng, headers_of_version_4)
{
	const uint8_t *ip;

	write_one("192.0.2.1:1", "192.0.2.2:5683", "hello!");
	ip = file + 76;
	cr_expect_eq(ip[0], 0x45);
	cr_expect_eq(ip[3], 20 + 8 + 6);
	cr_expect_eq(sum(0, ip, 20), 0xffff, "sum of the header");
	cr_expect_eq(ip[12], 192);
	cr_expect_eq(ip[19], 2);
	cr_expect_eq(sum(sum(17 + 14, ip + 12, 8), ip + 20, 14), 0xffff, "sum of UDP");
	free(file);
}
