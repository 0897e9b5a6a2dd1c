/* hostname.h - the host part of a URI as a name to look up.
 *
 * Pure. */
#ifndef TRANSPORT_HOSTNAME_H
#define TRANSPORT_HOSTNAME_H

#include <stdbool.h>

#define HOSTNAME_MAX 255        /* bytes (RFC 1035 section 2.3.4) */

/* Decodes percent-encodings.  False: nothing that a host can be called, as it is empty, too
 * long, or has control characters, spaces or backslashes. */
bool hostname_decode(const char *host, char out[HOSTNAME_MAX + 1]);

/* Whether it means this host by definition, so that neither DNS nor /etc/hosts is to be
 * asked (RFC 6761 section 6.3). */
bool hostname_is_localhost(const char *name);

#endif
