#include "transport/hostname.h"

#include <criterion/criterion.h>
#include <string.h>

static void decodes(const char *host, const char *wanted)
{
	char name[HOSTNAME_MAX + 1] = "";

	cr_assert(hostname_decode(host, name), "%s", host);
	cr_expect_str_eq(name, wanted);
}

Test(hostname, percent_encodings_are_decoded)
{
	decodes("name.test", "name.test");
	decodes("n%61me%2etest", "name.test");
	decodes("m%C3%BCller.test.", "m\xc3\xbcller.test.");
	decodes("%25", "%");
}

Test(hostname, what_no_host_is_called)
{
	static const char *const host[] = { "", "%", "%4", "%4g", "a%", "a%00b", "a%0ab", "a b",
					    "a%20b", "a%7F", "a\\b", "a%5cb" };
	char name[HOSTNAME_MAX + 1];

	for (size_t i = 0; i < sizeof host / sizeof *host; i++)
		cr_expect_not(hostname_decode(host[i], name), "%s", host[i]);
}

Test(hostname, longest)
{
	char host[HOSTNAME_MAX + 2] = "", name[HOSTNAME_MAX + 1];

	memset(host, 'a', HOSTNAME_MAX);
	cr_expect(hostname_decode(host, name));
	cr_expect_str_eq(name, host);
	host[HOSTNAME_MAX] = 'a';
	host[HOSTNAME_MAX + 1] = 0;
	cr_expect_not(hostname_decode(host, name));
}

Test(hostname, localhost)
{
	static const char *const local[] = { "localhost", "LOCALHOST", "localhost.", "a.localhost",
					     ".localhost" };
	static const char *const other[] = { "", ".", "ocalhost", "mylocalhost", "localhost.test",
					     "localhost..", "localhos" };

	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		cr_expect(hostname_is_localhost(local[i]), "%s", local[i]);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		cr_expect_not(hostname_is_localhost(other[i]), "%s", other[i]);
}
