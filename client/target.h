/* target.h - what a request is for, and who it goes to: the URI, and a proxy before it.
 *
 * Texts are borrowed. */
#ifndef CLIENT_TARGET_H
#define CLIENT_TARGET_H

#include "coap/uri.h"

struct target {
	struct uri uri, proxy;
	bool proxied;           /* proxy is set */
	bool foreign;           /* uri is not: only the proxy understands it */
	const char *wrong;      /* after -EINVAL: which text, and where in it */
	size_t wrong_at;
};

/* Reads the URI, and that of the proxy unless it is NULL.  0; -EINVAL: err says what is
 * wrong and where; -EPROTONOSUPPORT: a transport that coap has not. */
int target_read(struct target *t, const char *text, const char *proxy, struct err *err);

/* The one that the request goes to. */
static inline const struct uri *target_server(const struct target *t)
{
	return t->proxied ? &t->proxy : &t->uri;
}

#endif
