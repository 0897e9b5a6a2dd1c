#include "client/ctl_completion.h"

#include "completion_help.h"

static void begin(void)
{
	FILE *f = begin_script();

	ctl_completion_bash(f);
	fclose(f);
}

TestSuite(ctl_completion, .init = begin, .fini = end);

static const char *offered(const char *words)
{
	return offered_by("_coapctl", words);
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
