/* What must be so for a request to be worked on (RFC 7252 5.10.6, 5.10.8). */
#include <criterion/criterion.h>

#include "resource/condition.h"

static uint8_t bytes[64];

/* A request with these values of one option, up to NULL. */
static struct message request(uint8_t code, uint32_t number, const char *const *values)
{
	struct writer w = writer_of(bytes, sizeof bytes);
	struct option_writer ow = option_writer(&w);

	for (; number && *values; values++)
		option_write(&ow, number, span_str(*values));
	return (struct message){ .code = code,
				 .options = span_of(bytes, (size_t)(w.p - bytes)) };
}

#define VALUES(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static enum condition judge(uint8_t code, uint32_t number, const char *const *values,
			    const char *etag)
{
	struct message m = request(code, number, values);

	return condition_of(&m, etag != NULL, span_str(etag ? etag : ""));
}

Test(condition, none_is_met)
{
	struct message m = request(COAP_PUT, 0, NULL);

	cr_assert(!condition_asked(&m));
	cr_assert_eq(condition_of(&m, false, span_of(NULL, 0)), CONDITION_MET);
	cr_assert_eq(condition_of(&m, true, span_str("a")), CONDITION_MET);
}

Test(condition, E36_if_match)
{
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES("a"), "a"), CONDITION_MET);
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES("a"), "b"), CONDITION_FAILED);
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES("a"), NULL), CONDITION_FAILED);
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES("a", "b", "c"), "b"), CONDITION_MET,
		     "any of several");
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES("a", "c"), "b"), CONDITION_FAILED);
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES(""), "b"), CONDITION_MET,
		     "empty: it exists");
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES(""), ""), CONDITION_MET);
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES(""), NULL), CONDITION_FAILED);
	cr_assert_eq(judge(COAP_PUT, OPT_IF_MATCH, VALUES("a"), ""), CONDITION_FAILED);
}

Test(condition, E37_if_none_match)
{
	struct message m = request(COAP_PUT, OPT_IF_NONE_MATCH, VALUES(""));

	cr_assert(condition_asked(&m));
	cr_assert_eq(condition_of(&m, true, span_str("a")), CONDITION_FAILED);
	cr_assert_eq(condition_of(&m, false, span_of(NULL, 0)), CONDITION_MET);
}

Test(condition, E38_etag_that_is_still_right)
{
	cr_assert_eq(judge(COAP_GET, OPT_ETAG, VALUES("a", "b"), "b"), CONDITION_VALID);
	cr_assert_eq(judge(COAP_FETCH, OPT_ETAG, VALUES("b"), "b"), CONDITION_VALID);
	cr_assert_eq(judge(COAP_GET, OPT_ETAG, VALUES("a"), "b"), CONDITION_MET);
	cr_assert_eq(judge(COAP_GET, OPT_ETAG, VALUES("a"), NULL), CONDITION_MET);
	cr_assert_eq(judge(COAP_PUT, OPT_ETAG, VALUES("b"), "b"), CONDITION_MET);
}
