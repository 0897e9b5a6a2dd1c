#include "module_test.h"

#include <time.h>

TestSuite(time, .fini = unmount);

/* What "pay=" of the answer says. */
static const char *payload(const char *answer)
{
	const char *at = strstr(answer, "pay=");

	cr_assert(at, "%s", answer);
	return at + 4;
}

Test(time, is_that_of_the_system)
{
	time_t before = time(NULL);
	long long told;

	mount_it("  /time: { module: time, format: unix }");
	told = atoll(payload(stage_get(s, "11=time")));
	cr_assert(told >= before && told <= time(NULL), "%lld", told);
}

Test(time, format_is_the_site_s_or_the_request_s)
{
	struct tm tm;

	mount_it("  /time: { module: time, interval: 90s }");
	cr_assert(strptime(payload(stage_get(s, "11=time")), "%Y-%m-%dT%H:%M:%SZ", &tm));
	cr_assert(strptime(payload(stage_get(s, "11=time 15=format=clock")), "%b %d %H:%M:%S", &tm));
	cr_assert(strstr(stage_get(s, "11=time 15=format=iso"), "ACK 2.05 12=# 14=#5a pay=2"));
	expect_get("11=time 15=format=", "ACK 4.00 pay=format is iso, unix or clock");
}

Test(time, as_CBOR)
{
	mount_it("  /time: time");
	cr_assert(strstr(stage_get(s, "11=time 17=#3c"), "ACK 2.05 12=#3c 14=#01 pay=\xc1\x1b"));
}

Test(time, interval_has_its_range)
{
	cr_assert(!try_mount("  /time: { module: time, interval: 99ms }"));
	cr_assert(strstr(site_errors.text[0], "interval: "), "%s", site_errors.text[0]);
	site = NULL;
}
