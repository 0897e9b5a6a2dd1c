/* hostile - random and mutated datagrams for a live daemon.
 *
 *	hostile HOST PORT COUNT SEED
 *
 * Sends COUNT datagrams that are random bytes or valid messages with some damage,
 * from a few sockets that are replaced now and then, so that peers come and go.
 * After each burst a ping (an empty CON, RFC 7252 4.3) has to be reset, which
 * shows that the burst has been worked on; a daemon that does not do so within
 * ten seconds has failed.  Prints one line of JSON; exit status 0 when all pings
 * were answered.  The same SEED sends the same bytes. */
#include "wire.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS 8u
#define BURST 48u               /* fits the smallest receive buffer by far */
#define BURSTS_PER_SOCKET 40u
#define PATIENCE_MS 10000
#define SIZE 400u               /* of most datagrams; some are larger */

static struct {
	uint64_t sent, refused, answers, bytes_in, pings;
} stat_;

static const char *host, *port;
static uint64_t rng;

/* xorshift64*: the same everywhere. */
static uint32_t draw(uint32_t below)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (uint32_t)(((rng * 0x2545f4914f6cdd1du) >> 32) % below);
}

/* --- messages to damage ------------------------------------------------------- */

/* Bytes after a header of CON GET, from the options on; the first byte says how
 * many follow. */
static const uint8_t *const tails[] = {
	(const uint8_t *)"\x06\xb5hello",
	(const uint8_t *)"\x11\xbb.well-known\x04" "core",
	(const uint8_t *)"\x05\xb4slow",
	(const uint8_t *)"\x08\xb5" "other\xff" "1",
	(const uint8_t *)"\x08\xb5hello\x61\x00",              /* Accept */
	(const uint8_t *)"\x09\xb5hello\xd1\xea\x02",          /* No-Response */
	(const uint8_t *)"\x07\x60\x55hello",                  /* Observe */
	(const uint8_t *)"\x08\xb5hello\xc1\x06",              /* Block2 */
	(const uint8_t *)"\x10\x39localhost\x85hello",         /* Uri-Host */
	(const uint8_t *)"\x0a\xd8\x16" "coap://h",            /* Proxy-Uri */
	(const uint8_t *)"\x04\xe1\x10\x00z",                   /* unknown */
	(const uint8_t *)"\x00",
};

static size_t valid(uint8_t *out)
{
	static const uint8_t codes[] = { 0, 1, 1, 1, 2, 2, 3, 4, 5, 7, 0x45, 0x84, 0xe1 };
	const uint8_t *tail = tails[draw(sizeof tails / sizeof *tails)];
	unsigned token = draw(9);
	size_t n = 4;

	out[0] = (uint8_t)(0x40 | draw(4) << 4 | token);
	out[1] = codes[draw(sizeof codes)];
	out[2] = (uint8_t)draw(4);      /* few message IDs: duplicates happen */
	out[3] = (uint8_t)draw(256);
	for (unsigned i = 0; i < token; i++)
		out[n++] = (uint8_t)draw(256);
	memcpy(out + n, tail + 1, tail[0]);
	return n + tail[0];
}

static size_t noise(uint8_t *out)
{
	size_t n = draw(50) ? draw(SIZE) : draw(WIRE_MAX);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)draw(256);
	if (n && draw(2))
		out[0] = (uint8_t)(0x40 | (out[0] & 0x3f));
	return n;
}

static size_t flip(uint8_t *m, size_t n)
{
	if (n)
		m[draw((uint32_t)n)] ^= (uint8_t)(1u << draw(8));
	return n;
}

static size_t overwrite(uint8_t *m, size_t n)
{
	static const uint8_t odd[] = { 0x00, 0x0d, 0xd0, 0xdd, 0xe0, 0xee, 0xf0, 0xff, 0x7f };

	if (n)
		m[draw((uint32_t)n)] = odd[draw(sizeof odd)];
	return n;
}

static size_t cut(uint8_t *m, size_t n)
{
	(void)m;
	return n ? draw((uint32_t)n) : 0;
}

