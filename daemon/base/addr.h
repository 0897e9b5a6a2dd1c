/* addr.h - an IP address and port, always in IPv6 form (IPv4 is v4-mapped).
 *
 * A plain value without padding, so it can be hashed and compared as bytes and
 * kept in slot memory.  Pure; used in every process. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct addr {
	uint8_t ip[16];
	uint32_t scope;         /* interface index of a link-local address, else 0 */
	uint16_t port;          /* host byte order */
	uint16_t zero;
};

/* The local end: which address of ours a datagram came to, by which interface
 * and socket.  ifindex is kept for link-local and multicast only. */
struct local {
	uint8_t ip[16];
	uint32_t ifindex;
	uint16_t sock;          /* number of the socket within the space */
	uint16_t zero;
};

static inline bool addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static inline bool local_eq(const struct local *a, const struct local *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* From the kernel's form and back, where it is wanted: what is returned is copied once more. */
static inline void addr_take_sin6(struct addr *a, const struct sockaddr_in6 *s)
{
	memcpy(a->ip, &s->sin6_addr, 16);
	a->scope = s->sin6_scope_id;
	a->port = ntohs(s->sin6_port);
	a->zero = 0;
}

static inline void addr_put_sin6(const struct addr *a, struct sockaddr_in6 *s)
{
	s->sin6_family = AF_INET6;
	s->sin6_port = htons(a->port);
	s->sin6_flowinfo = 0;
	memcpy(&s->sin6_addr, a->ip, 16);
	s->sin6_scope_id = a->scope;
}

static inline struct addr addr_from_sin6(const struct sockaddr_in6 *s)
{
	struct addr a;

	addr_take_sin6(&a, s);
	return a;
}

static inline struct sockaddr_in6 addr_to_sin6(const struct addr *a)
{
	struct sockaddr_in6 s;

	addr_put_sin6(a, &s);
	return s;
}

static inline bool addr_is_v4(const uint8_t ip[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, prefix, sizeof prefix) == 0;
}

/* True for ff00::/8 and for the v4-mapped form of 224.0.0.0/4. */
static inline bool addr_is_multicast(const uint8_t ip[16])
{
	return ip[0] == 0xff || (addr_is_v4(ip) && ip[12] >> 4 == 0xe);
}

static inline bool addr_is_linklocal(const uint8_t ip[16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

/* "[2001:db8::1]:5683", "192.0.2.1:5683", "[fe80::1%eth0]:5683"; the text is
 * always terminated, ADDR_TEXT bytes always suffice. */
#define ADDR_TEXT 80
const char *addr_print(const struct addr *a, char *out, size_t cap);

/* The address alone, in the form of RFC 5952: "2001:db8::1", "192.0.2.1",
 * "fe80::1%eth0". */
const char *addr_print_ip(const uint8_t ip[16], uint32_t scope, char *out, size_t cap);

/* Parses numeric host[:port], [v6]:port, :port ("::" then); port 0 if none is
 * given.  0, or -EINVAL; never resolves names. */
int addr_parse(const char *text, struct addr *out);

#endif
