#include "module_test.h"

TestSuite(separate, .fini = unmount);

Test(separate, answers_after_a_second)
{
	mount_it("  /slow: separate");
	stage_ask(s, COAP_GET, 1, "11=slow");
	expect("nothing");
	stage_wait(s, 999);
	expect("ACK 0.00 pay=");
	stage_wait(s, 1);
	expect("CON 2.05 12=# pay=here I am");
	expect("nothing");
}

Test(separate, delay_and_text_are_the_site_s)
{
	mount_it("  /slow: { module: separate, delay: 50ms, text: soon }");
	stage_ask(s, COAP_POST, 1, "11=slow");
	stage_wait(s, 50);
	/* Sooner than an acknowledgement of its own is due: piggybacked. */
	expect("ACK 2.04 12=# pay=soon");
	expect("nothing");
}

Test(separate, no_delay_is_no_crash)
{
	mount_it("  /slow: { module: separate, delay: 0s }");
	stage_ask(s, COAP_GET, 1, "11=slow");
	stage_wait(s, 0);
	expect("ACK 2.05 12=# pay=here I am");
}

Test(separate, waiting_requests_survive_their_worker)
{
	mount_it("  /slow: separate");
	stage_ask_type(s, COAP_NON, COAP_GET, 1, "11=slow");
	stage_ask_type(s, COAP_NON, COAP_POST, 2, "11=slow");
	for (unsigned i = 0; i < 10; i++)
		stage_crash(s);
	stage_wait(s, 1000);
	expect("NON 2.05 12=# pay=here I am");
	expect("NON 2.04 12=# pay=here I am");
	expect("nothing");
}

Test(separate, refuses_the_rest_at_once)
{
	mount_it("  /slow: separate");
	expect_get("11=slow 17=#32", "ACK 4.06 pay=");
	stage_ask(s, COAP_PUT, 1, "11=slow");
	expect("ACK 4.05 pay=");
	expect_get("11=slow 11=x", "ACK 4.04 pay=");
}

Test(separate, delay_is_an_hour_at_most)
{
	cr_assert(!try_mount("  /slow: { module: separate, delay: 61m }"));
	cr_assert(strstr(site_errors.text[0], "delay: "), "%s", site_errors.text[0]);
	site = NULL;
}
