#include "module_test.h"

TestSuite(hello, .fini = unmount);

Test(hello, answers_get)
{
	mount_it("  /hello: hello");
	expect_get("11=hello", "ACK 2.05 12=# pay=hello, world");
	expect_get("11=hello 17=#", "ACK 2.05 12=# pay=hello, world");
	stage_ask_type(s, COAP_NON, COAP_GET, 1, "11=hello");
	expect("NON 2.05 12=# pay=hello, world");
}

Test(hello, says_what_the_site_says)
{
	mount_it("  /a: { module: hello, text: good morning }\n"
		 "  /b: { module: hello, text: '' }");
	expect_get("11=a", "ACK 2.05 12=# pay=good morning");
	expect_get("11=b", "ACK 2.05 12=# pay=");
}

Test(hello, refuses_the_rest)
{
	mount_it("  /hello: hello");
	expect_get("11=hello 17=#32", "ACK 4.06 pay=");
	expect_get("11=hello 11=", "ACK 4.04 pay=");
	for (uint8_t method = COAP_POST; method <= COAP_IPATCH; method++) {
		stage_ask(s, method, method, "11=hello");
		expect("ACK 4.05 pay=");
	}
}

Test(hello, text_is_bounded)
{
	char resources[2048] = "  /hello: { module: hello, text: ";

	memset(resources + strlen(resources), 'x', 1024);
	strcat(resources, " }");
	mount_it(resources);
	cr_assert(strstr(stage_get(s, "11=hello"), "2.05"));
	unmount();
	s = NULL;
	strcpy(resources + strlen(resources) - 2, "x }");
	cr_assert(!try_mount(resources));
	cr_assert(strstr(site_errors.text[0], "t:3:34: text: "), "%s", site_errors.text[0]);
	site = NULL;
}
