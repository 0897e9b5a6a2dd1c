/* literal.h - a host that is an IP address already, with the interface that a link-local one
 * needs (RFC 4007).
 *
 * Used by whoever reads addresses that a person wrote; asks the kernel for its interfaces,
 * keeps nothing. */
#ifndef TRANSPORT_LITERAL_H
#define TRANSPORT_LITERAL_H

#include "base/addr.h"
#include "base/err.h"

/* Takes host, without brackets, as an address without port; zone is the interface, by name
 * or by number, NULL or empty for none.
 *
 * 0; -ENOENT: host is no address, so it may be a name; -EINVAL with err: a link-local
 * address without a zone, a zone that is no interface, or one where none may be. */
int literal_parse(const char *host, const char *zone, struct addr *out, struct err *err);

/* What to say of a link-local address that has no zone; returns -EINVAL. */
int literal_needs_zone(const struct addr *a, struct err *err);

#endif
