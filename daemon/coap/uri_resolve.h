/* uri_resolve.h - what a reference means where it was found (RFC 3986 section 5).
 *
 * Any scheme will do, for links lead out of CoAP as well; what comes out is not
 * checked beyond that, uri_parse() does it for who goes there.  Pure; used in the
 * client. */
#ifndef COAP_URI_RESOLVE_H
#define COAP_URI_RESOLVE_H

#include "base/bytes.h"
#include "base/err.h"

/* Writes the URI that a reference means that stands in a document with the URI
 * base.  It is strict: a scheme that is the base's is a scheme nonetheless.  While
 * it works it needs room for both together.  0, -EINVAL if base has no scheme and
 * the reference needs one, or if a path without a host would begin with two
 * slashes, or -ENOSPC; w is as it was then. */
int uri_resolve(struct writer *w, struct span base, struct span reference, struct err *e);

#endif
