#include "site_help.h"

#include <stdlib.h>

static const char text[] =
	"resources: { /a: m }\n"
	"hosts:\n"
	"  One.example:\n"
	"    aliases: two.example three\n"
	"    resources: { /a: n, /b: { module: o, x: \"${HOST_X:-1}\" } }\n"
	"  admin:\n"
	"    listen: [ 'coap://[::1]:7', 'coap://[::1]:8' ]\n"
	"    resources: { /a: m }\n";

Test(host_list, mounts_and_listeners_know_their_host)
{
	struct site *s = help_site(text);

	cr_assert_eq(s->nhosts, 2);
	cr_expect_str_eq(s->hosts[0].name, "One.example");
	cr_expect_str_eq(s->hosts[0].aliases, "two.example three");
	cr_expect_not(s->hosts[0].bound);
	cr_expect(s->hosts[1].bound);
	cr_assert_eq(s->nmounts, 4);
	cr_expect_null(site_host_name(s, s->mounts[0].host));
	cr_expect_str_eq(site_host_name(s, s->mounts[2].host), "One.example");
	cr_expect_str_eq(s->mounts[2].path, "/b");
	cr_expect_str_eq(s->mounts[2].options[0].value, "1");
	cr_expect_str_eq(site_host_name(s, s->mounts[3].host), "admin");
	cr_assert_eq(s->nlisteners, 2, "the default one is for who names none");
	cr_expect_eq(s->listeners[1].host, 2);
	site_free(s);
}

Test(host_list, dump_reads_back_to_the_same)
{
	struct site *s = help_site(text), *back;
	char *once = NULL, *twice = NULL;
	size_t n = 0, m = 0;
	FILE *out = open_memstream(&once, &n);

	cr_assert_eq(site_dump(s, out), 0);
	fclose(out);
	back = help_site(once);
	cr_expect_eq(back->nhosts, 2);
	cr_expect_eq(back->nmounts, 4);
	cr_expect_eq(back->listeners[1].host, 2);
	out = open_memstream(&twice, &m);
	cr_assert_eq(site_dump(back, out), 0);
	fclose(out);
	cr_expect_str_eq(once, twice);
	site_free(s);
	site_free(back);
	free(once);
	free(twice);
}

#define SERVES "resources: { /a: m }"

Test(host_list, what_is_wrong)
{
	REFUSED("hosts: a\n", "t.yaml:1:8: hosts: must be a mapping (name: what is there), not a "
		"single value");
	REFUSED("hosts: { a: b }\n", "t.yaml:1:13: a: must be a mapping (key: value), not a single "
		"value");
	REFUSED("hosts: { a: { } }\n", "t.yaml:1:10: hosts: nothing is served for this one, it needs "
		"resources");
	REFUSED("hosts: { a: { resources: {} } }\n", "t.yaml:1:10: hosts: nothing is served for this "
		"one, it needs resources");
	REFUSED("hosts: { \"a:1\": { " SERVES " } }\n",
		"t.yaml:1:10: hosts: \"a:1\" is no name of a host");
	REFUSED("hosts: { a: { " SERVES ", port: 1 } }\n", "t.yaml:1:37: unknown key \"port\"");
	REFUSED("hosts:\n  a: { " SERVES " }\n  A: { " SERVES " }\n",
		"t.yaml:3:3: hosts: \"A\" is there twice, before that in line 2");
	REFUSED("hosts:\n  a: { aliases: x b, " SERVES " }\n  B: { " SERVES " }\n",
		"t.yaml:3:3: hosts: \"B\" is there twice, before that in line 2");
	REFUSED("hosts: { a: { aliases: b A, " SERVES " } }\n",
		"t.yaml:1:24: aliases: \"A\" is the name of the host itself");
	REFUSED("hosts: { a: { aliases: 'b  c', " SERVES " } }\n",
		"t.yaml:1:24: hosts: \"\" is no name of a host");
	REFUSED("hosts: { a: { aliases: 'b ', " SERVES " } }\n",
		"t.yaml:1:24: hosts: \"\" is no name of a host");
	REFUSED("listen: coap://127.0.0.1\nhosts: { a: { listen: coap://127.0.0.1, " SERVES " } }\n",
		"t.yaml:2:23: listen: coap://127.0.0.1 is there twice, before that in line 1");
	REFUSED("hosts: { a: { resources: { /a: m, /%61: m } } }\n",
		"t.yaml:1:35: resources: path /a is there twice, before that in line 1");
}
