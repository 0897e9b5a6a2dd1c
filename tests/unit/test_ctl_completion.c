#include "client/ctl_completion.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static char name[] = "/tmp/test_ctl_completion.XXXXXX";
static char text[65536];

static void begin(void)
{
	FILE *f = fdopen(mkstemp(name), "w");

	ctl_completion_bash(f);
	fclose(f);
}

static void end(void)
{
	unlink(name);
}

TestSuite(ctl_completion, .init = begin, .fini = end);

/* What bash offers for the last of these words, each with a blank behind; of what
 * bash-completion brings there is as much as the script needs. */
static const char *offered(const char *words)
{
	char command[1024];
	FILE *f;

	snprintf(command, sizeof command,
		 "bash -c '_init_completion() { words=(\"${COMP_WORDS[@]}\"); cword=$COMP_CWORD;"
		 " cur=${words[cword]}; prev=${words[cword-1]}; };"
		 " _filedir() { COMPREPLY=(FILES); }; . %s;"
		 " COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _coapctl;"
		 " printf \"%%s \" \"${COMPREPLY[@]}\"' 2>&1", name, words);
	f = popen(command, "r");
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	pclose(f);
	return text;
}

Test(ctl_completion, the_first_word_is_a_verb)
{
	cr_expect_str_eq(offered("coapctl st"), "status stop ");
	cr_expect_str_eq(offered("coapctl --json ki"), "kick ");
	cr_expect_str_eq(offered("coapctl -s /x ki"), "kick ");
	cr_expect_str_eq(offered("coapctl status st"), " ");
}

Test(ctl_completion, options_are_those_of_the_verb)
{
	cr_expect_str_eq(offered("coapctl status --"), "--socket --json --watch --interval --version --help ");
	cr_expect_str_eq(offered("coapctl trace --c"), "--count ");
	cr_expect_str_eq(offered("coapctl status --c"), " ");
	cr_expect_str_eq(offered("coapctl --c"), "--count ");
}

Test(ctl_completion, values_and_words)
{
	cr_expect_str_eq(offered("coapctl -s x"), "FILES ");
	cr_expect_str_eq(offered("coapctl --socket x"), "FILES ");
	cr_expect_str_eq(offered("coapctl status --interval 1"), " ");
	cr_expect_str_eq(offered("coapctl log s"), "supervisor ");
	cr_expect_str_eq(offered("coapctl log worker w"), "warn ");
	cr_expect_str_eq(offered("coapctl log worker warn x"), " ");
}
