/* sockets.h - every socket of the daemon, held by the supervisor for its whole
 * life: per slot one of each listener's group, and one for requests of our own.
 * Those that a service manager passes are taken (passed.h), the others opened. */
#ifndef SUPERVISOR_SOCKETS_H
#define SUPERVISOR_SOCKETS_H

#include "base/err.h"
#include "config/site.h"

struct sockets {
	unsigned slots, listeners;
	int *fd;                /* [slot][listener] */
	int *client;            /* [slot] */
	struct addr *bound;     /* [listener], with the port it really has */
};

/* Opens all of them.  0, or a negative errno, err then says which listener, where
 * it is in the site file and why; nothing is left open. */
int sockets_open(struct sockets *s, const struct site *site, unsigned slots,
		 struct err *err);

/* Closes all; an empty table (zeroed) is fine. */
void sockets_close(struct sockets *s);

/* The sockets of a slot, one per listener; borrowed. */
const int *sockets_of(const struct sockets *s, unsigned slot);

/* "coap://[::1]:5683" of a listener, into out, which is returned. */
#define SOCKETS_URI (ADDR_TEXT + 16)
const char *sockets_uri(const struct sockets *s, const struct site *site,
			unsigned listener, char out[SOCKETS_URI]);

#endif
