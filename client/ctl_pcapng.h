/* ctl_pcapng.h - datagrams as a file that Wireshark and tcpdump read (pcapng,
 * draft-ietf-opsawg-pcapng).
 *
 * What was in front of the bytes on the wire is not known any more: each gets headers of IP
 * and UDP that say where it came from and went to. */
#ifndef CLIENT_CTL_PCAPNG_H
#define CLIENT_CTL_PCAPNG_H

#include "base/addr.h"
#include "base/bytes.h"

#include <stdio.h>

/* What a file begins with. */
void ctl_pcapng_begin(FILE *out);

/* A datagram of at most 65,000 bytes, at a time in microseconds since 1970. */
void ctl_pcapng_write(FILE *out, uint64_t at_us, const struct addr *from,
		      const struct addr *to, struct span bytes);

#endif
