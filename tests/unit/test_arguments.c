#include "client/arguments.h"

#include "coap/code.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct arguments a;
static struct err err;

static int read_line(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	err.text[0] = '\0';
	arguments_free(&a);
	return arguments_read(&a, argc, argv, &err);
}

#define line(...) read_line((char *[]){ "coap", ##__VA_ARGS__, NULL })
#define wrong(what, ...) \
	do { \
		cr_expect_eq(line(__VA_ARGS__), -EINVAL); \
		cr_expect(strstr(err.text, what), "\"%s\" is not in: %s", what, err.text); \
	} while (0)

#define U "coap://[::1]/a"

static void done(void)
{
	arguments_free(&a);
}

TestSuite(arguments, .fini = done);

Test(arguments, a_bare_uri_is_got)
{
	cr_assert_eq(line(U), 0);
	cr_expect_eq(a.verb, VERB_GET);
	cr_expect_eq(a.code, COAP_GET);
	cr_expect_eq(a.nuris, 1);
	cr_expect_str_eq(a.uris[0], U);
	cr_expect_eq(a.accept, -1);
	cr_expect_eq(a.szx, -1);
	cr_expect_eq(a.timeout_ms, -1);
	cr_expect_null(a.payload);
}

Test(arguments, the_first_word_may_be_a_verb)
{
	for (unsigned i = 0; i < VERBS; i++) {
		cr_expect_eq(line((char *)verbs[i].name, U), 0, "%s", err.text);
		cr_expect_eq(a.verb, i);
		cr_expect_eq(a.code, verbs[i].code);
		cr_expect_eq(a.nuris, 1);
	}
	cr_assert_eq(line("-v", "put", U, "get"), 0);
	cr_expect_eq(a.verb, VERB_PUT);
	cr_expect_eq(a.nuris, 2);
	wrong("did you mean observe", "obsreve", U);
}

Test(arguments, options_stand_anywhere_and_in_every_form)
{
	cr_assert_eq(line("post", "--payload", "x", U, "--timeout=1.5", "-vvq", "-ofile"), 0);
	cr_expect_str_eq(a.payload, "x");
	cr_expect_eq(a.timeout_ms, 1500);
	cr_expect_eq(a.verbose, 2);
	cr_expect_eq(a.quiet, 1);
	cr_expect_eq(a.output.n, 1);
	cr_expect_str_eq(a.output.v[0], "file");
	cr_assert_eq(line("post", "-d", "-v", "--", U), 0);
	cr_expect_str_eq(a.payload, "-v");
	cr_expect_eq(a.verbose, 0);
	cr_assert_eq(line("--", "-o"), 0);
	cr_expect_str_eq(a.uris[0], "-o");
	cr_assert_eq(line("put", U, "-T", "-"), 0);
	cr_expect_str_eq(a.upload, "-");
}

Test(arguments, names_of_other_tools_are_known)
{
	cr_assert_eq(line("-m", "put", U, "--payload", "x", "--payload-initial-szx", "2",
			  "--content-format", "50", "--accept", "text/plain", "--non",
			  "--proxy", "coap://p", "--no-set-hostname", "--no-color",
			  "--pretty-print"), 0, "%s", err.text);
	cr_expect_eq(a.verb, VERB_PUT);
	cr_expect_eq(a.code, COAP_PUT);
	cr_expect_eq(a.szx, 2);
	cr_expect_eq(a.content_format, 50);
	cr_expect_eq(a.accept, 0);
	cr_expect_eq(a.non, 1);
	cr_expect_str_eq(a.proxy, "coap://p");
	cr_expect_eq(a.set_hostname, -1);
	cr_expect_eq(a.color, -1);
	cr_expect_eq(a.pretty, 1);
	cr_assert_eq(line("--observe", "--observe-exec", "cat", U), 0);
	cr_expect_eq(a.verb, VERB_OBSERVE);
	cr_expect_str_eq(a.exec, "cat");
	cr_assert_eq(line("-X", "DELETE", "-s", U), 0);
	cr_expect_eq(a.verb, VERB_DELETE);
	cr_expect_eq(a.quiet, 1);
	cr_assert_eq(line("--data", "x", "--request", "9", U), 0);
	cr_expect_eq(a.code, 9);
}

Test(arguments, a_body_without_a_verb_is_posted_or_put)
{
	cr_assert_eq(line(U, "-d", "x"), 0);
	cr_expect_eq(a.verb, VERB_POST);
	cr_assert_eq(line(U, "-T", "x"), 0);
	cr_expect_eq(a.verb, VERB_PUT);
	wrong("--payload goes with post, put, fetch, patch, ipatch, observe and bench, not with get",
	      "get", U, "-d", "x");
}

Test(arguments, a_method_and_a_verb_must_agree)
{
	cr_expect_eq(line("get", U, "-m", "GET"), 0);
	wrong("--method says something else", "get", U, "-m", "post");
	cr_assert_eq(line("observe", U, "-m", "fetch", "-d", "x"), 0);
	cr_expect_eq(a.code, COAP_FETCH);
	wrong("only GET and FETCH can observe", "observe", U, "-m", "post");
}

