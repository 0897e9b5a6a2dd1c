#include "site_help.h"

/* --- what is fine --------------------------------------------------------- */

Test(load, all_defaults)
{
	struct site *s = help_site("resources: {}\n");
	char text[ADDR_TEXT];

	cr_expect_eq(s->workers, 0);
	cr_expect_eq(s->slots, 0);
	cr_expect_str_eq(s->user, "nobody");
	cr_expect_eq(s->log_level, LOG_NOTICE);
	cr_assert_eq(s->nlisteners, 1);
	cr_expect_eq(s->listeners[0].scheme, SITE_COAP);
	cr_expect_str_eq(addr_print(&s->listeners[0].addr, text, sizeof text), "[::]:5683");
	cr_expect_eq(s->limits.endpoints, 100000);
	cr_expect_eq(s->limits.dedup, 200000);
	cr_expect_eq(s->limits.exchanges, 20000);
	cr_expect_eq(s->limits.waiting, 20000);
	cr_expect_eq(s->limits.messages, 20000);
	cr_expect_eq(s->limits.answers_per_endpoint, 8);
	cr_expect_eq(s->limits.token_length, 1024);
	cr_expect_eq(s->transmission.ack_timeout_ms, 2000);
	cr_expect_eq(s->transmission.ack_random_factor, 1500);
	cr_expect_eq(s->transmission.max_retransmit, 4);
	cr_expect_eq(s->transmission.nstart, 1);
	cr_expect_eq(s->transmission.ack_delay_ms, 200);
	cr_expect_eq(s->transmission.max_latency_ms, 100000);
	cr_expect_eq(s->transmission.processing_delay_ms, 2000);
	cr_expect_eq(s->drain_ms, 5000);
	cr_expect_str_eq(s->modules_dir, COAPD_MODULEDIR);
	cr_expect_eq(s->nmounts, 0);
	site_free(s);
}

Test(load, every_setting)
{
	struct site *s = help_site(
		"workers: 3\nslots: 8\nuser: coapd\nlog: { level: debug }\n"
		"listen:\n  - coap://127.0.0.1:0\n  - coap://[::1]:7777\n"
		"limits:\n  endpoints: 1000\n  dedup: 2000\n  exchanges: 300\n"
		"  waiting: 400\n  messages: 500\n  answers-per-endpoint: 4\n"
		"  token-length: 8\n"
		"transmission:\n  ack-timeout: 100ms\n  ack-random-factor: 1\n"
		"  max-retransmit: 2\n  nstart: 3\n  ack-delay: 50ms\n  max-latency: 1s\n"
		"  processing-delay: 300ms\n"
		"drain: 0\nmodules-dir: /x\n");

	cr_expect_eq(s->workers, 3);
	cr_expect_eq(s->slots, 8);
	cr_expect_str_eq(s->user, "coapd");
	cr_expect_eq(s->log_level, LOG_DEBUG);
	cr_assert_eq(s->nlisteners, 2);
	cr_expect_str_eq(s->listeners[0].text, "coap://127.0.0.1:0");
	cr_expect_eq(s->listeners[0].addr.port, 0);
	cr_expect_eq(s->listeners[1].addr.port, 7777);
	cr_expect_eq(s->listeners[1].at.line, 7);
	cr_expect_eq(s->limits.endpoints, 1000);
	cr_expect_eq(s->limits.dedup, 2000);
	cr_expect_eq(s->limits.exchanges, 300);
	cr_expect_eq(s->limits.waiting, 400);
	cr_expect_eq(s->limits.messages, 500);
	cr_expect_eq(s->limits.answers_per_endpoint, 4);
	cr_expect_eq(s->limits.token_length, 8);
	cr_expect_eq(s->transmission.ack_timeout_ms, 100);
	cr_expect_eq(s->transmission.ack_random_factor, 1000);
	cr_expect_eq(s->transmission.max_retransmit, 2);
	cr_expect_eq(s->transmission.nstart, 3);
	cr_expect_eq(s->transmission.ack_delay_ms, 50);
	cr_expect_eq(s->transmission.max_latency_ms, 1000);
	cr_expect_eq(s->transmission.processing_delay_ms, 300);
	cr_expect_eq(s->drain_ms, 0);
	cr_expect_str_eq(s->modules_dir, "/x");
	site_free(s);
}

