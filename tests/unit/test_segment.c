#include "transport/segment.h"

#include "base/counter.h"
#include "udp_slot.h"

#include <netinet/udp.h>
#include <sys/syscall.h>

/* What the kernel is asked for: pieces in all, and how often. */
static unsigned calls, pieces;
static int fail_pieces_with;    /* what it says to a call with segments */

static bool has_segments(const struct msghdr *m)
{
	return m->msg_iovlen > 1;
}

int sendmmsg(int fd, struct mmsghdr *h, unsigned n, int flags)
{
	calls++;
	pieces += n;
	for (unsigned i = 0; i < n; i++)
		if (fail_pieces_with && has_segments(&h[i].msg_hdr)) {
			errno = fail_pieces_with;
			return -1;
		}
	return (int)syscall(SYS_sendmmsg, fd, h, n, flags);
}

static struct udp_slot u;
static struct addr to, other;
static int p, q;

static void fresh(void)
{
	udp_slot_open(&u);
	u.socks.segments = true;
	udp_slot_listen(&u, "::");
	p = peer("::1", NULL, &to);
	q = peer("::ffff:127.0.0.1", NULL, &other);
}

static void flush(void)
{
	cr_assert_eq(udp_flush(&u.space, &u.socks, &(unsigned){ 0 }), UDP_SENT);
}

/* The datagrams that came, one after the other, each with a blank behind it. */
static const char *came(int fd)
{
	static char text[8192];
	size_t n = 0;
	ssize_t r;

	while ((r = recv(fd, text + n, sizeof text - n - 1, MSG_DONTWAIT)) >= 0) {
		n += (size_t)r;
		text[n++] = ' ';
	}
	text[n] = '\0';
	return text;
}

static void put(const struct addr *whom, const char *text)
{
	udp_slot_put(&u, whom, &(struct local){ 0 }, text, strlen(text));
}

TestSuite(segment, .init = fresh);

Test(segment, run_of_equal_length_goes_as_one)
{
	put(&to, "one1");
	put(&to, "two2");
	put(&to, "thr3");
	flush();
	cr_expect_eq(pieces, 1);
	cr_expect_str_eq(came(p), "one1 two2 thr3 ");
	cr_expect_eq(slot_count(&u, COUNT_TX), 3);
}

Test(segment, other_peers_and_lengths_begin_another_in_order)
{
	put(&to, "aaaa");
	put(&to, "bbbb");
	put(&to, "long5");
	put(&other, "xxxxx");
	put(&other, "yyyyy");
	put(&to, "cc");
	flush();
	cr_expect_eq(calls, 1);
	cr_expect_eq(pieces, 4);
	cr_expect_str_eq(came(p), "aaaa bbbb long5 cc ");
	cr_expect_str_eq(came(q), "xxxxx yyyyy ");
}

Test(segment, keeps_the_address_that_was_asked)
{
	struct local from = { .sock = 0 };
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof sin6;
	struct addr at = loopback("::ffff:127.0.0.2", 0);
	char text[8];

	memcpy(from.ip, at.ip, 16);
	udp_slot_put(&u, &other, &from, "aa", 2);
	udp_slot_put(&u, &other, &from, "bb", 2);
	put(&other, "cc");
	flush();
	cr_expect_eq(pieces, 2);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(recvfrom(q, text, sizeof text, 0, (void *)&sin6, &len), 2);
		cr_expect_eq(sin6.sin6_addr.s6_addr[15], i < 2 ? 2 : 1);
	}
}

Test(segment, a_piece_is_no_longer_than_a_packet)
{
	static char text[DGRAM_TX_MAX];
	static char big[DGRAM_TX_MAX + 1];

	memset(text, 'x', sizeof text);
	for (unsigned i = 0; i < BATCH_TX; i++)
		udp_slot_put(&u, &to, &(struct local){ 0 }, text, sizeof text);
	flush();
	cr_expect_eq(pieces, 2);
	cr_expect_eq(slot_count(&u, COUNT_TX), BATCH_TX);
	for (unsigned i = 0; i < BATCH_TX; i++)
		cr_expect_eq(recv(p, big, sizeof big, MSG_DONTWAIT), sizeof text);
}

Test(segment, where_the_device_has_none_they_go_one_by_one)
{
	fail_pieces_with = EIO;
	put(&to, "aaaa");
	put(&to, "bbbb");
	put(&to, "cc");
	flush();
	cr_expect_str_eq(came(p), "aaaa bbbb cc ");
	cr_expect_eq(slot_count(&u, COUNT_TX), 3);
	cr_expect_eq(slot_count(&u, COUNT_TX_FAILED), 0);
}

Test(segment, full_socket_keeps_all)
{
	unsigned blocked = 9;

	fail_pieces_with = EAGAIN;
	put(&to, "aaaa");
	put(&to, "bbbb");
	cr_expect_eq(udp_flush(&u.space, &u.socks, &blocked), UDP_BLOCKED);
	cr_expect_eq(blocked, 0);
	cr_expect_str_eq(came(p), "");
	fail_pieces_with = 0;
	flush();
	cr_expect_str_eq(came(p), "aaaa bbbb ");
}

Test(segment, one_that_is_to_be_lost_is_left_out)
{
	put(&to, "aaaa");
	put(&to, "bbbb");
	put(&to, "cccc");
	udp_lose(&u.space, 1);
	flush();
	cr_expect_str_eq(came(p), "aaaa cccc ");
}

Test(segment, what_is_alike_in_all_goes_together)
{
	struct tx_dgram a = { .to = to, .from = { .sock = 1 }, .len = 4 }, b = a;

	cr_expect(segment_alike(&a, &b));
	b.len = 5;
	cr_expect_not(segment_alike(&a, &b));
	for (size_t i = 0; i < offsetof(struct tx_dgram, len); i++) {
		b = a;
		((uint8_t *)&b)[i] ^= 1;
		cr_expect_not(segment_alike(&a, &b), "byte %zu", i);
	}
}

Test(segment, off_by_default)
{
	u.socks.segments = false;
	put(&to, "aaaa");
	put(&to, "bbbb");
	flush();
	cr_expect_eq(pieces, 2);
	cr_expect_str_eq(came(p), "aaaa bbbb ");
}
