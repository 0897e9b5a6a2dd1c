#include "module_test.h"

static const uint16_t ports[] = { 5683 };

static void setup(void)
{
	mount_it("  /who: whoami");
	s->rig->e.conf.ports = ports;
	s->rig->e.conf.nports = 1;
}

TestSuite(whoami, .init = setup, .fini = unmount);

#define TEXT "transport: udp\nfrom: [::1]:1001\nto: [::c8]:5683\nidentity: none\n"

Test(whoami, text)
{
	expect_get("11=who", "ACK 2.05 12=# 14=# pay=" TEXT);
	expect_get("11=who 17=#", "ACK 2.05 12=# 14=# pay=" TEXT);
}

Test(whoami, json)
{
	expect_get("11=who 17=#32", "ACK 2.05 12=#32 14=# pay={\"transport\":\"udp\","
		   "\"from\":{\"address\":\"::1\",\"port\":1001},"
		   "\"to\":{\"address\":\"::c8\",\"port\":5683},\"identity\":\"\"}");
}

Test(whoami, cbor)
{
	const char *a = stage_get(s, "11=who 17=#3c"), *p = strstr(a, "pay=");
	static const char wanted[] =
		"\xa4\x69transport\x63udp"
		"\x64" "from\xa2\x67" "address\x63::1\x64port\x19\x03\xe9"
		"\x62to\xa2\x67" "address\x64::c8\x64port\x19\x16\x33"
		"\x68identity\x60";

	cr_assert(strstr(a, "ACK 2.05 12=#3c 14=# "), "%s", a);
	cr_assert_eq(memcmp(p + 4, wanted, sizeof wanted - 1), 0);
}

Test(whoami, refuses_the_rest)
{
	expect_get("11=who 17=#28", "ACK 4.06 pay=");
	expect_get("11=who 11=x", "ACK 4.04 pay=");
	for (uint8_t method = COAP_POST; method <= COAP_IPATCH; method++) {
		stage_ask(s, method, method, "11=who");
		expect("ACK 4.05 pay=");
	}
}
