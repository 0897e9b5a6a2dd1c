/* hosts.h - which host of the site a request is for (RFC 7252, 5.10.1).
 *
 * A listener may belong to a host: whatever comes to it is for that one.  Elsewhere it is
 * the host that Uri-Host names, big and small letters being the same, if it has no
 * listeners of its own.  What is for none is for the default host, whose name is NULL.
 * Constant once the site is served; borrowed by struct resources. */
#ifndef RESOURCE_HOSTS_H
#define RESOURCE_HOSTS_H

#include "base/addr.h"
#include "coap/message.h"

struct resource_host {
	const char *name;
	const char *aliases;            /* further names between spaces; NULL or "" none */
	bool bound;                     /* it has listeners of its own */
};

struct hosts {
	const struct resource_host *list;
	size_t n;                       /* 0: all requests are for the default host */
	const char *const *of_socket;   /* by number: name of the host that a listener belongs
					 * to, or NULL */
	size_t nsockets;
};

/* The name of the host as the list has it, or NULL. */
const char *hosts_asked(const struct hosts *h, const struct message *request,
			const struct local *to);

#endif
