#include "client/completion.h"

#include "client/arguments.h"

#include "completion_help.h"

static void begin(void)
{
	FILE *f = begin_script();

	completion_bash(f);
	fclose(f);
}

TestSuite(completion, .init = begin, .fini = end);

static const char *offered(const char *words)
{
	return offered_by("_coap", words);
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
