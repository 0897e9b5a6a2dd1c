#include "partner.h"

#include "client/json_out.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static struct partner_stage s;
static struct errand *const e = &s.errand;

static const struct errand_ops ops = { 0 };

static void begin(void)
{
	static const char *const argv[] = { "coap", "coap://[::1]/x", NULL };
	struct err err;

	partner_stage_open(&s, argv);
	cr_assert_eq(tool_net(&s.tool, 1, &err), 0);
}

static void end(void)
{
	partner_stage_close(&s);
}

TestSuite(json_out, .init = begin, .fini = end);

/* An answer with these options and body, as it comes out. */
static json_t *answer(const char *options, const char *body, size_t n, const char *output)
{
	FILE *f = tmpfile();
	struct err err;
	json_t *root;

	s.tool.nerrands = 0;
	cr_assert_eq(errand_open(e, &s.tool, ERRAND_TRANSFER, "coap://[::1]/x", output, &ops), 0);
	addr_parse("[::1]:5683", &e->answer.peer);
	e->answer.type = COAP_ACK;
	e->answer.code = COAP_CONTENT;
	e->answer.options = span_str(options);
	e->answer.token = (struct tag){ 2, { 1, 0xab } };
	e->answer.began = 1;
	e->answer.ended = 1.5;
	e->answer.again = 3;
	cr_assert_eq(spool_add(e->answer.body, span_of(body, n), &err), 0);
	cr_assert_eq(json_out_answer(e, &e->answer, fileno(f)), 0);
	rewind(f);
	root = json_loadf(f, JSON_ALLOW_NUL, NULL);
	cr_assert(root);
	fclose(f);
	errand_free(e);
	return root;
}

static const char *string(json_t *root, const char *key)
{
	return json_string_value(json_object_get(root, key));
}

Test(json_out, says_what_there_is_to_say)
{
	json_t *root = answer("\x41\x0f\x80\x21\x3c", "hello", 5, NULL), *options;

	cr_expect_str_eq(string(root, "uri"), "coap://[::1]/x");
	cr_expect_str_eq(string(root, "peer"), "[::1]:5683");
	cr_expect_str_eq(string(root, "type"), "ACK");
	cr_expect_str_eq(string(root, "code"), "2.05");
	cr_expect_str_eq(string(root, "name"), "Content");
	cr_expect_str_eq(string(root, "token"), "0x01ab");
	cr_expect_str_eq(string(root, "payload"), "hello");
	cr_expect_null(string(root, "payload_base64"));
	cr_expect_eq(json_integer_value(json_object_get(root, "size")), 5);
	cr_expect_eq(json_integer_value(json_object_get(root, "retransmissions")), 3);
	cr_expect_float_eq(json_real_value(json_object_get(root, "duration_ms")), 500, 1e-6);
	options = json_object_get(root, "options");
	cr_expect_eq(json_array_size(options), 3);
	cr_expect_str_eq(string(json_array_get(options, 0), "name"), "ETag");
	cr_expect_str_eq(string(json_array_get(options, 0), "value"), "0x0f");
	json_decref(root);
}

Test(json_out, options_have_values_of_their_format)
{
	/* ETag 0x0f, Location-Path a, Content-Format 50, Max-Age 60, 65001 0x01 */
	json_t *root = answer("\x41\x0f\x41" "a\x41\x32\x21\x3c\xe1\xfc\xce\x01", "[]", 2, NULL);
	json_t *options = json_object_get(root, "options");

	cr_expect_eq(json_array_size(options), 5);
	cr_expect_str_eq(string(json_array_get(options, 1), "value"), "a");
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(options, 2), "value")), 50);
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(options, 3), "value")), 60);
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(options, 4), "number")),
		     65001);
	cr_expect_null(string(json_array_get(options, 4), "name"));
	cr_expect_str_eq(string(json_array_get(options, 4), "value"), "0x01");
	cr_expect_eq(json_integer_value(json_object_get(root, "content_format")), 50);
	cr_expect_str_eq(string(root, "media_type"), "application/json");
	cr_expect_str_eq(string(root, "payload"), "[]");
	json_decref(root);
}

static void payload(const char *options, const char *body, size_t n, const char *key,
		    const char *want)
{
	json_t *root = answer(options, body, n, NULL);

	cr_expect(string(root, key), "%s of %s", key, body);
	cr_expect_str_eq(string(root, key), want);
	json_decref(root);
}

Test(json_out, a_payload_is_text_or_base64)
{
	payload("", "a\tb\r\n", 5, "payload", "a\tb\r\n");
	payload("", "a\0b", 3, "payload_base64", "YQBi");
	payload("", "\xff", 1, "payload_base64", "/w==");
	payload("\xc0", "a\x01", 2, "payload", "a\x01");
	payload("\xc1\x3c", "a", 1, "payload_base64", "YQ==");          /* CBOR */
	payload("\xc2\xff\xff", "a", 1, "payload_base64", "YQ==");      /* unknown */
	payload("\xc0", "\xff", 1, "payload_base64", "/w==");
}

Test(json_out, a_payload_in_a_file_is_named)
{
	json_t *root = answer("", "hello", 5, "/tmp/test_json_out");

	cr_expect_str_eq(string(root, "file"), "/tmp/test_json_out");
	cr_expect_null(string(root, "payload"));
	cr_expect_eq(json_integer_value(json_object_get(root, "size")), 5);
	json_decref(root);
}

Test(json_out, a_failure_is_an_object_too)
{
	FILE *f = tmpfile();
	json_t *root;

	e->text = "coap://h/x";
	e->outcome.exit = OUTCOME_FAILED;
	err_set(&e->outcome.err, 0, "coap://h/x: no \"answer\"");
	cr_assert_eq(json_out_failure(e, fileno(f)), 0);
	rewind(f);
	root = json_loadf(f, 0, NULL);
	cr_assert(root);
	cr_expect_str_eq(string(root, "uri"), "coap://h/x");
	cr_expect_str_eq(string(root, "error"), "no \"answer\"");
	json_decref(root);
	fclose(f);
}
