/* sockets.h - every socket of the daemon, held by the supervisor for its whole
 * life: per slot one of each listener's group, and one for requests of our own.
 * Those that a service manager passes are taken (passed.h), the others opened.
 *
 * A listener's sockets have one number in all slots, which they keep while they are open:
 * what peers are remembered by contains it.  A site that takes over from another one goes
 * on with those that both have. */
#ifndef SUPERVISOR_SOCKETS_H
#define SUPERVISOR_SOCKETS_H

#include "base/err.h"
#include "config/site.h"

/* The sockets of one number. */
struct sockets_group {
	bool open;
	bool passed;            /* the service manager's: they stay open */
	enum site_scheme scheme;
	struct addr wanted;     /* as the site has it */
	char *name;             /* by which it was passed; NULL: none was asked for; owned */
	struct addr bound;      /* with the port it really has */
};

struct sockets {
	unsigned slots;
	int *fd;                /* [slot][SITE_LISTENERS_MAX], by number; -1 none */
	int *client;            /* [slot] */
	struct sockets_group group[SITE_LISTENERS_MAX];
};

/* Opens all that a site needs; says in site->sock which numbers they have.  0, or a
 * negative errno, err then says which listener, where it is in the site file and why;
 * nothing is left open. */
int sockets_open(struct sockets *s, struct site *site, unsigned slots, struct err *err);

/* The table alone, without any.  0, or -ENOMEM with err. */
int sockets_begin(struct sockets *s, unsigned slots, struct err *err);

/* The same for a site that is to take over: only those are opened that are not there.  On
 * an error all is as it was. */
int sockets_add(struct sockets *s, struct site *site, struct err *err);

/* Has the sockets of a number, whose group is filled in, passed again by the service manager; if
 * no listener of the site wants them, there is no such group any more.  0, or a negative errno with
 * err. */
int sockets_pass(struct sockets *s, const struct site *site, unsigned number, struct err *err);

/* Closes those of listeners that a site does not have. */
void sockets_prune(struct sockets *s, const struct site *site);

/* Closes all; an empty table (zeroed) is fine. */
void sockets_close(struct sockets *s);

/* That of a slot and a listener of a site that was opened or added. */
int sockets_of(const struct sockets *s, const struct site *site, unsigned slot,
	       unsigned listener);

/* The address of such a listener. */
const struct addr *sockets_bound(const struct sockets *s, const struct site *site,
				 unsigned listener);

/* "coap://[::1]:5683" of one, into out, which is returned. */
#define SOCKETS_URI (ADDR_TEXT + 16)
const char *sockets_uri(const struct sockets *s, const struct site *site,
			unsigned listener, char out[SOCKETS_URI]);

#endif
