#include "client/target.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct target t;
static struct err err;

static bool host_is(const struct uri *u, const char *host)
{
	return span_eq(u->host, span_str(host));
}

Test(target, a_uri_names_its_server)
{
	cr_expect_eq(target_read(&t, "coap://host/a", NULL, &err), 0);
	cr_expect_eq(target_server(&t), &t.uri);
	cr_expect(host_is(&t.uri, "host"));
	cr_expect_not(t.foreign);
}

Test(target, a_proxy_stands_before_it)
{
	cr_expect_eq(target_read(&t, "coaps+tcp://host/a", "coap://proxy", &err), 0);
	cr_expect_eq(target_server(&t), &t.proxy);
	cr_expect(host_is(&t.uri, "host"));
	cr_expect(host_is(&t.proxy, "proxy"));
	cr_expect_not(t.foreign);
	cr_expect_eq(target_read(&t, "http://example.org/", "coap://proxy", &err), 0);
	cr_expect(t.foreign);
}

Test(target, what_is_wrong_is_told)
{
	static const struct { const char *uri, *proxy; int code; const char *says; } bad[] = {
		{ "host/a b", NULL, -EINVAL, "URI" },
		{ "coap://host:99999/", NULL, -EINVAL, "port" },
		{ "http://host/", NULL, -EINVAL, "URI" },
		{ "coaps://host/", NULL, -EPROTONOSUPPORT, "coaps is not built yet" },
		{ "coap+tcp://host/", NULL, -EPROTONOSUPPORT, "coap+tcp is not built yet" },
		{ "coap://host/", "coaps://proxy", -EPROTONOSUPPORT, "coaps is not built yet" },
		{ "coap://host/", "proxy", -EINVAL, "URI" },
		{ "coap:/host", "coap://proxy", -EINVAL, "URI" },
		{ "http://host/a b", "coap://proxy", -EINVAL, "URI" },
		{ "host", "coap://proxy", -EINVAL, "URI" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(target_read(&t, bad[i].uri, bad[i].proxy, &err), bad[i].code, "%s",
			     bad[i].uri);
		cr_expect(strstr(err.text, bad[i].says), "%s: %s", bad[i].uri, err.text);
	}
}

Test(target, the_place_is_told_and_a_scheme_is_proposed)
{
	cr_expect_eq(target_read(&t, "coap://host:1x/", NULL, &err), -EINVAL);
	cr_expect_str_eq(t.wrong, "coap://host:1x/");
	cr_expect_eq(t.wrong_at, 13);
	cr_expect_eq(target_read(&t, "coap://host/", "coap://pro xy", &err), -EINVAL);
	cr_expect_str_eq(t.wrong, "coap://pro xy");
	cr_expect_eq(t.wrong_at, 10);
	cr_expect_eq(target_read(&t, "host:5683/a", NULL, &err), -EINVAL);
	cr_expect_str_eq(err.text, "\"host:5683/a\" is no URI; did you mean "
				   "coap://host:5683/a?");
	cr_expect_eq(target_read(&t, "coap://host/", NULL, &err), 0);
	cr_expect_null(t.wrong);
}
