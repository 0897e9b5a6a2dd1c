#include "config/emit.h"
#include "site_help.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>

static char *dumped(const struct site *site)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	cr_assert_eq(site_dump(site, out), 0);
	fclose(out);
	return text;
}

static void expect_same_mount(const struct site_mount *a, const struct site_mount *b)
{
	cr_expect_str_eq(a->path, b->path);
	cr_expect_str_eq(a->module, b->module);
	cr_expect_eq(a->body_size, b->body_size);
	cr_expect_str_eq(a->link.title, b->link.title);
	cr_expect_str_eq(a->link.rt, b->link.rt);
	cr_expect_str_eq(a->link.iface, b->link.iface);
	cr_expect_str_eq(a->link.ct, b->link.ct);
	cr_expect_str_eq(a->link.sz, b->link.sz);
	cr_expect_eq(a->link.obs, b->link.obs);
	cr_assert_eq(a->noptions, b->noptions);
	for (size_t i = 0; i < a->noptions; i++) {
		cr_expect_str_eq(a->options[i].key, b->options[i].key);
		cr_expect_str_eq(a->options[i].value, b->options[i].value);
	}
}

static void expect_same(const struct site *a, const struct site *b)
{
	cr_expect_eq(a->workers, b->workers);
	cr_expect_eq(a->slots, b->slots);
	cr_expect_str_eq(a->user, b->user);
	cr_expect_eq(a->log_level, b->log_level);
	cr_expect_eq(memcmp(&a->limits, &b->limits, sizeof a->limits), 0);
	cr_expect_eq(a->transmission.ack_timeout_ms, b->transmission.ack_timeout_ms);
	cr_expect_eq(a->transmission.ack_random_factor, b->transmission.ack_random_factor);
	cr_expect_eq(a->transmission.max_retransmit, b->transmission.max_retransmit);
	cr_expect_eq(a->transmission.nstart, b->transmission.nstart);
	cr_expect_eq(a->transmission.ack_delay_ms, b->transmission.ack_delay_ms);
	cr_expect_eq(a->transmission.max_latency_ms, b->transmission.max_latency_ms);
	cr_expect_eq(a->transmission.processing_delay_ms,
		     b->transmission.processing_delay_ms);
	cr_expect_eq(a->drain_ms, b->drain_ms);
	cr_expect_str_eq(a->modules_dir, b->modules_dir);
	cr_expect_str_eq(a->impl_info, b->impl_info);
	cr_assert_eq(a->nlisteners, b->nlisteners);
	for (size_t i = 0; i < a->nlisteners; i++)
		cr_expect(addr_eq(&a->listeners[i].addr, &b->listeners[i].addr));
	cr_assert_eq(a->nmounts, b->nmounts);
	for (size_t i = 0; i < a->nmounts; i++)
		expect_same_mount(&a->mounts[i], &b->mounts[i]);
}

/* Takes the site. */
static void expect_round_trip(struct site *site)
{
	char *once = dumped(site), *twice;
	struct site *back = help_site(once);

	expect_same(site, back);
	twice = dumped(back);
	cr_expect_str_eq(once, twice);
	free(once);
	free(twice);
	site_free(site);
	site_free(back);
}

static void expect_text(const char *text, const char *yaml)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	emit_text(f, text);
	fclose(f);
	cr_expect_str_eq(out, yaml);
	free(out);
}

