#include "client/outcome.h"

#include "coap/code.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define U "coap://h/x"

static struct outcome o;

static bool says(const char *what)
{
	return strstr(o.err.text, what) && !strchr(o.err.text, '\n');
}

static void network(int status)
{
	struct addr peer;

	addr_parse("[::1]:5683", &peer);
	outcome_network(&o, U, &peer, status, 93);
}

Test(outcome, the_network_is_told_with_what_to_try)
{
	static const struct { int status; const char *says; } cases[] = {
		{ -ECONNREFUSED, U ": nobody listens at [::1]:5683 (ICMP says unreachable); is the "
				 "server running" },
		{ -ECONNRESET, "[::1]:5683 rejected the message (Reset)" },
		{ -ETIMEDOUT, "no answer from [::1]:5683 within 93 s; is it running" },
		{ -ESTALE, "kept changing" },
		{ -EPROTO, "what [::1]:5683 answers is not to be understood: blocks that" },
		{ -EMSGSIZE, "too large" },
		{ -ENETUNREACH, "no route to [::1]:5683; is the network up?" },
		{ -ENOBUFS, "[::1]:5683: No buffer space available" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		network(cases[i].status);
		cr_expect_eq(o.exit, OUTCOME_FAILED);
		cr_expect(says(cases[i].says), "%s", o.err.text);
	}
}

Test(outcome, responses_are_told_with_code_name_and_reason)
{
	outcome_response(&o, U, COAP_NOT_FOUND, "\"gone\"");
	cr_expect_eq(o.exit, OUTCOME_FAILED);
	cr_expect(says(U ": 4.04 Not Found: \"gone\"; coap discover"), "%s", o.err.text);
	outcome_response(&o, U, COAP_INTERNAL_ERROR, NULL);
	cr_expect_str_eq(o.err.text, U ": 5.00 Internal Server Error");
	outcome_response(&o, U, CODE(5, 30), NULL);
	cr_expect_str_eq(o.err.text, U ": 5.30 (unknown code)");
}

Test(outcome, a_long_uri_leaves_room_for_the_rest)
{
	char uri[4000];

	memset(uri, 'x', sizeof uri - 1);
	uri[sizeof uri - 1] = 0;
	outcome_response(&o, uri, COAP_NOT_FOUND, NULL);
	cr_expect(says("4.04 Not Found; coap discover"));
}

Test(outcome, other_errors_keep_their_words)
{
	struct err err = { "file: no such" };

	outcome_error(&o, NULL, -ENOENT, &err);
	cr_expect_eq(o.exit, OUTCOME_FAILED);
	cr_expect_str_eq(o.err.text, "file: no such");
	outcome_error(&o, U, -EINVAL, &err);
	cr_expect_eq(o.exit, OUTCOME_USAGE);
	cr_expect_str_eq(o.err.text, U ": file: no such");
	outcome_error(&o, NULL, -EINTR, &err);
	cr_expect_eq(o.exit, OUTCOME_INTERRUPTED);
	outcome_error(&o, NULL, -EIO, &o.err);
	cr_expect_str_eq(o.err.text, "file: no such", "an error may be told of itself");
}

Test(outcome, the_worst_counts)
{
	cr_expect_eq(outcome_worse(OUTCOME_OK, OUTCOME_FAILED), OUTCOME_FAILED);
	cr_expect_eq(outcome_worse(OUTCOME_USAGE, OUTCOME_FAILED), OUTCOME_USAGE);
	cr_expect_eq(outcome_worse(OUTCOME_FAILED, OUTCOME_INTERRUPTED), OUTCOME_INTERRUPTED);
}
