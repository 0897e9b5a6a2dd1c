#include "kit/line.h"

#include "coap/message.h"
#include "kit_script.h"

/* The last command of a text. */
static const struct command *last(const struct script *s)
{
	return &s->command[s->n - 1];
}

Test(line, request_has_path_query_and_options_in_order)
{
	struct script *s = kit_script("b2: put /a%20b/c?x=1&y non from 7 token 0x0a0b "
				      "Content-Format=json If-Match=0xff \"text\"");
	const struct command *c = last(s);
	static const uint16_t numbers[] = { OPT_IF_MATCH, OPT_URI_PATH, OPT_URI_PATH,
					    OPT_CONTENT_FORMAT, OPT_URI_QUERY, OPT_URI_QUERY };

	cr_expect_eq(c->kind, COMMAND_REQUEST);
	cr_expect_eq(c->code, COAP_PUT);
	cr_expect_eq(c->type, COAP_NON);
	cr_expect_eq(c->peer, 7);
	cr_expect_str_eq(c->name, "b2");
	cr_expect(span_eq(c->token, span_of("\x0a\x0b", 2)));
	cr_expect(span_eq(c->payload, span_str("text")));
	cr_assert_eq(c->noptions, 6);
	for (unsigned i = 0; i < 6; i++)
		cr_expect_eq(c->option[i].number, numbers[i]);
	cr_expect(span_eq(c->option[1].value, span_str("a b")));
	cr_expect(span_eq(c->option[4].value, span_str("x=1")));
	script_free(s);
}

Test(line, expectation_has_all_that_can_be_said)
{
	struct script *s = kit_script("a: get /\nexpect a 2.05 separate after 1.5s within 2s "
				      "ETag=* Max-Age=60 no Location-Path like \"h*\"");
	const struct command *c = last(s);

	cr_expect_eq(c->kind, COMMAND_EXPECT);
	cr_expect_str_eq(c->name, "a");
	cr_expect_eq(c->code, COAP_CONTENT);
	cr_expect_eq(c->way, WAY_SEPARATE);
	cr_expect_eq(c->after_ms, 1500);
	cr_expect_eq(c->within_ms, 2000);
	cr_expect_eq(c->how, PAYLOAD_LIKE);
	cr_assert_eq(c->noptions, 3);
	cr_expect(c->option[0].any);
	cr_expect_eq(c->option[1].value.n, 1);
	cr_expect(c->option[2].absent);
	script_free(s);
}

Test(line, counters_and_jobs)
{
	struct script *s = kit_script("count /a/b hits 12\njobs take 1.5s");

	cr_expect_eq(s->command[0].kind, COMMAND_COUNT);
	cr_expect_str_eq(s->command[0].key, "/a/b");
	cr_expect_str_eq(s->command[0].name, "hits");
	cr_expect_eq(s->command[0].number, 12);
	cr_expect_eq(s->command[1].kind, COMMAND_JOBS);
	cr_expect_eq(s->command[1].within_ms, 1500);
	script_free(s);
	kit_refused("count", "t:1:6: the line ends too early; expected the path of a mount as /a/b");
	kit_refused("count hits 1", "t:1:7: \"hits\" is not understood here; expected the path of "
		    "a mount as /a/b");
	kit_refused("count /a hits often", "t:1:15: \"often\" is not understood here; expected how "
		    "often, as 12");
	kit_refused("count /a hits 1 2", "t:1:17: \"2\" is not understood here; expected the end of "
		    "the line");
	kit_refused("jobs 2s", "t:1:6: \"2s\" is not understood here; expected take");
}

Test(line, answer_has_what_is_asked_and_what_comes)
{
	struct script *s = kit_script("answer 9 get /t?x 2.05 Max-Age=5 Content-Format=json "
				      "\"{}\"\nanswer 3 put / nothing\n");
	const struct command *c = &s->command[0];

	cr_expect_eq(c->kind, COMMAND_ANSWER);
	cr_expect_eq(c->peer, 9);
	cr_expect_eq(c->method, COAP_GET);
	cr_expect_eq(c->code, COAP_CONTENT);
	cr_assert_eq(c->nasked, 2);
	cr_expect(span_eq(c->asked[1].value, span_str("x")));
	cr_assert_eq(c->noptions, 2);
	cr_expect_eq(c->option[0].number, OPT_CONTENT_FORMAT);
	cr_expect(span_eq(c->payload, span_str("{}")));
	cr_expect(!c->silent && s->command[1].silent);
	script_free(s);
	kit_refused("answer 9 2.05", "t:1:10: \"2.05\" is not understood here; expected a method "
		    "as get");
	kit_refused("answer 9 get /x 200", "t:1:17: \"200\" is not understood here; expected a "
		    "code as 2.05, or nothing");
}

