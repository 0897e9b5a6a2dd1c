#include "config/listen.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

Test(listen, addresses_and_ports)
{
	static const struct { const char *uri, *bound; } uris[] = {
		{ "coap://[::]", "[::]:5683" },
		{ "coap://[::]:", "[::]:5683" },
		{ "coap://[::]:0", "[::]:0" },
		{ "coap://[::1]:61616", "[::1]:61616" },
		{ "COAP://[2001:DB8::1]:65535", "[2001:db8::1]:65535" },
		{ "coap://0.0.0.0", "0.0.0.0:5683" },
		{ "coap://127.0.0.1:1", "127.0.0.1:1" },
	};

	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		struct site_listener l = { .scheme = 99 };
		char text[ADDR_TEXT];
		struct err err;

		cr_assert_eq(listen_read(uris[i].uri, &l, &err), 0, "%s", err.text);
		cr_expect_eq(l.scheme, SITE_COAP);
		cr_expect_str_eq(addr_print(&l.addr, text, sizeof text), uris[i].bound);
	}
}

Test(listen, a_zone_is_encoded_in_a_uri)
{
	struct site_listener l;
	struct err err;

	cr_assert_eq(listen_read("coap://[fe80::1%25lo]:7", &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.addr.scope, if_nametoindex("lo"));
	cr_expect_eq(l.addr.port, 7);
}

Test(listen, one_that_is_passed_in_has_a_name)
{
	struct site_listener l = { .scheme = 99 };
	char name[300] = "coap+fd://";
	struct err err;

	cr_assert_eq(listen_read("coap+FD://first-one.socket", &l, &err), 0, "%s", err.text);
	cr_expect_eq(l.scheme, SITE_COAP);
	cr_expect_str_eq(l.passed, "first-one.socket");
	cr_expect_eq(l.addr.port, 0);
	cr_assert_eq(listen_read("coap://[::]", &l, &err), 0);
	cr_expect_null(l.passed);
	cr_expect_eq(listen_read("coap+fd://", &l, &err), -EINVAL);
	cr_expect_str_eq(err.text, "\"\" is no name of a passed socket (FileDescriptorName=)");
	cr_expect_eq(listen_read("coap+fd://a:b", &l, &err), -EINVAL);
	cr_expect_eq(listen_read("coap+fd://a b", &l, &err), -EINVAL);
	cr_expect_eq(listen_read("coaps+fd://a", &l, &err), -EINVAL);
	cr_expect_str_eq(err.text, "scheme \"coaps\" is not built in, this coapd serves coap:// "
			 "alone");
	memset(name + 10, 'n', 255);
	cr_expect_eq(listen_read(name, &l, &err), 0);
	name[265] = 'n';
	cr_expect_eq(listen_read(name, &l, &err), -EINVAL);
}

Test(listen, what_is_no_listener_says_why)
{
	static const struct { const char *uri, *why; } bad[] = {
		{ "", "\"\" is not a URI like coap://[::]:5683" },
		{ "5683", "\"5683\" is not a URI like coap://[::]:5683" },
		{ "[::]:5683", "\"[::]:5683\" is not a URI like coap://[::]:5683" },
		{ "coaps://[::]", "scheme \"coaps\" is not built in, this coapd serves "
		  "coap:// alone" },
		{ "coap+tcp://[::]", "scheme \"coap+tcp\" is not built in, this coapd serves "
		  "coap:// alone" },
		{ "coaps+ws://[::]", "scheme \"coaps+ws\" is not built in, this coapd serves "
		  "coap:// alone" },
		{ "http://[::]", "unknown scheme \"http\", this coapd serves coap:// alone" },
		{ "://[::]", "unknown scheme \"\", this coapd serves coap:// alone" },
		{ "coap://", "an address is missing, [::] stands for all of them" },
		{ "coap://:5683", "an address is missing, [::] stands for all of them" },
		{ "coap://localhost", "\"localhost\" is not an IP address (names are not "
		  "looked up here)" },
		{ "coap://1.2.3", "\"1.2.3\" is not an IP address (names are not looked up "
		  "here)" },
		{ "coap://[::g]", "\"[::g]\" is not an IP address" },
		{ "coap://[]", "\"[]\" is not an IP address" },
		{ "coap://[::", "\"[::\" is not an IP address" },
		{ "coap://[1.2.3.4]", "\"[1.2.3.4]\" is not an IP address" },
		{ "coap://::1", "\"::1\": an IPv6 address stands in brackets" },
		{ "coap://[::]x", "\"x\" behind the address is not a port" },
		{ "coap://[::]:65536", "\"65536\" is not a port, 0..65535" },
		{ "coap://[::]:-1", "\"-1\" is not a port, 0..65535" },
		{ "coap://[::]:5683/", "a listener has an address and a port, nothing "
		  "around them" },
		{ "coap://me@1.2.3.4", "a listener has an address and a port, nothing "
		  "around them" },
		{ "coap://1.2.3.4?x", "a listener has an address and a port, nothing "
		  "around them" },
		{ "coap://[ff02::fd]", "\"[ff02::fd]\" is a multicast group, which is not "
		  "built in" },
		{ "coap://224.0.1.187", "\"224.0.1.187\" is a multicast group, which is not "
		  "built in" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct site_listener l;
		struct err err = { "" };

		cr_expect_eq(listen_read(bad[i].uri, &l, &err), -EINVAL, "%s", bad[i].uri);
		cr_expect_str_eq(err.text, bad[i].why);
	}
}

Test(listen, an_endless_host_is_no_address)
{
	char uri[600] = "coap://[";
	struct site_listener l;
	struct err err;

	memset(uri + 8, '1', 500);
	strcpy(uri + 508, "]:1");
	cr_expect_eq(listen_read(uri, &l, &err), -EINVAL);
}