Test(emit, text_is_quoted_where_it_must_be)
{
	expect_text("hello", "hello");
	expect_text("/a/b.c-d_e", "/a/b.c-d_e");
	expect_text("/a%20b", "/a%20b");
	expect_text("", "\"\"");
	expect_text("-", "\"-\"");
	expect_text("---", "\"---\"");
	expect_text("null", "\"null\"");
	expect_text("~", "\"~\"");
	expect_text("a: b", "\"a: b\"");
	expect_text("a #b", "\"a #b\"");
	expect_text("say \"x\\y\"", "\"say \\\"x\\\\y\\\"\"");
	expect_text("\xc3\xa9", "\"\xc3\xa9\"");
	expect_text("a\nb", "\"a\\U0000000Ab\"");
	expect_text("\xe2\x80\xa8", "\"\\U00002028\"");
	expect_text("\xef\xbf\xbf", "\"\\U0000FFFF\"");
	expect_text("\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"");
}

Test(emit, every_character_survives)
{
	char key[] = "resources: { /a: { module: m, text: \"\\U00000000\" } }\n";
	char *digits = strstr(key, "00000000");

	for (unsigned c = 1; c < 0x11000; c += c < 0x300 || c > 0xfe00 ? 1 : 101) {
		char hex[9];

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		snprintf(hex, sizeof hex, "%08X", c);
		memcpy(digits, hex, 8);
		expect_round_trip(help_site(key));
	}
}

Test(emit, what_a_mount_has)
{
	struct site *site = help_site("resources:\n"
				      "  /a: m\n"
				      "  /b: { module: m, body-size: 20KiB, link: { rt: x } }\n");
	char *text = dumped(site);

	cr_expect_not_null(strstr(text, "  /a:\n    module: m\n    body-size: auto\n    link:\n"));
	cr_expect_not_null(strstr(text, "    module: m\n    body-size: 20KiB\n    link:\n"));
	free(text);
	expect_round_trip(site);
}

Test(emit, the_effective_site_has_every_default)
{
	struct site *site = help_site("resources: {}\n");
	char *text = dumped(site);

	cr_expect_not_null(strstr(text, "workers: auto\n"));
	cr_expect_not_null(strstr(text, "log:\n  level: notice\n"));
	cr_expect_not_null(strstr(text, "listen:\n  - \"coap://[::]:5683\"\n"));
	cr_expect_not_null(strstr(text, "  token-length: 1024\n"));
	cr_expect_not_null(strstr(text, "  ack-random-factor: 1.5\n"));
	cr_expect_not_null(strstr(text, "  max-latency: 100s\n"));
	cr_expect_not_null(strstr(text, "modules-dir: " COAPD_MODULEDIR "\n"));
	cr_expect_not_null(strstr(text, "resources: {}\n"));
	free(text);
	expect_round_trip(site);
}

Test(emit, a_full_site_round_trips)
{
	expect_round_trip(help_site(
		"workers: 3\nslots: 7\nuser: 'we ird'\nlog: { level: error }\n"
		"listen: ['coap://[::1]:0', coap://127.0.0.1:9]\n"
		"limits: { endpoints: 17, dedup: 18, exchanges: 19, waiting: 20,"
		" messages: 21, answers-per-endpoint: 1, exchanges-per-endpoint: 2, token-length: 9 }\n"
		"transmission: { ack-timeout: 1234ms, ack-random-factor: 1.001,"
		" max-retransmit: 0, nstart: 2, ack-delay: 0, max-latency: 1h,"
		" processing-delay: 1500ms }\n"
		"drain: 90s\nimpl-info: https://example.com/\nmodules-dir: \"/with space/\\u00e9\"\n"
		"resources:\n"
		"  /: root\n"
		"  /a b/%C3%A9: { module: m, 'odd: key': \"line\\n two\", empty: '',"
		" nul: 'null', link: { title: 'T \"q\" \\', rt: a b, ct: '0', sz: 9000, obs: on } }\n"));
}

/* The example sites are what people copy: each must load, and dump to itself. */
Test(emit, example_sites_load_and_round_trip)
{
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof pattern, "%s/conf/*.yaml", getenv("COAPD_SRCDIR"));
	cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
	cr_expect_geq(found.gl_pathc, 3);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct site *site = site_load(found.gl_pathv[i], &help_errors);

		cr_assert_not_null(site, "%s", help_errors.text[0]);
		cr_expect_gt(site->nmounts, 0);
		expect_round_trip(site);
	}
	globfree(&found);
}

Test(emit, a_full_disk_is_told)
{
	struct site *site = help_site("resources: {}\n");
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_expect_eq(site_dump(site, full), -ENOSPC);
	fclose(full);
	site_free(site);
}
