#include "supervisor/sockets.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
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
	cr_assert_neq(sockets_bound(&s, &site, 0)->port, 0);
	cr_assert_neq(sockets_bound(&s, &site, 0)->port, sockets_bound(&s, &site, 1)->port);
	for (unsigned slot = 0; slot < 3; slot++)
		for (unsigned l = 0; l < 2; l++)
			cr_assert_eq(port_of(sockets_of(&s, &site, slot, l)), sockets_bound(&s, &site, l)->port);
	cr_assert_neq(sockets_of(&s, &site, 0, 1), sockets_of(&s, &site, 1, 1));
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
	snprintf(want, sizeof want, "coap://[::1]:%u", port_of(sockets_of(&s, &site, 0, 0)));
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

/* --- another site takes over ------------------------------------------------------- */

static struct site_listener other_listener[16];
static struct site other = { .file = "other.yaml", .listeners = other_listener, .nlisteners = 2 };

/* It has the second listener of the first one, and another one. */
static void begin_other(void)
{
	addr_parse("[::1]:0", &listener[0].addr);
	listener[0].scheme = listener[1].scheme = SITE_COAP;
	addr_parse("127.0.0.1:0", &listener[1].addr);
	cr_assert_eq(sockets_open(&s, &site, 2, &err), 0, "%s", err.text);
	other_listener[0] = listener[1];
	other_listener[1] = listener[0];
	addr_parse("127.0.0.2:0", &other_listener[1].addr);
}

Test(sockets, a_listener_of_both_keeps_number_and_sockets)
{
	int kept, gone;

	begin_other();
	kept = sockets_of(&s, &site, 1, 1);
	gone = sockets_of(&s, &site, 1, 0);
	cr_assert_eq(sockets_add(&s, &other, &err), 0, "%s", err.text);
	cr_expect_eq(site_sock(&other, 0), 1);
	cr_expect_eq(site_sock(&other, 1), 2, "0 is not free yet");
	cr_expect_eq(sockets_of(&s, &other, 1, 0), kept);
	cr_expect_eq(sockets_of(&s, &site, 1, 0), gone);
	sockets_prune(&s, &other);
	cr_expect_eq(sockets_of(&s, &other, 1, 0), kept);
	cr_expect_neq(port_of(kept), 0);
	cr_expect_lt(fcntl(gone, F_GETFD), 0, "those of the other one are closed");
	cr_expect_eq(sockets_of(&s, &site, 1, 0), -1);
}

Test(sockets, a_site_that_cannot_take_over_leaves_all_as_it_was)
{
	int there[2];

	begin_other();
	there[0] = sockets_of(&s, &site, 0, 0);
	there[1] = sockets_of(&s, &site, 0, 1);
	other.nlisteners = 3;
	addr_parse("[2001:db8::1]:5683", &other_listener[2].addr);
	other_listener[2].text = "coap://[2001:db8::1]";
	cr_assert_lt(sockets_add(&s, &other, &err), 0);
	cr_expect(strstr(err.text, "other.yaml"), "%s", err.text);
	cr_expect_eq(sockets_of(&s, &site, 0, 0), there[0]);
	cr_expect_eq(sockets_of(&s, &site, 0, 1), there[1]);
	for (unsigned i = 0; i < 2; i++)
		cr_expect_neq(port_of(there[i]), 0);
	cr_expect_not(s.group[2].open);
}

Test(sockets, there_is_an_end_to_the_numbers)
{
	site.nlisteners = SITE_LISTENERS_MAX;
	cr_assert_eq(sockets_open(&s, &site, 1, &err), 0, "%s", err.text);
	other.nlisteners = 1;
	addr_parse("127.0.0.3:0", &other_listener[0].addr);
	cr_assert_eq(sockets_add(&s, &other, &err), -ENOBUFS);
	cr_expect(strstr(err.text, "take the old ones out first"), "%s", err.text);
}
