/* fetch_options.h - the options of a request that a module makes, in their order.
 *
 * They come from three places: the URI, the message that is forwarded, and the module.
 * What stands for host and port depends on the address that is asked, so it is added
 * each time.  Pure. */
#ifndef RESOURCE_FETCH_OPTIONS_H
#define RESOURCE_FETCH_OPTIONS_H

#include "coap/message.h"
#include "coap/uri.h"
#include "coapd/module.h"

/* Whether a proxy hands an option on (RFC 7252 5.7): not those that are between two
 * neighbours and that the stages below make anew. */
bool fetch_hands_on(uint16_t number);

/* Writes all but host and port: path and query of u (may be NULL), out->like's, out->opts.
 * 0; -EMSGSIZE; -EINVAL: an option that is not the module's to set; -ELOOP. */
int fetch_options_write(struct writer *w, const struct uri *u, const struct coapd_out *out);

/* Writes these options with those for host and port of u, sent to this address.  False
 * if they do not fit. */
bool fetch_options_address(struct writer *w, struct span options, const struct uri *u,
			   const struct addr *to);

#endif
