#include "base/addr.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

static void round_trip(const char *text, const char *printed)
{
	struct addr a, again;
	char out[ADDR_TEXT];

	cr_assert_eq(addr_parse(text, &a), 0, "%s", text);
	cr_assert_str_eq(addr_print(&a, out, sizeof out), printed);
	cr_assert_eq(addr_parse(out, &again), 0);
	cr_assert(addr_eq(&a, &again), "%s", out);
}

Test(addr, address_alone)
{
	static const char *const row[] = { "192.0.2.1", "2001:db8::1", "::", "ff02::fd" };
	char out[ADDR_TEXT];
	struct addr a;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		cr_assert_eq(addr_parse(row[i], &a), 0);
		cr_assert_str_eq(addr_print_ip(a.ip, a.scope, out, sizeof out), row[i]);
	}
	cr_assert_eq(addr_parse("fe80::1%lo", &a), 0);
	cr_assert_str_eq(addr_print_ip(a.ip, a.scope, out, sizeof out), "fe80::1%lo");
	cr_assert_str_eq(addr_print_ip(a.ip, 999999, out, sizeof out), "fe80::1%999999");
}

Test(addr, texts_round_trip)
{
	static const char *const row[][2] = {
		{ "192.0.2.1:5683", "192.0.2.1:5683" },
		{ "192.0.2.1", "192.0.2.1:0" },
		{ "[2001:db8::1]:5683", "[2001:db8::1]:5683" },
		{ "[2001:DB8:0:0::1]:1", "[2001:db8::1]:1" },
		{ "[2001:db8::1]", "[2001:db8::1]:0" },
		{ "2001:db8::1", "[2001:db8::1]:0" },
		{ "::", "[::]:0" },
		{ ":5683", "[::]:5683" },
		{ "[::]:65535", "[::]:65535" },
		{ "0.0.0.0:5683", "0.0.0.0:5683" },
		{ "[ff02::fd]:5683", "[ff02::fd]:5683" },
		{ "[fe80::1]:5683", "[fe80::1]:5683" },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		round_trip(row[i][0], row[i][1]);
}

Test(addr, v4_mapped_is_printed_as_v4)
{
	round_trip("[::ffff:192.0.2.1]:8", "192.0.2.1:8");
	round_trip("::ffff:c000:201", "192.0.2.1:0");
}

Test(addr, zones_by_name_and_by_number)
{
	char text[ADDR_TEXT], name[IF_NAMESIZE];
	struct addr a;

	cr_assert_not_null(if_indextoname(1, name));
	snprintf(text, sizeof text, "[fe80::1%%%s]:5683", name);
	round_trip(text, text);
	cr_assert_eq(addr_parse(text, &a), 0);
	cr_assert_eq(a.scope, 1);
	round_trip("[fe80::1%1]:5683", text);
	round_trip("[fe80::1%2147483647]:7", "[fe80::1%2147483647]:7");
	cr_assert_eq(addr_parse("fe80::1%1", &a), 0);
	cr_assert_eq(a.scope, 1);
	cr_assert_eq(addr_parse("[ff02::fd%1]:5683", &a), 0);
	cr_assert_eq(a.scope, 1);
}

#define LONG_HOST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Test(addr, nonsense_is_refused_and_leaves_the_value)
{
	static const char *const bad[] = {
		"", ":", "[]:1", "[]", "[::1", "::1]:5", "]:5", "[::1]x", "[::1]:", "[::1]5",
		"[[::1]]:1", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1",
		"1.2.3.4: 1", "1.2.3.4:1 ", "1.2.3.4:00000000001", "1.2.3:1", "1.2.3.4.5",
		"256.1.1.1", "[1.2.3.4]:5", "host", "host:5683", "*:5683", "1:2:3",
		"fe80::1%", "fe80::1%0", "fe80::1%nosuchif0", "[fe80::1%-1]:1",
		"[fe80::1%4294967297]:1", "2001:db8::1%1", "1.2.3.4%1",
		("[" LONG_HOST LONG_HOST "]:1"),
	};
	struct addr a, was;

	memset(&was, 0x5a, sizeof was);
	a = was;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		cr_assert_eq(addr_parse(bad[i], &a), -EINVAL, "%s", bad[i]);
		cr_assert(addr_eq(&a, &was), "%s", bad[i]);
	}
}

Test(addr, random_addresses_round_trip)
{
	unsigned seed = 1;

	for (int i = 0; i < 5000; i++) {
		struct addr a = { .port = (uint16_t)rand_r(&seed) }, again;
		char out[ADDR_TEXT];

		for (int k = rand_r(&seed) % 14; k < 16; k++)
			a.ip[k] = rand_r(&seed) % 3 ? 0 : (uint8_t)rand_r(&seed);
		cr_assert_eq(addr_parse(addr_print(&a, out, sizeof out), &again), 0);
		cr_assert(addr_eq(&a, &again), "%s", out);
	}
}

Test(addr, every_text_fits_and_short_room_is_terminated)
{
	struct addr a = { .scope = UINT32_MAX, .port = UINT16_MAX };
	char out[ADDR_TEXT], small[8];

	memset(a.ip, 0xfe, sizeof a.ip);
	addr_print(&a, out, sizeof out);
	cr_assert_str_eq(out + strlen(out) - 18, "%4294967295]:65535");
	cr_assert_eq(strlen(addr_print(&a, small, sizeof small)), 7);
}

Test(addr, kinds_of_addresses)
{
	static const struct {
		const char *text;
		bool v4, multicast, linklocal;
	} row[] = {
		{ "223.255.255.255", true, false, false },
		{ "224.0.1.187", true, true, false },
		{ "239.255.255.255", true, true, false },
		{ "240.0.0.0", true, false, false },
		{ "169.254.0.1", true, false, false },
		{ "ff02::fd", false, true, false },
		{ "fe7f::1", false, false, false },
		{ "fe80::1", false, false, true },
		{ "febf::1", false, false, true },
		{ "fec0::1", false, false, false },
		{ "::e000:1", false, false, false },
		{ "::fffe:e000:1", false, false, false },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct addr a;

		cr_assert_eq(addr_parse(row[i].text, &a), 0);
		cr_assert_eq(addr_is_v4(a.ip), row[i].v4, "%s", row[i].text);
		cr_assert_eq(addr_is_multicast(a.ip), row[i].multicast, "%s", row[i].text);
		cr_assert_eq(addr_is_linklocal(a.ip), row[i].linklocal, "%s", row[i].text);
	}
}

Test(addr, socket_form_round_trips)
{
	struct addr a, again;
	struct sockaddr_in6 s;

	cr_assert_eq(addr_parse("[fe80::1%1]:5683", &a), 0);
	s = addr_to_sin6(&a);
	cr_assert_eq(s.sin6_family, AF_INET6);
	cr_assert_eq(s.sin6_port, htons(5683));
	cr_assert_eq(s.sin6_scope_id, 1);
	again = addr_from_sin6(&s);
	cr_assert(addr_eq(&a, &again));
}

Test(addr, values_have_no_padding)
{
	cr_assert_eq(sizeof(struct addr), 16 + 4 + 2 + 2);
	cr_assert_eq(sizeof(struct local), 16 + 4 + 2 + 2);
}