Test(load, one_listener_needs_no_list)
{
	struct site *s = help_site("listen: coap://[::1]\n");

	cr_assert_eq(s->nlisteners, 1);
	cr_expect_eq(s->listeners[0].addr.port, 5683);
	site_free(s);
}

Test(load, port_0_may_be_asked_for_twice)
{
	struct site *s = help_site("listen: ['coap://[::1]:0', 'coap://[::1]:0']\n");

	cr_expect_eq(s->nlisteners, 2);
	site_free(s);
}

Test(load, mounts)
{
	struct site *s = help_site(
		"resources:\n"
		"  /hello: hello\n"
		"  /a/%62:\n"
		"    delay: 1s\n"
		"    module: separate\n"
		"    text: \"x y\"\n"
		"    link: { title: A b, rt: x.y z, if: core.s, ct: 0 50, obs: yes }\n"
		"  /: { module: root }\n");
	const struct site_mount *m;

	cr_assert_eq(s->nmounts, 3);
	m = &s->mounts[0];
	cr_expect_str_eq(m->path, "/hello");
	cr_expect_str_eq(m->module, "hello");
	cr_expect_eq(m->noptions, 0);
	cr_expect_str_eq(m->link.rt, "");
	cr_expect_not(m->link.obs);
	cr_expect_eq(m->at.line, 2);
	cr_expect_eq(m->at.column, 3);
	cr_expect_eq(m->module_at.column, 11);
	m = &s->mounts[1];
	cr_expect_str_eq(m->path, "/a/b");
	cr_assert_eq(m->nsegments, 2);
	cr_expect_str_eq(m->segments[0], "a");
	cr_expect_str_eq(m->segments[1], "b");
	cr_expect_str_eq(m->module, "separate");
	cr_assert_eq(m->noptions, 2);
	cr_expect_str_eq(m->options[0].key, "delay");
	cr_expect_str_eq(m->options[0].value, "1s");
	cr_expect_eq(m->options[0].key_at.line, 4);
	cr_expect_eq(m->options[0].value_at.column, 12);
	cr_expect_str_eq(m->options[1].value, "x y");
	cr_expect_str_eq(m->link.title, "A b");
	cr_expect_str_eq(m->link.rt, "x.y z");
	cr_expect_str_eq(m->link.iface, "core.s");
	cr_expect_str_eq(m->link.ct, "0 50");
	cr_expect(m->link.obs);
	cr_expect_str_eq(s->mounts[2].path, "/");
	cr_expect_eq(s->mounts[2].nsegments, 0);
	site_free(s);
}

Test(load, the_options_of_a_mount_fill_a_modules_rows)
{
	struct conf { uint64_t delay_ms; const char *text; } c = { 0 };
	static const struct config_row rows[] = {
		{ "delay", "duration", "5s", "0..1h", NULL, "Text.",
		  offsetof(struct conf, delay_ms) },
		{ "text", "string", "hello", NULL, NULL, "Text.",
		  offsetof(struct conf, text) },
	};
	struct site *s = help_site("resources:\n  /a: { module: m, delay: 1s }\n"
				   "  /b: { module: m, dealy: 1s, text: x }\n");
	const struct site_mount *a = &s->mounts[0], *b = &s->mounts[1];

	cr_expect(config_apply_rows(rows, 2, &c, a->options, a->noptions, a->at,
				    &help_errors));
	cr_expect_eq(c.delay_ms, 1000);
	cr_expect_str_eq(c.text, "hello");
	cr_expect_not(config_apply_rows(rows, 2, &c, b->options, b->noptions, b->at,
					&help_errors));
	cr_expect_eq(help_errors.count, 1);
	cr_expect_str_eq(help_errors.text[0],
			 "t.yaml:3:20: unknown key \"dealy\", did you mean \"delay\"?");
	site_free(s);
}

/* --- what is not ---------------------------------------------------------- */

