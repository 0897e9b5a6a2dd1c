#include "client/verb.h"

#include "coap/code.h"

#include <criterion/criterion.h>
#include <ctype.h>

Test(verb, each_has_a_name_and_a_line_of_help_that_fits)
{
	for (unsigned i = 0; i < VERBS; i++) {
		cr_expect(verbs[i].name && *verbs[i].name);
		cr_expect(verbs[i].operand && *verbs[i].operand);
		cr_expect_leq(strlen(verbs[i].summary), 66);
		for (unsigned j = 0; j < i; j++)
			cr_expect_str_neq(verbs[i].name, verbs[j].name);
	}
}

Test(verb, plain_methods_have_the_code_of_their_name)
{
	for (unsigned i = 0; i < VERBS; i++)
		if (verbs[i].run == method_run)
			cr_expect_eq(strcasecmp(verbs[i].name, code_name(verbs[i].code)), 0, "%s",
				     verbs[i].name);
	cr_expect_eq(verbs[VERB_IPATCH].code, COAP_IPATCH);
	cr_expect_eq(verbs[VERB_GET].run, method_run);
}
