/* uri.h - CoAP URIs: taking them apart into options and putting them together.
 *
 * RFC 7252 sections 6.4 and 6.5, the schemes of RFC 8323 section 8, and zones of
 * link-local addresses (RFC 6874).  A struct uri borrows the text it was parsed
 * from.  Pure; used in every process. */
#ifndef COAP_URI_H
#define COAP_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "coap/option.h"

#define URI_MAX 4096u            /* longest text taken */

/* One row per scheme: identifier, name, default port. */
#define URI_SCHEMES(X) \
	X(COAP, "coap", 5683) \
	X(COAPS, "coaps", 5684) \
	X(COAP_TCP, "coap+tcp", 5683) \
	X(COAPS_TCP, "coaps+tcp", 5684) \
	X(COAP_WS, "coap+ws", 80) \
	X(COAPS_WS, "coaps+ws", 443)

enum uri_scheme {
#define X(id, name, port) SCHEME_##id,
	URI_SCHEMES(X)
#undef X
};

const char *uri_scheme_name(enum uri_scheme scheme);
uint16_t uri_scheme_port(enum uri_scheme scheme);

struct uri {
	uint8_t scheme;         /* enum uri_scheme */
	bool literal;           /* the host is an IP address, in ip */
	bool has_query;
	uint16_t port;          /* given or default */
	uint8_t ip[16];
	struct span host;       /* as written, without brackets and zone */
	struct span zone;       /* "eth0" of [fe80::1%eth0] or [ff02::fd%eth0], else empty */
	struct span path;       /* from its first slash, or empty */
	struct span query;      /* after the question mark */
	size_t wrong;           /* of one that is none: the byte that is wrong, from 0 */
};

/* Parses an absolute URI.  0, or -EINVAL with what is wrong and where, in words
 * and in out->wrong: not absolute, a scheme that is not ours, a fragment, user
 * information, an empty or bad host, a bad port, characters that may not stand
 * there, a component that is no UTF-8 or too long for its option.  Who mistyped
 * the scheme is told which it probably was. */
int uri_parse(struct span text, struct uri *out, struct err *e);

/* Write the options that stand for a parsed URI, in three parts because other
 * options have numbers between them: Uri-Host and Uri-Port, as far as they are
 * not what destination says anyway; Uri-Path (dot segments resolved, none for
 * the root); Uri-Query.  They fail only by filling the writer. */
void uri_write_authority(const struct uri *u, const struct addr *destination,
			 struct option_writer *ow);
void uri_write_path(const struct uri *u, struct option_writer *ow);
void uri_write_query(const struct uri *u, struct option_writer *ow);

/* Writes the URI that the options of a request mean that went to destination.
 * 0, -EINVAL if Uri-Host is no host, or -ENOSPC if w is full. */
int uri_compose(struct writer *w, enum uri_scheme scheme,
		const struct addr *destination, struct span options, struct err *e);

#endif