static size_t lengthen(uint8_t *m, size_t n)
{
	size_t more = draw(40);

	for (size_t i = 0; i < more; i++)
		m[n + i] = (uint8_t)draw(256);
	return n + more;
}

/* Repeats a piece of the message behind it: options and markers twice. */
static size_t repeat(uint8_t *m, size_t n)
{
	size_t from = n ? draw((uint32_t)n) : 0;

	memmove(m + n, m + from, n - from);
	return n + (n - from);
}

static size_t leave(uint8_t *m, size_t n)
{
	(void)m;
	return n;
}

/* Damage keeps within SIZE * 2: valid() makes less than 40 bytes. */
static size_t (*const damages[])(uint8_t *, size_t) = {
	flip, flip, overwrite, cut, lengthen, repeat, leave,
};

static size_t make(uint8_t *out)
{
	size_t n;

	if (draw(5) == 0)
		return noise(out);
	n = valid(out);
	for (unsigned i = 1 + draw(3); i > 0 && n < SIZE; i--)
		n = damages[draw(sizeof damages / sizeof *damages)](out, n);
	return n;
}

/* --- bursts ------------------------------------------------------------------- */

static void drain(int fd, unsigned mid, bool *reset)
{
	uint8_t in[WIRE_MAX];
	struct wire_head h;
	ssize_t n;

	while ((n = recv(fd, in, sizeof in, 0)) >= 0 || errno != EAGAIN) {
		if (n < 0) {
			stat_.refused++;
			return;
		}
		stat_.answers++;
		stat_.bytes_in += (uint64_t)n;
		if (n == 4 && wire_head(in, 4, &h) == 0 && h.type == WIRE_RST && h.mid == mid)
			*reset = true;
	}
}

/* Whether the daemon resets a ping, which it does after all that came before. */
static bool ping(int fd)
{
	unsigned mid = 0x8000 | (unsigned)(stat_.pings++ & 0x7fff);
	uint8_t out[4];
	bool reset = false;
	uint64_t end = wire_ms() + PATIENCE_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (send(fd, out, wire_empty(out, WIRE_CON, mid), 0) < 0)
		stat_.refused++;
	while (!reset && wire_ms() < end) {
		poll(&p, 1, PATIENCE_MS);
		drain(fd, mid, &reset);
	}
	return reset;
}

static bool burst(int fd, uint64_t n)
{
	uint8_t out[2 * WIRE_MAX];

	for (uint64_t i = 0; i < n; i++) {
		size_t len = make(out);

		if (send(fd, out, len, 0) < 0)
			stat_.refused++;
		stat_.sent++;
	}
	return ping(fd);
}

int main(int argc, char **argv)
{
	int fds[SOCKETS];
	uint64_t count, turn = 0;
	bool good = true;

	if (argc != 5) {
		fprintf(stderr, "usage: hostile HOST PORT COUNT SEED\n");
		return 2;
	}
	host = argv[1];
	port = argv[2];
	count = strtoull(argv[3], NULL, 10);
	rng = strtoull(argv[4], NULL, 10) * 2 + 1;
	for (unsigned i = 0; i < SOCKETS; i++)
		fds[i] = wire_socket(host, port);
	for (; good && stat_.sent < count; turn++) {
		int *fd = &fds[turn % SOCKETS];
		uint64_t left = count - stat_.sent;

		if (draw(BURSTS_PER_SOCKET) == 0) {
			close(*fd);
			*fd = wire_socket(host, port);
		}
		good = burst(*fd, left < BURST ? left : BURST);
	}
	printf("{\"sent\":%" PRIu64 ",\"pings\":%" PRIu64 ",\"answers\":%" PRIu64
	       ",\"refused\":%" PRIu64 "}\n", stat_.sent, stat_.pings, stat_.answers,
	       stat_.refused);
	if (!good)
		fprintf(stderr, "a ping was not reset within %d ms\n", PATIENCE_MS);
	return good ? 0 : 1;
}
