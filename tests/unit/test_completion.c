#include "client/completion.h"

#include "client/arguments.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static char name[] = "/tmp/test_completion.XXXXXX";
static char text[65536];

static void begin(void)
{
	FILE *f = fdopen(mkstemp(name), "w");

	completion_bash(f);
	fclose(f);
}

static void end(void)
{
	unlink(name);
}

TestSuite(completion, .init = begin, .fini = end);

/* What bash offers for the last of these words, each with a blank behind; of what
 * bash-completion brings there is as much as the script needs. */
static const char *offered(const char *words)
{
	char command[1024];
	FILE *f;

	snprintf(command, sizeof command,
		 "bash -c '_init_completion() { words=(\"${COMP_WORDS[@]}\"); cword=$COMP_CWORD;"
		 " cur=${words[cword]}; prev=${words[cword-1]}; };"
		 " _filedir() { COMPREPLY=(FILES); }; compopt() { :; };"
		 " __ltrim_colon_completions() { COMPREPLY=(\"${COMPREPLY[@]#${1%%:*}:}\"); };"
		 " . %s;"
		 " COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _coap;"
		 " printf \"%%s \" \"${COMPREPLY[@]}\"' 2>&1", name, words);
	f = popen(command, "r");
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	pclose(f);
	return text;
}

Test(completion, the_first_word_is_a_verb)
{
	cr_expect_str_eq(offered("coap p"), "post put patch ping ");
	cr_expect_str_eq(offered("coap coa"), "coap:// ");
	cr_expect_str_eq(offered("coap coap:"), "// ");
	cr_expect_str_eq(offered("coap get p"), " ");
}

Test(completion, options_are_those_of_the_verb)
{
	cr_expect_str_eq(offered("coap put --pay"), "--payload --payload-initial-szx ");
	cr_expect_str_eq(offered("coap --pay"), "--payload-initial-szx ");
	cr_expect_str_eq(offered("coap get --count"), " ");
	cr_expect_str_eq(offered("coap -v observe --count"), "--count ");
	cr_expect_str_eq(offered("coap discover --multi"), "--multicast= ");
	cr_expect_str_eq(offered("coap get --cred"), " ");
}

Test(completion, values_follow_their_option)
{
	cr_expect_str_eq(offered("coap put -T x"), "FILES ");
	cr_expect_str_eq(offered("coap get --output x"), "FILES ");
	cr_expect_str_eq(offered("coap get --accept application/sensml"),
			 "application/sensml+json application/sensml+cbor application/sensml-exi application/sensml+xml ",
			 "%s", text);
	cr_expect_str_eq(offered("coap -m P"), "POST PUT PATCH ");
	cr_expect_str_eq(offered("coap get --block-size 1"), "16 128 1024 ");
	cr_expect_str_eq(offered("coap get --token 1"), " ");
}
