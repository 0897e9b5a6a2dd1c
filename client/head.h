/* head.h - the options of a request, from the command line, the URI and where it goes. */
#ifndef CLIENT_HEAD_H
#define CLIENT_HEAD_H

#include "client/arguments.h"
#include "coap/uri.h"

struct head {
	const struct arguments *args;
	const char *text;               /* the URI as typed */
	const struct uri *uri;          /* or NULL: it is none of CoAP's, but the proxy's */
	bool proxy;                     /* it goes to a forward-proxy */
	struct span extra;              /* more options, as encoded */
};

/* Whether the command line says options that belong to the stages above messages
 * (blocks, Observe): the user's own request is then sent as it is, in one message. */
bool head_is_raw(const struct arguments *args);

/* Writes them for this destination.  0; -EINVAL: err says what is wrong on the command
 * line; -EMSGSIZE: they do not fit. */
int head_write(const struct head *h, const struct addr *destination, struct writer *w,
	       struct err *err);

#endif
