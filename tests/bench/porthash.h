/* porthash.h - which socket of a SO_REUSEPORT group the Linux kernel gives a datagram to:
 * its own arithmetic (udp_ehashfn() and reuseport_select_sock_by_hash()), so that it can be
 * done for more sockets and more secrets than there are here.
 *
 * Pure functions.  That the kernel does the same, bench_spread asks it. */
#ifndef BENCH_PORTHASH_H
#define BENCH_PORTHASH_H

#include <stdint.h>

/* A datagram over IPv4, as it is on the wire: addresses and from_port in network order,
 * to_port in that of the host, as the kernel has it there. */
struct porthash_way {
	uint32_t to, from;
	uint16_t to_port, from_port;
};

/* Bob Jenkins' hash of three words, as the kernel has it. */
uint32_t porthash_words(uint32_t a, uint32_t b, uint32_t c, uint32_t secret);

/* The secret is drawn once at each start of the machine. */
uint32_t porthash(const struct porthash_way *way, uint32_t secret);

/* The socket, by the order in which they were bound. */
static inline unsigned porthash_pick(uint32_t hash, unsigned sockets)
{
	return (unsigned)((uint64_t)hash * sockets >> 32);
}

#endif
