#include "udp_slot.h"

#include "transport/icmp.h"

static void send_to(struct udp_slot *u, const struct addr *to, const struct local *from,
		    const char *text)
{
	udp_slot_put(u, to, from, text, strlen(text));
	cr_assert_eq(udp_flush(&u->space, &u->socks, &(unsigned){ 0 }), UDP_SENT);
	udp_slot_sent(u);
}

/* Sends from one address to a port that is closed, and reads the error. */
static void E21(const char *listen, const char *ours, const char *theirs)
{
	struct icmp_error e[ICMP_BATCH];
	struct local from = { .sock = 0 };
	struct addr gone, self;
	struct udp_slot u;

	udp_slot_open(&u);
	self = udp_slot_listen(&u, listen);
	self = loopback(ours, self.port);
	memcpy(from.ip, self.ip, 16);
	close(peer(theirs, NULL, &gone));
	send_to(&u, &gone, &from, "what was sent");
	cr_assert_eq(icmp_read(u.socks.fd[0], 5, e), 1);
	cr_expect(addr_eq(&e[0].to, &gone));
	cr_expect(memcmp(e[0].from.ip, self.ip, 16) == 0);
	cr_expect_eq(e[0].from.sock, 5);
	cr_expect(e[0].unreachable);
	cr_expect(span_eq(icmp_quote(&e[0]), span_str("what was sent")));
	cr_expect_eq(icmp_read(u.socks.fd[0], 5, e), 0);
}

Test(icmp, E21_error_names_peer_address_and_message_ipv6)
{
	E21("::", "::1", "::1");
}

Test(icmp, E21_error_names_peer_address_and_message_ipv4)
{
	E21("::", "::ffff:127.0.0.2", "::ffff:127.0.0.1");
}

Test(icmp, error_of_a_client_socket_has_no_local_address)
{
	static const uint8_t none[16];
	struct icmp_error e[ICMP_BATCH];
	struct udp_slot u;
	struct addr gone;

	udp_slot_open(&u);
	cr_assert(udp_open_client(&u.socks.fd[0], NULL) == 0);
	u.socks.n = 1;
	close(peer("::ffff:127.0.0.1", NULL, &gone));
	send_to(&u, &gone, &(struct local){ 0 }, "x");
	cr_assert_eq(icmp_read(u.socks.fd[0], 0, e), 1);
	cr_expect(addr_eq(&e[0].to, &gone));
	cr_expect(memcmp(e[0].from.ip, none, 16) == 0);
	cr_expect(e[0].unreachable);
}

Test(icmp, datagram_too_long_for_the_path_ends_nothing)
{
	static char big[DGRAM_TX_MAX];
	struct icmp_error e[ICMP_BATCH];
	struct udp_slot u;
	struct addr to;
	int mtu = 1280, pmtu = IPV6_PMTUDISC_DO, p = peer("::1", NULL, &to);

	udp_slot_open(&u);
	udp_slot_listen(&u, "::1");
	cr_assert(setsockopt(u.socks.fd[0], SOL_IPV6, IPV6_MTU, &mtu, sizeof mtu) == 0);
	cr_assert(setsockopt(u.socks.fd[0], SOL_IPV6, IPV6_MTU_DISCOVER, &pmtu, sizeof pmtu) == 0);
	udp_slot_put(&u, &to, &(struct local){ 0 }, big, sizeof big);
	(void)udp_flush(&u.space, &u.socks, &(unsigned){ 0 });
	cr_assert_geq(icmp_read(u.socks.fd[0], 0, e), 1);
	cr_expect_not(e[0].unreachable);
	close(p);
}

Test(icmp, many_errors_come_in_batches)
{
	struct icmp_error e[ICMP_BATCH];
	struct udp_slot u;
	struct addr gone;

	udp_slot_open(&u);
	udp_slot_listen(&u, "::ffff:127.0.0.1");
	close(peer("::ffff:127.0.0.1", NULL, &gone));
	for (unsigned i = 0; i < ICMP_BATCH + 3; i++)
		send_to(&u, &gone, &(struct local){ 0 }, "x");
	cr_expect_eq(icmp_read(u.socks.fd[0], 0, e), ICMP_BATCH);
	cr_expect_eq(icmp_read(u.socks.fd[0], 0, e), 3);
}