Test(arguments, numbers_are_checked)
{
	cr_assert_eq(line(U, "--block-size", "64"), 0);
	cr_expect_eq(a.szx, 2);
	wrong("--block-size: \"65\" is no size of a block", U, "--block-size", "65");
	wrong("--payload-initial-szx", U, "--payload-initial-szx", "7");
	wrong("--timeout", U, "--timeout", "soon");
	wrong("--timeout", U, "--timeout", "0");
	wrong("-m: \"GETT\"", U, "-m", "GETT");
	wrong("--loss", U, "--loss", "101");
	cr_assert_eq(line(U, "--loss", "12.5"), 0);
	cr_expect_eq(a.loss_permille, 125);
}

Test(arguments, tags_are_hexadecimal_and_many)
{
	cr_assert_eq(line(U, "--etag", "0x01ff", "--etag", "a0", "--token", "0102030405060708",
			  "--if-match", ""), 0, "%s", err.text);
	cr_expect_eq(a.etag.n, 2);
	cr_expect_eq(a.etag.v[0].n, 2);
	cr_expect_eq(a.etag.v[0].bytes[1], 0xff);
	cr_expect_eq(a.etag.v[1].bytes[0], 0xa0);
	cr_expect_eq(a.token.n, 8);
	cr_expect_eq(a.if_match.n, 1);
	cr_expect_eq(a.if_match.v[0].n, 0);
	wrong("--etag", U, "--etag", "");
	wrong("--etag", U, "--etag", "1");
	wrong("--token", U, "--token", "010203040506070809");
}

Test(arguments, so_many_and_no_more)
{
	char *argv[2 * ARGUMENTS_MANY + 6] = { "coap", U };
	int n = 2;

	for (int i = 0; i < ARGUMENTS_MANY; i++) {
		argv[n++] = "--option";
		argv[n++] = "9=x";
	}
	cr_expect_eq(read_line(argv), 0);
	cr_expect_eq(a.option.n, ARGUMENTS_MANY);
	argv[n++] = "--option";
	argv[n++] = "9=x";
	cr_expect_eq(read_line(argv), -EINVAL);
	cr_expect(strstr(err.text, "more than 64"));
}

Test(arguments, what_is_unknown_is_told_with_what_was_meant)
{
	wrong("--acept is no option of coap; did you mean --accept?", U, "--acept", "1");
	wrong("--xyzzyplugh is no option of coap; coap --help", U, "--xyzzyplugh");
	wrong("-Z is no option", U, "-vZ");
	wrong("--accept lacks its FORMAT", U, "--accept");
	wrong("-o lacks its FILE", U, "-o");
	wrong("--json takes no value", U, "--json=yes");
	wrong("there are no secure transports yet", U, "--credentials", "f");
	wrong("there is no interactive mode", "--interactive");
	wrong("--count goes with observe, ping and bench, not with get", U, "--count", "3");
}

Test(arguments, a_long_word_is_no_option_either)
{
	char word[600];

	memset(word, 'x', sizeof word - 1);
	word[0] = word[1] = '-';
	word[sizeof word - 1] = 0;
	wrong("is no option", U, word);
}

Test(arguments, uris_are_counted)
{
	wrong("a URI is missing", "get");
	wrong("a URI is missing", "-v");
	cr_expect_eq(line("discover", "--multicast"), 0);
	cr_expect_str_eq(a.multicast, "");
	cr_expect_eq(line("discover", "--multicast=eth0"), 0);
	cr_expect_str_eq(a.multicast, "eth0");
	wrong("more files (--output) than URIs", U, "-o", "a", "-o", "b");
	wrong("one body", "put", U, "-d", "x", "-T", "y");
}

Test(arguments, help_and_version_need_no_uri)
{
	cr_expect_eq(line("--help"), 0);
	cr_expect_eq(a.help, 1);
	cr_expect_not(a.verb_given);
	cr_expect_eq(line("put", "-h"), 0);
	cr_expect_eq(a.verb, VERB_PUT);
	cr_expect_eq(line("--version"), 0);
	cr_expect_eq(a.version, 1);
}

Test(arguments, no_name_and_no_letter_is_given_twice)
{
	for (unsigned i = 0; i < argument_count; i++) {
		char one[ARGUMENT_NAME], other[ARGUMENT_NAME];

		for (unsigned n = 0; argument_name(&argument_rows[i], n, one); n++)
			for (unsigned j = 0; j < i; j++)
				for (unsigned m = 0; argument_name(&argument_rows[j], m, other); m++)
					cr_expect_str_neq(one, other);
		for (unsigned j = 0; j < i; j++)
			cr_expect_null(strpbrk(*argument_rows[i].letters ?
					       argument_rows[i].letters : "#",
					       argument_rows[j].letters));
	}
}
