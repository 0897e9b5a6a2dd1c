#include "site_help.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
	cr_expect_eq(s->limits.exchanges_per_endpoint, 256);
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
		"  waiting: 400\n  messages: 500\n  answers-per-endpoint: 4\n  exchanges-per-endpoint: 5\n"
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
	cr_expect_eq(s->limits.exchanges_per_endpoint, 5);
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
	REFUSED("impl-info: a<b\n", "t.yaml:1:12: impl-info: a character that no URI has");
	REFUSED("impl-info: \"\\u00e9\"\n",
		"t.yaml:1:12: impl-info: a character that no URI has");
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
		"t.yaml:3:5: listen: coap://1.2.3.4:5683 is there twice, before that in line 2");
	REFUSED("listen:\n  - coap+fd://a\n  - coap+fd://b\n  - coap+fd://a\n",
		"t.yaml:4:5: listen: coap+fd://a is there twice, before that in line 2");
}

Test(load, listeners_have_a_limit)
{
	char text[4096] = "listen:\n";
	size_t n = strlen(text);

	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " - coap://[::1]:%d\n",
				      1000 + i);
	REFUSED(text, "t.yaml:17:4: listen: more than 15 are not possible; [::] stands for all "
		"addresses");
}

Test(load, more_workers_than_slots)
{
	REFUSED("workers: 4\nslots: 2\n",
		"t.yaml:1:10: workers: 4 workers need as many slots, there are 2");
	site_free(help_site("workers: 2\nslots: 2\n"));
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

Test(load, a_file_that_may_not_be_read)
{
	char file[] = "/tmp/coapd-site-XXXXXX";
	int fd = mkstemp(file);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fchmod(fd, 0), 0);
	close(fd);
	/* Root may read everything: be nobody for this. */
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	cr_assert_null(site_load(file, &help_errors));
	cr_assert_eq(help_errors.count, 1);
	cr_assert(strstr(help_errors.text[0], "Permission denied"), "%s", help_errors.text[0]);
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
	unlink(file);
}

Test(load, files_to_write_to)
{
	site_free(help_site("log: { file: /var/log/x }\naccess-log: { file: '-', paths: ' /a  /b ' }\n"));
	REFUSED("access-log: { file: log, paths: '/a b' }\nlog: { file: '-' }\n",
		"t.yaml:1:21: access-log.file: log is no absolute path, and not -",
		"t.yaml:1:33: access-log.paths: \"b\" is no path, which begins with /",
		"t.yaml:2:14: log.file: - is no absolute path");
	REFUSED("log: { to: syslog, file: /x }\n",
		"t.yaml:1:26: log.file: log.to names another place; leave out one of them");
}

Test(load, servers_of_names)
{
	site_free(help_site("dns: '192.0.2.53,[2001:db8::53]:5353,2001:db8::54,192.0.2.54:53'\n"));
	REFUSED("dns: 192.0.2.53,ns.example,:53\n",
		"t.yaml:1:6: dns: \"ns.example\" is no address of a DNS server, as in "
		"192.0.2.53,[2001:db8::53]:5353",
		"t.yaml:1:6: dns: \":53\" is no address of a DNS server, as in "
		"192.0.2.53,[2001:db8::53]:5353");
}