Test(load, not_a_mapping)
{
	REFUSED("", "t.yaml: there is nothing in this file");
	REFUSED("hello", "t.yaml:1:1: a site is a mapping (key: value), not a single value");
	REFUSED("- a", "t.yaml:1:1: a site is a mapping (key: value), not a list");
}

Test(load, unknown_keys_and_what_was_meant)
{
	REFUSED("worker: 2\n",
		"t.yaml:1:1: unknown key \"worker\", did you mean \"workers\"?");
	REFUSED("xyzzy: [1, 2]\n", "t.yaml:1:1: unknown key \"xyzzy\"");
	REFUSED("limits: { tokenlength: 8 }\n",
		"t.yaml:1:11: unknown key \"tokenlength\", did you mean \"token-length\"?");
}

Test(load, values_that_do_not_fit)
{
	REFUSED("workers: 0\n",
		"t.yaml:1:10: workers: \"0\" is out of range, 1..256 processes");
	REFUSED("workers: [2]\n",
		"t.yaml:1:10: \"workers\" must have a single value, not a list");
	REFUSED("workers:\n", "t.yaml:1:1: \"workers\" must have a single value, not nothing");
	REFUSED("drain: 5\n", "t.yaml:1:8: drain: \"5\" needs a unit (ms, s, m, h, d)");
	REFUSED("log: debug\n",
		"t.yaml:1:6: log: must be a mapping (key: value), not a single value");
	REFUSED("log: { level: loud }\n", "t.yaml:1:15: level: \"loud\" is none of "
		"error|warn|notice|info|debug");
	REFUSED("limits: { token-length: 7 }\n",
		"t.yaml:1:25: token-length: \"7\" is out of range, 8..1024 bytes");
	REFUSED("limits: { token-length: 1025 }\n",
		"t.yaml:1:25: token-length: \"1025\" is out of range, 8..1024 bytes");
	REFUSED("transmission: { ack-random-factor: 0.9 }\n",
		"t.yaml:1:36: ack-random-factor: \"0.9\" is out of range, 1..4");
}

Test(load, listeners_that_are_none)
{
	REFUSED("listen:\n", "t.yaml:1:8: listen: must be a list of URIs, not nothing");
	REFUSED("listen: []\n", "t.yaml:1:9: listen: must be a list of URIs, not nothing");
	REFUSED("listen: { a: b }\n",
		"t.yaml:1:9: listen: must be a list of URIs, not a mapping");
	REFUSED("listen: [[a]]\n", "t.yaml:1:10: listen: must be a URI, not a list");
	REFUSED("listen: [coaps://1.2.3.4]\n", "t.yaml:1:10: listen: scheme \"coaps\" is not "
		"built in, this coapd serves coap:// alone");
	REFUSED("listen:\n  - coap://1.2.3.4\n  - coap://1.2.3.4:5683\n",
		"t.yaml:3:5: coap://1.2.3.4:5683 is there twice, before that in line 2");
}

Test(load, listeners_have_a_limit)
{
	char text[4096] = "listen:\n";
	size_t n = strlen(text);

	for (int i = 0; i < 65; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " - coap://[::1]:%d\n",
				      1000 + i);
	REFUSED(text, "t.yaml:66:4: listen: more than 64");
}

Test(load, more_workers_than_slots)
{
	REFUSED("workers: 4\nslots: 2\n",
		"t.yaml:1:10: workers: 4 workers need as many slots, there are 2");
	site_free(help_site("workers: 2\nslots: 2\n"));
}