Test(line, other_commands)
{
	struct script *s = kit_script("mount /a/b { module: x, y: \"#\" } # yes\n"
				      "site limits: { waiting: 16 }\n"
				      "post /a/b 0x00ff\n"
				      "expect nothing for 1m\nexpect ack\nexpect rst\nwait 2s\n"
				      "log \"*x*\"\ncrash\nrepeat\nreset # remark\n\n# remark\n"
				      "GET /\n");
	static const enum command_kind kinds[] = {
		COMMAND_MOUNT, COMMAND_SITE, COMMAND_REQUEST, COMMAND_NOTHING, COMMAND_ACK,
		COMMAND_RST, COMMAND_WAIT, COMMAND_LOG, COMMAND_CRASH, COMMAND_REPEAT,
		COMMAND_RESET, COMMAND_REQUEST };

	cr_assert_eq(s->n, sizeof kinds / sizeof *kinds);
	for (size_t i = 0; i < s->n; i++)
		cr_expect_eq(s->command[i].kind, kinds[i], "command %zu", i);
	cr_expect_str_eq(s->command[0].key, "/a/b");
	cr_expect(span_eq(s->command[0].yaml, span_str("{ module: x, y: \"#\" } # yes")));
	cr_expect_eq(s->command[0].yaml_column, 12);
	cr_expect(span_eq(s->command[2].payload, span_of("\0\xff", 2)));
	cr_expect_eq(s->command[3].within_ms, 60000);
	script_free(s);
}

Test(line, what_is_wrong_has_its_place_and_what_was_expected)
{
	kit_refused("mont /a b", "t:1:1: there is no command \"mont\"; expected mount?");
	kit_refused("what", "t:1:1: \"what\" is not understood here; expected mount, site, "
		    "answer, a method as get, expect, wait, log, count, jobs, crash, repeat or reset");
	kit_refused("\n  get", "t:2:6: the line ends too early; expected a path as "
		    "/a/b?name=value");
	kit_refused("get a", "t:1:5: \"a\" is not understood here; expected a path as "
		    "/a/b?name=value");
	kit_refused("get / nonn", "t:1:7: \"nonn\" is not understood here; expected non, from, "
		    "token, an option as NAME=VALUE, or a payload in quotes or as 0x1a2b");
	kit_refused("get / Accpt=0", "t:1:7: option \"Accpt\" is not known; did you mean Accept?; "
		    "expected an option as NAME=VALUE");
	kit_refused("get / \"x\" non", "t:1:11: \"non\" is not understood here; expected the end "
		    "of the line");
	kit_refused("get / 0x123", "t:1:7: \"0x123\" is not understood here; expected pairs of "
		    "hexadecimal digits behind 0x");
	kit_refused("get / from 0", "t:1:12: \"0\" is not understood here; expected the number "
		    "of a peer, 1 to 99");
	kit_refused("wait 5", "t:1:6: \"5\" is not understood here; expected a time as 100ms, "
		    "2s, 1.5s, 5m, 1h or 1d");
	kit_refused("a: wait 5s", "t:1:4: \"wait\" is not understood here; expected a method as "
		    "get or put behind the name");
	kit_refused("get /\nexpect 2.5", "t:2:8: \"2.5\" is not understood here; expected a code "
		    "as 2.05, nothing, ack or rst");
	kit_refused("get /\nexpect 1.05", "t:2:8: \"1.05\" is not understood here; expected a "
		    "response code as 2.05");
	kit_refused("log x", "t:1:5: \"x\" is not understood here; expected a pattern in quotes");
	kit_refused("mount /a", "t:1:9: the line ends too early; expected a module, or { module: "
		    "NAME, ... }");
	kit_refused("site slots: 1", "t:1:6: slots is the tool's to set; expected another key, "
		    "or a line as mount /a/b MODULE");
}
