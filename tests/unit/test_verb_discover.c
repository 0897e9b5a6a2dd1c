#include "partner.h"
#include "said.h"

#include "coap/block.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct partner_stage s;
static char asked[200];

static void begin(void)
{
	said_begin();
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", "C", 1);
}

TestSuite(verb_discover, .init = begin, .fini = said_end);

/* What was asked: the path and query as text. */
static void note(const struct message *m)
{
	struct option_iter it = option_iter(m->options);
	struct option o = { 0 };
	char mark = '?';

	asked[0] = 0;
	while (option_next(&it, &o)) {
		size_t n = strlen(asked);

		if (o.number != OPT_URI_PATH && o.number != OPT_URI_QUERY)
			continue;
		snprintf(asked + n, sizeof asked - n, "%c%.*s", o.number == OPT_URI_PATH ? '/' : mark,
			 (int)o.value.n, (const char *)o.value.p);
		if (o.number == OPT_URI_QUERY)
			mark = '&';
	}
}

#define FORMAT_LINKS span_str("\xc1\x28")

static const char *document = "</a>;rt=\"x\",</b>;rt=y";

static void links(struct partner *p, const struct message *m)
{
	note(m);
	partner_reply(p, m, COAP_CONTENT, FORMAT_LINKS, span_str(document));
}

/* What is behind the host, and more arguments. */
#define discover(answer_, behind, ...) \
	discover_with(answer_, behind, (const char *[]){ "coap", "discover", "x", ##__VA_ARGS__, NULL })

static int discover_with(void (*answer)(struct partner *p, const struct message *m),
			 const char *behind, const char *const *argv)
{
	static char uri[100];

	partner_stage_open(&s, argv);
	snprintf(uri, sizeof uri, "coap://[::1]:%u%s", s.partner.at.port, behind);
	s.args.uris[0] = uri;
	s.partner.answer = answer;
	return discover_run(&s.tool);
}

Test(verb_discover, the_links_of_a_server_as_a_tree)
{
	cr_expect_eq(discover(links, ""), OUTCOME_OK);
	cr_expect_str_eq(asked, "/.well-known/core");
	said("out", "\n|- /a  ");
	said("out", "  rt=x\n`- /b  ");
	cr_expect_str_eq(content("err"), "");
	partner_stage_close(&s);
}

Test(verb_discover, a_path_of_the_users_own)
{
	cr_expect_eq(discover(links, "/rd/lookup?x=1", "--filter", "ep=n"), OUTCOME_OK);
	cr_expect_str_eq(asked, "/rd/lookup?x=1&ep=n");
	said("out", "/b");
	partner_stage_close(&s);
}

Test(verb_discover, filters_are_sent_and_checked)
{
	cr_expect_eq(discover(links, "/", "--rt", "y", "--if", "a&b c", "--ct", "40", "--href", "/b",
			      "--title", "t%", "--filter", "sz=1"), OUTCOME_OK);
	cr_expect_str_eq(asked, "/.well-known/core?rt=y&if=a&b c&ct=40&href=/b&title=t%&sz=1");
	cr_expect(!strstr(content("out"), "/a"));
	partner_stage_close(&s);
}

Test(verb_discover, a_filter_that_is_none)
{
	cr_expect_eq(discover(links, "", "--filter", "sz"), OUTCOME_USAGE);
	cr_expect_str_eq(content("err"), "coap: --filter sz: this must be NAME=VALUE\n");
	cr_expect_eq(s.partner.got, 0);
	partner_stage_close(&s);
}

Test(verb_discover, what_precedes_the_malformed_part_is_shown)
{
	document = "</a>,</b>;x=,</c>";
	cr_expect_eq(discover(links, ""), OUTCOME_FAILED);
	said("out", "`- /a\n");
	said("err", "/.well-known/core: links: no value after \"=\" (byte 13); `coap get` shows");
	partner_stage_close(&s);
}

static void text_plain(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_CONTENT, span_str("\xc0"), span_str("</a>"));
}

Test(verb_discover, another_format_is_no_list_of_links)
{
	cr_expect_eq(discover(text_plain, ""), OUTCOME_FAILED);
	cr_expect_str_eq(content("out"), "");
	said("err", "this is no list of links");
	partner_stage_close(&s);
}

static void not_found(struct partner *p, const struct message *m)
{
	partner_reply(p, m, COAP_NOT_FOUND, span_of(NULL, 0), span_of(NULL, 0));
}

Test(verb_discover, an_error_response)
{
	cr_expect_eq(discover(not_found, ""), OUTCOME_FAILED);
	cr_expect_str_eq(content("out"), "");
	said("err", "/.well-known/core: 4.04 Not Found: this server keeps no list of its");
	partner_stage_close(&s);
}

static void in_blocks(struct partner *p, const struct message *m)
{
	static const char *const parts[] = { "</0123456789>,</", "a>" };
	uint64_t value = 0;
	uint8_t options[] = { 0xc1, 40, 0xb1, 0x08 };

	message_option_uint(m, OPT_BLOCK2, &value);
	if (value >> 4)
		options[3] = 0x10;
	partner_reply(p, m, COAP_CONTENT, span_of(options, 4), span_str(parts[value >> 4 & 1]));
}

Test(verb_discover, a_long_list_comes_in_blocks)
{
	cr_expect_eq(discover(in_blocks, ""), OUTCOME_OK);
	cr_expect_eq(s.partner.got, 2);
	said("out", "|- /0123456789\n`- /a\n");
	partner_stage_close(&s);
}

Test(verb_discover, a_slip_in_the_uri)
{
	cr_expect_eq(discover(links, "/a b"), OUTCOME_USAGE);
	cr_expect_eq(s.partner.got, 0);
	partner_stage_close(&s);
}

Test(verb_discover, one_server_is_no_group)
{
	cr_expect_eq(discover(links, "", "--multicast"), OUTCOME_USAGE);
	said("err", " is one server; --multicast asks groups");
	partner_stage_close(&s);
}

Test(verb_discover, an_interface_that_is_none)
{
	const char *argv[] = { "coap", "discover", "--multicast=nonesuch", NULL };

	partner_stage_open(&s, argv);
	cr_expect_eq(discover_run(&s.tool), OUTCOME_FAILED);
	said("err", "there is no interface nonesuch");
	partner_stage_close(&s);
}

Test(verb_discover, output_that_fails)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	cr_expect_eq(discover(links, ""), OUTCOME_FAILED);
	said("err", "cannot write to standard output");
	partner_stage_close(&s);
}

Test(verb_discover, as_JSON)
{
	document = "</a>;rt=\"x\";obs;rt=y;t=\"\\\"\",<coap://o/>";
	cr_expect_eq(discover(links, "", "--json"), OUTCOME_OK);
	said("out", "/.well-known/core\",\"peer\":\"[::1]:");
	said("out", ",\"links\":[{\"href\":\"/a\",\"rt\":[\"x\",\"y\"],\"obs\":true,\"t\":\"\\\"\"},"
	     "{\"href\":\"coap://o/\"}]}\n");
	partner_stage_close(&s);
}

Test(verb_discover, what_is_wrong_as_JSON)
{
	document = "</a>,b";
	cr_expect_eq(discover(links, "", "--json"), OUTCOME_FAILED);
	said("out", "\"links\":[{\"href\":\"/a\"}],\"error\":\"links: a link begins");
	partner_stage_close(&s);
	cr_expect_eq(discover(not_found, "", "--json"), OUTCOME_FAILED);
	said("out", "\"code\":\"4.04\"");
	partner_stage_close(&s);
}
