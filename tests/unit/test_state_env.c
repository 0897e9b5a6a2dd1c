#include "client/state_env.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const char *value(const struct state_env *env, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], name, n) && env->v[i][n] == '=')
			return env->v[i] + n + 1;
	return NULL;
}

#define expect(env, name, wanted) cr_expect_str_eq(value(env, name), wanted)

Test(state_env, says_what_is_known)
{
	struct answer a = { .code = 0x45, .value = 16777215,
			    .options = span_str("\x42\xab\x01\x81\x32\x22\x02\x01") };
	struct state_env env;

	cr_assert_eq(addr_parse("[::1]:5683", &a.peer), 0);
	state_env_set(&env, "coap://h/a", &a, 7);
	expect(&env, "COAP_URI", "coap://h/a");
	expect(&env, "COAP_PEER", "[::1]:5683");
	expect(&env, "COAP_STATE", "7");
	expect(&env, "COAP_CODE", "2.05");
	expect(&env, "COAP_OBSERVE", "16777215");
	expect(&env, "COAP_ETAG", "ab01");
	expect(&env, "COAP_CONTENT_FORMAT", "50");
	expect(&env, "COAP_MAX_AGE", "513");
	cr_expect_eq(env.n, STATE_ENV);
}

Test(state_env, leaves_out_what_is_not)
{
	struct answer a = { .code = 0x44 };
	struct state_env env;

	state_env_set(&env, "coap://h/a", &a, 1);
	cr_expect_eq(env.n, 5);
	cr_expect_null(value(&env, "COAP_ETAG"));
	cr_expect_null(value(&env, "COAP_MAX_AGE"));
}

Test(state_env, a_uri_that_is_too_long_is_left_out)
{
	static char uri[2 * URI_MAX];
	struct answer a = { .code = 0x44 };
	struct state_env env;

	memset(uri, 'x', sizeof uri - 1);
	state_env_set(&env, uri, &a, 1);
	cr_expect_eq(env.n, 4);
	cr_expect_null(value(&env, "COAP_URI"));
}
