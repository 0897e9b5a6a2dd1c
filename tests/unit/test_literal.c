#include "transport/literal.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

static void expect(const char *host, const char *zone, const char *wanted)
{
	struct addr a;
	char text[ADDR_TEXT];
	struct err err = { "" };

	cr_assert_eq(literal_parse(host, zone, &a, &err), 0, "%s: %s", host, err.text);
	cr_expect_str_eq(addr_print(&a, text, sizeof text), wanted);
}

/* The sentence has each of the words. */
static void refuse(const char *host, const char *zone, const char *one, const char *two)
{
	struct addr a;
	struct err err = { "" };

	cr_assert_eq(literal_parse(host, zone, &a, &err), -EINVAL, "%s", host);
	cr_expect(strstr(err.text, one), "%s", err.text);
	cr_expect(strstr(err.text, two), "%s", err.text);
}

/* The loopback interface, as every test has it; its name and number. */
static const char *loopback_name(char number[16])
{
	static char name[IF_NAMESIZE];

	snprintf(number, 16, "%u", if_nametoindex("lo"));
	cr_assert(if_indextoname(if_nametoindex("lo"), name));
	return name;
}

Test(literal, addresses_of_both_families)
{
	expect("2001:db8::1", NULL, "[2001:db8::1]:0");
	expect("::1", "", "[::1]:0");
	expect("192.0.2.1", NULL, "192.0.2.1:0");
	expect("::ffff:192.0.2.1", NULL, "192.0.2.1:0");
	expect("ff02::fd", NULL, "[ff02::fd]:0");
}

Test(literal, anything_else_may_be_a_name)
{
	static const char *const name[] = { "", "localhost", "192.0.2", "192.0.2.256", "1.2.3.4.",
					    "[::1]", "fe80::1%lo", "2001:db8::g", "::1 " };
	struct addr a;

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		cr_expect_eq(literal_parse(name[i], NULL, &a, NULL), -ENOENT, "%s", name[i]);
	cr_expect_eq(literal_parse("eth0.test", "lo", &a, NULL), -ENOENT);
}

Test(literal, zone_is_an_interface_by_name_or_number)
{
	char number[16];
	const char *name = loopback_name(number);
	struct addr a;

	expect("fe80::1", name, "[fe80::1%lo]:0");
	expect("fe80::1", number, "[fe80::1%lo]:0");
	cr_assert_eq(literal_parse("ff02::fd", name, &a, NULL), 0);
	cr_expect_eq(a.scope, if_nametoindex("lo"));
}

Test(literal, zone_that_is_no_interface_is_told_with_those_there_are)
{
	refuse("fe80::1", "nosuch0", "\"nosuch0\"", "lo");
	refuse("fe80::1", "0", "\"0\"", "lo");
	refuse("fe80::1", "2147483647", "\"2147483647\"", "lo");
	refuse("fe80::1", "4294967297", "\"4294967297\"", "lo");
	refuse("fe80::1", "1x", "\"1x\"", "lo");
	refuse("fe80::1", "-1", "\"-1\"", "lo");
	refuse("fe80::1", "+1", "\"+1\"", "lo");
}

Test(literal, link_local_address_needs_a_zone)
{
	refuse("fe80::1", NULL, "[fe80::1%25eth0]", "lo");
	refuse("febf::1", "", "link-local", "lo");
}

Test(literal, zone_is_for_addresses_that_differ_by_interface)
{
	refuse("2001:db8::1", "lo", "\"lo\"", "leave it out");
	refuse("192.0.2.1", "lo", "\"lo\"", "leave it out");
}
