#include "client/head.h"

#include "coap/describe.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct arguments args;
static struct uri uri;
static struct head head;
static struct err err;
static char text[1024];

static void begin(void)
{
	args = (struct arguments){ .content_format = -1, .accept = -1, .no_response = -1 };
}

TestSuite(head, .init = begin);

/* The options of a request for this URI to this address, as text. */
static const char *options(const char *u, const char *to)
{
	uint8_t bytes[2048];
	struct writer w = writer_of(bytes, sizeof bytes);
	struct writer t = writer_of(text, sizeof text - 1);
	struct addr destination;
	struct message m = { .type = COAP_NON, .code = 1, .mid = 1 };
	bool foreign = uri_parse(span_str(u), &uri, NULL) != 0;

	cr_assert_eq(addr_parse(to, &destination), 0);
	head.args = &args;
	head.text = u;
	head.uri = foreign ? NULL : &uri;
	head.proxy = args.proxy != NULL;
	if (head_write(&head, &destination, &w, &err))
		return "failed";
	m.options = span_of(bytes, (size_t)(w.p - bytes));
	describe_message(&t, &m, NULL);
	*t.p = 0;
	return text + strlen("NON GET mid=1");
}

Test(head, a_name_is_sent_and_a_literal_is_not)
{
	cr_expect_str_eq(options("coap://host/a?b", "[::1]:5683"),
			 " Uri-Host=host Uri-Path=a Uri-Query=b");
	cr_expect_str_eq(options("coap://[::1]/a", "[::1]:5683"), " Uri-Path=a");
	args.set_hostname = -1;
	cr_expect_str_eq(options("coap://host/a", "[::1]:5683"), " Uri-Path=a");
}

Test(head, the_command_lines_options_come_among_the_uris)
{
	args.if_match = (struct tags){ 1, { { 1, { 0xaa } } } };
	args.etag = (struct tags){ 2, { { 1, { 1 } }, { 2, { 2, 3 } } } };
	args.if_none_match = 1;
	args.content_format = 0;
	args.accept = 50;
	args.no_response = 26;
	args.option = (struct texts){ 2, { "Hop-Limit=0x10", "9=0x01" } };
	cr_expect_str_eq(options("coap://h/a?b", "[::1]:5683"),
			 " If-Match=0xaa Uri-Host=h ETag=0x01 ETag=0x0203 If-None-Match OSCORE=0x01"
			 " Uri-Path=a Content-Format=text/plain;charset=utf-8(0) Uri-Query=b"
			 " Hop-Limit=16 Accept=application/json(50) No-Response=26(not 2.xx,4.xx,5.xx)",
			 "%s", text);
}

Test(head, host_and_port_of_the_users_replace_the_uris)
{
	args.option = (struct texts){ 2, { "Uri-Host=other", "Uri-Port=77" } };
	cr_expect_str_eq(options("coap://host:5699/a", "[::1]:5683"),
			 " Uri-Host=other Uri-Port=77 Uri-Path=a", "%s", text);
}

Test(head, a_proxy_is_told_where_to_go)
{
	args.proxy = "coap://proxy";
	cr_expect_str_eq(options("coap+tcp://[2001:db8::1]/a", "[::1]:5600"),
			 " Uri-Host=[2001:db8::1] Uri-Port=5683 Uri-Path=a Proxy-Scheme=coap+tcp",
			 "%s", text);
	args.set_hostname = -1;
	cr_expect_str_eq(options("coap://host/a", "[::1]:5683"),
			 " Uri-Host=host Uri-Path=a Proxy-Scheme=coap");
	cr_expect_str_eq(options("http://example.org/x", "[::1]:5683"),
			 " Proxy-Uri=http://example.org/x");
}

Test(head, extra_options_are_added)
{
	static const uint8_t query[] = { 0xd3, 2, 'r', 't', '=' };

	head.extra = span_of(query, sizeof query);
	cr_expect_str_eq(options("coap://[::1]/a?x", "[::1]:5683"),
			 " Uri-Path=a Uri-Query=x Uri-Query=rt=", "%s", text);
}

Test(head, options_of_the_stages_make_a_raw_request)
{
	cr_expect_not(head_is_raw(&args));
	args.option = (struct texts){ 1, { "65001=x" } };
	cr_expect_not(head_is_raw(&args));
	args.option = (struct texts){ 2, { "65001=x", "Block2=2" } };
	cr_expect(head_is_raw(&args));
	args.option = (struct texts){ 1, { "6=" } };
	cr_expect(head_is_raw(&args));
}

Test(head, wrong_options_and_too_many_are_refused)
{
	uint8_t small[16];
	struct writer w = writer_of(small, sizeof small);

	args.option = (struct texts){ 1, { "nonsense" } };
	cr_expect_str_eq(options("coap://h/a", "[::1]:5683"), "failed");
	cr_expect(strstr(err.text, "nonsense"));
	begin();
	cr_expect_str_eq(options("coap://host/a", "[::1]:5683"), " Uri-Host=host Uri-Path=a");
	args.option = (struct texts){ 1, { "2055=a text that is longer than that" } };
	cr_expect_eq(head_write(&head, &(struct addr){ .port = 1 }, &w, &err), -EMSGSIZE);
}
