#include "supervisor/sockets.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockets s;
static struct err err;
static struct site_listener listener[20];
static struct site site = { .file = "site.yaml", .listeners = listener, .nlisteners = 2 };

static void setup(void)
{
	for (unsigned i = 0; i < 20; i++) {
		addr_parse("[::1]:0", &listener[i].addr);
		listener[i].text = "coap://[::1]:0";
		listener[i].at = place_at(i + 3, 5);
	}
}

static void teardown(void)
{
	sockets_close(&s);
}

TestSuite(sockets, .init = setup, .fini = teardown);

static unsigned port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t n = sizeof a;

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	return ntohs(a.sin6_port);
}

Test(sockets, every_slot_has_one_of_each_listeners_group)
{
	cr_assert_eq(sockets_open(&s, &site, 3, &err), 0, "%s", err.text);
	cr_assert_neq(s.bound[0].port, 0);
	cr_assert_neq(s.bound[0].port, s.bound[1].port);
	for (unsigned slot = 0; slot < 3; slot++)
		for (unsigned l = 0; l < 2; l++)
			cr_assert_eq(port_of(sockets_of(&s, slot)[l]), s.bound[l].port);
	cr_assert_neq(sockets_of(&s, 0)[1], sockets_of(&s, 1)[1]);
}

/* Every slot must have a port of its own for what it asks itself. */
Test(sockets, client_sockets_are_in_no_group)
{
	int on = 1;
	socklen_t n = sizeof on;

	cr_assert_eq(sockets_open(&s, &site, 2, &err), 0);
	cr_assert_eq(getsockopt(s.client[0], SOL_SOCKET, SO_REUSEPORT, &on, &n), 0);
	cr_assert_eq(on, 0);
	cr_assert_neq(port_of(s.client[0]), port_of(s.client[1]));
}

Test(sockets, the_uri_has_the_port_that_the_kernel_picked)
{
	char uri[SOCKETS_URI], want[64];

	cr_assert_eq(sockets_open(&s, &site, 1, &err), 0);
	snprintf(want, sizeof want, "coap://[::1]:%u", port_of(sockets_of(&s, 0)[0]));
	cr_assert_str_eq(sockets_uri(&s, &site, 0, uri), want);
}

Test(sockets, a_port_in_use_names_the_place_and_leaves_nothing_open)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int other = socket(AF_INET6, SOCK_DGRAM, 0), before, after;

	cr_assert_eq(bind(other, (struct sockaddr *)&a, sizeof a), 0);
	listener[1].addr.port = (uint16_t)port_of(other);
	before = dup(0);
	close(before);
	cr_assert_eq(sockets_open(&s, &site, 2, &err), -EADDRINUSE);
	cr_assert_eq(strncmp(err.text, "site.yaml:4:5: ", 15), 0, "%s", err.text);
	after = dup(0);
	cr_assert_eq(after, before);
	close(after);
	close(other);
}

Test(sockets, too_many_listeners_are_refused)
{
	site.nlisteners = 16;
	cr_assert_eq(sockets_open(&s, &site, 1, &err), -EINVAL);
	cr_assert(strstr(err.text, "at most 15 listeners"));
}