Test(load, modules)
{
	REFUSED("resources: hello\n",
		"t.yaml:1:12: resources: must be a mapping (path: module), not a single value");
	REFUSED("resources:\n", "t.yaml:1:11: resources: must be a mapping (path: module), "
		"not nothing");
	REFUSED("resources:\n  /a:\n", "t.yaml:2:6: module: must be a name, not nothing");
	REFUSED("resources: { /a: [x] }\n", "t.yaml:1:18: module: must be a name, not a list");
	REFUSED("resources: { /a: { text: x } }\n",
		"t.yaml:1:14: resources: \"/a\" has no module");
	REFUSED("resources: { /a: { modul: x } }\n", "t.yaml:1:14: resources: \"/a\" has no "
		"module, is \"modul\" a slip of the pen?");
	REFUSED("resources: { /a: ../../lib/x }\n", "t.yaml:1:18: module: \"../../lib/x\" is "
		"not a name (small letters, digits, \"-\" and \"_\")");
	REFUSED("resources: { /a: '' }\n",
		"t.yaml:1:18: module: \"\" has 0 bytes, 1..64 are possible");
	REFUSED("resources: { /a: { module: [x] } }\n",
		"t.yaml:1:28: module: must be a name, not a list");
}

Test(load, options_are_single_values_with_short_keys)
{
	REFUSED("resources: { /a: { module: x, opt: [1] } }\n",
		"t.yaml:1:36: \"opt\" must have a single value, not a list");
	REFUSED("resources: { /a: { module: x, opt: } }\n",
		"t.yaml:1:31: \"opt\" must have a single value, not nothing");
	REFUSED("resources: { /a: { module: x, aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
		"eeeeeeeeeeffffffffff12345: 1 } }\n",
		"t.yaml:1:31: a key of more than 64 bytes");
}

Test(load, paths)
{
	REFUSED("resources: { hello: x }\n",
		"t.yaml:1:14: resources: \"hello\": a path begins with \"/\"");
	REFUSED("resources: { /a/: x }\n", "t.yaml:1:14: resources: \"/a/\": a path has no "
		"empty segments (is there a \"/\" too many?)");
	REFUSED("resources:\n  /ab: x\n  /%61b: y\n", "t.yaml:3:3: resources: path /ab is "
		"there twice, before that in line 2");
	REFUSED("resources:\n  /ab: x\n  /ab: y\n",
		"t.yaml:3:3: key \"/ab\" is there twice, before that in line 2");
	REFUSED("resources: { /.well-known/core: x }\n", "t.yaml:1:14: resources: "
		"/.well-known/core is built in, nothing can be mounted there");
	REFUSED("resources: { /.well-known/%63ore/x: x }\n", "t.yaml:1:14: resources: "
		"/.well-known/core is built in, nothing can be mounted there");
	site_free(help_site("resources: { /.well-known: x, /.well-known/rd: x }\n"));
}

Test(load, links)
{
	REFUSED("resources: { /a: { module: x, link: y } }\n",
		"t.yaml:1:37: link: must be a mapping (key: value), not a single value");
	REFUSED("resources: { /a: { module: x, link: { titel: y } } }\n",
		"t.yaml:1:39: unknown key \"titel\", did you mean \"title\"?");
	REFUSED("resources: { /a: { module: x, link: { rt: 'a\"b' } } }\n",
		"t.yaml:1:43: rt: a quote or backslash cannot be part of a link");
	REFUSED("resources: { /a: { module: x, link: { title: \"a\\nb\" } } }\n",
		"t.yaml:1:46: title: a control character cannot be part of a link");
	REFUSED("resources: { /a: { module: x, link: { if: 'a  b' } } }\n",
		"t.yaml:1:43: if: words are separated by one space each");
	REFUSED("resources: { /a: { module: x, link: { ct: 65536 } } }\n",
		"t.yaml:1:43: ct: \"65536\" is out of range, 0..65535");
	site_free(help_site("resources: { /a: { module: x, link: { title: 'a\"b\\' } } }\n"));
}

Test(load, all_mistakes_are_told_at_once)
{
	REFUSED("drain: 5\nworkers: x\nlimits: { dedup: y }\nlisten: [z]\nresources: { a: b }\n",
		"t.yaml:1:8: drain: \"5\" needs a unit (ms, s, m, h, d)",
		"t.yaml:2:10: workers: \"x\" is not a whole number",
		"t.yaml:3:18: dedup: \"y\" is not a whole number",
		"t.yaml:4:10: listen: \"z\" is not a URI like coap://[::]:5683",
		"t.yaml:5:14: resources: \"a\": a path begins with \"/\"");
}
